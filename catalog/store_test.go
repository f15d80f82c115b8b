package catalog_test

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/catalog/cattest"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const db = catalog.TidemarkDatabaseOID

// node is a store with its catalog, on a file system that outlives both.
type node struct {
	t     *testing.T
	fs    vfs.FS
	store kv.Store
	*catalog.Catalog
	*recorder
}

// recorder notes the calls of DestroyRange, which the store does when it pleases.
type recorder struct {
	kv.Store
	mu        sync.Mutex
	destroyed []kv.Span
}

func (r *recorder) DestroyRange(ctx context.Context, span kv.Span) error {
	r.mu.Lock()
	r.destroyed = append(r.destroyed, span)
	r.mu.Unlock()
	return r.Store.DestroyRange(ctx, span)
}

func openNode(t *testing.T, fs vfs.FS) *node {
	t.Helper()
	if fs == nil {
		fs = vfs.NewMem()
	}
	store, err := embedded.Open(context.Background(), embedded.Config{Dir: "data", FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	rec := &recorder{Store: store}
	c, err := catalog.Open(context.Background(), rec)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, fs: fs, store: rec, Catalog: c, recorder: rec}
	t.Cleanup(n.stop)
	return n
}

func (n *node) stop() {
	if n.store == nil {
		return
	}
	if err := n.Catalog.Close(context.Background()); err != nil {
		n.t.Error(err)
	}
	if err := n.store.Close(); err != nil {
		n.t.Error(err)
	}
	n.store = nil
}

// restart stops the node and opens it again.
func (n *node) restart() *node {
	n.stop()
	return openNode(n.t, n.fs)
}

func (n *node) snapshot() *catalog.Snapshot {
	n.t.Helper()
	s, err := n.Catalog.Snapshot(context.Background(), db)
	if err != nil {
		n.t.Fatal(err)
	}
	return s
}

func (n *node) begin() (kv.Txn, *catalog.Editor) {
	n.t.Helper()
	txn, err := n.store.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		n.t.Fatal(err)
	}
	e, err := n.BeginEdit(context.Background(), txn, catalog.EditOptions{Database: db, Refresh: true})
	if err != nil {
		n.t.Fatal(err)
	}
	return txn, e
}

// edit runs fn in a DDL transaction and commits it.
func (n *node) edit(fn func(e *catalog.Editor) error) {
	n.t.Helper()
	txn, e := n.begin()
	defer txn.Rollback()
	if err := fn(e); err != nil {
		n.t.Fatal(err)
	}
	if _, err := e.Commit(context.Background(), false); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) createTable(tab *catalog.Table) *catalog.Table {
	n.t.Helper()
	tab.Schema, tab.Kind, tab.Owner = catalog.PublicOID, catalog.KindTable, catalog.BootstrapRoleOID
	n.edit(func(e *catalog.Editor) error { return e.CreateTable(tab) })
	return tab
}

func wantCode(t *testing.T, err error, code pgerror.Code, message string) {
	t.Helper()
	if pgerror.CodeOf(err) != code || err.Error() != message {
		t.Errorf("error = %v (%s), want %s (%s)", err, pgerror.CodeOf(err), message, code)
	}
}

func TestBootstrap(t *testing.T) {
	n := openNode(t, nil)
	s := n.snapshot()
	if s.Database().Name != "tidemark" || s.Role("postgres") == nil || s.Schema("public").ID != catalog.PublicOID {
		t.Errorf("snapshot = %+v", s)
	}
	if _, err := n.Database(context.Background(), "nosuch"); pgerror.CodeOf(err) != pgerror.UndefinedDatabase {
		t.Errorf("err = %v", err)
	}
	v := s.Version()
	if n = n.restart(); n.snapshot().Version() != v {
		t.Errorf("version %d after restart, was %d", n.snapshot().Version(), v)
	}
}

