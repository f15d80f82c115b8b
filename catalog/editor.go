package catalog

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Editor is DDL inside of one transaction: it writes descriptors into the
// transaction and shows them in a snapshot of its own. It is used by one
// goroutine.
//
// The session calls Commit instead of the transaction's own Commit (or
// Committed after it), and RolledBack after a rollback; also after ROLLBACK TO a
// savepoint that is older than the Editor, which gives the catalog's lock back:
// the next DDL statement begins a new one. Descriptors given to an Editor
// belong to it from then on.
type Editor struct {
	c    *Catalog
	txn  kv.Txn
	base *Snapshot
	cur  *Snapshot
	// started is the published version the Editor began with.
	started uint64

	made      []OID         // relations that got new storage
	destroy   []destroyItem // spans to destroy after the commit; their records are in txn
	protected []destroyItem // spans under construction; their records are durable, deleted by txn
	abandoned []destroyItem // protected spans of rolled back savepoints
	restarts  []uint64      // sequence storages to forget after the commit
	sequences []uint64      // sequence storages made, to forget unless they are committed
	marks     []editorMark
	ended     bool
}

// editorMark is a savepoint.
type editorMark struct {
	cur                          *Snapshot
	destroy, protected, restarts int
}

// EditOptions say how to start an Editor.
type EditOptions struct {
	// Database is the database whose objects are edited.
	Database OID
	// Refresh allows to move the transaction's snapshot forward when another
	// DDL transaction committed after it (READ COMMITTED); else that is 40001.
	Refresh bool
	// LockTimeout bounds the wait for other DDL transactions; zero waits for ever.
	LockTimeout time.Duration
}

// BeginEdit takes the catalog's lock for the transaction and returns an Editor
// over the newest catalog. One DDL transaction runs at a time; the others wait
// here until it ends.
func (c *Catalog) BeginEdit(ctx context.Context, txn kv.Txn, opts EditOptions) (*Editor, error) {
	err := lockCatalog(ctx, txn, opts)
	if err != nil {
		return nil, err
	}
	version, err := readVersion(ctx, txn)
	if err != nil {
		return nil, err
	}
	st, err := c.published(ctx)
	if err != nil {
		return nil, err
	}
	if st.version != version { // another node's, or a commit that nobody published
		if err := c.refresh(ctx); err != nil {
			return nil, err
		}
		if st, err = c.published(ctx); err != nil {
			return nil, err
		}
	}
	if st.version != version {
		return nil, kv.ErrWriteConflict
	}
	base := st.databases[opts.Database]
	if base == nil {
		return nil, pgerror.New(pgerror.UndefinedDatabase, "database with OID %d does not exist", opts.Database)
	}
	return c.Edit(txn, base), nil
}

func lockCatalog(ctx context.Context, txn kv.Txn, opts EditOptions) error {
	for {
		_, err := txn.Lock(ctx, []kv.Key{versionKey}, kv.LockOptions{Mode: kv.LockUpdate, Timeout: opts.LockTimeout, UntilVisible: true, Announce: true})
		if err == nil || !opts.Refresh || !errors.Is(err, kv.ErrWriteConflict) {
			return err
		}
		if err := txn.Refresh(ctx); err != nil {
			return err
		}
	}
}

// Edit returns an Editor over base without taking the catalog's lock: if base
// is not the newest catalog, the commit fails with 40001. BeginEdit is the
// usual way.
func (c *Catalog) Edit(txn kv.Txn, base *Snapshot) *Editor {
	return &Editor{c: c, txn: txn, base: base, cur: base, started: c.state.Load().version}
}

// Snapshot returns the catalog as this transaction sees it.
func (e *Editor) Snapshot() *Snapshot { return e.cur }

// HasEdits reports whether anything was changed.
func (e *Editor) HasEdits() bool { return e.cur != e.base || len(e.protected)+len(e.abandoned) > 0 }

// NewOID returns an object identifier that no object has or had.
func (e *Editor) NewOID() (OID, error) { return e.c.ids.oid(e.c.background) }

// NewStorage returns a storage id that was never used.
func (e *Editor) NewStorage() (uint64, error) { return e.c.ids.storage(e.c.background) }

// Savepoint marks the present state; the session sets the transaction's own
// savepoint beside it.
func (e *Editor) Savepoint() int {
	e.marks = append(e.marks, editorMark{e.cur, len(e.destroy), len(e.protected), len(e.restarts)})
	return len(e.marks) - 1
}

// RollbackTo returns to a savepoint, which stays valid; later ones end. The
// session rolls the transaction back to its own savepoint beside it.
func (e *Editor) RollbackTo(sp int) {
	m := e.marks[sp]
	e.marks = e.marks[:sp+1]
	e.cur = m.cur
	e.destroy = e.destroy[:m.destroy]
	e.restarts = e.restarts[:m.restarts]
	e.abandoned = append(e.abandoned, e.protected[m.protected:]...)
	e.protected = e.protected[:m.protected]
}

