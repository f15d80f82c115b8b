package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// maxExhaustive is up to how many inputs all join trees are looked at.
const maxExhaustive = 12

// joinTree is an order of joins.
type joinTree struct {
	leaf        int // of a tree without children
	left, right *joinTree
	set         relSet
	rows, cost  float64
	width       float64        // of a row, in bytes
	order       []expr.SortKey // that the leftmost leaf has and all joins keep; nil for none
}

func (t *joinTree) side() joinSide { return joinSide{math.Max(1, t.rows), t.cost} }

// orderer finds the cheapest join tree of a graph.
//
//  1. Each leaf is a unit. The selectivity between each two units is known.
//  2. While there are more than maxExhaustive units, the two connected ones
//     whose join yields the fewest rows become one (greedy operator ordering,
//     Fegaras, DEXA 1998).
//  3. The best tree of each connected subset of the units comes from the best
//     trees of all its splits in two connected parts (DPsub, Moerkotte and
//     Neumann, VLDB 2006), bushy trees included. Pairs that no condition
//     connects are not looked at.
//     For the orders that are kept beside see join_sorted.go.
//  4. If the units are not all connected, step 2 goes on to the end, with cross
//     products of the smallest units when nothing else is left.
type orderer struct {
	g     *joinGraph
	units []unit
	sel   [][]float64 // between units
	links []relSet    // for each unit: the units that a condition connects it with (bits are units)
	equi  []relSet    // the same for hash keys
	wide  []*joinCond // conditions over three and more leaves
	pin   int         // the unit that must stay leftmost, with its order; -1 for none

	pairs  []sortedPair
	orders []mergeableOrder
}

// unit is a leaf or a part that is joined already.
type unit struct {
	tree *joinTree
	leaf *leaf // of a single leaf
}

func (u *unit) dependent() bool { return u.leaf != nil && u.leaf.dependent() }

func newOrderer(g *joinGraph) *orderer {
	o := &orderer{g: g, pin: -1}
	for i, l := range g.leaves {
		o.units = append(o.units, unit{tree: &joinTree{leaf: i, set: 1 << i, rows: l.rows, cost: l.cost, width: g.leafWidth(l)}, leaf: l})
	}
	for _, c := range g.conds {
		if rest := c.rels & (c.rels - 1); rest != 0 && !rest.single() {
			o.wide = append(o.wide, c)
		}
	}
	n := len(o.units)
	o.links, o.equi = make([]relSet, n), make([]relSet, n)
	o.sel = make([][]float64, n)
	for i := range o.sel {
		o.sel[i] = make([]float64, n)
		for j := range o.sel[i] {
			o.sel[i][j] = 1
		}
	}
	o.connect()
	return o
}

// connect fills the matrices from the conditions between two leaves.
func (o *orderer) connect() {
	pairs := map[relSet][]*joinCond{}
	for _, c := range o.g.conds {
		if rest := c.rels & (c.rels - 1); rest.single() {
			pairs[c.rels] = append(pairs[c.rels], c)
		}
	}
	for rels, conds := range pairs {
		i, j := rels.first(), (rels & (rels - 1)).first()
		list := make([]expr.Expr, len(conds))
		for k, c := range conds {
			list[k] = c.expr
		}
		keys := equiKeys(list, &o.g.leaves[i].cols, &o.g.leaves[j].cols)
		s := o.g.b.keysSelectivity(keys)
		isKey := map[int]bool{}
		for _, k := range keys {
			isKey[k.cond] = true
			conds[k.cond].equi = true
			if !k.nullEqual {
				o.pairs = append(o.pairs, sortedPair{i, j, k.left, k.right})
			}
		}
		for k, c := range conds {
			if !isKey[k] {
				s *= c.sel
			}
		}
		o.sel[i][j], o.sel[j][i] = s, s
		o.links[i] |= 1 << j
		o.links[j] |= 1 << i
		if len(keys) > 0 {
			o.equi[i] |= 1 << j
			o.equi[j] |= 1 << i
		}
	}
}

// best is the cheapest tree.
func (o *orderer) best() *joinTree {
	o.force(o.g.forcedOrder())
	for len(o.units) > maxExhaustive {
		o.mergeSmallest()
	}
	if t := o.exhaustive(); t != nil {
		return t
	}
	for len(o.units) > 1 {
		o.mergeSmallest()
	}
	return o.units[0].tree
}

// joinable reports whether r may be the right side of a join with l now.
func (o *orderer) joinable(l, r *unit) bool {
	if l.dependent() {
		return false
	}
	return !r.dependent() || r.leaf.needs.within(l.tree.set)
}

