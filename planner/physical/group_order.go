package physical

import (
	"math"
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// workersLeft is what hashing all rows is taken to cost beside reading them in order.
const workersLeft = 0.7

// groupReadAhead is how many rows a scan reads at a time, and so at least.
const groupReadAhead = 4096

// groupHint asks for rows in the order of what they are grouped by (GROUP BY or
// DISTINCT) where an index yields them so and the groups are wanted in that order,
// or only a few of them: groups then come out one after another, the first ones
// before all rows are read, and are not sorted. It says nothing where hashing all
// rows and sorting the groups costs less. calls is how many aggregates there are.
func (b *Builder) groupHint(input logical.Node, need *logical.ColSet, keys []logical.Item, calls int, wanted hint) hint {
	hash, _ := b.opt.aggregation()
	scan, in, ok := sortedScan(input, need)
	if hash || !ok || len(keys) == 0 || len(wanted.order) == 0 && wanted.limit == 0 || !lookupTable(scan) {
		return hint{}
	}
	order, ok := groupsInOrder(keys, wanted.order)
	if !ok {
		return hint{}
	}
	p := b.choose(scan, in, hint{})
	out := math.Max(1, p.rows*b.selectivity(scan.Filter, p.used))
	groups := math.Max(1, b.groups(keys, out))
	work := out*cpuOperator*float64(calls+len(keys)) + groups*cpuTuple
	hashed := p.cost + p.filterCost(len(scan.Filter)) + work
	if len(wanted.order) > 0 {
		hashed += sortCost(groups)
	}
	h := hint{order: order}
	if wanted.limit > 0 && wanted.limit < groups {
		h.limit, h.about = math.Max(groupReadAhead, wanted.limit*out/groups), true
	}
	p = b.choose(scan, in, h)
	if !satisfies(p.order, order) {
		return hint{}
	}
	sorted := p.cost + p.filterCost(len(scan.Filter)) + work
	if h.limit > 0 {
		sorted *= math.Min(1, h.limit/out)
	}
	if h.limit == 0 {
		hashed *= workersLeft // several may hash, one reads an index
	}
	if sorted >= hashed {
		return hint{}
	}
	return h
}

// groupsInOrder is an order of the rows in which groups come out as wanted: the
// keys of that order first, then the others.
func groupsInOrder(keys []logical.Item, wanted []expr.SortKey) (order []expr.SortKey, ok bool) {
	placed := make([]bool, len(keys))
	for _, w := range wanted {
		i := slices.IndexFunc(keys, func(k logical.Item) bool { return isColumn(w.Expr, k.ID) || logical.Equal(w.Expr, k.Expr) })
		if i < 0 {
			return nil, false
		}
		if placed[i] {
			continue
		}
		placed[i] = true
		w.Expr = keys[i].Expr
		order = append(order, w)
	}
	var rest expr.SortKey // an index that is read backwards is so as a whole
	if len(wanted) > 0 {
		rest = wanted[0]
	}
	for i, k := range keys {
		if !placed[i] {
			rest.Expr = k.Expr
			order = append(order, rest)
		}
	}
	return order, true
}

func isColumn(e expr.Expr, id expr.ColumnID) bool {
	c, ok := e.(*expr.Column)
	return ok && c.ID == id
}
