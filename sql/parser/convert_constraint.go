package parser

import (
	"github.com/tidemarkdb/tidemark/sql/ast"
)

func (c *converter) constraints(m msg, field int) []*ast.Constraint {
	var list []*ast.Constraint
	for item := range m.each(field) {
		if kind, body := item.node(); kind == nConstraint {
			list = append(list, c.constraint(body))
		}
	}
	return list
}

func (c *converter) constraint(m msg) *ast.Constraint {
	if m == nil {
		return nil
	}
	expr := m.sub(fConstraintRawExpr)
	k := &ast.Constraint{
		Pos:               c.pos(m, fConstraintLocation),
		Kind:              ast.ConstraintKind(m.num(fConstraintContype) - eConstrNull),
		Name:              m.text(fConstraintConname),
		Deferrable:        m.flag(fConstraintDeferrable),
		InitiallyDeferred: m.flag(fConstraintInitdeferred),
		NotValid:          m.flag(fConstraintSkipValidation),
		NoInherit:         m.flag(fConstraintIsNoInherit),
		Expr:              c.expr(expr),
		ExprText:          c.exprText(expr),
		GeneratedWhen:     m.char(fConstraintGeneratedWhen),
		Options:           c.options(m, fConstraintOptions),
		Where:             c.field(m, fConstraintWhereClause),
	}
	switch k.Kind {
	case ast.ConstraintPrimary, ast.ConstraintUnique, ast.ConstraintExclusion:
		c.indexConstraint(m, k)
	case ast.ConstraintForeign:
		c.foreignKey(m, k)
	}
	return k
}

func (c *converter) indexConstraint(m msg, k *ast.Constraint) {
	k.Keys = names(m, fConstraintKeys)
	k.Include = names(m, fConstraintIncluding)
	k.NullsNotDistinct = m.flag(fConstraintNullsNotDistinct)
	k.UsingIndex = m.text(fConstraintIndexname)
	k.Tablespace = m.text(fConstraintIndexspace)
	k.AccessMethod = m.text(fConstraintAccessMethod)
	for item := range m.each(fConstraintExclusions) {
		_, pair := item.node() // a list of the element and the operator's name
		var x ast.Exclusion
		for part := range pair.each(fListItems) {
			if kind, body := part.node(); kind == nIndexElem {
				x.Elem = c.indexElem(body, true)
				continue
			}
			x.Op = listNames(part)
		}
		k.Exclusions = append(k.Exclusions, &x)
	}
}

func (c *converter) foreignKey(m msg, k *ast.Constraint) {
	k.Columns = names(m, fConstraintFkAttrs)
	k.RefTable = c.rangeVar(m.sub(fConstraintPktable))
	k.RefColumns = names(m, fConstraintPkAttrs)
	k.Match = m.char(fConstraintFkMatchtype)
	k.OnUpdate = ast.RefAction(m.char(fConstraintFkUpdAction))
	k.OnDelete = ast.RefAction(m.char(fConstraintFkDelAction))
	k.SetDelColumns = names(m, fConstraintFkDelSetCols)
}
