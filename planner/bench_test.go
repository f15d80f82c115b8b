package planner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/parser"
)

const benchTable = `CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84))`

func BenchmarkPointSelect(b *testing.B) {
	bench(b, "SELECT abalance FROM pgbench_accounts WHERE aid = $1")
}

func BenchmarkPointUpdate(b *testing.B) {
	bench(b, "UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2")
}

func bench(b *testing.B, sql string) {
	e := newEnv()
	if err := e.exec(benchTable); err != nil {
		b.Fatal(err)
	}
	stmts, err := parser.Parse(sql)
	if err != nil {
		b.Fatal(err)
	}
	opts := e.options(planner.Options{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := planner.Plan(context.Background(), stmts[0].Stmt, opts); err != nil {
			b.Fatal(err)
		}
	}
}

// TestManyJoins: the SQLite corpus joins up to 64 tables; planning ends (it logs how
// soon) and makes no cross product where conditions connect the tables.
func TestManyJoins(t *testing.T) {
	e := newEnv()
	const n = 64
	var from, where []string
	for i := range n {
		if err := e.exec(fmt.Sprintf("CREATE TABLE t%d (a%d int PRIMARY KEY, b%d int, x%d varchar(40))", i, i, i, i)); err != nil {
			t.Fatal(err)
		}
		from = append(from, fmt.Sprintf("t%d", (i*37)%n))
		if i > 0 {
			where = append(where, fmt.Sprintf("a%d = b%d", i-1, i))
		}
	}
	where = append(where, "a63 = 5")
	sql := "SELECT x1, x63 FROM " + strings.Join(from, ", ") + " WHERE " + strings.Join(where, " AND ")
	stmts, err := parser.Parse(sql)
	if err != nil {
		t.Fatal(err)
	}
	opts := e.options(planner.Options{})
	start := time.Now()
	q, err := planner.Plan(context.Background(), stmts[0].Stmt, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("planned in %v", time.Since(start))
	text := strings.Join(planner.Explain(q, planner.ExplainOptions{}), "\n")
	if strings.Contains(text, "Nested Loop\n") {
		t.Errorf("a cross product:\n%s", text)
	}
}
