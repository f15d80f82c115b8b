package executor_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func param(i int, oid types.OID) expr.Expr { return &expr.Param{Index: i, Typ: types.Of(oid)} }

// pointItems reads the row with id = $1.
func pointItems(t *catalog.Table) *plan.Scan {
	s := scanItems(t)
	if !t.Clustered {
		s.Index = &t.Indexes[0]
	}
	s.PointGet, s.Ranges = true, []plan.KeyRange{{Equal: []expr.Expr{param(0, types.Int4)}}}
	return s
}

func (f *fixture) point(txn kv.Txn, n plan.Node, params ...types.Datum) (string, int64, error) {
	f.t.Helper()
	p := executor.PointPlan(&plan.Query{Root: n})
	if p == nil {
		f.t.Fatal("not a point plan")
	}
	own := txn == nil
	if own {
		var err error
		if txn, err = f.store.Begin(context.Background(), kv.TxnOptions{}); err != nil {
			f.t.Fatal(err)
		}
		defer txn.Close()
	}
	env := f.env(memory.NewGoAllocator(), txn)
	env.ReadCommitted = true
	env.Functions.Params = params
	var rows []string
	err := p.Run(context.Background(), env, func(row []types.Datum) error {
		fields := make([]string, len(row))
		for i, d := range row {
			fields[i] = "NULL"
			if !d.IsNull() {
				fields[i] = string(types.AppendText(nil, n.Columns()[i].Type, d, nil))
			}
		}
		rows = append(rows, strings.Join(fields, "|"))
		return nil
	})
	if err == nil && own {
		_, err = txn.Commit(context.Background(), false)
	}
	return strings.Join(rows, " "), env.Affected, err
}

func pointInsertItems(t *catalog.Table) *plan.Insert {
	values := &plan.Values{Base: Cols("id int4, name text, n int4"), Rows: [][]expr.Expr{{param(0, types.Int4), param(1, types.Text), param(2, types.Int4)}}}
	ins := insertItems(t, values)
	ins.Cols, ins.Returning = Cols("id int4").Cols, []expr.Expr{tableCol(t, 0)}
	return ins
}

func pointUpdateItems(t *catalog.Table, column int) *plan.Update {
	s := pointItems(t)
	return &plan.Update{
		Base: Cols("id int4, n int4"), Table: t, Input: s, Handle: 3, OldColumns: []int{0, -1, 1, 2}, Rows: itemChecks(t), PointUpdate: true,
		Assignments: []plan.Assignment{{Column: column, Value: Op(tableColAt(s, column), "+", param(1, types.Int4))}},
		Returning:   []expr.Expr{Col(s, 0), Col(s, 2)},
	}
}

func tableColAt(s *plan.Scan, ordinal int) expr.Expr {
	for i, o := range s.Output {
		if o == ordinal {
			return Col(s, i)
		}
	}
	panic("no such column")
}

