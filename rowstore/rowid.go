package rowstore

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// RowIDs gives the rows of tables without a primary key their hidden ids,
// ascending, so that bulk loads append and neighbours in time are neighbours
// on disk. There must be exactly one RowIDs for a store, shared by all its
// sessions: it goes on from the highest id a table has when the table is first
// used, and counts in memory from there. Nothing is ever written for it, and
// after a restart only ids of rows that are gone can come again.
//
// This holds for a store with one process. Where several share one
// (kv.SharedStore) each reserves blocks: shared_rowid.go.
type RowIDs struct {
	mu     sync.Mutex // taken to add a table
	tables sync.Map   // storage id -> *atomic.Int64, the last id given
	shared *sharedRowIDs
}

// NewRowIDs makes the allocator of a store that one process uses.
func NewRowIDs() *RowIDs { return &RowIDs{} }

// Take reserves n ids in a row and returns the first. r is the transaction
// that will write the rows.
func (a *RowIDs) Take(ctx context.Context, r kv.Reader, l *Layout, n int) (first int64, err error) {
	if a.shared != nil {
		first, err = a.shared.take(ctx, l, int64(n))
		return l.sharded(first), err
	}
	storage := l.Table.Storage
	last, ok := a.tables.Load(storage)
	if !ok {
		if last, err = a.add(ctx, r, l); err != nil {
			return 0, err
		}
	}
	end := last.(*atomic.Int64).Add(int64(n))
	if end < 0 || end > rowIDNumber {
		return 0, errRowIDs
	}
	return l.sharded(end - int64(n) + 1), nil
}

var errRowIDs = pgerror.New(pgerror.ProgramLimitExceeded, "the table has no row ids left")

// add looks up the highest id that a table has.
func (a *RowIDs) add(ctx context.Context, r kv.Reader, l *Layout) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if last, ok := a.tables.Load(l.Table.Storage); ok {
		return last, nil
	}
	highest, err := highestRowID(ctx, r, l)
	if err != nil {
		return nil, err
	}
	last := new(atomic.Int64)
	last.Store(highest)
	a.tables.Store(l.Table.Storage, last)
	return last, nil
}

// Forget drops what is known of a table's storage, after it was destroyed.
func (a *RowIDs) Forget(storage uint64) {
	a.tables.Delete(storage)
	if a.shared != nil {
		a.shared.forget(storage)
	}
}

// NewRowID returns the handle of a new row of a table with hidden row ids,
// valid until the next call on the writer.
func (w *Writer) NewRowID(ctx context.Context, ids *RowIDs) ([]byte, error) {
	id, err := ids.Take(ctx, w.txn, w.Layout, 1)
	if err != nil {
		return nil, err
	}
	w.handle = IntHandle(w.handle[:0], id)
	return w.handle, nil
}
