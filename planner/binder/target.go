package binder

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// target is an entry of a select list, with those that only ORDER BY, GROUP BY
// or DISTINCT ON need (junk).
type target struct {
	name string
	expr expr.Expr
	loc  int
	junk bool
	// group: only GROUP BY needs it, so that it is no column of the projection.
	group bool
}

// bindTargets is transformTargetList.
func (b *Binder) bindTargets(s *scope, list []*ast.Target, kind exprKind) ([]target, error) {
	saved := s.kind
	s.kind = kind
	defer func() { s.kind = saved }()
	out := make([]target, 0, len(list))
	for _, t := range list {
		switch e := t.Expr.(type) {
		case *ast.ColumnRef:
			if e.Star {
				cols, err := b.expandStar(s, e)
				if err != nil {
					return nil, err
				}
				out = append(out, cols...)
				continue
			}
		case *ast.Indirection:
			if e.Steps[len(e.Steps)-1].Star {
				cols, err := b.expandRecord(s, e)
				if err != nil {
					return nil, err
				}
				out = append(out, cols...)
				continue
			}
		}
		e, err := b.bindExpr(s, t.Expr)
		if err != nil {
			return nil, err
		}
		name := t.Name
		if name == "" {
			name = targetName(t.Expr)
		}
		out = append(out, target{name: name, expr: e, loc: leftmost(t.Expr)})
	}
	return out, nil
}

// expandStar expands * and relation.*.
func (b *Binder) expandStar(s *scope, c *ast.ColumnRef) ([]target, error) {
	var items []*nsItem
	if len(c.Names) == 0 {
		for _, it := range s.items {
			if it.colsVisible && !it.lateralOnly {
				items = append(items, it)
			}
		}
		if len(items) == 0 {
			return nil, at(c, pgerror.SyntaxError, "SELECT * with no tables specified is not valid")
		}
	} else {
		schema, rel := "", c.Names[len(c.Names)-1]
		if len(c.Names) > 1 {
			schema = c.Names[len(c.Names)-2]
		}
		it, err := b.findRelation(s, schema, rel, c.Loc())
		if err != nil {
			return nil, err
		}
		if it == nil {
			return nil, b.missingRelation(s, schema, rel, c.Loc())
		}
		items = append(items, it)
	}
	var out []target
	for _, it := range items {
		for i, n := 0, it.numCols(); i < n; i++ {
			if name := it.colName(i); name != "" && !it.added(i) {
				b.traceStar(s, it, i, c.Loc())
				out = append(out, target{name: name, expr: b.columnOf(it, i, c.Loc()), loc: c.Loc()})
			}
		}
	}
	return out, nil
}

// expandRecord expands (record).*.
func (b *Binder) expandRecord(s *scope, n *ast.Indirection) ([]target, error) {
	var e expr.Expr
	var err error
	if steps := n.Steps[:len(n.Steps)-1]; len(steps) > 0 {
		inner := &ast.Indirection{Pos: n.Pos, Arg: n.Arg, Steps: steps}
		e, err = b.bindExpr(s, inner)
	} else {
		e, err = b.bindExpr(s, n.Arg)
	}
	if err != nil {
		return nil, err
	}
	fields := b.recordFields(e)
	if fields == nil {
		return nil, at(n, pgerror.WrongObjectType, "type %s is not composite", b.typeName(e.Type()))
	}
	out := make([]target, len(fields))
	for i, f := range fields {
		out[i] = target{name: f.name, loc: n.Loc()}
		switch x := e.(type) {
		case *expr.Row:
			out[i].expr = x.Args[i]
		case *logical.SetCall:
			c := *x
			c.Column, c.Typ = i, f.typ
			out[i].expr = &c
		default:
			out[i].expr = &expr.Field{Arg: e, Index: i, Name: f.name, Typ: f.typ}
		}
	}
	return out, nil
}

// targetName is FigureColname.
func targetName(e ast.Expr) string {
	name, _ := figureName(e)
	if name == "" {
		return "?column?"
	}
	return name
}

// figureName returns a name and how strongly it is meant (0 none, 1 weak, 2 good).
func figureName(e ast.Expr) (string, int) {
	switch e := e.(type) {
	case *ast.ColumnRef:
		if !e.Star && len(e.Names) > 0 {
			return e.Names[len(e.Names)-1], 2
		}
	case *ast.Indirection:
		for i := len(e.Steps) - 1; i >= 0; i-- {
			if e.Steps[i].Field != "" {
				return e.Steps[i].Field, 2
			}
		}
		return figureName(e.Arg)
	case *ast.FuncCall:
		return e.Name[len(e.Name)-1], 2
	case *ast.NullIf:
		return "nullif", 2
	case *ast.Cast:
		if name, strength := figureName(e.Arg); strength > 1 {
			return name, strength
		}
		return e.Type.Names[len(e.Type.Names)-1], 1
	case *ast.Collate:
		return figureName(e.Arg)
	case *ast.Grouping:
		return "grouping", 2
	case *ast.SubLink:
		switch e.Kind {
		case ast.SubLinkExists:
			return "exists", 2
		case ast.SubLinkArray:
			return "array", 2
		case ast.SubLinkScalar:
			return subqueryName(e.Query)
		}
	case *ast.Case:
		if e.Else != nil {
			if name, strength := figureName(e.Else); strength > 0 {
				return name, strength
			}
		}
		return "case", 1
	case *ast.Array:
		return "array", 2
	case *ast.Row:
		return "row", 2
	case *ast.Coalesce:
		return "coalesce", 2
	case *ast.GreatestLeast:
		if e.Least {
			return "least", 2
		}
		return "greatest", 2
	case *ast.SQLValueFunction:
		return valueFunctionNames[e.Func], 2
	}
	return "", 0
}

var valueFunctionNames = map[ast.SQLFunc]string{
	ast.CurrentDate: "current_date", ast.CurrentTime: "current_time", ast.CurrentTimestamp: "current_timestamp",
	ast.LocalTime: "localtime", ast.LocalTimestamp: "localtimestamp", ast.CurrentRole: "current_role",
	ast.CurrentUser: "current_user", ast.User: "user", ast.SessionUser: "session_user",
	ast.CurrentCatalog: "current_catalog", ast.CurrentSchema: "current_schema",
}

// subqueryName is the name of a scalar subquery's only column.
func subqueryName(q *ast.Select) (string, int) {
	for q != nil && q.Op != ast.SetOpNone {
		q = q.Left
	}
	if q != nil && len(q.Targets) > 0 {
		t := q.Targets[0]
		if t.Name != "" {
			return t.Name, 2
		}
		return figureName(t.Expr)
	}
	return "", 0
}