func TestCreateUpdateDropTable(t *testing.T) {
	n := openNode(t, nil)
	a := n.createTable(cattest.Table("a", "id int8 key", "v text"))
	if a.ID < 16384 || a.Storage == 0 || a.RowType == 0 || a.Indexes[0].ID == 0 {
		t.Fatalf("a = %+v", a)
	}
	b := cattest.Table("b", "id int4 key", "a int8")
	b.ForeignKeys = []catalog.ForeignKey{{Name: "b_a_fkey", Columns: []int16{2}, RefTable: a.ID, RefColumns: []int16{1}, RefIndex: a.Indexes[0].ID}}
	n.createTable(b)
	check := func(s *catalog.Snapshot) {
		t.Helper()
		ra := s.Table(catalog.PublicOID, "a")
		if ra == nil || len(ra.ReferencedBy) != 1 || ra.ReferencedBy[0] != b.ID || ra.Version == a.Version {
			t.Fatalf("a = %+v", ra)
		}
	}
	check(n.snapshot())
	n = n.restart()
	check(n.snapshot())

	txn, e := n.begin()
	wantCode(t, e.CreateTable(cattest.Table("x")), pgerror.UndefinedSchema, "schema with OID 0 does not exist")
	dup := cattest.Table("b_pkey", "id int4")
	dup.Schema = catalog.PublicOID
	wantCode(t, e.CreateTable(dup), pgerror.DuplicateTable, `relation "b_pkey" already exists`)
	wantCode(t, e.CreateSchema(&catalog.Schema{Name: "pg_x"}), pgerror.ReservedName, `unacceptable schema name "pg_x"`)
	wantCode(t, e.CreateSchema(&catalog.Schema{Name: "public"}), pgerror.DuplicateSchema, `schema "public" already exists`)
	wantCode(t, e.CreateRole(&catalog.Role{Name: "postgres"}), pgerror.DuplicateObject, `role "postgres" already exists`)
	wantCode(t, e.CreateType(&catalog.UserType{Name: "a", Schema: catalog.PublicOID, Kind: 'e'}), pgerror.DuplicateObject, `type "a" already exists`)
	txn.Rollback()
	e.RolledBack()

	n.edit(func(e *catalog.Editor) error { return e.DropTable(b.ID) })
	s := n.snapshot()
	if ra := s.Table(catalog.PublicOID, "a"); len(ra.ReferencedBy) != 0 {
		t.Errorf("a is still referenced by %v", ra.ReferencedBy)
	}
	if _, ix := s.Index(catalog.PublicOID, "b_pkey"); ix != nil {
		t.Error("b_pkey is still there")
	}
}

func TestEditorSavepoints(t *testing.T) {
	n := openNode(t, nil)
	n.createTable(cattest.Table("a", "id int8 key"))
	txn, e := n.begin()
	defer txn.Rollback()
	make := func(name string) {
		tab := cattest.Table(name, "id int8")
		tab.Schema, tab.Kind = catalog.PublicOID, catalog.KindTable
		if err := e.CreateTable(tab); err != nil {
			t.Fatal(err)
		}
	}
	make("b")
	sp, ksp := e.Savepoint(), txn.Savepoint()
	make("c")
	if err := e.DropTable(e.Snapshot().Table(catalog.PublicOID, "a").ID); err != nil {
		t.Fatal(err)
	}
	if n.snapshot().Table(catalog.PublicOID, "b") != nil {
		t.Error("uncommitted table is visible")
	}
	e.RollbackTo(sp)
	txn.RollbackTo(ksp, false)
	if _, err := e.Commit(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s := n.snapshot()
		if s.Table(catalog.PublicOID, "a") == nil || s.Table(catalog.PublicOID, "b") == nil || s.Table(catalog.PublicOID, "c") != nil {
			t.Errorf("tables = %v", s.Tables())
		}
		n = n.restart()
	}
}

// TestNumbersAreNeverReused: a rolled back transaction's OIDs and storage ids
// are not given again, not after a restart either.
func TestNumbersAreNeverReused(t *testing.T) {
	n := openNode(t, nil)
	seenOID, seenStorage := map[catalog.OID]bool{}, map[uint64]bool{}
	for range 5 {
		txn, e := n.begin()
		for range 100 {
			id, err := e.NewOID()
			if err != nil || seenOID[id] || id < 16384 {
				t.Fatalf("OID %d, %v", id, err)
			}
			st, err := e.NewStorage()
			if err != nil || seenStorage[st] {
				t.Fatalf("storage %d, %v", st, err)
			}
			seenOID[id], seenStorage[st] = true, true
		}
		txn.Rollback()
		e.RolledBack()
		n = n.restart()
	}
}

