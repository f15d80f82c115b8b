package sqlfuzz

import (
	"fmt"
	"strings"
)

// scope holds what an expression may name, innermost first.
type scope struct {
	columns []column
	outer   *scope
}

// gen makes the text of statements over some tables.
type gen struct {
	draw
	tables []*table
	// ctes are the WITH queries in reach.
	ctes []*table
	// aliases counts table aliases, so that each is used once.
	aliases int
	// budget bounds the subqueries of one statement.
	budget int
	// fails is set when the text holds what fails for some values.
	fails bool
}

// expr makes an expression of a type.
func (g *gen) expr(s *scope, t Type, depth int) string {
	if depth <= 0 || g.chance(4) {
		return g.leaf(s, t)
	}
	if g.budget > 0 && g.chance(2) {
		return g.subqueryExpr(s, t, depth)
	}
	return g.fromTemplate(pick(g.draw, operators.byType[t]), s, t, depth)
}

// fromTemplate makes an expression with a template.
func (g *gen) fromTemplate(tpl *template, s *scope, t Type, depth int) string {
	g.fails = g.fails || tpl.fails
	a := t
	if tpl.result != anyType {
		a = g.anyTypeOf(s)
		if tpl.makesArray() && strings.HasPrefix(string(a), "_") {
			a = "int4"
		}
	}
	return "(" + tpl.fill(a, func(hole Type) string { return g.expr(s, hole, depth-1) }) + ")"
}

// anyTypeOf draws a type, mostly one that a column in reach has.
func (g *gen) anyTypeOf(s *scope) Type {
	if len(s.columns) > 0 && !g.chance(3) {
		return pick(g.draw, s.columns).typ
	}
	return pick(g.draw, columnTypes)
}

// leaf is a column or a literal.
func (g *gen) leaf(s *scope, t Type) string {
	if !g.chance(3) {
		for level, up := s, false; level != nil; level, up = level.outer, true {
			if fit := level.ofType(t, up); len(fit) > 0 && (level.outer == nil || !g.chance(4)) {
				return pick(g.draw, fit).ref
			}
		}
	}
	v, ok := g.value(t, 2)
	if !ok {
		return null(t)
	}
	return literal(t, v)
}

// ofType returns the columns of a type; those a subquery can name if asked.
func (s *scope) ofType(t Type, fromSubquery bool) []column {
	var out []column
	for _, c := range s.columns {
		if c.typ == t && (!c.computed || !fromSubquery) {
			out = append(out, c)
		}
	}
	return out
}

// subqueryExpr makes an expression of type t around a subquery.
func (g *gen) subqueryExpr(s *scope, t Type, depth int) string {
	g.budget--
	if t != "bool" || g.chance(3) {
		return g.scalarSubquery(s, t)
	}
	of := g.anyTypeOf(s)
	not := oneOf(g.draw, "", "NOT ")
	switch g.intn(5) {
	case 0:
		sub := g.query([]Type{g.anyTypeOf(s)}, s, 1)
		return fmt.Sprintf("(%sEXISTS (%s))", not, sub)
	case 1:
		left := g.expr(s, of, depth-1)
		return fmt.Sprintf("(%s %sIN (%s))", left, not, g.query([]Type{of}, s, 1))
	case 2:
		left := g.expr(s, of, depth-1)
		op := oneOf(g.draw, "=", "<>", "<", ">=", ">")
		return fmt.Sprintf("(%s %s %s (%s))", left, op, oneOf(g.draw, "ANY", "ALL"), g.query([]Type{of}, s, 1))
	case 3:
		second := g.anyTypeOf(s)
		left := g.expr(s, of, depth-1) + ", " + g.expr(s, second, depth-1)
		return fmt.Sprintf("((%s) %sIN (%s))", left, not, g.query([]Type{of, second}, s, 1))
	default:
		return fmt.Sprintf("(%s = %s)", g.expr(s, of, depth-1), g.scalarSubquery(s, of))
	}
}

// scalarSubquery makes a subquery with one value: an aggregate without
// groups, or the first row of an order over its only column.
func (g *gen) scalarSubquery(s *scope, t Type) string {
	if fit := aggregates.byType[t]; len(fit) > 0 && !g.chance(5) {
		from, inner := g.from(s, 1)
		agg := g.aggregate(&scope{columns: inner.columns}, pick(g.draw, fit), t, 1, true)
		return "(SELECT " + agg + " FROM " + from + g.where(inner, 2) + ")"
	}
	if g.chance(3) { // perhaps more than one row
		g.fails = true
		return "(" + g.query([]Type{t}, s, 0) + ")"
	}
	return "(" + g.query([]Type{t}, s, 0) + " ORDER BY 1" + g.direction() + " LIMIT 1)"
}

// aggregate makes a call of an aggregate. Its arguments see s, without outer
// columns, since an aggregate of outer columns only belongs to the outer query.
func (g *gen) aggregate(s *scope, tpl *template, t Type, depth int, options bool) string {
	distinct := ""
	if options && g.chance(3) {
		distinct = "DISTINCT "
	}
	g.fails = g.fails || tpl.fails
	a := t
	if tpl.result != anyType {
		a = g.anyTypeOf(s)
	}
	text := tpl.fill(a, func(hole Type) string { return g.expr(s, hole, depth) })
	text = strings.Replace(text, "(%", "("+distinct, 1)
	if options && g.chance(3) {
		text += " FILTER (WHERE " + g.expr(s, "bool", 1) + ")"
	}
	return text
}
