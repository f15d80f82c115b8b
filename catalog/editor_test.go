package catalog_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/catalog/cattest"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestBeginEditAtOldSnapshot: REPEATABLE READ may not edit a catalog that
// changed after its snapshot, READ COMMITTED moves on.
func TestBeginEditAtOldSnapshot(t *testing.T) {
	ctx := context.Background()
	n := openNode(t, nil)
	txn, err := n.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Rollback()
	n.createTable(cattest.Table("a", "id int8"))
	if _, err := n.BeginEdit(ctx, txn, catalog.EditOptions{Database: db}); !errors.Is(err, kv.ErrWriteConflict) {
		t.Errorf("err = %v", err)
	}
	e, err := n.BeginEdit(ctx, txn, catalog.EditOptions{Database: db, Refresh: true})
	if err != nil || e.Snapshot().Table(catalog.PublicOID, "a") == nil {
		t.Errorf("editor does not see the other transaction's table: %v", err)
	}
	// A third one waits for the second's end, and not for ever.
	other, err := n.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Rollback()
	_, err = n.BeginEdit(ctx, other, catalog.EditOptions{Database: db, Refresh: true, LockTimeout: time.Millisecond})
	if pgerror.CodeOf(err) != pgerror.LockNotAvailable {
		t.Errorf("err = %v", err)
	}
}

// TestUnpublishedCommit: a commit that the catalog was not told of is found by
// the next editor.
func TestUnpublishedCommit(t *testing.T) {
	n := openNode(t, nil)
	txn, e := n.begin()
	if err := e.CreateSchema(&catalog.Schema{Name: "s"}); err != nil {
		t.Fatal(err)
	}
	if _, err := txn.Commit(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	if n.snapshot().Schema("s") != nil {
		t.Error("published without Committed")
	}
	txn, e = n.begin()
	defer txn.Rollback()
	if e.Snapshot().Schema("s") == nil || n.snapshot().Schema("s") == nil {
		t.Error("the next editor does not see the commit")
	}
}

// TestVersions: no two states of a table share a version, rolled back ones included.
func TestVersions(t *testing.T) {
	n := openNode(t, nil)
	a := n.createTable(cattest.Table("a", "id int8"))
	seen := []uint64{a.Version}
	for i := range 4 {
		txn, e := n.begin()
		c := e.Snapshot().TableByID(a.ID).Clone()
		c.Comment = string(rune('a' + i))
		if err := e.UpdateTable(c); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(seen, c.Version) || e.Snapshot().Version() == n.snapshot().Version() {
			t.Errorf("version %d twice in %v", c.Version, seen)
		}
		seen = append(seen, c.Version)
		if i%2 == 0 {
			txn.Rollback()
			e.RolledBack()
		} else if _, err := e.Commit(context.Background(), false); err != nil {
			t.Fatal(err)
		}
	}
	if got := n.snapshot().TableByID(a.ID).Comment; got != "d" {
		t.Errorf("comment = %q", got)
	}
}

func TestRoles(t *testing.T) {
	n := openNode(t, nil)
	boss, clerk := &catalog.Role{Name: "boss"}, &catalog.Role{Name: "clerk", Login: true}
	n.edit(func(e *catalog.Editor) error {
		if err := e.CreateRole(boss); err != nil {
			return err
		}
		clerk.MemberOf = []catalog.OID{boss.ID}
		if err := e.CreateRole(clerk); err != nil {
			return err
		}
		tab := cattest.Table("theirs", "id int8")
		tab.Schema, tab.Kind, tab.Owner = catalog.PublicOID, catalog.KindTable, boss.ID
		return e.CreateTable(tab)
	})
	txn, e := n.begin()
	err := e.DropRole(boss.ID)
	wantCode(t, err, pgerror.DependentObjectsStillExist, `role "boss" cannot be dropped because some objects depend on it`)
	if d := pgerror.From(err).Detail; d != "owner of table public.theirs" {
		t.Errorf("detail = %q", d)
	}
	if err := e.DropTable(e.Snapshot().Table(catalog.PublicOID, "theirs").ID); err != nil {
		t.Fatal(err)
	}
	if err := e.DropRole(boss.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Commit(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	txn.Rollback()
	n = n.restart()
	if r := n.snapshot().Role("clerk"); r == nil || len(r.MemberOf) != 0 || n.snapshot().Role("boss") != nil {
		t.Errorf("roles = %+v", n.Roles())
	}
}

// TestTypeChangeTouchesTables: a table's version changes with the type of its column.
func TestTypeChangeTouchesTables(t *testing.T) {
	n := openNode(t, nil)
	mood := &catalog.UserType{Name: "mood", Schema: catalog.PublicOID, Kind: 'e', Labels: []catalog.EnumLabel{{Label: "sad", Sort: 1}}}
	tab := cattest.Table("t", "id int8")
	n.edit(func(e *catalog.Editor) error {
		if err := e.CreateType(mood); err != nil {
			return err
		}
		tab.Schema, tab.Kind = catalog.PublicOID, catalog.KindTable
		tab.Columns = append(tab.Columns, catalog.Column{Num: 2, Name: "m", Type: types.Of(mood.ID)})
		return e.CreateTable(tab)
	})
	n.edit(func(e *catalog.Editor) error {
		c := *mood
		c.Labels = append(slices.Clone(mood.Labels), catalog.EnumLabel{Label: "glad", Sort: 2})
		return e.UpdateType(&c)
	})
	for range 2 {
		s := n.snapshot()
		if s.TableByID(tab.ID).Version == tab.Version {
			t.Error("the table's version is the old one")
		}
		if info := s.TypeInfo(mood.ID); info == nil || !slices.Equal(info.Labels, []string{"sad", "glad"}) {
			t.Errorf("info = %+v", info)
		}
		if info := s.TypeInfo(mood.ArrayID); info == nil || info.Name != "_mood" || info.Elem != mood.ID {
			t.Errorf("array info = %+v", info)
		}
		n = n.restart()
	}
}

func FuzzSplitName(f *testing.F) {
	for _, s := range []string{"a", `"A b".c`, `a . "b""c"`, "", ".", `"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parts, err := catalog.SplitName(s)
		if err == nil && (len(parts) == 0 || slices.Contains(parts, "")) {
			t.Errorf("%q -> %q", s, parts)
		}
	})
}

// TestLockLostWithSavepoint: an Editor that is older than what another
// transaction published after the lock was given back makes no edits.
func TestLockLostWithSavepoint(t *testing.T) {
	ctx := context.Background()
	n := openNode(t, nil)
	txn, err := n.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Rollback()
	sp := txn.Savepoint()
	e, err := n.BeginEdit(ctx, txn, catalog.EditOptions{Database: db, Refresh: true})
	if err != nil {
		t.Fatal(err)
	}
	txn.RollbackTo(sp, false)
	n.createTable(cattest.Table("a", "id int8"))
	if err := e.CreateSchema(&catalog.Schema{Name: "s"}); !errors.Is(err, kv.ErrWriteConflict) {
		t.Errorf("err = %v", err)
	}
	e.RolledBack()
	if e, err = n.BeginEdit(ctx, txn, catalog.EditOptions{Database: db, Refresh: true}); err != nil {
		t.Fatal(err)
	}
	if err := e.CreateSchema(&catalog.Schema{Name: "s"}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Commit(ctx, false); err != nil {
		t.Fatal(err)
	}
	if s := n.snapshot(); s.Schema("s") == nil || s.Table(catalog.PublicOID, "a") == nil {
		t.Error("an edit is lost")
	}
}
