package sqlfuzz

import (
	"fmt"
	"strings"
)

// with makes a WITH clause, or none.
func (g *gen) with() string {
	if !g.chance(4) {
		return ""
	}
	var parts []string
	recursive := ""
	for i := range g.between(1, 2) {
		name := fmt.Sprintf("w%d", i)
		if g.chance(4) {
			recursive = "RECURSIVE "
			parts = append(parts, g.recursive(name))
			continue
		}
		types := g.types(1, 3)
		names, columns := namedTypes(types)
		materialized := oneOf(g.draw, "", "", "MATERIALIZED ", "NOT MATERIALIZED ")
		parts = append(parts, fmt.Sprintf("%s (%s) AS %s(%s)", name, names, materialized, g.query(types, nil, 1)))
		g.ctes = append(g.ctes, &table{name: name, columns: columns})
	}
	return "WITH " + recursive + strings.Join(parts, ", ") + " "
}

// recursive makes a recursive WITH query that ends after a few rounds.
func (g *gen) recursive(name string) string {
	t := g.types(1, 1)[0]
	self := &table{name: name, columns: []column{{ref: "n", typ: "int4"}, {ref: "x", typ: t}}}
	base, inner := pick(g.draw, g.tables), g.alias()
	first := fmt.Sprintf("SELECT 1, %s FROM %s AS %s", g.expr(&scope{columns: named(inner, base.columns)}, t, 1), base.name, inner)
	again := g.alias()
	s := &scope{columns: named(again, self.columns)}
	step := fmt.Sprintf("SELECT %s.n + 1, %s FROM %s AS %s", again, g.expr(s, t, 1), name, again)
	if g.chance(4) {
		other := pick(g.draw, g.tables)
		alias := g.alias()
		both := &scope{columns: append(named(again, self.columns), named(alias, other.columns)...)}
		step = fmt.Sprintf("SELECT %s.n + 1, %s FROM %s AS %s JOIN %s AS %s ON %s", again, g.expr(both, t, 1), name, again, other.name, alias, g.expr(both, "bool", 1))
	}
	join := " WHERE "
	text := fmt.Sprintf("%s (n, x) AS (%s %s %s%s%s.n < %d)", name, first, oneOf(g.draw, "UNION ALL", "UNION"), step, join, again, g.between(1, 3))
	g.ctes = append(g.ctes, self)
	return text
}
