package tsengine

import (
	"context"
	"errors"
	"math"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/tsengine/block"
	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

const (
	// packBytes bounds the deltas that one transaction packs.
	packBytes = 32 << 20
	// packTxnBytes bounds such a transaction's writes.
	packTxnBytes = 1 << 30
	packRetries  = 5
)

// Packer turns deltas into sorted runs. It works in transactions of its own,
// one for each partition: killed at any point it loses and doubles nothing.
// Readers and writers do not wait for it and it does not wait for them; two
// packers at one partition see to it that one of them tries again, and where
// processes share a store they keep out of each other's way (sharing).
type Packer struct {
	Store       kv.Store
	Alloc       memory.Allocator
	Compression chunk.Compression
	// Cache, if set, is what scans of the store read through.
	Cache *block.Cache
	// Current, if set, gives the present descriptor of a table that still has the
	// storage that t says, nil if there is none: it is asked once the table's lock
	// is held, so that no column is added or dropped meanwhile.
	Current func(ctx context.Context, t *catalog.Table) (*catalog.Table, error)
}

// Flush packs the deltas of a table.
func (p *Packer) Flush(ctx context.Context, t *catalog.Table) (block.Packed, error) {
	return p.table(ctx, t, false)
}

// Compact packs the deltas of a table, merges the runs of each partition, and frees
// what that has replaced: reads of the past are refused from then on (72000).
func (p *Packer) Compact(ctx context.Context, t *catalog.Table) (block.Packed, error) {
	return p.table(ctx, t, true)
}

func (p *Packer) table(ctx context.Context, t *catalog.Table, full bool) (total block.Packed, err error) {
	l := NewLayout(t)
	txn, err := p.Store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return total, err
	}
	parts, err := l.Partitions(ctx, txn, p.Cache, nil, math.MinInt64, math.MaxInt64)
	txn.Rollback()
	if err != nil {
		return total, err
	}
	for _, part := range parts {
		done, err := p.partition(ctx, l, part.Prefix, full, kv.LockBlock)
		total.Rows += done.Rows
		total.Deltas += done.Deltas
		total.Runs += done.Runs
		total.Bytes += done.Bytes
		total.InVain += done.InVain
		if err != nil {
			return total, err
		}
	}
	if full {
		return total, p.reclaim(ctx, l, parts)
	}
	return total, nil
}

// Partition packs one partition, unless another process does (errClaimed).
func (p *Packer) Partition(ctx context.Context, l *Layout, prefix kv.Key, full bool) (total block.Packed, err error) {
	return p.partition(ctx, l, prefix, full, kv.LockNoWait)
}

func (p *Packer) partition(ctx context.Context, l *Layout, prefix kv.Key, full bool, wait kv.LockWait) (total block.Packed, err error) {
	release, err := p.claim(ctx, l.Table, prefix, wait)
	if err != nil {
		return total, err
	}
	defer release()
	for retries := 0; ; {
		done, err := p.pack(ctx, l, prefix, full)
		if errors.Is(err, kv.ErrWriteConflict) && retries < packRetries {
			retries++
			total.InVain++
			continue
		}
		total.Rows += done.Rows
		total.Deltas += done.Deltas
		total.Runs += done.Runs
		total.Bytes += done.Bytes
		if err != nil || !done.More {
			return total, err
		}
	}
}

func (p *Packer) pack(ctx context.Context, l *Layout, prefix kv.Key, full bool) (done block.Packed, err error) {
	txn, err := p.Store.Begin(ctx, kv.TxnOptions{MaxBytes: packTxnBytes})
	if err != nil {
		return done, err
	}
	defer txn.Rollback()
	// A table that is about to be dropped or rewritten is locked: then its keys
	// are nobody's business any more.
	lock := []kv.Key{catalog.TableLockKey(l.Table.ID)}
	if _, err := txn.Lock(ctx, lock, kv.LockOptions{Mode: kv.LockShare, Wait: kv.LockNoWait, NoConflictCheck: true}); err != nil {
		return done, err
	}
	if p.Current != nil {
		t, err := p.Current(ctx, l.Table)
		if t == nil || err != nil {
			return done, err
		}
		if t != l.Table {
			l = NewLayout(t)
		}
	}
	if err := txn.Refresh(ctx); err != nil {
		return done, err
	}
	run, err := p.Store.Now(ctx)
	if err != nil {
		return done, err
	}
	done, err = block.Pack(ctx, p.Alloc, txn, prefix, block.PackOptions{
		Columns: l.columns, Compression: p.Compression, Unique: l.Unique, Several: l.several, Name: l.Table.Name, Run: uint64(run), MaxBytes: packBytes, Full: full, Cache: p.Cache,
	})
	if err != nil || !txn.HasWrites() {
		return done, err
	}
	_, err = txn.Commit(ctx, false)
	return done, err
}
