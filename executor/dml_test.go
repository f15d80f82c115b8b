package executor_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// fixture is a store with tables in memory.
type fixture struct {
	t     *testing.T
	store kv.Store
	ids   *rowstore.RowIDs
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	store, err := embedded.Open(context.Background(), embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return &fixture{t: t, store: store, ids: rowstore.NewRowIDs()}
}

// items is t(id int4 primary key, name text not null, n int4 unique check (n > 0)).
func items(clustered bool) *catalog.Table {
	t := &catalog.Table{
		ID: 20000, Name: "items", Storage: 77, Clustered: clustered, Kind: catalog.KindTable,
		Columns: []catalog.Column{
			{Num: 1, Name: "id", Type: types.Of(types.Int4), NotNull: true},
			{Num: 2, Name: "gone", Type: types.Of(types.Int4), Dropped: true},
			{Num: 3, Name: "name", Type: types.Of(types.Text), NotNull: true},
			{Num: 4, Name: "n", Type: types.Of(types.Int4)},
		},
		Indexes: []catalog.Index{
			{ID: 20001, Name: "items_pkey", Primary: true, Unique: true, Storage: 1, Columns: []catalog.IndexColumn{{Num: 1}}},
			{ID: 20002, Name: "items_n_key", Unique: true, Storage: 2, Columns: []catalog.IndexColumn{{Num: 4}}},
		},
	}
	return t
}

func itemChecks(t *catalog.Table) plan.RowChecks {
	return plan.RowChecks{
		Indexes: make([]plan.IndexExprs, len(t.Indexes)),
		Checks:  []plan.NamedCheck{{Name: "items_n_check", Expr: Op(tableCol(t, 3), ">", Int4(0))}},
	}
}

func tableCol(t *catalog.Table, o int) expr.Expr {
	return &expr.Ordinal{Index: o, Name: t.Columns[o].Name, Typ: t.Columns[o].Type}
}

func itemRows(rows ...string) *Source { return Rows("id int4, name text, n int4", rows...) }

func insertItems(t *catalog.Table, in plan.Node) *plan.Insert {
	return &plan.Insert{Table: t, Input: in, Target: []int{0, 2, 3}, Rows: itemChecks(t)}
}

func scanItems(t *catalog.Table) *plan.Scan {
	return &plan.Scan{Base: Cols("id int4, name text, n int4, h bytea"), Table: t, Output: []int{0, 2, 3}, WithHandle: true}
}

// where is a scan with id = v.
func where(s *plan.Scan, o int, op string, v int32) *plan.Scan {
	s.Filter = Op(Col(s, o), op, Int4(v))
	return s
}

// run runs a plan in a transaction of its own and commits it.
func (f *fixture) run(n plan.Node) ([]string, int64, error) {
	if f.t != nil {
		f.t.Helper()
	}
	txn, err := f.store.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		f.t.Fatal(err)
	}
	defer txn.Close()
	rows, count, err := f.runIn(txn, n)
	if err != nil {
		return nil, 0, err
	}
	if _, err := txn.Commit(context.Background(), false); err != nil {
		return nil, 0, err
	}
	return rows, count, nil
}

func (f *fixture) runIn(txn kv.Txn, n plan.Node) ([]string, int64, error) {
	if f.t != nil {
		f.t.Helper()
	}
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(f.t, 0)
	env := f.env(alloc, txn)
	op, err := executor.Build(env, n)
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		op.Close()
		if used := env.Memory.Used(); used != 0 {
			f.t.Errorf("%d bytes are still reserved", used)
		}
	}()
	var rows []string
	for {
		b, err := op.Next(context.Background())
		if err == io.EOF {
			return rows, env.Affected, nil
		}
		if err != nil {
			return nil, 0, err
		}
		rows = append(rows, Text(b, n.Columns())...)
		b.Release()
	}
}

func (f *fixture) env(alloc memory.Allocator, txn kv.Txn) *executor.Env {
	if f.ids == nil {
		f.ids = rowstore.NewRowIDs()
	}
	env := NewEnv(alloc)
	env.Txn, env.RowIDs = txn, f.ids
	return env
}

