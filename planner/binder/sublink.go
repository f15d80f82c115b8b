package binder

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// bindSubLink is transformSubLink.
func (b *Binder) bindSubLink(s *scope, n *ast.SubLink) (expr.Expr, error) {
	if k := kindInfo[s.kind].subquery; k != "" {
		return nil, at(n, pgerror.FeatureNotSupported, "cannot use subquery in %s", k)
	}
	if n.Kind == ast.SubLinkAny || n.Kind == ast.SubLinkAll {
		return b.quantified(s, n)
	}
	q, err := b.bindSelect(s, n.Query, nil)
	if err != nil {
		return nil, err
	}
	switch n.Kind {
	case ast.SubLinkExists:
		return &expr.Subplan{Kind: expr.SubplanExists, Plan: q.node, Typ: boolType}, nil
	case ast.SubLinkArray:
		if len(q.cols) != 1 {
			return nil, at(n, pgerror.SyntaxError, "subquery must return only one column")
		}
		t, ok := b.arrayOf(q.cols[0].typ)
		if !ok {
			if !b.isArray(q.cols[0].typ.OID) {
				return nil, at(n, pgerror.UndefinedObject, "could not find array type for data type %s", b.typeName(q.cols[0].typ))
			}
			t = q.cols[0].typ
		}
		return &expr.Subplan{Kind: expr.SubplanArray, Plan: q.node, Typ: t}, nil
	}
	if len(q.cols) != 1 {
		return nil, at(n, pgerror.SyntaxError, "subquery must return only one column")
	}
	return &expr.Subplan{Kind: expr.SubplanScalar, Plan: q.node, Typ: q.cols[0].typ}, nil
}

// quantified is IN, op ANY and op ALL over a query.
func (b *Binder) quantified(s *scope, n *ast.SubLink) (expr.Expr, error) {
	test, err := b.bindExpr(s, n.Test)
	if err != nil {
		return nil, err
	}
	left := []expr.Expr{test}
	if row, ok := test.(*expr.Row); ok && isRowNode(n.Test) {
		left = append([]expr.Expr(nil), row.Args...)
	}
	q, err := b.bindSelect(s, n.Query, nil)
	if err != nil {
		return nil, err
	}
	if len(left) < len(q.cols) {
		return nil, at(n, pgerror.SyntaxError, "subquery has too many columns")
	}
	if len(left) > len(q.cols) {
		return nil, at(n, pgerror.SyntaxError, "subquery has too few columns")
	}
	op := n.Op
	if op == "" {
		op = "="
	}
	all := n.Kind == ast.SubLinkAll
	if len(left) > 1 && !(op == "=" && !all || op == "<>" && all) {
		return b.quantifiedRows(s, n, op, left, q)
	}
	kind := expr.SubplanAny
	if all {
		kind = expr.SubplanAll
	}
	sub := &expr.Subplan{Kind: kind, Op: op, Typ: boolType, Left: left}
	// The columns are cast in a projection of the subquery where the operator asks for it.
	items := make([]logical.Item, len(left))
	casts := false
	for i, l := range left {
		col := b.MD.Col(q.cols[i].id)
		f, err := b.findOperator(n.Schema, op, l.Type().OID, col.Typ.OID, n.Loc())
		if err != nil {
			return nil, err
		}
		if f.returns != types.Bool {
			return nil, at(n, pgerror.DatatypeMismatch, "row comparison operator must yield type boolean, not type %s", b.typeName(types.Of(f.returns)))
		}
		if sub.Left[i], err = b.operand(l, f.left, leftmost(n.Test)); err != nil {
			return nil, err
		}
		r, err := b.operand(col, f.right, n.Loc())
		if err != nil {
			return nil, err
		}
		items[i] = logical.Item{ID: col.ID, Expr: r}
		if r != expr.Expr(col) {
			casts = true
			items[i].ID = b.addColumn(s.depth+1, q.cols[i].name, r)
		}
		sub.Compare = append(sub.Compare, f.op.Fn)
	}
	sub.Plan = q.node
	if casts {
		sub.Plan = &logical.Project{Input: q.node, Items: items}
	}
	return sub, nil
}

// rowSubquery is (a, b) op (SELECT x, y): an equality of rows with at most one row.
func (b *Binder) rowSubquery(s *scope, o *ast.Operator, row *ast.Row, sub *ast.SubLink) (expr.Expr, error) {
	if o.Name != "=" {
		return nil, pgerror.Unsupported("row comparison %s with a subquery", o.Name).At(o.Loc())
	}
	l, err := b.bindRow(s, row)
	if err != nil {
		return nil, err
	}
	left := l.(*expr.Row).Args
	parts := make([]expr.Expr, len(left))
	for i := range left {
		q, err := b.bindSelect(s, sub.Query, nil)
		if err != nil {
			return nil, err
		}
		if len(q.cols) != len(left) {
			if len(q.cols) > len(left) {
				return nil, at(sub, pgerror.SyntaxError, "subquery has too many columns")
			}
			return nil, at(sub, pgerror.SyntaxError, "subquery has too few columns")
		}
		if parts[i], err = b.operator(o.Schema, o.Name, left[i], b.pickColumn(q, i), o.Loc(), o.Loc(), o.Loc()); err != nil {
			return nil, err
		}
	}
	return &expr.Logic{Args: parts}, nil
}

// pickColumn is the scalar subquery of one column of a query.
func (b *Binder) pickColumn(q query, i int) expr.Expr {
	col := b.MD.Col(q.cols[i].id)
	return &expr.Subplan{
		Kind: expr.SubplanScalar, Typ: col.Typ,
		Plan: &logical.Project{Input: q.node, Items: []logical.Item{{ID: col.ID, Expr: col}}},
	}
}

// addColumn makes a column for a computed expression.
func (b *Binder) addColumn(depth int32, name string, e expr.Expr) expr.ColumnID {
	return b.MD.Add(logical.ColumnInfo{Name: name, Type: e.Type(), Depth: depth})
}

// quantifiedRows is ROW(...) op ANY/ALL (query) for the operators that are not
// decided column by column: true = ANY/ALL (SELECT ROW(...) op ROW(columns)),
// which has the same three-valued result.
func (b *Binder) quantifiedRows(s *scope, n *ast.SubLink, op string, left []expr.Expr, q query) (expr.Expr, error) {
	right := make([]expr.Expr, len(q.cols))
	for i, c := range q.cols {
		right[i] = b.MD.Col(c.id)
	}
	cmp, err := b.rowCompare(n.Schema, op, left, right, n.Loc())
	if err != nil {
		return nil, err
	}
	yes := &expr.Const{Value: types.NewBool(true), Typ: boolType}
	eq, err := b.equality(boolType, n.Loc())
	if err != nil {
		return nil, err
	}
	kind := expr.SubplanAny
	if n.Kind == ast.SubLinkAll {
		kind = expr.SubplanAll
	}
	id := b.addColumn(s.depth+1, "?column?", cmp)
	return &expr.Subplan{
		Kind: kind, Op: "=", Typ: boolType, Left: []expr.Expr{yes}, Compare: []*functions.Scalar{eq},
		Plan: &logical.Project{Input: q.node, Items: []logical.Item{{ID: id, Expr: cmp}}},
	}, nil
}
