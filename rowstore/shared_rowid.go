package rowstore

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// sharedRowIDs gives out row ids of a store that several nodes share: each
// takes blocks, by moving a record of the table's storage in a transaction of
// its own. A node that ends loses what is left of its block.
type sharedRowIDs struct {
	store  kv.Store
	mu     sync.Mutex
	tables map[uint64]*rowIDBlock
}

// rowIDBlock are the ids from next up to end that the node has of one table.
type rowIDBlock struct {
	mu        sync.Mutex
	next, end int64
	size      int64
	taken     time.Time
}

// The size of a block doubles while blocks are used up within blockGrowTime.
const (
	minRowIDBlock = 256
	maxRowIDBlock = 1 << 16
	blockGrowTime = 2 * time.Second
)

// NewSharedRowIDs makes the allocator of a store that several nodes share.
func NewSharedRowIDs(store kv.Store) *RowIDs {
	return &RowIDs{shared: &sharedRowIDs{store: store, tables: map[uint64]*rowIDBlock{}}}
}

func (a *sharedRowIDs) block(storage uint64) *rowIDBlock {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.tables[storage]
	if b == nil {
		b = &rowIDBlock{size: minRowIDBlock}
		a.tables[storage] = b
	}
	return b
}

func (a *sharedRowIDs) forget(storage uint64) {
	a.mu.Lock()
	delete(a.tables, storage)
	a.mu.Unlock()
}

// take reserves n ids in a row.
func (a *sharedRowIDs) take(ctx context.Context, l *Layout, n int64) (int64, error) {
	b := a.block(l.Table.Storage)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end-b.next < n {
		now := time.Now()
		if now.Sub(b.taken) < blockGrowTime {
			b.size = min(2*b.size, maxRowIDBlock)
		} else {
			b.size = minRowIDBlock
		}
		first, err := a.reserve(ctx, l, max(n, b.size))
		if err != nil {
			return 0, err
		}
		b.next, b.end, b.taken = first, first+max(n, b.size), now
	}
	b.next += n
	return b.next - n, nil
}

// reserve moves the record by n and returns the first id of the block.
func (a *sharedRowIDs) reserve(ctx context.Context, l *Layout, n int64) (first int64, err error) {
	for {
		first, err = a.tryReserve(ctx, l, n)
		if !errors.Is(err, kv.ErrWriteConflict) || ctx.Err() != nil {
			return first, err
		}
	}
}

func (a *sharedRowIDs) tryReserve(ctx context.Context, l *Layout, n int64) (int64, error) {
	txn, err := a.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return 0, err
	}
	defer txn.Rollback()
	key := keycodec.AppendKind(nil, l.Table.Storage, keycodec.KindRowIDs)
	value, found, err := txn.Get(ctx, key)
	if err != nil {
		return 0, err
	}
	var last int64
	switch {
	case !found:
		last, err = highestRowID(ctx, txn, l)
	case len(value) != 8:
		err = pgerror.New(pgerror.DataCorrupted, "data is corrupted: the record of row ids of table %q has %d bytes", l.Table.Name, len(value))
	default:
		last = int64(binary.BigEndian.Uint64(value))
	}
	if err != nil {
		return 0, err
	}
	if last > rowIDNumber-n {
		return 0, errRowIDs
	}
	if err := txn.Put(key, binary.BigEndian.AppendUint64(nil, uint64(last+n))); err != nil {
		return 0, err
	}
	_, err = txn.Commit(ctx, false)
	return last + 1, err
}