func TestDropDestroysStorage(t *testing.T) {
	ctx := context.Background()
	n := openNode(t, nil)
	// destroyed restarts the node, so that background work is over, and says
	// whether the span was destroyed exactly once since the last call.
	destroyed := func(span kv.Span) bool {
		t.Helper()
		n.stop()
		calls := n.destroyed
		n = openNode(t, n.fs)
		calls = append(calls, n.destroyed...)
		n.destroyed = nil
		if len(calls) > 1 {
			t.Errorf("destroyed %x", calls)
		}
		return len(calls) == 1 && bytes.Equal(calls[0].Start, span.Start) && bytes.Equal(calls[0].End, span.End)
	}
	a := n.createTable(cattest.Table("a", "id int8 key", "u text unique"))
	n.edit(func(e *catalog.Editor) error {
		c := e.Snapshot().TableByID(a.ID).Clone()
		c.Indexes = c.Indexes[:1]
		return e.UpdateTable(c)
	})
	if !destroyed(catalog.IndexSpan(a.Storage, a.Indexes[1].Storage)) {
		t.Error("the dropped index's entries stay")
	}
	n.edit(func(e *catalog.Editor) error { return e.DropTable(a.ID) })
	if !destroyed(catalog.StorageSpan(a.Storage)) {
		t.Error("the dropped table's rows stay")
	}

	// A crash between commit and destruction: commit without telling the catalog.
	b := n.createTable(cattest.Table("b", "id int8 key"))
	txn, e := n.begin()
	if err := e.DropTable(b.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := txn.Commit(ctx, false); err != nil {
		t.Fatal(err)
	}
	if !destroyed(catalog.StorageSpan(b.Storage)) {
		t.Error("the dropped table's rows stay after a crash")
	}

	// Storage under construction goes away with its transaction, in a crash too.
	txn, e = n.begin()
	st, _ := e.NewStorage()
	if err := e.Protect(ctx, catalog.StorageSpan(st)); err != nil {
		t.Fatal(err)
	}
	txn.Rollback()
	if !destroyed(catalog.StorageSpan(st)) {
		t.Error("the storage of a transaction that crashed stays")
	}
	txn, e = n.begin()
	c := cattest.Table("c", "id int8 key")
	c.Schema, c.Kind = catalog.PublicOID, catalog.KindTable
	c.Storage, _ = e.NewStorage()
	sp, ksp := e.Savepoint(), txn.Savepoint()
	other, _ := e.NewStorage()
	if err := e.Protect(ctx, catalog.StorageSpan(other)); err != nil {
		t.Fatal(err)
	}
	e.RollbackTo(sp)
	txn.RollbackTo(ksp, false)
	if err := errors.Join(e.Protect(ctx, catalog.StorageSpan(c.Storage)), e.CreateTable(c)); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Commit(ctx, false); err != nil {
		t.Fatal(err)
	}
	if !destroyed(catalog.StorageSpan(other)) {
		t.Error("the storage of a rolled back savepoint stays")
	}
}

// TestTemporarySchemasEndWithTheProcess: what is in pg_temp_N is dropped at Open.
func TestTemporarySchemasEndWithTheProcess(t *testing.T) {
	n := openNode(t, nil)
	n.edit(func(e *catalog.Editor) error {
		sch, err := e.TempSchema(3, catalog.BootstrapRoleOID)
		if err != nil {
			return err
		}
		tab := cattest.Table("tmp", "id int8 key")
		tab.Schema, tab.Kind, tab.Temporary = sch.ID, catalog.KindTable, true
		return e.CreateTable(tab)
	})
	if n.snapshot().Resolve([]string{"pg_temp_3"}, "pg_temp", "tmp") == nil {
		t.Error("pg_temp is not the session's own schema")
	}
	if n.snapshot().Resolve(nil, "pg_temp_3", "tmp") == nil {
		t.Fatal("no temporary table")
	}
	n = n.restart()
	if n.snapshot().Schema("pg_temp_3") != nil || len(n.snapshot().Tables()) != 0 {
		t.Error("temporary table outlived the process")
	}
}

func TestDatabases(t *testing.T) {
	ctx := context.Background()
	n := openNode(t, nil)
	d := &catalog.Database{Name: "shop", Owner: catalog.PostgresRoleOID, AllowConnections: true}
	n.edit(func(e *catalog.Editor) error { return e.CreateDatabase(d) })
	s, err := n.Catalog.Snapshot(ctx, d.ID)
	if err != nil || s.Schema("public") == nil || s.Role("tidemark") == nil {
		t.Fatalf("snapshot of the new database: %v, %v", s, err)
	}
	txn, err := n.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := n.BeginEdit(ctx, txn, catalog.EditOptions{Database: d.ID, Refresh: true})
	if err != nil {
		t.Fatal(err)
	}
	tab := cattest.Table("only_here", "id int8 key")
	tab.Schema, tab.Kind = catalog.PublicOID, catalog.KindTable
	role := &catalog.Role{Name: "clerk"}
	if err := errors.Join(e.CreateTable(tab), e.CreateRole(role)); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Commit(ctx, false); err != nil {
		t.Fatal(err)
	}
	if n.snapshot().Table(catalog.PublicOID, "only_here") != nil || n.snapshot().Role("clerk") == nil {
		t.Error("databases share tables or do not share roles")
	}
	n = n.restart()
	if s, _ = n.Catalog.Snapshot(ctx, d.ID); s.Table(catalog.PublicOID, "only_here") == nil {
		t.Error("table is lost")
	}
	txn, e = n.begin()
	wantCode(t, e.CreateDatabase(&catalog.Database{Name: "shop"}), pgerror.DuplicateDatabase, `database "shop" already exists`)
	wantCode(t, e.DropDatabase(db), pgerror.ObjectInUse, "cannot drop the currently open database")
	wantCode(t, e.DropRole(catalog.PostgresRoleOID), pgerror.DependentObjectsStillExist, "cannot drop role postgres because it is required by the database system")
	txn.Rollback()
	n.edit(func(e *catalog.Editor) error { return e.DropDatabase(d.ID) })
	n = n.restart()
	if _, err := n.Catalog.Snapshot(ctx, d.ID); pgerror.CodeOf(err) != pgerror.UndefinedDatabase {
		t.Errorf("err = %v", err)
	}
}

// TestConcurrentEdits: DDL transactions run one after the other, each sees
// the ones before, and readers only ever see whole ones.
func TestConcurrentEdits(t *testing.T) {
	ctx := context.Background()
	n := openNode(t, nil)
	const writers, rounds = 4, 10
	stop := make(chan struct{})
	var readers, all sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			var last uint64
			for {
				select {
				case <-stop:
					return
				default:
				}
				s, err := n.Catalog.Snapshot(ctx, db)
				if err != nil {
					t.Error(err)
					return
				}
				if s.Version() < last {
					t.Errorf("version went back from %d to %d", last, s.Version())
				}
				last = s.Version()
				if k := len(s.Tables()); k%2 != 0 {
					t.Errorf("saw %d tables: half a transaction", k)
				}
			}
		})
	}
	for w := range writers {
		all.Go(func() {
			for r := range rounds {
				txn, e := n.begin()
				for i := range 2 {
					tab := cattest.Table("t"+string(rune('a'+w))+string(rune('a'+r))+string(rune('a'+i)), "id int8 key")
					tab.Schema, tab.Kind = catalog.PublicOID, catalog.KindTable
					if err := e.CreateTable(tab); err != nil {
						t.Error(err)
					}
				}
				if r%3 == 2 {
					txn.Rollback()
					e.RolledBack()
					continue
				}
				if _, err := e.Commit(ctx, false); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	close(stop)
	readers.Wait()
	want := writers * (rounds - rounds/3) * 2
	if got := len(n.snapshot().Tables()); got != want {
		t.Errorf("%d tables, want %d", got, want)
	}
	n = n.restart()
	if got := len(n.snapshot().Tables()); got != want {
		t.Errorf("%d tables after restart, want %d", got, want)
	}
}

// TestStaleEdit: an Editor over an old snapshot cannot commit.
func TestStaleEdit(t *testing.T) {
	ctx := context.Background()
	n := openNode(t, nil)
	txn, err := n.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Rollback()
	stale := n.snapshot()
	n.createTable(cattest.Table("a", "id int8"))
	e := n.Edit(txn, stale)
	if err := e.CreateSchema(&catalog.Schema{Name: "s"}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Commit(ctx, false); !errors.Is(err, kv.ErrWriteConflict) {
		t.Errorf("err = %v", err)
	}
	if n.snapshot().Schema("s") != nil {
		t.Error("the failed commit was published")
	}
}

func BenchmarkSnapshot(b *testing.B) {
	n := openNode(&testing.T{}, nil)
	defer n.stop()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s, err := n.Catalog.Snapshot(context.Background(), db)
			if err != nil || s.Resolve([]string{"pg_catalog", "public"}, "", "nosuch") != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkCreateTable makes tables in one transaction, with many others there.
func BenchmarkCreateTable(b *testing.B) {
	n := openNode(&testing.T{}, nil)
	defer n.stop()
	i := 0
	b.ReportAllocs()
	n.edit(func(e *catalog.Editor) error {
		make := func() error {
			i++
			tab := cattest.Table("t"+strconv.Itoa(i), "id int8 key", "v text")
			tab.Schema, tab.Kind = catalog.PublicOID, catalog.KindTable
			return e.CreateTable(tab)
		}
		for range 10000 {
			if err := make(); err != nil {
				return err
			}
		}
		for b.Loop() {
			if err := make(); err != nil {
				return err
			}
		}
		return nil
	})
}