// Release forgets a savepoint and all later ones, keeping their edits.
func (e *Editor) Release(sp int) { e.marks = e.marks[:sp] }

// Commit commits the transaction and publishes the edits. New statements of
// the node wait from just before the commit until the publication.
func (e *Editor) Commit(ctx context.Context, async bool) (kv.Timestamp, error) {
	if e.cur == e.base {
		ts, err := e.txn.Commit(ctx, async)
		if err != nil {
			e.RolledBack()
			return ts, err
		}
		e.Committed(ts)
		return ts, nil
	}
	done := e.c.setPending()
	defer e.c.clearPending(done)
	ts, err := e.txn.Commit(ctx, async)
	if err == nil {
		e.Committed(ts)
		return ts, nil
	}
	if pgerror.CodeOf(err) == pgerror.StatementCompletionUnknown {
		// It may have been committed: believe the store.
		e.ended = true
		return ts, errors.Join(err, e.c.refresh(ctx))
	}
	e.RolledBack()
	return ts, err
}

// Made returns the tables, temporary ones aside, that have storage which they had
// not before the editor.
func (e *Editor) Made() (out []*Table) {
	for _, id := range e.made {
		t, old := e.cur.TableByID(id), e.base.TableByID(id)
		if t != nil && !t.Temporary && (old == nil || old.Storage != t.Storage) && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// Committed publishes the edits after the transaction was committed, and starts
// the destruction of dropped storage.
func (e *Editor) Committed(at kv.Timestamp) {
	if e.ended {
		return
	}
	e.ended = true
	if e.cur != e.base {
		e.publish(at)
	}
	e.c.forgetSequences(append(e.restarts, e.unusedSequences()...))
	e.c.destroyLater(slices.Concat(e.destroy, e.abandoned))
}

// publish makes the edits the newest catalog. If another editor's were
// published since this one began (which happens without BeginEdit's lock only),
// the store knows what both made.
func (e *Editor) publish(at kv.Timestamp) {
	if e.c.state.Load().version == e.started {
		e.c.publish(e.cur, at)
		return
	}
	if err := e.c.refresh(e.c.background); err != nil {
		slog.Error("the catalog could not be loaded after a commit", "error", err)
	}
}

// RolledBack destroys the storage that was built for nothing. Call it after
// the transaction was rolled back.
func (e *Editor) RolledBack() {
	if e.ended {
		return
	}
	e.ended = true
	e.cur = e.base
	e.c.forgetSequences(e.sequences)
	e.c.destroyLater(slices.Concat(e.protected, e.abandoned))
}

// unusedSequences lists the sequence storages that were made and did not stay:
// nextval may have written their state.
func (e *Editor) unusedSequences() []uint64 {
	if len(e.sequences) == 0 {
		return nil
	}
	made := map[uint64]bool{}
	for _, id := range e.sequences {
		made[id] = true
	}
	e.cur.tables.all(func(_ OID, t *Table) { delete(made, t.Storage) })
	return slices.Collect(maps.Keys(made))
}

// change starts an edit: the new snapshot, to be filled and then set by done.
func (e *Editor) change() (*Snapshot, error) {
	if st := e.c.state.Load(); e.cur == e.base && (st.version != e.started || st.pending != nil) {
		return nil, kv.ErrWriteConflict // the lock was lost with a savepoint
	}
	v, err := e.c.ids.version(e.c.background)
	if err != nil {
		return nil, err
	}
	return e.cur.clone(v), nil
}

// done ends an edit.
func (e *Editor) done(s *Snapshot) error {
	if err := putVersion(e.txn, s.version); err != nil {
		return err
	}
	e.cur = s
	return nil
}

// put writes a descriptor into the transaction.
func (e *Editor) put(kind objectKind, id OID, v any) error {
	b, err := encodeRecord(v)
	if err != nil {
		return err
	}
	return e.txn.Put(e.key(kind, id), b)
}

func (e *Editor) remove(kind objectKind, id OID) error { return e.txn.Delete(e.key(kind, id)) }

func (e *Editor) key(kind objectKind, id OID) kv.Key {
	if kind.global() {
		return objectKey(kind, 0, id)
	}
	return objectKey(kind, e.base.database.ID, id)
}

// changeGlobals is change for roles and databases.
func (e *Editor) changeGlobals() (*Snapshot, *globals, error) {
	s, err := e.change()
	if err != nil {
		return nil, nil, err
	}
	s.globals = &globals{databases: maps.Clone(s.globals.databases), roles: maps.Clone(s.globals.roles)}
	return s, s.globals, nil
}
