package sqlfuzz

import (
	"fmt"
	"strings"
)

// where makes a WHERE clause, or none.
func (g *gen) where(s *scope, depth int) string {
	if g.chance(5) {
		return ""
	}
	return " WHERE " + g.expr(s, "bool", g.between(1, depth))
}

// query makes a query that gives columns of the types, in no order.
func (g *gen) query(types []Type, outer *scope, depth int) string {
	switch {
	case depth > 0 && g.chance(2):
		op := oneOf(g.draw, "UNION ALL", "UNION", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL")
		return fmt.Sprintf("(%s) %s (%s)", g.query(types, outer, depth-1), op, g.query(types, outer, depth-1))
	case g.chance(4):
		return g.groupedSelect(types, outer, depth)
	case depth > 0 && g.chance(1):
		return g.values(types)
	case depth > 0 && g.chance(1):
		return g.distinctOn(types, outer, depth)
	case depth > 0 && g.chance(2):
		return g.limited(types, outer, depth)
	}
	return g.plainSelect(types, outer, depth)
}

// list makes a select list.
func (g *gen) list(s *scope, types []Type, depth int) string {
	out := make([]string, len(types))
	for i, t := range types {
		out[i] = g.expr(s, t, depth)
	}
	return strings.Join(out, ", ")
}

func (g *gen) plainSelect(types []Type, outer *scope, depth int) string {
	from, s := g.from(outer, depth)
	distinct := ""
	if g.chance(3) {
		distinct = "DISTINCT "
	}
	columns := make([]string, len(types))
	for i, t := range types {
		if depth > 0 && g.chance(2) {
			if call, ok := g.windowCall(s, t); ok {
				columns[i] = call
				continue
			}
		}
		columns[i] = g.expr(s, t, min(depth+1, 2))
	}
	return "SELECT " + distinct + strings.Join(columns, ", ") + " FROM " + from + g.where(s, 3)
}

// groupedSelect makes a query with aggregates. What it may name outside of
// them is a scope of its own: the grouping expressions and some aggregates.
func (g *gen) groupedSelect(types []Type, outer *scope, depth int) string {
	from, s := g.from(outer, depth)
	where := g.where(s, 2)
	after := &scope{outer: outer}
	var keys []string
	for range g.intn(4) {
		c := pick(g.draw, s.columns)
		if g.chance(3) {
			t := g.anyTypeOf(s)
			text := g.fromTemplate(pick(g.draw, operators.byType[t]), &scope{columns: s.columns}, t, 1)
			// PostgreSQL 15 forgets that grouping sets make a constant key NULL.
			if strings.Contains(text, s.columns[0].ref) {
				c = column{ref: text, typ: t, computed: true}
			}
		}
		keys = append(keys, c.ref)
		after.columns = append(after.columns, c)
	}
	for i := range g.between(1, 3) + len(types) {
		t := g.anyTypeOf(s)
		if i < len(types) {
			t = types[i]
		}
		ts := aggregates
		if g.chance(4) {
			ts = orderedAggregates
		}
		fit := ts.byType[t]
		if len(fit) == 0 {
			fit = ts.byType["int8"]
		}
		tpl := pick(g.draw, fit)
		if tpl.result != anyType {
			t = tpl.result
		}
		text := g.aggregate(&scope{columns: s.columns}, tpl, t, g.intn(2), ts == aggregates)
		after.columns = append(after.columns, column{ref: text, typ: t, computed: true})
	}
	group := g.groupBy(keys)
	having := ""
	if g.chance(4) {
		having = " HAVING " + g.expr(after, "bool", 2)
	}
	return "SELECT " + g.list(after, types, 1) + " FROM " + from + where + group + having
}

// groupBy makes a GROUP BY clause, with grouping sets at times.
func (g *gen) groupBy(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	all := strings.Join(keys, ", ")
	switch {
	case !g.chance(3):
		return " GROUP BY " + all
	case g.chance(5):
		return " GROUP BY ROLLUP (" + all + ")"
	case g.chance(5):
		return " GROUP BY CUBE (" + all + ")"
	}
	sets := []string{"(" + all + ")", "()"}
	for _, k := range keys {
		if g.chance(8) {
			sets = append(sets, "("+k+")")
		}
	}
	return " GROUP BY GROUPING SETS (" + strings.Join(sets, ", ") + ")"
}

// distinctOn keeps the first row of each value of the first column, in an
// order over all columns.
func (g *gen) distinctOn(types []Type, outer *scope, depth int) string {
	from, s := g.from(outer, depth)
	names, columns := namedTypes(types)
	order := make([]string, len(types))
	for i, c := range columns {
		order[i] = c.ref + g.direction()
	}
	inner := fmt.Sprintf("(SELECT %s FROM %s%s) AS d (%s)", g.list(s, types, 1), from, g.where(s, 2), names)
	return fmt.Sprintf("SELECT DISTINCT ON (%s) %s FROM %s ORDER BY %s", columns[0].ref, names, inner, strings.Join(order, ", "))
}

// limited is some rows of an order over all columns.
func (g *gen) limited(types []Type, outer *scope, depth int) string {
	return "SELECT * FROM (" + g.query(types, outer, depth-1) + ") AS l" + g.order(len(types)) + g.limit()
}

// order sorts by all columns, so that only equal rows may change places.
func (g *gen) order(columns int) string {
	keys := make([]string, columns)
	first := g.intn(columns)
	for i := range keys {
		keys[i] = fmt.Sprint((first+i)%columns+1) + g.direction()
	}
	return " ORDER BY " + strings.Join(keys, ", ")
}

func (g *gen) direction() string {
	return oneOf(g.draw, "", "", " DESC", " NULLS FIRST", " DESC NULLS LAST", " ASC NULLS LAST")
}

func (g *gen) limit() string {
	switch g.intn(4) {
	case 0:
		return fmt.Sprintf(" LIMIT %d", g.intn(6))
	case 1:
		return fmt.Sprintf(" LIMIT %d OFFSET %d", g.intn(6), g.intn(4))
	case 2:
		return fmt.Sprintf(" OFFSET %d", g.intn(6))
	default:
		return fmt.Sprintf(" FETCH FIRST %d ROWS WITH TIES", g.intn(6))
	}
}
