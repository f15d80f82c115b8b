package tsengine

import (
	"context"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// DeleteRange removes all rows of a partition between two times, both included, of some
// series (ascending; nil for all), by one small delta. rows is about how many these are.
//
// The caller holds the table's lock alone, and has moved the transaction's snapshot
// after it was granted: see block.RangeDelete.
func (w *Writer) DeleteRange(ctx context.Context, p *Partition, series []uint64, lower, upper int64, rows int) error {
	if err := w.Flush(ctx); err != nil {
		return err
	}
	if series != nil {
		if series = w.layout.SeriesOf(p.Bucket, series); len(series) == 0 {
			return nil
		}
	}
	ts, err := w.now(ctx)
	if err != nil {
		return err
	}
	b, err := (&block.RangeDelete{Lower: lower, Upper: upper, Groups: series}).Append(nil)
	if err != nil {
		return err
	}
	if len(b) > maxTagBytes {
		return pgerror.New(pgerror.ProgramLimitExceeded, "a range delete of %d series is too large", len(series))
	}
	order := block.Order{TS: ts, Seq: sequence.Add(1)}
	if err := w.txn.PutUnchecked(block.DeltaKey(p.Prefix, order), b); err != nil || w.OnWrite == nil {
		return err
	}
	return w.OnWrite(ctx, p.Prefix, rows)
}
