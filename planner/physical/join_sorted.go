package physical

import (
	"cmp"
	"math"
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// Interesting orders (Selinger et al., SIGMOD 1979): beside the cheapest tree of
// a set of units, the search keeps the cheapest one that yields its rows in an
// order in which a later join can merge them. It costs more by itself, and pays
// when the merge saves a large hash table.
//
//  1. An order is that of a table's key, or of an index that has all columns that
//     are needed, whose first column is equal to the first column of another
//     table's such order. Small tables have none: nothing is saved there.
//  2. A tree keeps the order of its leftmost leaf if all joins down to that are
//     merges, lookups or nested loops. Its cost is that of the cheapest such.
//  3. Where such a tree is the cheapest of all for a set, it is that set's tree.

const (
	// minSorted is how many rows a table has at least whose order is kept.
	minSorted = 10_000
	// maxOrders bounds the orders of a search; of more than fewUnits units only
	// fewOrders are kept, for each makes the search longer.
	maxOrders, fewOrders, fewUnits = 6, 2, 8
)

// mergeableOrder is an order in which a leaf can be read.
type mergeableOrder struct {
	leaf int
	keys []expr.SortKey
	cost float64
	with []int // the orders that it can be merged with
}

// sortedPair is an equality of columns of two leaves.
type sortedPair struct {
	i, j        int
	left, right expr.Expr
}

// findOrders is step 1.
func (o *orderer) findOrders() {
	b := o.g.b
	if o.pin >= 0 || len(o.units) < 3 || b.opt.Hints != nil || b.opt.Disabled != 0 {
		return // two inputs are compared when they are joined; hints and settings say what to take
	}
	most := maxOrders
	if len(o.units) > fewUnits {
		most = fewOrders
	}
	slices.SortStableFunc(o.pairs, func(a, b sortedPair) int { return cmp.Or(a.i-b.i, a.j-b.j) }) // they come out of a map
	for _, p := range o.pairs {
		if len(o.orders) > most-2 {
			return
		}
		l := o.orderOf(p.i, p.left)
		if l < 0 {
			continue
		}
		if r := o.orderOf(p.j, p.right); r >= 0 {
			o.orders[l].with = append(o.orders[l].with, r)
			o.orders[r].with = append(o.orders[r].with, l)
		}
	}
}

// orderOf is the position of the order of a leaf by a column, -1 if it has none.
func (o *orderer) orderOf(leaf int, key expr.Expr) int {
	for k := range o.orders {
		if o.orders[k].leaf == leaf && logical.Equal(o.orders[k].keys[0].Expr, key) {
			return k
		}
	}
	l := o.g.leaves[leaf]
	scan, ok := l.node.(*logical.Scan)
	if _, column := key.(*expr.Column); !column || !ok || l.dependent() || l.rows < minSorted || !lookupTable(scan) {
		return -1
	}
	keys := []expr.SortKey{{Expr: key}}
	p := o.g.b.choose(scan, o.g.need, hint{order: keys})
	if !satisfies(p.order, keys) {
		return -1
	}
	// All of the path's columns, which may be keys of the join too.
	if all := wholeOrder(scan, p.index); satisfies(all, keys) {
		if q := o.g.b.choose(scan, o.g.need, hint{order: all}); satisfies(q.order, all) {
			p, keys = q, all
		}
	}
	o.orders = append(o.orders, mergeableOrder{leaf: leaf, keys: keys, cost: p.cost + p.filterCost(len(scan.Filter))})
	return len(o.orders) - 1
}

// wholeOrder is the order of an index, or of the table's key for none.
func wholeOrder(scan *logical.Scan, index *catalog.Index) (out []expr.SortKey) {
	for i := range scan.Table.Indexes {
		if ix := &scan.Table.Indexes[i]; ix == index || index == nil && ix.Primary && scan.Table.Clustered {
			for _, k := range keyColumns(scan, ix, i) {
				out = append(out, expr.SortKey{Expr: k.expr, Desc: k.desc, NullsFirst: k.nullsFirst})
			}
		}
	}
	return out
}

// sortedTrees are the trees of sets of units that keep an order, by order.
type sortedTrees [][]*joinTree

func (o *orderer) newSortedTrees(size relSet) sortedTrees {
	out := make(sortedTrees, len(o.orders))
	for k := range out {
		out[k] = make([]*joinTree, size)
	}
	return out
}

// single notes the trees of unit i alone.
func (st sortedTrees) single(o *orderer, i int) {
	for k := range st {
		u := &o.units[i]
		if order := &o.orders[k]; u.leaf != nil && u.tree.leaf == order.leaf {
			t := *u.tree
			t.cost, t.order = order.cost, order.keys
			st[k][1<<i] = &t
		}
	}
}

// set is step 2 for a set of several units, with the trees of its parts known. It
// returns the cheapest tree, nil for none.
func (st sortedTrees) set(o *orderer, trees []*joinTree, links []relSet, s relSet, rows float64) (cheapest *joinTree) {
	for k := range st {
		best := joinTree{cost: math.Inf(1)}
		for l := (s - 1) & s; l != 0; l = (l - 1) & s {
			if left := st[k][l]; left != nil {
				st.split(o, trees, k, left, s&^l, links[l], rows, &best)
			}
		}
		if best.left == nil {
			continue
		}
		best.order = o.orders[k].keys
		st[k][s] = &best
		if cheapest == nil || best.cost < cheapest.cost {
			cheapest = &best
		}
	}
	return cheapest
}

// split tries to join a tree that keeps order k with the set r on its right.
func (st sortedTrees) split(o *orderer, trees []*joinTree, k int, left *joinTree, r, links relSet, rows float64, best *joinTree) {
	take := func(right *joinTree, cost float64) {
		if cost < best.cost {
			*best = joinTree{left: left, right: right, set: left.set | right.set, rows: rows, width: left.width + right.width, cost: cost}
		}
	}
	right := unit{tree: trees[r]}
	if r.single() {
		right = o.units[r.first()]
	}
	if right.tree == nil || right.dependent() && !right.leaf.needs.within(left.set) {
		return
	}
	if links&r != 0 || right.dependent() {
		take(right.tree, o.pairCost(left, &right, rows, false))
	}
	for _, q := range o.orders[k].with {
		if t := st[q][r]; t != nil {
			take(t, o.mergeCost(left, t, rows))
		}
	}
}

// mergeCost is the cost of a merge beside that of a hash join, which several
// workers share and which may not fit into memory.
func (o *orderer) mergeCost(l, r *joinTree, rows float64) float64 {
	b := o.g.b
	out := math.Max(1, rows)
	probe, build := l, r
	if l.rows < r.rows {
		probe, build = r, l
	}
	return mergeJoinCost(l.side(), r.side(), out) -
		b.spillCost(probe.rows, build.rows, probe.width, build.width) + b.sharedSaving(probe.rows, out)
}
