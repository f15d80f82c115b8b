package executor_test

import (
	"context"
	"slices"
	"testing"

	"github.com/tidemarkdb/tidemark/executor"
	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// A scan yields the same rows from the store, from the column cache, and from a
// column cache so small that its columns are packed; with a condition, with keys
// that a join above knows, and with both.
func TestScanPick(t *testing.T) {
	n := newNumbered(t)
	if _, err := n.txn.Commit(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	txn, err := n.store.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	n.txn = txn
	defer txn.Close()
	// probe is the scan, few the rows that a join lets it find; 0: no join.
	run := func(cond func(s *plan.Scan) expr.Expr, few int64, o options) []string {
		var root plan.Node
		s := n.scan()
		s.Filter = cond(s)
		root = s
		if few > 0 {
			build := n.scan()
			build.Filter = Op(Col(build, 0), "<", int8Const(few))
			root = &plan.HashJoin{
				Base: joinCols(plan.InnerJoin, []plan.Node{s, build}), Left: s, Right: build, Type: plan.InnerJoin,
				LeftKeys: []expr.Expr{Col(s, 0)}, RightKeys: []expr.Expr{Col(build, 0)},
			}
		}
		rows, err := n.collect(root, o)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	conds := map[string]func(s *plan.Scan) expr.Expr{
		"all":  func(*plan.Scan) expr.Expr { return nil },
		"most": func(s *plan.Scan) expr.Expr { return Op(Col(s, 1), ">", int8Const(3)) },
		"few":  func(s *plan.Scan) expr.Expr { return Op(Col(s, 1), "=", int8Const(7)) },
		"a run": func(s *plan.Scan) expr.Expr {
			return Op(Col(s, 0), "<", int8Const(500))
		},
		"none": func(s *plan.Scan) expr.Expr { return Op(Col(s, 1), "<", int8Const(-1)) },
	}
	for name, cond := range conds {
		for _, few := range []int64{0, 10, numbersRows * 2 / 3} {
			want := run(cond, few, options{})
			for _, limit := range []int64{60_000, 64 << 20} {
				cache := executor.NewColumnCache(n.store, limit)
				for round := range 3 {
					for _, batch := range []int{0, 7, 1000} {
						if got := run(cond, few, options{columns: cache, batch: batch, workers: round % 2 * 2}); !slices.Equal(got, want) {
							t.Fatalf("%s, %d, limit %d, batch %d, round %d: %d rows, want %d", name, few, limit, batch, round, len(got), len(want))
						}
					}
				}
			}
		}
	}
}
