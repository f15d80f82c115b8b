package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// sortHint is how a sort wants its input: in the whole order, or, if a LIMIT
// stops early, in that of the first keys when an index yields it: then only the
// rows up to the end of the last group of equal first keys are read, and sorted
// group by group (incremental sort).
func (b *Builder) sortHint(n *logical.Sort, in *logical.ColSet, h hint) hint {
	best := hint{order: n.Keys, limit: h.limit, want: h.want}
	scan, in, ok := sortedScan(n.Input, in)
	if !ok || h.limit == 0 || len(n.Keys) < 2 || b.opt.off(IncrementalSort) || !lookupTable(scan) {
		return best
	}
	p := b.choose(scan, in, best)
	if satisfies(p.order, n.Keys) {
		return best
	}
	out := p.rows * b.selectivity(scan.Filter, p.used)
	cost := p.cost + p.filterCost(len(scan.Filter)) + out*cpuCompare*math.Log2(math.Max(2, h.limit))
	for k := len(n.Keys) - 1; k > 0; k-- {
		wanted := h.limit + out/b.keyGroups(n.Keys[:k], out)
		part := hint{order: n.Keys[:k], limit: wanted, about: true, want: h.want}
		p := b.choose(scan, in, part)
		if !satisfies(p.order, part.order) {
			continue
		}
		share := math.Min(1, wanted/math.Max(1, p.rows*b.selectivity(scan.Filter, p.used)))
		if c := share*(p.cost+p.filterCost(len(scan.Filter))) + sortCost(wanted); c < cost {
			best, cost = part, c
		}
	}
	return best
}

// keyGroups estimates how many groups of equal keys rows have.
func (b *Builder) keyGroups(keys []expr.SortKey, rows float64) float64 {
	items := make([]logical.Item, len(keys))
	for i := range items {
		items[i].Expr = keys[i].Expr
	}
	return math.Max(1, b.groups(items, rows))
}

// sortedScan is the scan whose columns projections pass on or compute with, and
// which of them are needed.
func sortedScan(n logical.Node, need *logical.ColSet) (*logical.Scan, *logical.ColSet, bool) {
	for {
		p, ok := n.(*logical.Project)
		if !ok {
			scan, ok := n.(*logical.Scan)
			return scan, need, ok
		}
		var below logical.ColSet
		for _, it := range p.Items {
			if need.Has(it.ID) {
				logical.ExprColumns(it.Expr, &below)
			}
		}
		n, need = p.Input, &below
	}
}