func TestPoint(t *testing.T) {
	for _, clustered := range []bool{true, false} {
		f, tab := newFixture(t), items(clustered)
		i4, text := types.NewInt4, types.NewString
		for i, name := range []string{"one", "two", "three"} {
			rows, n, err := f.point(nil, pointInsertItems(tab), i4(int32(i+1)), text(name), i4(int32(10*i+10)))
			if err != nil || n != 1 || rows != fmt.Sprint(i+1) {
				t.Fatal(rows, n, err)
			}
		}
		_, _, err := f.point(nil, pointInsertItems(tab), i4(2), text("again"), types.Null)
		wantError(t, err, pgerror.UniqueViolation, `duplicate key value violates unique constraint "items_pkey"`, "Key (id)=(2) already exists.")
		_, _, err = f.point(nil, pointInsertItems(tab), i4(5), text("again"), i4(10))
		wantError(t, err, pgerror.UniqueViolation, `duplicate key value violates unique constraint "items_n_key"`, "Key (n)=(10) already exists.")
		_, _, err = f.point(nil, pointInsertItems(tab), i4(5), types.Null, i4(50))
		wantError(t, err, pgerror.NotNullViolation, `null value in column "name" of relation "items" violates not-null constraint`, "Failing row contains (5, null, 50).")
		_, _, err = f.point(nil, pointInsertItems(tab), i4(5), text("five"), i4(-50))
		wantError(t, err, pgerror.CheckViolation, `new row for relation "items" violates check constraint "items_n_check"`, "Failing row contains (5, five, -50).")

		s := pointItems(tab)
		read := &plan.Project{Base: Cols("name text, m int4"), Input: s, Exprs: []expr.Expr{Col(s, 1), Op(Col(s, 2), "+", Int4(1))}}
		for id, want := range map[int32]string{2: "two|21", 7: ""} {
			if rows, _, err := f.point(nil, read, i4(id)); err != nil || rows != want {
				t.Error(rows, err)
			}
		}
		if rows, _, err := f.point(nil, read, types.Null); err != nil || rows != "" {
			t.Error(rows, err)
		}
		s.Locking = &plan.Locking{Strength: plan.LockForUpdate}
		if rows, _, err := f.point(nil, read, i4(3)); err != nil || rows != "three|31" {
			t.Error(rows, err)
		}

		if rows, n, err := f.point(nil, pointUpdateItems(tab, 3), i4(2), i4(5)); err != nil || n != 1 || rows != "2|25" {
			t.Fatal(rows, n, err)
		}
		if rows, n, err := f.point(nil, pointUpdateItems(tab, 3), i4(9), i4(5)); err != nil || n != 0 || rows != "" {
			t.Fatal(rows, n, err)
		}
		f.expect(tab, "1|one|10 2|two|25 3|three|30", "1 2 3")
		_, _, err = f.point(nil, pointUpdateItems(tab, 3), i4(2), i4(5))
		wantError(t, err, pgerror.UniqueViolation, `duplicate key value violates unique constraint "items_n_key"`, "Key (n)=(30) already exists.")
		if _, n, err := f.point(nil, pointUpdateItems(tab, 0), i4(3), i4(5)); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		f.expect(tab, "1|one|10 2|two|25 8|three|30", "1 2 8")
		s = pointItems(tab)
		del := &plan.Delete{Base: Cols("name text"), Table: tab, Input: s, Handle: 3, OldColumns: []int{0, -1, 1, 2}, Rows: itemChecks(tab), Returning: []expr.Expr{Col(s, 1)}}
		if rows, n, err := f.point(nil, del, i4(2)); err != nil || n != 1 || rows != "two" {
			t.Fatal(rows, n, err)
		}
		f.expect(tab, "1|one|10 8|three|30", "1 8")
	}
}

// TestPointUpdateContention: an update that comes second goes on from the
// first one's row.
func TestPointUpdateContention(t *testing.T) {
	f, tab := newFixture(t), items(true)
	f.must(insertItems(tab, itemRows("1|one|10")))
	late, err := f.store.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	for range 3 {
		if _, _, err := f.point(nil, pointUpdateItems(tab, 3), types.NewInt4(1), types.NewInt4(5)); err != nil {
			t.Fatal(err)
		}
	}
	rows, n, err := f.point(late, pointUpdateItems(tab, 3), types.NewInt4(1), types.NewInt4(5))
	if err != nil || n != 1 || rows != "1|30" {
		t.Fatal(rows, n, err)
	}
	if _, err := late.Commit(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	f.expect(tab, "1|one|30", "1")
}

func benchPoint(b *testing.B, n func(*catalog.Table) plan.Node, kvOnly bool) {
	f := &fixture{store: openStore(b)}
	tab := items(true)
	tab.Indexes = tab.Indexes[:1]
	bulkItems(b, f, tab, 100_000)
	p := executor.PointPlan(&plan.Query{Root: n(tab)})
	ctx := context.Background()
	txn, err := f.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer txn.Close()
	env := f.env(memory.NewGoAllocator(), txn)
	env.Functions.Params = make([]types.Datum, 2)
	env.Functions.Params[1] = types.NewInt4(1)
	var key []byte
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i = (i + 7919) % 100_000
		env.Functions.Params[0] = types.NewInt4(int32(i))
		if kvOnly {
			key = rowKeyOf(key[:0], tab, int64(i))
			if _, found, err := txn.Get(ctx, key); err != nil || !found {
				b.Fatal(found, err)
			}
			continue
		}
		if err := p.Run(ctx, env, func([]types.Datum) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPointRead(b *testing.B) {
	read := func(t *catalog.Table) plan.Node { return pointItems(t) }
	b.Run("kv", func(b *testing.B) { benchPoint(b, read, true) })
	b.Run("point", func(b *testing.B) { benchPoint(b, read, false) })
}

func BenchmarkPointUpdate(b *testing.B) {
	benchPoint(b, func(t *catalog.Table) plan.Node {
		u := pointUpdateItems(t, 3)
		u.Returning = nil
		return u
	}, false)
}
