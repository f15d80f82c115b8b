package binder

import "github.com/tidemarkdb/tidemark/sql/ast"

// leftmost is where an expression's text begins (exprLocation).
func leftmost(e ast.Expr) int {
	pick := func(own int, first ast.Expr) int {
		if first == nil {
			return own
		}
		if l := leftmost(first); l >= 0 && (own < 0 || l < own) {
			return l
		}
		return own
	}
	switch e := e.(type) {
	case nil:
		return -1
	case *ast.Operator:
		return pick(e.Loc(), e.Left)
	case *ast.AnyAll:
		return pick(e.Loc(), e.Left)
	case *ast.In:
		return pick(e.Loc(), e.Left)
	case *ast.Between:
		return pick(e.Loc(), e.Arg)
	case *ast.Like:
		return pick(e.Loc(), e.Left)
	case *ast.IsDistinct:
		return pick(e.Loc(), e.Left)
	case *ast.IsNull:
		return pick(e.Loc(), e.Arg)
	case *ast.BooleanTest:
		return pick(e.Loc(), e.Arg)
	case *ast.Cast:
		return pick(e.Loc(), e.Arg)
	case *ast.Collate:
		return pick(e.Loc(), e.Arg)
	case *ast.Indirection:
		return pick(e.Loc(), e.Arg)
	case *ast.And:
		return pick(e.Loc(), e.Args[0])
	case *ast.Or:
		return pick(e.Loc(), e.Args[0])
	case *ast.SubLink:
		return pick(e.Loc(), e.Test)
	}
	return e.Loc()
}
