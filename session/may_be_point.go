package session

import "github.com/tidemarkdb/tidemark/sql/ast"

// mayBePoint is false for statements that surely do not go by one key, so that
// they need not be planned to find that out: streams of ad hoc queries are full
// of them. A table that comes from a view may go by a key all the same; such a
// statement is planned with its literals in it.
func mayBePoint(stmt ast.Statement) bool {
	s, ok := stmt.(*ast.Select)
	if !ok {
		return true
	}
	if s.With != nil || s.Distinct || s.Op != ast.SetOpNone || s.Values != nil || len(s.From) != 1 || s.Where == nil ||
		len(s.GroupBy) > 0 || s.Having != nil || len(s.OrderBy) > 0 || s.Limit != nil || s.Offset != nil {
		return false
	}
	return mayFix(s.Where)
}

// mayFix is false if a condition cannot give a column one value.
func mayFix(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.And:
		for _, a := range x.Args {
			if mayFix(a) {
				return true
			}
		}
		return false
	case *ast.Operator:
		return x.Name == "="
	case *ast.Or, *ast.Between, *ast.IsNull, *ast.Like:
		return false
	}
	return true
}
