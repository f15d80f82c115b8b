package clustertests

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// envFuzz is how long random statements are run (a duration); by default so long
// that it does not matter in `make check-cluster`.
const (
	envFuzz     = "TIDEMARK_TEST_PUSHDOWN"
	defaultFuzz = 10 * time.Second
)

func fuzzTime(t *testing.T) time.Duration {
	t.Helper()
	v := os.Getenv(envFuzz)
	if v == "" {
		return defaultFuzz
	}
	d, err := time.ParseDuration(v)
	check(t, err)
	return d
}

// pushFuzz makes random statements over tables of odd values.
type pushFuzz struct {
	t    *testing.T
	conn *pgx.Conn
	rand *rand.Rand
	// setting is tidemark.pushdown's, if not its default.
	setting string
	// scans counts the kinds of scans that were pushed, by their names in EXPLAIN.
	scans map[string]int
}

// fuzzColumn is a column of all tables, with its odd values.
type fuzzColumn struct {
	name, typ string
	values    []string
	ints      bool // arithmetic is tried
}

var fuzzColumns = []fuzzColumn{
	{"i2", "int2", []string{"0", "1", "-1", "7", "32767", "-32768"}, true},
	{"i4", "int4", []string{"0", "1", "-1", "7", "10", "127", "128", "-129", "2147483647", "-2147483648"}, true},
	{"i8", "int8", []string{"0", "1", "-1", "7", "255", "65536", "9223372036854775807", "-9223372036854775808", "4611686018427387904"}, true},
	{"b", "bool", []string{"true", "false"}, false},
	{"d", "date", []string{"'1969-12-31'", "'1970-01-01'", "'2000-01-01'", "'1999-12-31'", "'0044-03-15 BC'", "'infinity'", "'-infinity'", "'5874897-12-31'"}, false},
	{"ts", "timestamptz", []string{"'1969-12-31 23:59:59.999999+00'", "'2000-01-01 00:00:00+00'", "'1066-10-14 12:00:00+00'", "'infinity'", "'-infinity'", "'294276-12-31 23:59:59+00'"}, false},
	{"tm", "time", []string{"'00:00'", "'23:59:59.999999'", "'24:00'", "'12:34:56'"}, false},
	{"m", "money", []string{"'0'", "'-0.01'", "'92233720368547758.07'", "'12.34'"}, false},
	{"f4", "float4", []string{"0", "'-0'", "'NaN'", "'infinity'", "'-infinity'", "1.5", "-1.5", "0.1", "3.4e38"}, false},
	{"f8", "float8", []string{"0", "'-0'", "'NaN'", "'infinity'", "'-infinity'", "1.5", "-1.5", "0.1", "1e308", "5e-324"}, false},
	{"n", "numeric", []string{"0", "'NaN'", "'infinity'", "1.0", "1.00", "-1.5", "12345678901234567890123456789012345678901234567890123456789012345", "0.00000000000000000000000000000000000000000000000000000000000000001"}, false},
	{"s", "text", []string{"''", "' '", "'a'", "'A'", "'a '", "'ab'", "'é'", "'\U0001F600'", "'%'", "repeat('x', 65536)", "repeat('x', 65537)", "repeat('y', 65537)"}, false},
	{"v", "varchar(20)", []string{"''", "' '", "'a'", "'b'", "'a '", "'ab'", "'é'", "'ÿ'", "'ZZ'"}, false},
	{"c", "char(4)", []string{"''", "'a'", "'ab'", "'abcd'"}, false},
	{"u", "uuid", []string{"'00000000-0000-0000-0000-000000000000'", "'ff000000-0000-0000-0000-000000000001'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "'12345678-9abc-def0-1234-56789abcdef0'"}, false},
	{"y", "bytea", []string{`'\x'`, `'\x00'`, `'\xff'`, `'\xff00'`, `'\xff01a08d06'`, `'\x61'`}, false},
	{"o", "oid", []string{"0", "1", "4294967295"}, false},
	{"j", "jsonb", []string{"'{}'", "'1'", "'null'"}, false},
	{"late", "int8", []string{"0", "5", "42"}, true},
	{"later", "text", []string{"'x'", "'default'"}, false},
}

var fuzzTables = []string{"pushed_key", "pushed_row", "pushed_pair"}

// fuzzRows is how many rows a table gets.
const fuzzRows = 700

// fuzzIndexes are what all tables have: the stores read some of their entries,
// look up the rows of others, and leave the rest.
var fuzzIndexes = []string{"i4", "i8, i2", "d", "v", "id", "k2, id", "id DESC", "f8", "n", "u", "i2 NULLS FIRST, b", "tm, ts DESC", "i4) INCLUDE (v"}

// fuzzFirst are run before random ones: of each kind of scan one.
var fuzzFirst = []string{
	"SELECT k2, id FROM pushed_row WHERE k2 = 2 AND id % 3 = 1 ORDER BY id",
	"SELECT k2, id FROM pushed_row WHERE k2 = 2 AND id % 3 = 1 ORDER BY id DESC",
	"SELECT i4, id, s, v FROM pushed_row WHERE i4 > -1000 AND i8 IS NOT NULL ORDER BY i4, id",
	"SELECT i4, id, s, v FROM pushed_key WHERE i4 > -1000 AND i8 IS NOT NULL ORDER BY i4 DESC, id",
	"SELECT id, b FROM pushed_key WHERE i4 > 0 ORDER BY id DESC LIMIT 50",
	"SELECT d, count(*), sum(i8), min(v) FROM pushed_row WHERE i4 BETWEEN -50 AND 50 GROUP BY d",
	"SELECT count(*), max(i4) FROM pushed_pair WHERE i4 > 0 AND i4 % 7 <> 1",
}

// create makes the tables: with an integer key, with hidden row ids, with a key
// of two columns. The last columns are added when there are rows.
func (f *pushFuzz) create() {
	f.t.Helper()
	var columns []string
	for _, c := range fuzzColumns[:len(fuzzColumns)-2] {
		columns = append(columns, c.name+" "+c.typ)
	}
	all := strings.Join(columns, ", ")
	exec(f.t, f.conn, "DROP TABLE IF EXISTS "+strings.Join(fuzzTables, ", "))
	all += ", k2 int NOT NULL DEFAULT 2"
	exec(f.t, f.conn, "CREATE TABLE pushed_key (id int PRIMARY KEY, "+all+")")
	exec(f.t, f.conn, "CREATE TABLE pushed_row (id int NOT NULL, "+all+")")
	exec(f.t, f.conn, "CREATE TABLE pushed_pair (id int, k text DEFAULT 'k', "+all+", PRIMARY KEY (k, id))")
	for _, t := range fuzzTables {
		for _, columns := range fuzzIndexes {
			exec(f.t, f.conn, "CREATE INDEX ON "+t+" ("+columns+")")
		}
		f.insert(t, 0, fuzzRows/2, len(fuzzColumns)-2)
		exec(f.t, f.conn, "ALTER TABLE "+t+" ADD late int8 DEFAULT 42, ADD later text DEFAULT 'default'")
		f.insert(t, fuzzRows/2, fuzzRows, len(fuzzColumns))
		exec(f.t, f.conn, "ANALYZE "+t)
	}
}

// insert adds rows whose keys are spread, so that regions can be cut.
func (f *pushFuzz) insert(table string, from, to, columns int) {
	f.t.Helper()
	const step = 50
	var names []string
	for _, c := range fuzzColumns[:columns] {
		names = append(names, c.name)
	}
	for ; from < to; from += step {
		var rows []string
		for i := from; i < min(to, from+step); i++ {
			row := []string{fmt.Sprint(i * 1499)}
			for c := range columns {
				row = append(row, f.value(&fuzzColumns[c]))
			}
			rows = append(rows, "("+strings.Join(row, ", ")+")")
		}
		exec(f.t, f.conn, "INSERT INTO "+table+" (id, "+strings.Join(names, ", ")+") VALUES "+strings.Join(rows, ", "))
	}
}

func pick[T any](f *pushFuzz, list ...T) T { return list[f.rand.IntN(len(list))] }

func (f *pushFuzz) column() *fuzzColumn { return &fuzzColumns[f.rand.IntN(len(fuzzColumns))] }

// value is a value of a column, or NULL.
func (f *pushFuzz) value(c *fuzzColumn) string {
	if f.rand.IntN(8) == 0 {
		return "NULL"
	}
	v := pick(f, c.values...)
	for strings.HasPrefix(v, "repeat") && f.rand.IntN(16) > 0 { // large: few will do
		v = pick(f, c.values...)
	}
	if c.ints && f.rand.IntN(3) == 0 {
		v = fmt.Sprint(f.rand.IntN(200) - 100)
	}
	return v
}

func (f *pushFuzz) constant(c *fuzzColumn) string {
	return "(" + f.value(c) + ")::" + c.typ
}

// fuzzPatterns are patterns of LIKE, of which the stores take some.
var fuzzPatterns = []string{"'a%'", "'%a'", "'%a%'", "'%'", "''", "'a'", "'x%'", "'%x'", "'%é'", "'A%'", "'%b%'", "'_'", "'a_'", `'\%'`, "'%%'", "' %'", "'def%lt'", "NULL"}

// condition is a random condition of some depth.
func (f *pushFuzz) condition(depth int) string {
	if depth > 0 {
		switch f.rand.IntN(6) {
		case 0:
			return "(" + f.condition(depth-1) + " AND " + f.condition(depth-1) + ")"
		case 1:
			return "(" + f.condition(depth-1) + " OR " + f.condition(depth-1) + ")"
		case 2:
			return "(NOT " + f.condition(depth-1) + ")"
		case 3:
			return "((" + f.condition(depth-1) + ") IS " + pick(f, "", "NOT ") + pick(f, "TRUE", "FALSE", "UNKNOWN") + ")"
		}
	}
	c := f.column()
	switch f.rand.IntN(11) {
	case 9:
		return "(" + pick(f, "s", "v", "c", "later") + pick(f, " LIKE ", " NOT LIKE ") + pick(f, fuzzPatterns...) + ")"
	case 10:
		return "(" + pick(f, "s", "v") + f.operator() + pick(f, "'a'", "'x'", "''", "'y'") + ")"
	case 0:
		return "(" + c.name + " IS " + pick(f, "", "NOT ") + "NULL)"
	case 1:
		if c.typ != "jsonb" {
			return "(" + c.name + pick(f, " IN (", " NOT IN (") + f.constant(c) + ", " + f.constant(c) + ", " + f.constant(c) + "))"
		}
	case 2:
		return "(" + c.name + " IS " + pick(f, "", "NOT ") + "DISTINCT FROM " + f.constant(c) + ")"
	case 3:
		return "(" + f.number() + f.operator() + f.number() + ")"
	case 4:
		return "b"
	case 5:
		return "(" + f.constant(c) + f.operator() + c.name + ")"
	case 6:
		return "(CASE WHEN " + f.condition(0) + " THEN " + f.number() + " ELSE " + f.number() + " END" + f.operator() + f.number() + ")"
	}
	return "(" + c.name + f.operator() + f.constant(c) + ")"
}

func (f *pushFuzz) operator() string { return pick(f, " = ", " <> ", " < ", " <= ", " > ", " >= ") }

// number is an expression of integers; some overflow, or divide by zero.
func (f *pushFuzz) number() string {
	c := f.column()
	for !c.ints {
		c = f.column()
	}
	switch f.rand.IntN(7) {
	case 0:
		return "(" + c.name + pick(f, " % ", " / ") + pick(f, "3", "-7", "2", "1000", "-1", "0") + ")"
	case 1:
		return "(" + c.name + pick(f, " + ", " - ", " * ") + pick(f, "i8", "1::int8", "late") + ")"
	case 2:
		return "coalesce(" + c.name + ", 1)::int8"
	case 3:
		return f.constant(c)
	}
	return c.name
}

// query is a random statement.
func (f *pushFuzz) query() string {
	table := pick(f, fuzzTables...)
	where := ""
	if f.rand.IntN(6) > 0 {
		where = " WHERE " + f.condition(f.rand.IntN(3))
	}
	if f.rand.IntN(4) == 0 {
		from := f.rand.IntN(fuzzRows * 1499)
		word := " AND "
		if where == "" {
			word = " WHERE "
		}
		where += fmt.Sprintf("%sid BETWEEN %d AND %d", word, from, from+f.rand.IntN(500_000))
	}
	switch f.rand.IntN(8) {
	case 4, 5:
		return f.byKey(table)
	case 0:
		return "SELECT " + f.aggregates() + " FROM " + table + where
	case 1:
		keys := f.column().name
		if f.rand.IntN(3) == 0 {
			keys += ", " + f.column().name
		}
		if strings.Contains(keys, "f4") || strings.Contains(keys, "f8") || strings.Contains(keys, "n") { // which of equal ones stands for a group is open
			keys = "i4"
		}
		return "SELECT " + keys + ", " + f.aggregates() + " FROM " + table + where + " GROUP BY " + keys
	case 2:
		c := f.column()
		order := c.name + pick(f, "", " DESC") + pick(f, "", " NULLS FIRST", " NULLS LAST") + ", id"
		return "SELECT id, " + c.name + ", " + f.column().name + " FROM " + table + where + " ORDER BY " + order + fmt.Sprintf(" LIMIT %d", f.rand.IntN(50))
	}
	list := "*"
	if f.rand.IntN(2) == 0 {
		list = "id, " + f.column().name + ", " + f.column().name
	}
	return "SELECT " + list + " FROM " + table + where
}

// byKey is a random statement that may go by an index, in its order or against it.
func (f *pushFuzz) byKey(table string) string {
	c := f.column()
	for f.rand.IntN(3) > 0 && !slices.Contains([]string{"i4", "i8", "i2", "d", "v"}, c.name) || c.typ == "jsonb" {
		c = f.column()
	}
	where := " WHERE " + c.name + pick(f, " > ", " <= ", " >= ", " < ") + f.constant(c)
	if f.rand.IntN(3) == 0 {
		where = " WHERE " + c.name + " IS " + pick(f, "", "NOT ") + "NULL"
	}
	if f.rand.IntN(2) == 0 {
		where += " AND " + f.condition(1)
	}
	switch f.rand.IntN(7) {
	case 0:
		return "SELECT " + c.name + " FROM " + table + where
	case 5: // all in the entries, of which there is one a row
		return "SELECT k2, id FROM " + table + fmt.Sprintf(" WHERE id > %d AND id %% %d = 1", f.rand.IntN(fuzzRows*1499), 2+f.rand.IntN(20)) +
			pick(f, "", " AND k2 = 2") + pick(f, "", " ORDER BY k2, id", " ORDER BY k2 DESC, id DESC", " ORDER BY id DESC LIMIT 20")
	case 6:
		return "SELECT " + c.name + pick(f, "", ", id") + " FROM " + table + where + " ORDER BY " + c.name + pick(f, "", " DESC") + pick(f, "", ", id", ", id DESC")
	case 1:
		return "SELECT count(*), count(" + c.name + ") FROM " + table + where
	case 2:
		return "SELECT " + c.name + ", id, " + f.column().name + " FROM " + table + where + " ORDER BY " + c.name + pick(f, "", " DESC") + ", id" + pick(f, "", " DESC")
	case 3:
		return "SELECT id, k2, " + c.name + " FROM " + table + " WHERE " + f.condition(1) + pick(f, "", " AND k2 = 2") + " ORDER BY id" + pick(f, "", " DESC") + fmt.Sprintf(" LIMIT %d", f.rand.IntN(100))
	}
	return "SELECT id, " + c.name + " FROM " + table + where
}

func (f *pushFuzz) aggregates() string {
	var out []string
	for range 1 + f.rand.IntN(3) {
		c := f.column()
		call := pick(f, "count", "min", "max", "sum", "avg")
		switch {
		case call == "count":
		case (call == "sum" || call == "avg") && !c.ints:
			call = "count"
		case c.typ == "bool" || c.typ == "uuid" || c.typ == "jsonb" || c.typ == "bytea" || c.typ == "float4" || c.typ == "float8" || c.typ == "numeric":
			call = "count"
		}
		out = append(out, call+"("+c.name+")")
	}
	return strings.Join(append(out, "count(*)"), ", ")
}
