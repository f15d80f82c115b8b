package rowstore

import (
	"context"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/rowstore/rowcodec"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// overflowChunk is the length of all pieces of a large value but the last. It
// is part of the format.
const overflowChunk = 1 << 20

// maxRowValue bounds a coded row: TiKV takes entries of 6 MiB.
const maxRowValue = 5 << 20

func checkRowSize(value []byte) error {
	if len(value) <= maxRowValue {
		return nil
	}
	return pgerror.New(pgerror.ProgramLimitExceeded, "row is too big: size %d, maximum size %d", len(value), maxRowValue)
}

func isLarge(d *types.Datum) bool { return len(d.S) > rowcodec.OverflowLimit }

func chunks(n int) uint32 { return uint32((n + overflowChunk - 1) / overflowChunk) }

// putLarge writes the large values of a row; those that old (if any) has in
// the same place with the same bytes stay as they are.
func (w *Writer) putLarge(row, old []types.Datum, handle []byte) error {
	for i := range w.large {
		c := &w.large[i]
		d := &row[c.Ordinal]
		if !isLarge(d) || old != nil && old[c.Ordinal] == *d {
			continue
		}
		if err := w.eachChunk(c, handle, d.S, w.txn.PutUnchecked); err != nil {
			return err
		}
	}
	return nil
}

// eachChunk calls put for each piece of a value. Overflow keys need no check
// at commit: their row's key is checked or locked.
func (l *Layout) eachChunk(c *rowcodec.Column, handle []byte, s string, put func(key, value []byte) error) error {
	var key []byte
	for n := range chunks(len(s)) {
		piece := s[int(n)*overflowChunk : min(len(s), (int(n)+1)*overflowChunk)]
		key = keycodec.AppendOverflow(key[:0], l.Table.Storage, int16(c.ID), handle, n)
		if err := put(key, []byte(piece)); err != nil {
			return err
		}
	}
	return nil
}

// deleteLarge removes the pieces of old's large values that row (nil when the
// row is deleted) does not overwrite.
func (w *Writer) deleteLarge(old, row []types.Datum, handle []byte) error {
	var key []byte
	for i := range w.large {
		c := &w.large[i]
		d := &old[c.Ordinal]
		if !isLarge(d) {
			continue
		}
		from := uint32(0)
		if row != nil && isLarge(&row[c.Ordinal]) {
			from = chunks(len(row[c.Ordinal].S))
		}
		for n := from; n < chunks(len(d.S)); n++ {
			key = keycodec.AppendOverflow(key[:0], w.Table.Storage, int16(c.ID), handle, n)
			if err := w.txn.DeleteUnchecked(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// readLarge appends a large value of the given length to dst.
func (l *Layout) readLarge(ctx context.Context, r kv.Reader, dst []byte, attnum int16, handle []byte, length int) ([]byte, error) {
	start := len(dst)
	count := chunks(length)
	keys := make([]kv.Key, count)
	for n := range count {
		keys[n] = keycodec.AppendOverflow(nil, l.Table.Storage, attnum, handle, n)
	}
	seen := 0
	err := r.GetMany(ctx, keys, func(_ int, value []byte) error {
		if len(dst)-start+len(value) > length {
			return rowcodec.ErrInvalid
		}
		dst = append(dst, value...)
		seen++
		return nil
	})
	if err != nil {
		return dst, err
	}
	if seen != int(count) || len(dst)-start != length {
		return dst, pgerror.New(pgerror.DataCorrupted, "missing chunk of a large value of column %d in table %q", attnum, l.Table.Name)
	}
	return dst, nil
}
