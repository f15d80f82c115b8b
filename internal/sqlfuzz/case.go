package sqlfuzz

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// Case is a schema with data, and statements to run over it in order.
type Case struct {
	Setup      []string
	Statements []Statement
	tables     []*table
}

// Statement is one statement with what its answer is allowed to do.
type Statement struct {
	// Text has marked literals.
	Text string
	// Ordered says that the order of the rows is the statement's.
	Ordered bool
	// Fails says that parts of it raise errors for some values, and that the
	// order of evaluation, which SQL leaves open, may decide whether they do.
	Fails bool
	// Strict says that everything is evaluated, so that errors are exact.
	Strict bool
}

// SQL is the statement with constants.
func (s Statement) SQL() string { return withConstants(s.Text) }

// String is the case as a script.
func (c *Case) String() string {
	var b strings.Builder
	for _, s := range c.Setup {
		b.WriteString(s + ";\n")
	}
	for _, s := range c.Statements {
		b.WriteString(s.SQL() + ";\n")
	}
	return b.String()
}

// Queries makes cases with up to n SELECTs.
func Queries(n int) *rapid.Generator[*Case] {
	return rapid.Custom(func(t *rapid.T) *Case {
		c := schema(draw{t}, 3)
		c.Statements = slice(draw{t}, 1, n, func(d draw) Statement { return topQuery(d, c.tables) })
		return c
	})
}

// Expressions makes cases with up to n queries that compute single
// expressions over one table: every row is evaluated, errors are exact.
func Expressions(n int) *rapid.Generator[*Case] {
	return rapid.Custom(func(t *rapid.T) *Case {
		c := schema(draw{t}, 1)
		c.Statements = slice(draw{t}, 1, n, func(d draw) Statement {
			g := &gen{draw: d, tables: c.tables}
			tpl := pick(d, operators.all)
			s := &scope{columns: c.tables[0].columns}
			typ := g.anyTypeOf(s)
			if tpl.result != anyType {
				typ = tpl.result
			}
			sql := "SELECT " + g.fromTemplate(tpl, s, typ, 1) + " FROM " + c.tables[0].name
			return Statement{Text: sql, Fails: g.fails, Strict: true}
		})
		return c
	})
}

// schema draws up to n tables.
func schema(d draw, n int) *Case {
	c := &Case{}
	for i := range d.between(1, n) {
		t, setup := makeTable(d, fmt.Sprintf("r%d", i))
		c.tables = append(c.tables, t)
		c.Setup = append(c.Setup, setup...)
	}
	return c
}

// topQuery makes a whole SELECT.
func topQuery(d draw, tables []*table) Statement {
	g := &gen{draw: d, tables: tables, budget: d.intn(4)}
	with := g.with()
	types := g.types(1, 4)
	sql := with + g.query(types, nil, d.intn(3))
	s := Statement{}
	if g.chance(4) {
		s.Ordered = true
		sql += g.order(len(types))
		if g.chance(8) {
			sql += g.limit()
		}
	}
	s.Text, s.Fails = sql, g.fails
	return s
}
