package session

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/parser"
)

// Besides statements that go by a key, those share plans that read a few series of
// one time-series table, named by their tags: dashboards send them with other
// times and tags each moment, and planning would take as long as reading. Whatever
// the literals are, such a plan looks up the series and reads them between the
// times; there is nothing to choose by their values.

// maxSharedTags is how many rows a shared plan may expect to take tags from, or
// series to be named in it: those of many are better planned with what they say.
const maxSharedTags = 256

// fixedLiteral is a literal that must be the same for a plan to be shared.
type fixedLiteral struct {
	is   bool
	text string
}

// fixLiterals notes the literals that are no parameters of the plan, such as the
// width of a bucket or the 1 of GROUP BY 1.
func (p *planned) fixLiterals(n *parser.Normalized) {
	p.fixed = make([]fixedLiteral, len(n.Literals))
	for i := range n.Literals {
		l := &n.Literals[i]
		if !slices.Contains(p.query.UsedLiterals, l.Offset) {
			p.fixed[i] = fixedLiteral{true, strings.Clone(l.Text)}
		}
	}
}

// mayNameSeries is false for statements that surely do not: they need not be
// planned to find out.
func (s *Session) mayNameSeries(snap *catalog.Snapshot, stmt ast.Statement) bool {
	q, ok := stmt.(*ast.Select)
	if !ok || q.With != nil || q.Op != ast.SetOpNone || q.Values != nil || len(q.From) != 1 || q.Where == nil || q.Limit != nil || q.Offset != nil || !mayFix(q.Where) {
		return false
	}
	r, ok := q.From[0].(*ast.RangeVar)
	if !ok {
		return false
	}
	t := snap.Resolve(s.searchPath(), r.Schema, r.Name)
	return t != nil && t.TimeSeries != nil
}

// namesSeries reports whether a plan is such a one.
func namesSeries(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Sort:
		return namesSeries(n.Input)
	case *plan.Project:
		return namesSeries(n.Input)
	case *plan.Aggregate:
		return n.Phase == plan.AggPlain && namesSeries(n.Input)
	case *plan.SeriesScan:
		if n.SeriesFrom != nil {
			return findsTags(n.SeriesFrom)
		}
		return len(n.Series) > 0 && len(n.Series) <= maxSharedTags
	}
	return false
}

// findsTags reports whether a plan finds the few rows that name the series by keys.
func findsTags(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Project:
		return findsTags(n.Input)
	case *plan.Scan:
		if len(n.Ranges) == 0 || n.Parallel || n.Read > maxSharedTags {
			return false
		}
		for i := range n.Ranges {
			if len(n.Ranges[i].Equal) == 0 {
				return false
			}
		}
		return true
	}
	return false
}
