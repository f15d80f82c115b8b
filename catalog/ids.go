package catalog

import (
	"context"
	"errors"
	"math"
	"sync"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// allocatorRecord is the durable end of the numbers handed out: everything
// below may have been used.
type allocatorRecord struct {
	OID     OID
	Storage uint64
	Version uint64
}

// How many numbers are reserved at once. A crash loses what is left of a block.
const (
	oidBlock     = 64
	storageBlock = 64
	versionBlock = 1024
)

// allocator hands out OIDs, storage ids and descriptor versions. Numbers are
// made durable in blocks, by transactions of their own, before the first of a
// block is used, so none is ever given twice: not after a rollback, not after
// a crash.
type allocator struct {
	store kv.Store

	mu    sync.Mutex
	next  allocatorRecord // to hand out
	limit allocatorRecord // durable: next may go up to it
}

func (a *allocator) oid(ctx context.Context) (OID, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.next.OID == a.limit.OID {
		if err := a.reserve(ctx, allocatorRecord{OID: oidBlock}); err != nil {
			return 0, err
		}
	}
	a.next.OID++
	return a.next.OID - 1, nil
}

func (a *allocator) storage(ctx context.Context) (uint64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.next.Storage == a.limit.Storage {
		if err := a.reserve(ctx, allocatorRecord{Storage: storageBlock}); err != nil {
			return 0, err
		}
	}
	a.next.Storage++
	return a.next.Storage - 1, nil
}

func (a *allocator) version(ctx context.Context) (uint64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.next.Version == a.limit.Version {
		if err := a.reserve(ctx, allocatorRecord{Version: versionBlock}); err != nil {
			return 0, err
		}
	}
	a.next.Version++
	return a.next.Version - 1, nil
}

// reserve makes more numbers durable. Another node may have moved the record;
// then the block starts where that one's ended. a.mu is held.
func (a *allocator) reserve(ctx context.Context, more allocatorRecord) error {
	var start, end allocatorRecord
	err := autonomous(ctx, a.store, func(txn kv.Txn) error {
		start = allocatorRecord{}
		value, found, err := txn.Get(ctx, allocatorKey)
		if err != nil {
			return err
		}
		if !found {
			return pgerror.New(pgerror.DataCorrupted, "catalog: the allocator record is missing")
		}
		if err := decodeRecord(value, &start); err != nil {
			return err
		}
		if start.OID > math.MaxUint32-more.OID {
			return pgerror.New(pgerror.ProgramLimitExceeded, "object identifiers are used up")
		}
		end = allocatorRecord{OID: start.OID + more.OID, Storage: start.Storage + more.Storage, Version: start.Version + more.Version}
		b, err := encodeRecord(end)
		if err != nil {
			return err
		}
		return txn.Put(allocatorKey, b)
	})
	if err != nil {
		return err
	}
	if more.OID > 0 {
		a.next.OID, a.limit.OID = start.OID, end.OID
	}
	if more.Storage > 0 {
		a.next.Storage, a.limit.Storage = start.Storage, end.Storage
	}
	if more.Version > 0 {
		a.next.Version, a.limit.Version = start.Version, end.Version
	}
	return nil
}

// autonomous runs fn in a transaction of its own and commits it, again on a
// write conflict.
func autonomous(ctx context.Context, store kv.Store, fn func(txn kv.Txn) error) error {
	for {
		err := runOnce(ctx, store, fn)
		if !errors.Is(err, kv.ErrWriteConflict) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return pgerror.Wrap(err, pgerror.QueryCanceled, "canceling statement due to user request")
		}
	}
}

func runOnce(ctx context.Context, store kv.Store, fn func(txn kv.Txn) error) error {
	txn, err := store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	if err := fn(txn); err != nil {
		return err
	}
	_, err = txn.Commit(ctx, false)
	return err
}