// hyper is the selectivity of the conditions over three and more leaves that
// the join of two sets completes.
func (o *orderer) hyper(l, r relSet) (sel float64, any bool) {
	sel = 1
	for _, c := range o.wide {
		if c.rels.within(l|r) && !c.rels.within(l) && !c.rels.within(r) {
			sel *= c.sel
			any = true
		}
	}
	return sel, any
}

// mergeSmallest joins the two units whose result is smallest.
func (o *orderer) mergeSmallest() {
	bi, bj := -1, -1
	bestRows, bestSize := math.Inf(1), math.Inf(1)
	bestLinked := false
	for i := range o.units {
		for j := range o.units {
			u, v := &o.units[i], &o.units[j]
			if i == j || !o.joinable(u, v) || !v.dependent() && j < i {
				continue
			}
			_, wide := o.hyper(u.tree.set, v.tree.set)
			linked := o.links[i].has(j) || v.dependent() || wide
			if bestLinked && !linked {
				continue
			}
			rows := o.joinRows(u.tree, v, o.sel[i][j])
			size := u.tree.rows + v.tree.rows
			if linked && !bestLinked || rows < bestRows || rows == bestRows && size < bestSize {
				bi, bj, bestRows, bestSize, bestLinked = i, j, rows, size, linked
			}
		}
	}
	o.merge(bi, bj, false)
}

func (o *orderer) joinRows(l *joinTree, r *unit, sel float64) float64 {
	if r.leaf != nil && r.leaf.typ != plan.InnerJoin {
		return l.rows * r.leaf.factor
	}
	h, _ := o.hyper(l.set, r.tree.set)
	return l.rows * r.tree.rows * sel * h
}

// force joins leaves in the order that hints want, each as the right side.
func (o *orderer) force(order []int) {
	for _, l := range order[min(len(order), 1):] {
		i, j := o.unitOf(order[0]), o.unitOf(l)
		if i != j && o.joinable(&o.units[i], &o.units[j]) {
			o.merge(i, j, true)
		}
	}
}

func (o *orderer) unitOf(leaf int) int {
	for i := range o.units {
		if o.units[i].tree.set.has(leaf) {
			return i
		}
	}
	return -1
}

// merge makes one unit of units i and j, j on the right if that is asked for.
func (o *orderer) merge(i, j int, fixed bool) {
	u, v := &o.units[i], &o.units[j]
	equi := o.equi[i].has(j)
	t := o.cheaper(u, v, o.joinRows(u.tree, v, o.sel[i][j]), equi)
	if !v.dependent() && !fixed {
		if other := o.cheaper(v, u, t.rows, equi); other.cost < t.cost {
			t = other
		}
	}
	last := len(o.units) - 1
	for k := range o.units {
		s := o.sel[i][k] * o.sel[j][k]
		o.sel[i][k], o.sel[k][i] = s, s
	}
	o.links[i] |= o.links[j]
	o.equi[i] |= o.equi[j]
	o.units[i] = unit{tree: t}
	// The last unit takes j's place.
	o.units[j] = o.units[last]
	o.links[j], o.equi[j] = o.links[last], o.equi[last]
	for k := range o.units {
		o.sel[j][k] = o.sel[last][k]
		o.sel[k][j] = o.sel[k][last]
	}
	o.units, o.links, o.equi = o.units[:last], o.links[:last], o.equi[:last]
	for k := range o.units {
		o.links[k] = renumber(o.links[k], i, j, last) &^ (1 << k)
		o.equi[k] = renumber(o.equi[k], i, j, last) &^ (1 << k)
	}
}

// renumber lets i stand for j, and j for last.
func renumber(s relSet, i, j, last int) relSet {
	if s.has(j) {
		s = s&^(1<<j) | 1<<i
	}
	if s.has(last) && last != j {
		s = s&^(1<<last) | 1<<j
	}
	return s
}

// cheaper is the cheapest join of l with r as the right side.
func (o *orderer) cheaper(l, r *unit, rows float64, equi bool) *joinTree {
	t := &joinTree{left: l.tree, right: r.tree, set: l.tree.set | r.tree.set, rows: rows, width: l.tree.width + r.tree.width}
	t.cost = o.pairCost(l.tree, r, rows, equi && o.pin < 0)
	return t
}

