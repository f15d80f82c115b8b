package executor

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/tsengine"
)

const (
	// rangeDeleteRows is from how many rows on a DELETE by time and tags alone writes
	// range deletes: fewer are removed one by one, which locks out nobody.
	rangeDeleteRows = 10_000
	// rangeDeleteWait is how long it waits to have the table alone before it gives
	// that up, while new writers wait behind it.
	rangeDeleteWait = time.Second
)

// deleteRange executes a DELETE whose conditions are bounds of the time and tags only:
//
//  1. The rows are counted, up to rangeDeleteRows: with fewer it leaves the work to others.
//  2. The table's lock is taken alone. That waits for all who have rows for it under way,
//     and for packing; it stays until the end of the transaction.
//  3. The snapshot moves behind that: it has all rows that are older than what comes now.
//  4. The rows are counted, and each partition with some gets a range delete.
//
// At REPEATABLE READ the snapshot stays, so that rows are removed one by one. done says
// whether it has done the work.
func (d *deleteRows) deleteRange(ctx context.Context, scan *seriesScan) (done bool, err error) {
	env := d.run.env
	if !env.ReadCommitted || env.Since != nil || !d.run.counts(d.node) {
		return false, nil
	}
	parts, err := d.rangeParts(ctx, scan, rangeDeleteRows)
	if err != nil || parts.rows < rangeDeleteRows {
		return false, err
	}
	if alone, err := lockAlone(ctx, env, d.node.Table); !alone || err != nil {
		return false, err
	}
	if err := env.Txn.Refresh(ctx); err != nil {
		return false, err
	}
	if parts, err = d.rangeParts(ctx, scan, -1); err != nil {
		return false, err
	}
	for i := range parts.list {
		p := &parts.list[i]
		if p.rows == 0 {
			continue
		}
		if err := d.w.points.writer.DeleteRange(ctx, &p.Partition, parts.bounds.series, parts.bounds.lower, parts.bounds.upper, p.rows); err != nil {
			return false, err
		}
	}
	env.Affected += int64(parts.rows)
	return true, nil
}

// lockAlone takes the lock of a table that no other transaction writes to; false if it
// is not to be had soon.
func lockAlone(ctx context.Context, env *Env, t *catalog.Table) (bool, error) {
	wait := rangeDeleteWait
	if env.LockTimeout > 0 {
		wait = min(wait, env.LockTimeout)
	}
	_, err := env.Txn.Lock(ctx, []kv.Key{catalog.TableLockKey(t.ID)}, kv.LockOptions{Mode: kv.LockUpdate, Timeout: wait, NoConflictCheck: true})
	var e *pgerror.Error
	if errors.As(err, &e) && (e.Code == pgerror.LockNotAvailable || e.Code == pgerror.DeadlockDetected) {
		return false, nil
	}
	return err == nil, err
}

// rangeParts are the partitions that a DELETE has to do with, and the rows it removes.
type rangeParts struct {
	bounds *seriesBounds
	list   []rangePart
	rows   int
}

type rangePart struct {
	tsengine.Partition
	rows int
}

// rangeParts counts the rows, until there are limit; -1 for all.
func (d *deleteRows) rangeParts(ctx context.Context, scan *seriesScan, limit int) (out rangeParts, err error) {
	if out.bounds, err = scan.bounds(ctx); out.bounds == nil || err != nil {
		return out, err
	}
	b := out.bounds
	parts, err := scan.layout.Partitions(ctx, d.run.env.Txn, d.run.env.Blocks, b.series, b.lower, b.upper)
	if err != nil {
		return out, err
	}
	for i := range parts {
		n, err := d.countRows(ctx, scan, parts[i:i+1], b, limit-out.rows)
		if err != nil {
			return out, err
		}
		out.rows += n
		out.list = append(out.list, rangePart{parts[i], n})
		if limit >= 0 && out.rows >= limit {
			break
		}
	}
	return out, nil
}

func (d *deleteRows) countRows(ctx context.Context, scan *seriesScan, parts []tsengine.Partition, b *seriesBounds, limit int) (rows int, err error) {
	env := d.run.env
	s := tsengine.NewScanner(env.Alloc, env.Txn, tsengine.ScanSpec{
		Layout: scan.layout, Partitions: parts, Series: b.series, Lower: b.lower, Upper: b.upper, BatchRows: BatchRows, Cache: env.Blocks,
	}, nil)
	defer s.Close()
	for limit < 0 || rows < limit {
		if err := checkContext(ctx); err != nil {
			return 0, err
		}
		n, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, storedError(err)
		}
		rows += n
	}
	return rows, nil
}
