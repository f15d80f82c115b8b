package executor_test

import (
	"context"
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

// parts is parts(id int4 primary key, item int8 references items).
func parts(action catalog.FKAction) (*catalog.Table, *catalog.ForeignKey) {
	t := &catalog.Table{
		ID: 20010, Name: "parts", Storage: 78, Clustered: true, Kind: catalog.KindTable,
		Columns: []catalog.Column{{Num: 1, Name: "id", Type: types.Of(types.Int4), NotNull: true}, {Num: 2, Name: "item", Type: types.Of(types.Int8)}},
		Indexes: []catalog.Index{{ID: 20011, Name: "parts_pkey", Primary: true, Unique: true, Storage: 1, Columns: []catalog.IndexColumn{{Num: 1}}}},
		ForeignKeys: []catalog.ForeignKey{{
			Name: "parts_item_fkey", Columns: []int16{2}, RefTable: 20000, RefColumns: []int16{1}, RefIndex: 20001, OnDelete: action, OnUpdate: action,
		}},
	}
	return t, &t.ForeignKeys[0]
}

func (f *fixture) insertPart(items, parts *catalog.Table, rows ...string) error {
	f.t.Helper()
	ins := &plan.Insert{Table: parts, Input: Rows("id int4, item int8", rows...), Target: []int{0, 1}}
	ins.Rows.ForeignKeys = []plan.ForeignKeyCheck{{Key: &parts.ForeignKeys[0], Table: items}}
	_, _, err := f.run(ins)
	return err
}

func TestForeignKey(t *testing.T) {
	for _, clustered := range []bool{true, false} {
		for _, action := range []catalog.FKAction{catalog.FKNoAction, catalog.FKRestrict, catalog.FKCascade, catalog.FKSetNull} {
			f, tab := newFixture(t), items(clustered)
			child, fk := parts(action)
			f.must(insertItems(tab, itemRows("1|one|10", "2|two|20", "3|three|30")))
			if err := f.insertPart(tab, child, "1|1", "2|2", "3|2", "4|NULL"); err != nil {
				t.Fatal(err)
			}
			err := f.insertPart(tab, child, "5|1", "6|9")
			wantError(t, err, pgerror.ForeignKeyViolation, `insert or update on table "parts" violates foreign key constraint "parts_item_fkey"`, `Key (item)=(9) is not present in table "items".`)

			_, _, err = f.run(deleteItem(tab, child, fk, 2))
			want := map[catalog.FKAction]string{catalog.FKCascade: "1|1 4|NULL", catalog.FKSetNull: "1|1 2|NULL 3|NULL 4|NULL"}[action]
			if want == "" {
				wantError(t, err, pgerror.ForeignKeyViolation, `update or delete on table "items" violates foreign key constraint "parts_item_fkey" on table "parts"`, `Key (id)=(2) is still referenced from table "parts".`)
				want = "1|1 2|2 3|2 4|NULL"
			} else if err != nil {
				t.Fatal(err)
			}
			got := f.must(&plan.Scan{Base: Cols("id int4, item int8"), Table: child, Output: []int{0, 1}})
			if strings.Join(got, " ") != want {
				t.Errorf("action %c: %s, want %s", action, got, want)
			}
			if _, n, err := f.run(deleteItem(tab, child, fk, 3)); err != nil || n != 1 {
				t.Error(n, err)
			}
		}
	}
}

// deleteItem deletes an item with what its foreign key asks for.
func deleteItem(tab, child *catalog.Table, fk *catalog.ForeignKey, id int32) plan.Node {
	s := scanItems(tab)
	del := &plan.Delete{Table: tab, Input: where(s, 0, "=", id), Handle: 3, OldColumns: []int{0, -1, 1, 2}}
	references := &plan.Scan{Base: Cols("id int4, item int8, h bytea"), Table: child, Output: []int{0, 1}, WithHandle: true}
	references.Filter = Op(Col(references, 1), "=", &expr.ExecParam{Slot: 0, Typ: types.Of(types.Int4)})
	a := plan.ForeignKeyAction{Key: fk, Table: child, KeySlots: []int{0}, Probe: references}
	switch fk.OnDelete {
	case catalog.FKCascade:
		a.OnDelete = &plan.Delete{Table: child, Input: references, Handle: 2, OldColumns: []int{0, 1}}
	case catalog.FKSetNull:
		a.OnDelete = &plan.Update{
			Table: child, Input: references, Handle: 2, OldColumns: []int{0, 1},
			Assignments: []plan.Assignment{{Column: 1, Value: &expr.Const{Typ: types.Of(types.Int8)}}},
		}
	}
	del.Rows.Referencing = []plan.ForeignKeyAction{a}
	return del
}

// TestForeignKeySelf: a row may reference a later one of the same statement.
func TestForeignKeySelf(t *testing.T) {
	f := newFixture(t)
	tab, _ := parts(catalog.FKNoAction)
	tab.ForeignKeys[0].RefTable, tab.ForeignKeys[0].RefIndex = tab.ID, 20011
	if err := f.insertPart(tab, tab, "1|2", "2|1", "3|NULL"); err != nil {
		t.Fatal(err)
	}
	if err := f.insertPart(tab, tab, "4|5"); pgerror.CodeOf(err) != pgerror.ForeignKeyViolation {
		t.Fatal(err)
	}
}

func (f *fixture) inTxn(fn func(env *executor.Env, bulk kv.Bulk) error) error {
	f.t.Helper()
	ctx := context.Background()
	txn, err := f.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		f.t.Fatal(err)
	}
	defer txn.Close()
	bulk, err := f.store.Bulk(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	defer bulk.Close()
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(f.t, 0)
	env := f.env(alloc, txn)
	env.BatchRows = 2
	if err := fn(env, bulk); err != nil {
		return err
	}
	if used := env.Memory.Used(); used != 0 {
		f.t.Errorf("%d bytes are still reserved", used)
	}
	_, err = txn.Commit(ctx, false)
	return err
}

func TestBuildIndex(t *testing.T) {
	for _, clustered := range []bool{true, false} {
		f, full := newFixture(t), items(clustered)
		bare := items(clustered)
		bare.Indexes = bare.Indexes[:1]
		f.must(insertItems(bare, itemRows("1|one|30", "2|two|NULL", "3|three|10", "4|four|NULL", "5|five|20")))
		build := func(env *executor.Env, bulk kv.Bulk) error {
			return executor.BuildIndex(context.Background(), env, full, 1, plan.IndexExprs{}, bulk)
		}
		if err := f.inTxn(build); err != nil {
			t.Fatal(err)
		}
		if got := f.byIndex(full); got != "3 5 1 2 4" {
			t.Error(got)
		}
		f.must(insertItems(bare, itemRows("6|six|20", "7|seven|NULL")))
		wantError(t, f.inTxn(build), pgerror.UniqueViolation, `could not create unique index "items_n_key"`, "Key (n)=(20) is duplicated.")
	}
}

func TestRewriteTable(t *testing.T) {
	f, old, table := newFixture(t), items(false), items(true)
	table.Storage = 99
	f.must(insertItems(old, itemRows("3|three|10", "1|one|30", "2|two|NULL")))
	rewrite := func(n expr.Expr) error {
		return f.inTxn(func(env *executor.Env, bulk kv.Bulk) error {
			checks := itemChecks(table)
			return executor.RewriteTable(context.Background(), env, old, table, []expr.Expr{tableCol(old, 0), nil, tableCol(old, 2), n}, &checks, bulk)
		})
	}
	if err := rewrite(Op(tableCol(old, 3), "*", Int4(2))); err != nil {
		t.Fatal(err)
	}
	f.expect(table, "1|one|60 2|two|NULL 3|three|20", "3 1 2")
	table.Storage = 100
	wantError(t, rewrite(Int4(7)), pgerror.UniqueViolation, `could not create unique index "items_n_key"`, "Key (n)=(7) is duplicated.")
	wantError(t, rewrite(Int4(-7)), pgerror.CheckViolation, `check constraint "items_n_check" of relation "items" is violated by some row`, "")
}

func TestCheckRows(t *testing.T) {
	f, tab := newFixture(t), items(true)
	child, fk := parts(catalog.FKNoAction)
	f.must(insertItems(tab, itemRows("1|one|10", "2|two|NULL")))
	bare := *child
	bare.ForeignKeys = nil
	ins := &plan.Insert{Table: &bare, Input: Rows("id int4, item int8", "1|1", "2|NULL", "3|7"), Target: []int{0, 1}}
	f.must(ins)
	check := func(t *catalog.Table, test executor.RowTest) error {
		return f.inTxn(func(env *executor.Env, _ kv.Bulk) error {
			return executor.CheckRows(context.Background(), env, t, test)
		})
	}
	if err := check(tab, executor.RowTest{NotNull: []int{0, 2}, Checks: itemChecks(tab).Checks}); err != nil {
		t.Error(err)
	}
	wantError(t, check(tab, executor.RowTest{NotNull: []int{3}}), pgerror.NotNullViolation, `column "n" of relation "items" contains null values`, "")
	bad := []plan.NamedCheck{{Name: "big", Expr: Op(tableCol(tab, 3), ">", Int4(10))}}
	wantError(t, check(tab, executor.RowTest{Checks: bad}), pgerror.CheckViolation, `check constraint "big" of relation "items" is violated by some row`, "")
	wantError(t, check(child, executor.RowTest{ForeignKeys: []plan.ForeignKeyCheck{{Key: fk, Table: tab}}}), pgerror.ForeignKeyViolation,
		`insert or update on table "parts" violates foreign key constraint "parts_item_fkey"`, `Key (item)=(7) is not present in table "items".`)
}
