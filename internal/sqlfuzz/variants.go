package sqlfuzz

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// Variant is a way to run a query that may change its plan, never its answer.
type Variant struct {
	Name string
	// Set and Unset are statements around the query.
	Set, Unset []string
	// Hint, if set, puts hints before the query.
	Hint func(sql string, tables []*table) string
	// Slow variants run joins as they are written, which may take too long.
	Slow bool
}

// switches are settings of the planner and the executor, each with a value
// that takes something away. Those that the server does not have are skipped.
var switches = [][2]string{
	{"enable_hashjoin", "off"},
	{"enable_mergejoin", "off"},
	{"enable_nestloop", "off"},
	{"enable_hashagg", "off"},
	{"enable_sort", "off"},
	{"enable_indexscan", "off"},
	{"enable_seqscan", "off"},
	{"enable_material", "off"},
	{"enable_memoize", "off"},
	{"enable_incremental_sort", "off"},
	{"enable_indexonlyscan", "off"},
	{"enable_bitmapscan", "off"},
	{"max_parallel_workers_per_gather", "0"},
	{"enable_gathermerge", "off"},
	{"enable_parallel_hash", "off"},
	{"join_collapse_limit", "1"},
	{"work_mem", "64"},
	{"batch_size", "1"},
	{"batch_size", "3"},
	{"enable_dictionaries", "off"},
}

// Variants returns the ways that a server knows: each switch alone, and pairs
// that leave one algorithm.
func Variants(ctx context.Context, db *DB) []Variant {
	known := map[string]bool{}
	for _, row := range db.Run(ctx, "SELECT name FROM pg_settings").Rows {
		known[row[0]] = true
	}
	var out []Variant
	add := func(some ...[2]string) {
		v := Variant{}
		for _, s := range some {
			if !known[s[0]] {
				return
			}
			v.Name += s[0] + "=" + s[1] + " "
			v.Set = append(v.Set, fmt.Sprintf("SET %s = %s", s[0], s[1]))
			v.Unset = append(v.Unset, "RESET "+s[0])
			v.Slow = v.Slow || s[0] == "join_collapse_limit"
		}
		out = append(out, v)
	}
	for _, s := range switches {
		add(s)
	}
	off := func(names ...string) {
		some := make([][2]string, len(names))
		for i, n := range names {
			some[i] = [2]string{n, "off"}
		}
		add(some...)
	}
	off("enable_hashjoin", "enable_mergejoin")
	off("enable_hashjoin", "enable_nestloop")
	off("enable_hashagg", "enable_hashjoin", "enable_indexscan")
	eager := [][2]string{{"min_parallel_table_scan_size", "0"}, {"min_parallel_index_scan_size", "0"}, {"parallel_setup_cost", "0"}}
	add(append(eager[:3:3], [2]string{"max_parallel_workers_per_gather", "2"})...)
	add(append(eager[:3:3], [2]string{"work_mem", "64"}, [2]string{"batch_size", "2"}, [2]string{"enable_indexscan", "off"})...)
	return append(out, hintVariants()...)
}

// RunVariants runs the queries of a case under each variant, then without the
// indexes and with statistics, and says where answers differ, or "".
func RunVariants(ctx context.Context, c *Case, db *DB, variants []Variant) string {
	db.Reset(ctx)
	for _, sql := range c.Setup {
		db.Run(ctx, sql)
	}
	first := make([]*Outcome, len(c.Statements))
	for i, s := range c.Statements {
		first[i] = db.Run(ctx, s.SQL())
	}
	compare := func(v Variant) string {
		for i, s := range c.Statements {
			if first[i].Code == "57014" {
				continue
			}
			sql := s.SQL()
			if v.Hint != nil {
				sql = v.Hint(sql, c.tables)
			}
			got := db.Run(ctx, sql)
			if v.Slow && got.Code == "57014" {
				continue
			}
			if diff := Compare(s, got, first[i]); diff != "" {
				return fmt.Sprintf("%s: %s\n%s", v.Name, sql, diff)
			}
		}
		return ""
	}
	for _, v := range variants {
		runAll(ctx, db, v.Set)
		diff := compare(v)
		runAll(ctx, db, v.Unset)
		if diff != "" {
			return diff
		}
	}
	for _, t := range c.tables {
		db.Run(ctx, "ANALYZE "+t.name)
	}
	if diff := compare(Variant{Name: "analyzed"}); diff != "" {
		return diff
	}
	for _, t := range c.tables {
		for _, index := range t.indexes {
			db.Run(ctx, "DROP INDEX "+index)
		}
	}
	return compare(Variant{Name: "without indexes"})
}

