package binder

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// noPos is a place for errors of generated expressions.
var noPos = &ast.SetToDefault{}

// columnDefault is the value of a column that is not given one.
func (b *Binder) columnDefault(c *catalog.Column) (expr.Expr, error) {
	switch {
	case c.Default != "" && !c.Generated:
		e, err := b.catalogExpr(c.Default, &scope{depth: 1, kind: kindDefault})
		if err != nil {
			return nil, err
		}
		return b.assign(e, c, -1)
	case c.Identity != 0 && c.Sequence != 0:
		seq := &expr.Const{Value: types.NewOid(uint32(c.Sequence)), Typ: types.Of(types.Regclass)}
		e, err := b.callNamed("nextval", []expr.Expr{seq}, []int{-1}, noPos)
		if err != nil {
			return nil, err
		}
		return b.assign(e, c, -1)
	}
	null := &expr.Const{Typ: c.Type}
	for u := b.domain(c.Domain); u != nil; u = b.domain(u.Base.OID) {
		if u.Default == "" {
			continue
		}
		e, err := b.catalogExpr(u.Default, &scope{depth: 1, kind: kindDefault})
		if err != nil {
			return nil, err
		}
		return b.assign(e, c, -1)
	}
	if u := b.domain(c.Domain); u != nil {
		return b.checkDomain(null, u)
	}
	return null, nil
}

// catalogExpr binds an expression's text from the catalog.
func (b *Binder) catalogExpr(text string, s *scope) (expr.Expr, error) {
	node, err := parser.ParseExpr(text)
	if err != nil {
		return nil, err
	}
	b.noAuto++
	record := b.record
	b.record = false
	defer func() { b.noAuto--; b.record = record }()
	return b.bindExpr(s, node)
}

// assign converts a value to a column's type (transformAssignedExpr).
func (b *Binder) assign(e expr.Expr, c *catalog.Column, loc int) (expr.Expr, error) {
	out, err := b.coerce(e, c.Type, functions.CastAssignment, loc)
	if err != nil {
		return nil, err
	}
	if out == nil {
		return nil, pgerror.New(pgerror.DatatypeMismatch, "column %q is of type %s but expression is of type %s", c.Name, b.typeName(c.Type), b.typeName(e.Type())).
			WithHint("You will need to rewrite or cast the expression.").At(loc)
	}
	if u := b.domain(c.Domain); u != nil {
		return b.checkDomain(out, u)
	}
	return out, nil
}

// tableScope is a scope in which only a table's columns are visible, with ids
// from first.
func (b *Binder) tableScope(t *catalog.Table, first expr.ColumnID, kind exprKind) *scope {
	item := &nsItem{alias: t.Name, schema: t.Schema, table: t, first: first, relVisible: true, colsVisible: true, lateralOK: true}
	return &scope{depth: 1, kind: kind, items: []*nsItem{item}, all: []*nsItem{item}}
}

// generated binds the expression of a generated column over ids from first.
func (b *Binder) generated(t *catalog.Table, c *catalog.Column, first expr.ColumnID) (expr.Expr, error) {
	e, err := b.catalogExpr(c.Default, b.tableScope(t, first, kindGenerated))
	if err != nil {
		return nil, err
	}
	return b.assign(e, c, -1)
}

func hasGenerated(t *catalog.Table) bool {
	for i := range t.Columns {
		if t.Columns[i].Generated && !t.Columns[i].Dropped {
			return true
		}
	}
	return false
}

// toOrdinals replaces a table's column ids by ordinals into Table.Columns;
// further blocks of ids follow it.
func toOrdinals(e expr.Expr, width int, firsts ...expr.ColumnID) expr.Expr {
	if e == nil {
		return nil
	}
	return logical.MapDeep(e, func(x expr.Expr) expr.Expr {
		c, ok := x.(*expr.Column)
		if !ok {
			return x
		}
		for k, f := range firsts {
			if i := int(c.ID - f); i >= 0 && i < width {
				return &expr.Ordinal{Index: k*width + i, Name: c.Name, Typ: c.Typ}
			}
		}
		return x
	})
}
