package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
)

// estimate guesses the rows of a node that is not built yet.
func (b *Builder) estimate(n logical.Node) float64 {
	switch n := n.(type) {
	case *logical.Scan:
		var none logical.ColSet
		rows, _ := b.scanEstimate(n, &none)
		return math.Max(1, rows)
	case *logical.Filter:
		return math.Max(1, b.estimate(n.Input)*b.selectivity(n.Conds, nil))
	case *logical.Project:
		return b.estimate(n.Input)
	case *logical.Values:
		return float64(len(n.Rows))
	case *logical.FunctionScan:
		if n.Few {
			return 10
		}
		return 1000
	case *logical.Sort:
		return b.estimate(n.Input)
	case *logical.Limit:
		if r := limitRows(n); r > 0 {
			return math.Min(r, b.estimate(n.Input))
		}
		return b.estimate(n.Input)
	case *logical.Aggregate:
		if len(n.Keys) == 0 {
			return 1
		}
		return b.groups(n.Keys[:len(n.Keys)-n.Dependent], b.estimate(n.Input))
	case *logical.Distinct:
		if n.On != nil {
			return math.Max(1, b.estimate(n.Input)/2)
		}
		return b.distinctRows(logical.Output(n.Input), b.estimate(n.Input))
	case *logical.Join:
		l, r := b.estimate(n.Left), b.estimate(n.Right)
		s := b.selectivity(n.On, nil)
		switch n.Type {
		case plan.InnerJoin:
			return math.Max(1, l*r*s)
		case plan.SemiJoin, plan.AntiJoin, plan.AntiNullJoin:
			return math.Max(1, l/2)
		}
		return math.Max(l, l*r*s)
	case *logical.Union:
		s := 0.0
		for _, c := range n.Inputs {
			s += b.estimate(c)
		}
		return s
	case *logical.With:
		return b.estimate(n.Body)
	}
	return defaultRows
}

// scanEstimate is how many rows a scan yields, less than one included, and the
// cost of reading it by its cheapest path.
func (b *Builder) scanEstimate(n *logical.Scan, need *logical.ColSet) (rows, cost float64) {
	rows = b.tableRows(n.Table) * b.selectivity(n.Filter, nil)
	if n.Table.Virtual != nil {
		return rows, b.tableRows(n.Table) * cpuTuple
	}
	p := b.choose(n, need, hint{})
	if p.point {
		rows = math.Min(rows, p.rows)
	}
	return rows, p.cost + p.filterCost(len(n.Filter))
}