func runAll(ctx context.Context, db *DB, statements []string) {
	for _, sql := range statements {
		db.Run(ctx, sql)
	}
}

// Partitions makes cases whose statements are pairs of queries that have one
// answer: a query and what ternary logic partitioning or NoREC make of it.
func Partitions(n int) *rapid.Generator[*Case] {
	return rapid.Custom(func(t *rapid.T) *Case {
		c := schema(draw{t}, 3)
		for _, pair := range slice(draw{t}, 1, n, func(d draw) [2]Statement { return partition(d, c.tables) }) {
			c.Statements = append(c.Statements, pair[:]...)
		}
		return c
	})
}

func partition(d draw, tables []*table) [2]Statement {
	g := &gen{draw: d, tables: tables, budget: d.intn(3)}
	from, s := g.from(nil, d.intn(3))
	p := g.expr(s, "bool", 3)
	types := g.types(1, 3)
	list := g.list(s, types, 1)
	statement := func(sql string) Statement { return Statement{Text: sql, Fails: g.fails} }
	part := func(where string) string { return fmt.Sprintf("SELECT %s FROM %s WHERE %s", list, from, where) }
	switch g.intn(4) {
	case 0: // ternary logic partitioning
		return [2]Statement{
			statement(fmt.Sprintf("SELECT %s FROM %s", list, from)),
			statement(part(p) + " UNION ALL " + part("NOT ("+p+")") + " UNION ALL " + part("("+p+") IS NULL")),
		}
	case 1: // the same of distinct rows
		return [2]Statement{
			statement(fmt.Sprintf("SELECT DISTINCT %s FROM %s", list, from)),
			statement(part(p) + " UNION " + part("NOT ("+p+")") + " UNION " + part("("+p+") IS NULL")),
		}
	case 2: // NoREC
		return [2]Statement{
			statement(fmt.Sprintf("SELECT count(*) FROM %s WHERE %s", from, p)),
			statement(fmt.Sprintf("SELECT count(*) FILTER (WHERE b) FROM (SELECT %s AS b FROM %s OFFSET 0) AS q", p, from)),
		}
	default: // a grouped query and its groups one by one
		return [2]Statement{
			statement(fmt.Sprintf("SELECT count(*) FROM %s", from)),
			statement(fmt.Sprintf("SELECT coalesce(sum(n), 0)::int8 FROM (SELECT %s, count(*) AS n FROM %s GROUP BY 1) AS q (k, n)", p, from)),
		}
	}
}

// RunPartitions runs the pairs of a case and says where the answers of one
// differ, or "".
func RunPartitions(ctx context.Context, c *Case, db *DB) string {
	db.Reset(ctx)
	runAll(ctx, db, c.Setup)
	for pair := range slices.Chunk(c.Statements, 2) {
		if len(pair) < 2 {
			break
		}
		a, b := db.Run(ctx, pair[0].SQL()), db.Run(ctx, pair[1].SQL())
		if a.Code == "57014" || b.Code == "57014" || strings.HasPrefix(a.Code, "42") || strings.HasPrefix(b.Code, "42") {
			continue // too much work, or no query at all
		}
		s := pair[1]
		if diff := Compare(s, b, a); diff != "" {
			return fmt.Sprintf("%s\n%s\n%s", pair[0].SQL(), s.SQL(), diff)
		}
	}
	return ""
}

// RunParameters runs the queries of a case with constants, then prepared with
// parameters, seven times so that a generic plan gets its turn.
func RunParameters(ctx context.Context, c *Case, db *DB) string {
	db.Reset(ctx)
	runAll(ctx, db, c.Setup)
	for _, s := range c.Statements {
		sql, values := withParameters(s.Text)
		want := db.Run(ctx, s.SQL())
		if want.Code == "57014" || len(values) == 0 {
			continue
		}
		for range 7 {
			if diff := Compare(s, db.RunPrepared(ctx, sql, values), want); diff != "" {
				return fmt.Sprintf("%s\n%s %q\n%s", s.SQL(), sql, values, diff)
			}
		}
	}
	return ""
}