func (f *fixture) must(n plan.Node) []string {
	if f.t != nil {
		f.t.Helper()
	}
	rows, _, err := f.run(n)
	if err != nil {
		f.t.Fatalf("%v: %s", err, pgerror.From(err).Detail)
	}
	return rows
}

// content are the table's rows, without handles.
func (f *fixture) content(t *catalog.Table) string {
	if f.t != nil {
		f.t.Helper()
	}
	s := &plan.Scan{Base: Cols("id int4, name text, n int4"), Table: t, Output: []int{0, 2, 3}}
	return strings.Join(f.must(&plan.Sort{Base: s.Base, Input: s, Keys: []expr.SortKey{{Expr: Col(s, 0)}}}), " ")
}

// byIndex are the ids in the order of the index on n.
func (f *fixture) byIndex(t *catalog.Table) string {
	if f.t != nil {
		f.t.Helper()
	}
	s := &plan.Scan{Base: Cols("id int4"), Table: t, Output: []int{0}, Index: &t.Indexes[1]}
	return strings.Join(f.must(s), " ")
}

func (f *fixture) expect(t *catalog.Table, content, byIndex string) {
	if f.t != nil {
		f.t.Helper()
	}
	if got := f.content(t); got != content {
		f.t.Errorf("rows: %s\nwant: %s", got, content)
	}
	if got := f.byIndex(t); got != byIndex {
		f.t.Errorf("by index: %s, want %s", got, byIndex)
	}
}

func wantError(t *testing.T, err error, code pgerror.Code, message, detail string) {
	t.Helper()
	e := pgerror.From(err)
	if err == nil || e.Code != code || e.Message != message || e.Detail != detail {
		t.Errorf("got  %v\nwant %s %s (%s)", describe(err), code, message, detail)
	}
}

func describe(err error) string {
	if err == nil {
		return "no error"
	}
	e := pgerror.From(err)
	return string(e.Code) + " " + e.Message + " (" + e.Detail + ")"
}

func TestInsert(t *testing.T) {
	for _, clustered := range []bool{true, false} {
		f, tab := newFixture(t), items(clustered)
		ins := insertItems(tab, itemRows("1|one|NULL", "2|two|20", "3|three|10"))
		ins.Cols = Cols("id int4, n8 int8").Cols
		ins.Returning = []expr.Expr{tableCol(tab, 0), Int(8)}
		rows, count, err := f.run(ins)
		if err != nil || count != 3 || strings.Join(rows, " ") != "1|8 2|8 3|8" {
			t.Fatal(rows, count, err)
		}
		f.expect(tab, "1|one|NULL 2|two|20 3|three|10", "3 2 1")

		_, _, err = f.run(insertItems(tab, itemRows("4|four|4", "1|again|5")))
		wantError(t, err, pgerror.UniqueViolation, `duplicate key value violates unique constraint "items_pkey"`, "Key (id)=(1) already exists.")
		_, _, err = f.run(insertItems(tab, itemRows("4|four|4", "5|again|4")))
		wantError(t, err, pgerror.UniqueViolation, `duplicate key value violates unique constraint "items_n_key"`, "Key (n)=(4) already exists.")
		_, _, err = f.run(insertItems(tab, itemRows("4|NULL|4")))
		wantError(t, err, pgerror.NotNullViolation, `null value in column "name" of relation "items" violates not-null constraint`, "Failing row contains (4, null, 4).")
		_, _, err = f.run(insertItems(tab, itemRows("4|four|0")))
		wantError(t, err, pgerror.CheckViolation, `new row for relation "items" violates check constraint "items_n_check"`, "Failing row contains (4, four, 0).")
		f.expect(tab, "1|one|NULL 2|two|20 3|three|10", "3 2 1")

		// INSERT ... SELECT from the table itself sees the rows before it.
		s := scanItems(tab)
		again := &plan.Project{Base: Cols("id int4, name text, n int4"), Input: s, Exprs: []expr.Expr{
			Op(Col(s, 0), "+", Int4(10)), Col(s, 1), &expr.Const{Typ: types.Of(types.Int4)},
		}}
		f.must(insertItems(tab, again))
		f.expect(tab, "1|one|NULL 2|two|20 3|three|10 11|one|NULL 12|two|NULL 13|three|NULL", "3 2 1 11 12 13")
	}
}

