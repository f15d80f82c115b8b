package rowstore

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
)

// BulkWriter writes rows and index entries past transactions, for storage that
// nobody reads yet: the backfill of an index, the rewrite of a table. It is
// used by one goroutine. Duplicates of unique keys are the caller's to find
// (see BulkWriter.Entry).
type BulkWriter struct {
	*Layout
	bulk       kv.Bulk
	key, value []byte
	handle     []byte
}

// NewBulkWriter makes a writer over a bulk, which the caller flushes and closes.
func NewBulkWriter(bulk kv.Bulk, t *catalog.Table) *BulkWriter {
	return &BulkWriter{Layout: NewLayout(t), bulk: bulk}
}

// HandleOf returns the handle of a row of a clustered table, valid until the
// next call on the writer.
func (w *BulkWriter) HandleOf(row Row) ([]byte, error) {
	var err error
	w.handle, err = w.Handle(w.handle[:0], row)
	return w.handle, err
}

// Insert writes a row and all its index entries.
func (w *BulkWriter) Insert(row Row, handle []byte) error {
	if err := w.InsertRow(row, handle); err != nil {
		return err
	}
	for i := range w.indexes {
		if _, _, err := w.entry(&w.indexes[i], row, handle); err != nil {
			return err
		}
	}
	return nil
}

// InsertRow writes a row without index entries.
func (w *BulkWriter) InsertRow(row Row, handle []byte) error {
	w.key = append(append(w.key[:0], w.rowPrefix...), handle...)
	var overflow bool
	var err error
	if w.value, overflow, err = w.encoder.Append(w.value[:0], row.Values); err != nil {
		return err
	}
	if err := checkRowSize(w.value); err != nil {
		return err
	}
	if err := w.bulk.Put(w.key, w.value); err != nil || !overflow {
		return err
	}
	for i := range w.large {
		c := &w.large[i]
		if d := &row.Values[c.Ordinal]; isLarge(d) {
			if err := w.eachChunk(c, handle, d.S, w.bulk.Put); err != nil {
				return err
			}
		}
	}
	return nil
}

// Entry writes a row's entry of one index (position in Table.Indexes), none if
// the row has none there. It returns the key, valid until the next call, and
// whether the key must be unique, so that the caller can find duplicates.
func (w *BulkWriter) Entry(position int, row Row, handle []byte) (key []byte, distinct bool, err error) {
	for i := range w.indexes {
		if w.indexes[i].position == position {
			return w.entry(&w.indexes[i], row, handle)
		}
	}
	return nil, false, nil
}

func (w *BulkWriter) entry(x *indexLayout, row Row, handle []byte) (key []byte, distinct bool, err error) {
	if !row.has(x) {
		return nil, false, nil
	}
	if w.key, distinct, err = x.appendKey(w.key[:0], row, handle); err != nil {
		return nil, false, err
	}
	if w.value, err = x.appendEntry(w.value[:0], row, handle, distinct); err != nil {
		return nil, false, err
	}
	return w.key, distinct, w.bulk.Put(w.key, w.value)
}
