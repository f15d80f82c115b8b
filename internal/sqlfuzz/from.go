package sqlfuzz

import (
	"fmt"
	"strings"
)

// alias returns a new table alias.
func (g *gen) alias() string {
	g.aliases++
	return fmt.Sprintf("t%d", g.aliases)
}

// named returns the columns of a relation under an alias.
func named(alias string, columns []column) []column {
	out := make([]column, len(columns))
	for i, c := range columns {
		out[i] = column{ref: alias + "." + c.ref, typ: c.typ}
	}
	return out
}

// from makes a FROM clause of one or more relations.
func (g *gen) from(outer *scope, depth int) (string, *scope) {
	s := &scope{outer: outer}
	if depth > 0 && g.chance(2) {
		if text, ok := g.usingJoin(s); ok {
			return text, s
		}
	}
	text, columns := g.relation(outer, depth)
	s.columns = columns
	for depth > 0 && g.chance(7) && len(s.columns) < 24 {
		text = g.join(text, s, depth)
	}
	return text, s
}

// relation makes one relation of a FROM clause, and its columns.
func (g *gen) relation(outer *scope, depth int) (string, []column) {
	alias := g.alias()
	switch {
	case len(g.ctes) > 0 && g.chance(6):
		t := pick(g.draw, g.ctes)
		return t.name + " AS " + alias, named(alias, t.columns)
	case depth > 0 && g.budget > 0 && g.chance(2):
		g.budget--
		types := g.types(1, 3)
		names, columns := namedTypes(types)
		return fmt.Sprintf("(%s) AS %s (%s)", g.query(types, outer, depth-1), alias, names), named(alias, columns)
	case depth > 0 && g.chance(1):
		return g.valuesList(alias)
	case g.chance(1):
		return fmt.Sprintf("generate_series(1, %d) AS %s (n)", g.between(1, 4), alias), []column{{ref: alias + ".n", typ: "int4"}}
	}
	t := pick(g.draw, g.tables)
	return t.name + " AS " + alias, named(alias, t.columns)
}

// types draws between lo and hi types, mostly of the tables' columns.
func (g *gen) types(lo, hi int) []Type {
	out := make([]Type, g.between(lo, hi))
	for i := range out {
		out[i] = g.anyTypeOf(&scope{columns: pick(g.draw, g.tables).columns})
	}
	return out
}

// namedTypes gives columns of types names.
func namedTypes(types []Type) (string, []column) {
	names := make([]string, len(types))
	columns := make([]column, len(types))
	for i, t := range types {
		names[i] = fmt.Sprintf("x%d", i)
		columns[i] = column{ref: names[i], typ: t}
	}
	return strings.Join(names, ", "), columns
}

func (g *gen) valuesList(alias string) (string, []column) {
	types := g.types(1, 3)
	names, columns := namedTypes(types)
	return fmt.Sprintf("(%s) AS %s (%s)", g.values(types), alias, names), named(alias, columns)
}

// values makes a VALUES list.
func (g *gen) values(types []Type) string {
	rows := make([]string, g.between(1, 4))
	for i := range rows {
		list := make([]string, len(types))
		for j, t := range types {
			list[j] = g.leaf(&scope{}, t)
		}
		rows[i] = "(" + strings.Join(list, ", ") + ")"
	}
	return "VALUES " + strings.Join(rows, ", ")
}

// join adds a relation to a FROM clause and to its scope.
func (g *gen) join(left string, s *scope, depth int) string {
	kind := oneOf(g.draw, "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", ",", "LATERAL")
	if kind == "LATERAL" {
		return g.lateral(left, s)
	}
	right, columns := g.relation(s.outer, depth-1)
	if kind != "CROSS JOIN" && kind != "," && depth > 1 && g.chance(2) { // a join on the right
		inner := &scope{columns: columns, outer: s.outer}
		right = "(" + g.join(right, inner, depth-1) + ")"
		columns = inner.columns
	}
	both := &scope{columns: append(append([]column{}, s.columns...), columns...), outer: s.outer}
	text := left + " " + kind + " " + right
	if kind == "," {
		text = left + " CROSS JOIN " + right
	} else if kind != "CROSS JOIN" {
		text += " ON " + g.joinCondition(s.columns, columns, both, kind == "FULL JOIN")
	}
	s.columns = both.columns
	return text
}

// joinCondition is mostly an equality of two columns and perhaps more.
func (g *gen) joinCondition(left, right []column, both *scope, plain bool) string {
	var pairs [][2]string
	for _, l := range left {
		for _, r := range right {
			if l.typ == r.typ || comparable[[2]Type{l.typ, r.typ}] {
				pairs = append(pairs, [2]string{l.ref, r.ref})
			}
		}
	}
	if len(pairs) == 0 {
		if plain {
			return oneOf(g.draw, "true", "false")
		}
		return g.expr(both, "bool", 2)
	}
	p := pick(g.draw, pairs)
	text := p[0] + " = " + p[1]
	if g.chance(3) {
		p = pick(g.draw, pairs)
		text += " AND " + p[1] + " = " + p[0]
	}
	switch {
	case plain:
	case g.chance(4):
		text += " AND " + g.expr(both, "bool", 2)
	case g.chance(2):
		return g.expr(both, "bool", 2)
	}
	return text
}

// comparable holds pairs of different types with an equality.
var comparable = func() map[[2]Type]bool {
	out := map[[2]Type]bool{}
	for _, family := range [][]Type{
		{"int2", "int4", "int8", "numeric", "float4", "float8"},
		{"text", "varchar"},
		{"date", "timestamp", "timestamptz"},
	} {
		for _, a := range family {
			for _, b := range family {
				out[[2]Type{a, b}] = true
			}
		}
	}
	return out
}()

// lateral joins a subquery that sees the relations before it.
func (g *gen) lateral(left string, s *scope) string {
	if g.budget <= 0 {
		return left
	}
	g.budget--
	alias := g.alias()
	types := g.types(1, 2)
	names, columns := namedTypes(types)
	kind, on := "CROSS JOIN", ""
	if g.chance(7) {
		kind, on = "LEFT JOIN", " ON true"
	}
	sub := g.query(types, s, 1)
	s.columns = append(s.columns[:len(s.columns):len(s.columns)], named(alias, columns)...)
	return fmt.Sprintf("%s %s LATERAL (%s) AS %s (%s)%s", left, kind, sub, alias, names, on)
}

// usingJoin joins two tables by a column that both have.
func (g *gen) usingJoin(s *scope) (string, bool) {
	l, r := pick(g.draw, g.tables), pick(g.draw, g.tables)
	var common []column
	for _, a := range l.columns {
		for _, b := range r.columns {
			if a == b {
				common = append(common, a)
			}
		}
	}
	if len(common) == 0 {
		return "", false
	}
	c := pick(g.draw, common)
	left, right := g.alias(), g.alias()
	s.columns = append(append([]column{c}, named(left, l.columns)...), named(right, r.columns)...)
	kind := oneOf(g.draw, "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
	if g.chance(3) {
		return fmt.Sprintf("%s AS %s NATURAL %s %s AS %s", l.name, left, kind, r.name, right), true
	}
	return fmt.Sprintf("%s AS %s %s %s AS %s USING (%s)", l.name, left, kind, r.name, right, c.ref), true
}