func TestOnConflict(t *testing.T) {
	for _, clustered := range []bool{true, false} {
		f, tab := newFixture(t), items(clustered)
		f.must(insertItems(tab, itemRows("1|one|10", "2|two|20")))
		ins := insertItems(tab, itemRows("3|three|30", "2|deux|21", "3|trois|31", "4|quatre|10"))
		ins.Conflict = &plan.OnConflict{}
		ins.Cols = Cols("name text").Cols
		ins.Returning = []expr.Expr{tableCol(tab, 2)}
		rows, count, err := f.run(ins)
		if err != nil || count != 1 || strings.Join(rows, " ") != "three" {
			t.Fatal(rows, count, err)
		}
		f.expect(tab, "1|one|10 2|two|20 3|three|30", "1 2 3")

		// DO NOTHING on the primary key does not hide a conflict of n.
		ins = insertItems(tab, itemRows("4|quatre|10"))
		ins.Conflict = &plan.OnConflict{Arbiters: []int{0}}
		_, _, err = f.run(ins)
		wantError(t, err, pgerror.UniqueViolation, `duplicate key value violates unique constraint "items_n_key"`, "Key (n)=(10) already exists.")

		upsert := func(rows ...string) *plan.Insert {
			ins := insertItems(tab, itemRows(rows...))
			excluded := func(o int) expr.Expr { return &expr.Ordinal{Index: len(tab.Columns) + o, Typ: tab.Columns[o].Type} }
			ins.Conflict = &plan.OnConflict{
				Arbiters: []int{0},
				Update:   []plan.Assignment{{Column: 3, Value: Op(tableCol(tab, 3), "+", excluded(3))}, {Column: 2, Value: excluded(2)}},
				Where:    Op(tableCol(tab, 3), "<", Int4(25)),
			}
			ins.Cols = Cols("id int4, n int4").Cols
			ins.Returning = []expr.Expr{tableCol(tab, 0), tableCol(tab, 3)}
			return ins
		}
		rows, count, err = f.run(upsert("2|deux|1", "3|trois|1", "5|cinq|5"))
		if err != nil || count != 2 || strings.Join(rows, " ") != "2|21 5|5" {
			t.Fatal(rows, count, err)
		}
		f.expect(tab, "1|one|10 2|deux|21 3|three|30 5|cinq|5", "5 1 2 3")
		_, _, err = f.run(upsert("1|a|1", "1|b|1"))
		wantError(t, err, pgerror.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time", "")
	}
}

func TestUpdateDelete(t *testing.T) {
	for _, clustered := range []bool{true, false} {
		f, tab := newFixture(t), items(clustered)
		f.must(insertItems(tab, itemRows("1|one|10", "2|two|20", "3|three|NULL")))
		update := func(in plan.Node, set ...plan.Assignment) *plan.Update {
			return &plan.Update{
				Base: Cols("id int4, name text, n int4"), Table: tab, Input: in, Handle: 3, OldColumns: []int{0, -1, 1, 2},
				Assignments: set, Rows: itemChecks(tab), Returning: []expr.Expr{Col(in, 0), Col(in, 1), Col(in, 2)},
			}
		}
		s := scanItems(tab)
		rows, count, err := f.run(update(where(s, 0, ">", 1), plan.Assignment{Column: 3, Value: Op(Col(s, 0), "*", Int4(7))}))
		if err != nil || count != 2 || strings.Join(rows, " ") != "2|two|14 3|three|21" {
			t.Fatal(rows, count, err)
		}
		f.expect(tab, "1|one|10 2|two|14 3|three|21", "1 2 3")

		// The primary key may move, but not onto another row.
		s = scanItems(tab)
		f.must(update(where(s, 0, "=", 3), plan.Assignment{Column: 0, Value: Int4(9)}))
		f.expect(tab, "1|one|10 2|two|14 9|three|21", "1 2 9")
		s = scanItems(tab)
		_, _, err = f.run(update(where(s, 0, "=", 9), plan.Assignment{Column: 0, Value: Int4(1)}))
		wantError(t, err, pgerror.UniqueViolation, `duplicate key value violates unique constraint "items_pkey"`, "Key (id)=(1) already exists.")
		s = scanItems(tab)
		_, _, err = f.run(update(where(s, 0, "=", 9), plan.Assignment{Column: 3, Value: Int4(10)}))
		wantError(t, err, pgerror.UniqueViolation, `duplicate key value violates unique constraint "items_n_key"`, "Key (n)=(10) already exists.")
		s = scanItems(tab)
		_, _, err = f.run(update(where(s, 0, "=", 9), plan.Assignment{Column: 2, Value: &expr.Const{Typ: types.Of(types.Text)}}))
		wantError(t, err, pgerror.NotNullViolation, `null value in column "name" of relation "items" violates not-null constraint`, "Failing row contains (9, null, 21).")

		// A row that is found twice is updated once.
		s = scanItems(tab)
		both := &plan.UnionAll{Base: s.Base, Children: []plan.Node{s, scanItems(tab)}}
		_, count, err = f.run(update(both, plan.Assignment{Column: 3, Value: Op(Col(s, 2), "+", Int4(1))}))
		if err != nil || count != 3 {
			t.Fatal(count, err)
		}
		f.expect(tab, "1|one|11 2|two|15 9|three|22", "1 2 9")

		s = scanItems(tab)
		rows, count, err = f.run(&plan.Delete{
			Base: Cols("name text"), Table: tab, Input: where(s, 0, "<", 9), Handle: 3, OldColumns: []int{0, -1, 1, 2},
			Returning: []expr.Expr{Col(s, 1)},
		})
		if err != nil || count != 2 || strings.Join(rows, " ") != "one two" {
			t.Fatal(rows, count, err)
		}
		f.expect(tab, "9|three|22", "9")
	}
}

func TestUpdateConflict(t *testing.T) {
	f, tab := newFixture(t), items(true)
	f.must(insertItems(tab, itemRows("1|one|10")))
	txn, err := f.store.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	del := func() *plan.Delete {
		return &plan.Delete{Table: tab, Input: scanItems(tab), Handle: 3, OldColumns: []int{0, -1, 1, 2}}
	}
	f.must(del())
	if _, _, err := f.runIn(txn, del()); !errors.Is(err, kv.ErrWriteConflict) {
		t.Fatal(err)
	}
	// Session refreshes and runs the statement again.
	if err := txn.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, count, err := f.runIn(txn, del()); count != 0 || err != nil {
		t.Fatal(count, err)
	}
}

// TestModifyHard runs INSERT, UPDATE and DELETE through everything exectest has.
func TestModifyHard(t *testing.T) {
	f, tab := newFixture(t), items(false)
	f.must(insertItems(tab, itemRows("1|one|10", "2|two|20", "3|three|NULL")))
	env := func(e *executor.Env) {
		txn, err := f.store.Begin(context.Background(), kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		e.Txn, e.RowIDs = txn, f.ids
	}
	done := func(e *executor.Env) { e.Txn.Close() }
	Run(t, Case{
		Name: "insert", Inputs: []*Source{itemRows("4|four|4", "5|five|5", "6|six|NULL")}, Env: env, Done: done,
		Plan: func(in []plan.Node) plan.Node {
			ins := insertItems(tab, in[0])
			ins.Cols, ins.Returning = Cols("id int4").Cols, []expr.Expr{tableCol(tab, 0)}
			return ins
		},
		Want: []string{"4", "5", "6"},
	})
	Run(t, Case{
		Name: "update", Env: env, Done: done,
		Plan: func([]plan.Node) plan.Node {
			s := scanItems(tab)
			return &plan.Update{
				Base: Cols("id int4, n int4"), Table: tab, Input: s, Handle: 3, OldColumns: []int{0, -1, 1, 2}, Rows: itemChecks(tab),
				Assignments: []plan.Assignment{{Column: 3, Value: Op(Col(s, 0), "+", Int4(100))}}, Returning: []expr.Expr{Col(s, 0), Col(s, 2)},
			}
		},
		Want: []string{"1|101", "2|102", "3|103"},
	})
	Run(t, Case{
		Name: "delete", Env: env, Done: done,
		Plan: func([]plan.Node) plan.Node {
			s := scanItems(tab)
			return &plan.Delete{
				Base: Cols("id int4"), Table: tab, Input: where(s, 0, ">", 1), Handle: 3, OldColumns: []int{0, -1, 1, 2},
				Returning: []expr.Expr{Col(s, 0)},
			}
		},
		Want: []string{"2", "3"},
	})
	Run(t, Case{
		Name: "lookup join", Inputs: []*Source{Rows("k int4", "2", "7", "NULL", "1", "2")}, Env: env, Done: done,
		Plan: func(in []plan.Node) plan.Node {
			right := &plan.Scan{Base: Cols("name text"), Table: tab, Output: []int{2}, Index: &tab.Indexes[0]}
			return &plan.LookupJoin{Base: Cols("", in[0], right), Left: in[0], Right: right, Keys: []expr.Expr{Col(in[0], 0)}, Type: plan.LeftJoin}
		},
		Want: []string{"2|two", "7|NULL", "NULL|NULL", "1|one", "2|two"},
	})
	Run(t, Case{
		Name: "lookup join on a part of an index", Inputs: []*Source{Rows("k int4", "20", "7", "NULL", "10")}, Env: env, Done: done,
		Plan: func(in []plan.Node) plan.Node {
			right := &plan.Scan{Base: Cols("name text, h bytea"), Table: tab, Output: []int{2}, Index: &tab.Indexes[1], WithHandle: true}
			j := &plan.LookupJoin{Base: Cols("k int4, name text, h bytea"), Left: in[0], Right: right, Keys: []expr.Expr{Col(in[0], 0)}}
			return &plan.LockRows{Base: Cols("k int4, name text"), Input: j, Rows: []plan.LockTarget{{Table: tab, Handle: 2, Locking: plan.Locking{Strength: plan.LockForUpdate}}}}
		},
		Want: []string{"20|two", "10|one"},
	})
	Run(t, Case{
		Name: "point scan", Env: env, Done: done,
		Plan: func([]plan.Node) plan.Node {
			return &plan.Scan{
				Base: Cols("name text, id int4"), Table: tab, Output: []int{2, 0}, Index: &tab.Indexes[0], PointGet: true,
				Ranges:  []plan.KeyRange{{Equal: []expr.Expr{Int4(3)}}, {Equal: []expr.Expr{Int4(1)}}, {Equal: []expr.Expr{Int4(3)}}, {Equal: []expr.Expr{Int4(99)}}},
				Locking: &plan.Locking{Strength: plan.LockForShare},
			}
		},
		Want: []string{"three|3", "one|1"},
	})
	Run(t, Case{
		Name: "ranges", Env: env, Done: done,
		Plan: func([]plan.Node) plan.Node {
			return &plan.Scan{
				Base: Cols("id int4, n int4"), Table: tab, Output: []int{0, 3}, Index: &tab.Indexes[1],
				Ranges: []plan.KeyRange{
					{Lower: &plan.Bound{Value: Int4(11)}},
					{Equal: []expr.Expr{nil}, IsNull: []bool{true}},
					{Equal: []expr.Expr{Int4(10)}},
					{Equal: []expr.Expr{Int4(10)}},
				},
			}
		},
		Want: []string{"2|20", "3|NULL", "1|10"},
	})
}