// pairCost is the cost of the best algorithm for a pair; hash says that it can be
// hashed, which keeps no order.
func (o *orderer) pairCost(l *joinTree, r *unit, rows float64, hash bool) float64 {
	left, right, out := l.side(), r.tree.side(), math.Max(1, rows)
	if lf := r.leaf; lf != nil {
		if lf.typ != plan.InnerJoin {
			hash = lf.equi && l.order == nil && o.pin < 0
		} else if lf.needs != 0 {
			// The right side runs for each left row.
			return left.cost + left.rows*(right.cost+cpuSeek) + out*cpuEmit
		}
	}
	steered := o.g.b.opt.Hints != nil || o.g.b.opt.Disabled != 0
	var leftName, rightName string
	if steered {
		leftName, rightName = o.name(l), o.name(r.tree)
	}
	penalty := func(m Methods) float64 {
		if !steered {
			return 0
		}
		return o.g.b.opt.joinPenalty(m, leftName, rightName)
	}
	cost := nestedLoopCost(left, right, out) + penalty(NestLoop)
	if hash {
		c := hashJoinCost(left, right, out)
		if (r.leaf == nil || buildsEither(r.leaf.typ)) && left.rows < right.rows {
			c = hashJoinCost(right, left, out)
		}
		if c += penalty(HashJoin); c <= cost || !steered {
			cost = c
		}
	}
	if r.leaf != nil {
		for i := range r.leaf.keys {
			k := &r.leaf.keys[i]
			if m := k.match(l.set); m > 0 {
				if c := lookupCost(left, m, k.covers, k.distance, out) + penalty(LookupJoin); c < cost {
					cost = c
				}
			}
		}
	}
	return cost
}

// name is the alias of a tree that is a single relation.
func (o *orderer) name(t *joinTree) string {
	if t.left != nil {
		return ""
	}
	return aliasOf(o.g.leaves[t.leaf].node)
}

// exhaustive is step 3; nil if the units are not connected.
func (o *orderer) exhaustive() *joinTree {
	n := len(o.units)
	if n == 1 {
		return o.units[0].tree
	}
	size := relSet(1) << n
	trees := make([]*joinTree, size)
	links := make([]relSet, size) // the units that a set is connected with
	equi := make([]relSet, size)
	rows := make([]float64, size)
	rows[0] = 1
	wide := o.hasHyper()
	o.findOrders()
	sorted := o.newSortedTrees(size)
	for s := relSet(1); s < size; s++ {
		i := s.first()
		rest := s & (s - 1)
		links[s], equi[s] = links[rest]|o.links[i], equi[rest]|o.equi[i]
		rows[s] = o.setRows(rows[rest], i, rest, wide)
		if rest == 0 {
			if !o.units[i].dependent() {
				trees[s] = o.units[i].tree
				sorted.single(o, i)
			}
			continue
		}
		var best joinTree
		for l := (s - 1) & s; l != 0; l = (l - 1) & s {
			o.split(trees, l, s&^l, links[l], equi[l], rows[s], wide, &best)
		}
		if best.left != nil {
			t := best
			trees[s] = &t
		}
		if t := sorted.set(o, trees, links, s, rows[s]); t != nil && (trees[s] == nil || t.cost < trees[s].cost) {
			trees[s] = t
		}
	}
	return trees[size-1]
}

// setRows estimates the rows of a set from those of the set without unit i.
func (o *orderer) setRows(base float64, i int, rest relSet, wide bool) float64 {
	u := &o.units[i]
	if u.leaf != nil && u.leaf.typ != plan.InnerJoin {
		return base * u.leaf.factor
	}
	out := base * u.tree.rows
	var set relSet
	for r := rest; r != 0; r &= r - 1 {
		j := r.first()
		out *= o.sel[i][j]
		set |= o.units[j].tree.set
	}
	if wide {
		h, _ := o.hyper(u.tree.set, set)
		out *= h
	}
	return out
}

func (o *orderer) hasHyper() bool {
	for _, c := range o.g.conds {
		if rest := c.rels & (c.rels - 1); rest != 0 && !rest.single() {
			return true
		}
	}
	return false
}

// split tries to join two sets of units, l on the left.
func (o *orderer) split(trees []*joinTree, l, r, links, equi relSet, rows float64, wide bool, best *joinTree) {
	left := trees[l]
	if left == nil || o.pin >= 0 && r.has(o.pin) {
		return
	}
	var right unit
	if r.single() {
		right = o.units[r.first()]
		if right.dependent() {
			if !right.leaf.needs.within(left.set) {
				return
			}
			o.keep(best, left, &right, rows, false)
			return
		}
	} else {
		right = unit{tree: trees[r]}
	}
	if right.tree == nil {
		return
	}
	linked := links&r != 0
	if !linked && wide {
		_, linked = o.hyper(left.set, right.tree.set)
	}
	if linked {
		o.keep(best, left, &right, rows, equi&r != 0)
	}
}

func (o *orderer) keep(best *joinTree, left *joinTree, right *unit, rows float64, equi bool) {
	cost := o.pairCost(left, right, rows, equi && o.pin < 0)
	// Of equally good orders take the one that was written: its columns need no projection.
	if best.left == nil || cost < best.cost || cost == best.cost && left.set.first() < best.left.set.first() {
		*best = joinTree{left: left, right: right.tree, set: left.set | right.tree.set, rows: rows, width: left.width + right.tree.width, cost: cost}
	}
}
