package physical

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
)

// tagConditions moves conditions on tags alone into a scan that does not name its
// series: they are evaluated for each series, or each value of a tag, and not for each
// row. It returns what they select.
func (b *Builder) tagConditions(n *logical.Scan, s *plan.SeriesScan, used []bool) float64 {
	if s.Series != nil || len(n.Table.TimeSeries.Tags) == 0 {
		return 1
	}
	var tags logical.ColSet
	for _, num := range n.Table.TimeSeries.Tags {
		tags.Add(n.First + expr.ColumnID(num-1))
	}
	layout := make([]expr.ColumnID, len(n.Table.Columns))
	for i := range layout {
		layout[i] = n.First + expr.ColumnID(i)
	}
	var got []expr.Expr
	for i, c := range n.Filter {
		columns := logical.Columns(c)
		if used[i] || columns.Empty() || !columns.SubsetOf(&tags) || logical.Any(c, isSubplan) || expr.Volatility(c) == functions.Volatile {
			continue
		}
		s.Tags = append(s.Tags, b.resolve(c, layout))
		used[i] = true
		got = append(got, c)
	}
	return b.selectivity(got, nil)
}
