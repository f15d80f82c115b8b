package sqlfuzz

import (
	"fmt"
	"strings"
)

// table is a relation that queries may name.
type table struct {
	name    string
	columns []column
	// key is set when the table has the primary key id.
	key bool
	// unique are lists of columns with a unique index, for ON CONFLICT.
	unique []string
	// indexes are the names of the secondary indexes.
	indexes []string
}

// column is something an expression may use: a column of a table, or what a
// grouped query may name (a grouping expression, an aggregate).
type column struct {
	ref string
	typ Type
	// computed columns are expressions: a subquery cannot name them.
	computed bool
}

var columnNames = strings.Fields("a b c d e f")

// makeTable draws a table and its setup statements.
func makeTable(g draw, name string) (*table, []string) {
	t := &table{name: name, key: g.chance(10)}
	var lines []string
	if t.key {
		t.columns = append(t.columns, column{ref: "id", typ: "int4"})
		lines = append(lines, "id int4 PRIMARY KEY")
	}
	types := slice(g, 1, len(columnNames), func(d draw) Type { return pick(d, columnTypes) })
	declared := map[string]bool{}
	for i, typ := range types {
		c := column{ref: columnNames[i], typ: typ}
		line := c.ref + " " + pick(g, typesByName[typ].columns)
		if g.chance(2) {
			line += " NOT NULL"
			declared[c.ref] = true
		}
		t.columns = append(t.columns, c)
		lines = append(lines, line)
	}
	setup := []string{fmt.Sprintf("CREATE TABLE %s (%s)", name, strings.Join(lines, ", "))}
	setup = append(setup, t.makeIndexes(g)...)
	setup = append(setup, t.makeRows(g, declared)...)
	return t, setup
}

// makeIndexes draws secondary indexes.
func (t *table) makeIndexes(g draw) []string {
	return slice(g, 0, 3, func(d draw) string {
		var keys, names []string
		unique := ""
		if d.chance(3) && t.key { // with the key in it nothing is a duplicate
			unique = "UNIQUE "
			keys, names = append(keys, "id"), append(names, "id")
		}
		for range d.between(1, 3) {
			c := pick(d, t.columns)
			if strings.Contains(" "+strings.Join(names, " ")+" ", " "+c.ref+" ") {
				continue
			}
			names = append(names, c.ref)
			keys = append(keys, c.ref+oneOf(d, "", "", " DESC", " NULLS FIRST", " DESC NULLS LAST"))
		}
		if len(keys) == 0 {
			keys = []string{t.columns[0].ref}
		}
		name := fmt.Sprintf("%s_i%d", t.name, len(t.indexes))
		t.indexes = append(t.indexes, name)
		if unique != "" && len(names) > 0 {
			t.unique = append(t.unique, strings.Join(names, ", "))
		}
		where := ""
		if d.chance(2) && unique == "" {
			where = fmt.Sprintf(" WHERE %s IS NOT NULL", t.columns[len(t.columns)-1].ref)
		}
		return fmt.Sprintf("CREATE %sINDEX %s ON %s (%s)%s", unique, name, t.name, strings.Join(keys, ", "), where)
	})
}

// makeRows draws the rows: none, few, or copies of some.
func (t *table) makeRows(g draw, notNull map[string]bool) []string {
	id := 0
	rows := slice(g, 0, 9, func(d draw) string {
		values := make([]string, len(t.columns))
		for i, c := range t.columns {
			if t.key && i == 0 {
				id++
				values[i] = fmt.Sprint(id)
				continue
			}
			nulls := 3
			if notNull[c.ref] {
				nulls = 0
			}
			v, ok := d.value(c.typ, nulls)
			values[i] = "NULL"
			if ok {
				values[i] = quote(v)
			}
		}
		return "(" + strings.Join(values, ", ") + ")"
	})
	if len(rows) == 0 {
		return nil
	}
	setup := []string{fmt.Sprintf("INSERT INTO %s VALUES %s", t.name, strings.Join(rows, ", "))}
	if g.chance(4) { // duplicates
		setup = append(setup, t.copyRows(g.between(1, 2)))
	}
	return setup
}

// copyRows repeats all rows, with new keys.
func (t *table) copyRows(times int) string {
	list := make([]string, len(t.columns))
	for i, c := range t.columns {
		list[i] = c.ref
		if t.key && i == 0 {
			list[i] = "id + n * 1000"
		}
	}
	return fmt.Sprintf("INSERT INTO %s SELECT %s FROM %s, generate_series(1, %d) AS n", t.name, strings.Join(list, ", "), t.name, times)
}
