package session

import (
	"context"
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/types"
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
	return s.mayReadSeries(snap, stmt, nil)
}

// mayReadSeries is mayNameSeries below WITH queries that do.
func (s *Session) mayReadSeries(snap *catalog.Snapshot, stmt ast.Statement, with []string) bool {
	q, ok := stmt.(*ast.Select)
	if !ok || q.Op != ast.SetOpNone || q.Values != nil || len(q.From) != 1 || len(q.Locking) > 0 {
		return false
	}
	if q.With != nil {
		for _, c := range q.With.CTEs {
			if q.With.Recursive || !s.mayReadSeries(snap, c.Stmt, with) {
				return false
			}
			with = append(slices.Clip(with), c.Name)
		}
	}
	switch from := q.From[0].(type) {
	case *ast.RangeSubselect:
		return s.mayReadSeries(snap, from.Query, with)
	case *ast.RangeVar:
		if from.Schema == "" && slices.Contains(with, from.Name) {
			return true
		}
		t := snap.Resolve(s.searchPath(), from.Schema, from.Name)
		return t != nil && t.TimeSeries != nil && q.Where != nil && mayFix(q.Where)
	}
	return false
}

// namesSeries reports whether a plan is such a one: of all in it only what reads the
// series could be chosen otherwise.
func namesSeries(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Sort:
		return namesSeries(n.Input)
	case *plan.Project:
		return namesSeries(n.Input)
	case *plan.Filter:
		return namesSeries(n.Input)
	case *plan.Limit:
		return namesSeries(n.Input)
	case *plan.Distinct:
		return namesSeries(n.Input)
	case *plan.Window:
		return namesSeries(n.Input)
	case *plan.GapFill:
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

// prepareShared prepares a text without parameters by the plan of another one, without
// parsing it; nil if there is none.
func (s *Session) prepareShared(ctx context.Context, name, sql string) *prepared {
	pl, literals := s.sharedPlan(ctx, sql)
	if pl == nil || pl.sample == nil {
		return nil
	}
	p := &prepared{name: name, text: sql, made: s.server.config.Clock(), planned: pl, raw: pl.sample, env: s.environment(), cols: pl.query.Root.Columns()}
	p.literals = make([]types.Datum, len(literals))
	for i, d := range literals {
		p.literals[i] = d.Clone()
	}
	return p
}

// unshare parses p's own text, whose plan cannot be shared any longer.
func (s *Session) unshare(p *prepared) error {
	if p.literals == nil {
		return nil
	}
	stmts, err := s.server.trees.Parse(p.text)
	if err != nil {
		return err
	}
	p.raw, p.literals = &stmts[0], nil
	return nil
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
