package executor_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/executor"
	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// unionItems reads items with id <= 3 or n in (20, 50, 70), and name <> 'x'.
func unionItems(f *fixture, clustered bool) *plan.IndexUnion {
	t := items(clustered)
	whole := scanItems(t)
	whole.Filter = &expr.Logic{Args: []expr.Expr{
		&expr.Logic{Or: true, Args: []expr.Expr{
			Op(Col(whole, 0), "<=", Int4(3)), Op(Col(whole, 2), "=", Int4(20)), Op(Col(whole, 2), "=", Int4(50)), Op(Col(whole, 2), "=", Int4(70)),
		}},
		Op(Col(whole, 1), "<>", &expr.Const{Value: types.NewString("x"), Typ: types.Of(types.Text)}),
	}}
	part := func(ranges ...plan.KeyRange) *plan.Scan {
		return &plan.Scan{Base: Cols("h bytea"), Table: t, WithHandle: true, Ranges: ranges}
	}
	equal := func(n int32) plan.KeyRange { return plan.KeyRange{Equal: []expr.Expr{Int4(n)}} }
	byID := part(plan.KeyRange{Upper: &plan.Bound{Value: Int4(3), Inclusive: true}, NotNull: true})
	if !clustered {
		byID.Index = &t.Indexes[0]
	}
	byN := part(equal(20), equal(50), equal(70))
	byN.Index = &t.Indexes[1]
	f.must(insertItems(t, itemRows("5|e|50", "1|a|10", "4|d|40", "3|x|30", "2|b|20", "6|f|NULL", "7|x|70")))
	return &plan.IndexUnion{Base: whole.Base, Table: t, Parts: []*plan.Scan{byN, byID}, Scan: whole}
}

func TestIndexUnion(t *testing.T) {
	want := []string{"1|a|10", "2|b|20", "5|e|50"}
	for _, clustered := range []bool{true, false} {
		for _, batch := range []int{1, 2, 3, 1024} {
			for _, memoryLimit := range []int64{0, 1} { // 1: no room for the keys
				f := newFixture(t)
				u := unionItems(f, clustered)
				alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
				txn, err := f.store.Begin(context.Background(), kv.TxnOptions{ReadOnly: true})
				if err != nil {
					t.Fatal(err)
				}
				env := f.env(alloc, txn)
				env.BatchRows, env.HashMem = batch, memoryLimit
				op, err := executor.Build(env, u)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for {
					b, err := op.Next(context.Background())
					if err == io.EOF {
						break
					}
					if err != nil {
						t.Fatal(err)
					}
					for _, row := range Text(b, u.Columns()) {
						got = append(got, row[:strings.LastIndex(row, "|")]) // without the handle
					}
					b.Release()
				}
				if err := op.Close(); err != nil {
					t.Fatal(err)
				}
				if slices.Sort(got); !slices.Equal(got, want) {
					t.Errorf("clustered %v, batch %d, limit %d: %q", clustered, batch, memoryLimit, got)
				}
				unionStops(t, env, u)
				txn.Rollback()
				alloc.AssertSize(t, 0)
			}
		}
	}
}

// unionStops closes it early, and cancels it.
func unionStops(t *testing.T, env *executor.Env, u *plan.IndexUnion) {
	t.Helper()
	for _, cancelled := range []bool{false, true} {
		op, err := executor.Build(env, u)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		if cancelled {
			cancel()
		}
		b, err := op.Next(ctx)
		if cancelled != (err != nil) || errors.Is(err, io.EOF) {
			t.Errorf("cancelled %v: %v", cancelled, err)
		}
		if b != nil {
			b.Release()
		}
		cancel()
		if err := op.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
