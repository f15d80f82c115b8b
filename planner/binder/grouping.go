package binder

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// bindGrouping is transformGroupingFunc. GROUPING belongs to the query level of
// its arguments' innermost columns, as an aggregate does.
func (b *Binder) bindGrouping(s *scope, g *ast.Grouping) (expr.Expr, error) {
	if len(g.Args) > 31 {
		return nil, at(g, pgerror.TooManyArguments, "GROUPING must have fewer than 32 arguments")
	}
	out := &logical.Grouping{}
	deepest := int32(-1)
	for _, a := range g.Args {
		e, err := b.bindExpr(s, a)
		if err != nil {
			return nil, err
		}
		out.Args, out.Locs = append(out.Args, e), append(out.Locs, leftmost(a))
		deepest = max(deepest, b.deepestColumn(s, e))
	}
	owner := s.owner(deepest)
	for i, e := range out.Args {
		if w := findWindow(e); w != nil {
			return nil, pgerror.New(pgerror.GroupingError, "aggregate function calls cannot contain window function calls").At(w.Position)
		}
		if b.hasAggregateOf(e, s, owner) {
			return nil, pgerror.New(pgerror.GroupingError, "aggregate function calls cannot be nested").At(out.Locs[i])
		}
	}
	if owner.kind == kindFromSubselect {
		return nil, at(g, pgerror.GroupingError, "grouping operations are not allowed in FROM clause of their own query level")
	}
	if k := kindInfo[owner.kind]; k.agg != "" {
		return nil, at(g, pgerror.GroupingError, "grouping operations are not allowed in %s", k.agg)
	}
	out.Depth = owner.depth
	owner.noteAggregate(g.Loc())
	return out, nil
}

// deepestColumn is the innermost level that an expression of scope s has columns
// or aggregates of; -1 for none.
func (b *Binder) deepestColumn(s *scope, e expr.Expr) int32 {
	deepest := int32(-1)
	logical.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Column:
			deepest = max(deepest, b.MD.Cols[x.ID].Depth)
		case *expr.Aggregate: // its columns count as well
			deepest = max(deepest, b.aggOwner(x, s).depth)
		case *logical.Grouping:
			deepest = max(deepest, x.Depth)
		case *expr.Subplan:
			if n, ok := x.Plan.(logical.Node); ok {
				outer := logical.OuterColumns(n)
				outer.Each(func(id expr.ColumnID) { deepest = max(deepest, b.MD.Cols[id].Depth) })
			}
		}
		return true
	})
	return deepest
}

// owner is the level that an aggregate in s belongs to whose innermost columns
// are of the level deepest.
func (s *scope) owner(deepest int32) *scope {
	o := s
	for deepest > 0 && o.depth > deepest && o.parent != nil {
		o = o.parent
	}
	return o
}
