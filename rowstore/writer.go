package rowstore

import (
	"bytes"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
)

// Writer writes rows of one table into a transaction. It checks nothing: the
// caller has locked and probed what UniqueKeys returns for new rows, and has
// locked the rows it updates and deletes. It is used by one goroutine.
type Writer struct {
	*Layout
	txn kv.Txn
	// Locked says that the caller holds locks on the row keys and the unique keys
	// it writes, so that their writes need no check at commit.
	Locked bool

	key, value       []byte
	oldKey, oldValue []byte
	handle           []byte
	unique           []UniqueKey
	uniqueBuf        []byte
}

// NewWriter makes a writer; who writes often keeps a Layout and uses its Writer.
func NewWriter(txn kv.Txn, t *catalog.Table) *Writer {
	return NewLayout(t).Writer(txn)
}

// Writer makes a writer of the layout's table.
func (l *Layout) Writer(txn kv.Txn) *Writer { return &Writer{Layout: l, txn: txn} }

// Reset points the writer at another transaction.
func (w *Writer) Reset(txn kv.Txn) { w.txn, w.Locked = txn, false }

// HandleOf returns the handle of a row of a clustered table, valid until the
// next call on the writer.
func (w *Writer) HandleOf(row Row) ([]byte, error) {
	var err error
	w.handle, err = w.Handle(w.handle[:0], row)
	return w.handle, err
}

// Insert writes a new row and its index entries.
func (w *Writer) Insert(row Row, handle []byte) error {
	w.key = append(append(w.key[:0], w.rowPrefix...), handle...)
	overflow, err := w.encode(row)
	if err != nil {
		return err
	}
	if err := w.put(w.key, w.value, w.HasHiddenRowID()); err != nil {
		return err
	}
	if overflow {
		if err := w.putLarge(row.Values, nil, handle); err != nil {
			return err
		}
	}
	for i := range w.indexes {
		if err := w.insertEntry(&w.indexes[i], row, handle); err != nil {
			return err
		}
	}
	return nil
}

// encode sets value to the coded row.
func (w *Writer) encode(row Row) (overflow bool, err error) {
	if w.value, overflow, err = w.encoder.Append(w.value[:0], row.Values); err != nil {
		return false, err
	}
	return overflow, checkRowSize(w.value)
}

func (w *Writer) insertEntry(x *indexLayout, row Row, handle []byte) error {
	if x.index.State == catalog.IndexDeleteOnly || !row.has(x) {
		return nil
	}
	var distinct bool
	var err error
	if w.key, distinct, err = x.appendKey(w.key[:0], row, handle); err != nil {
		return err
	}
	if w.value, err = x.appendEntry(w.value[:0], row, handle, distinct); err != nil {
		return err
	}
	return w.put(w.key, w.value, !distinct)
}

// put writes; fresh keys cannot collide with anybody's.
func (w *Writer) put(key, value []byte, fresh bool) error {
	if fresh || w.Locked {
		return w.txn.PutUnchecked(key, value)
	}
	return w.txn.Put(key, value)
}

// Delete removes a row and its index entries. old is the whole row as stored.
func (w *Writer) Delete(handle []byte, old Row) error {
	w.key = append(append(w.key[:0], w.rowPrefix...), handle...)
	if err := w.deleteKey(w.key); err != nil {
		return err
	}
	if err := w.deleteLarge(old.Values, nil, handle); err != nil {
		return err
	}
	for i := range w.indexes {
		if err := w.deleteEntry(&w.indexes[i], old, handle); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) deleteKey(key []byte) error {
	if w.Locked {
		return w.txn.DeleteUnchecked(key)
	}
	return w.txn.Delete(key)
}

// deleteEntry needs no check at commit: whoever changes the same entry
// changes, and conflicts on, the same row.
func (w *Writer) deleteEntry(x *indexLayout, old Row, handle []byte) error {
	if !old.has(x) {
		return nil
	}
	var err error
	if w.oldKey, _, err = x.appendKey(w.oldKey[:0], old, handle); err != nil {
		return err
	}
	return w.txn.DeleteUnchecked(w.oldKey)
}

// Update replaces a row and the index entries that change. A clustered table's
// row moves when its primary key changes. It returns the handle the row has
// now, valid until the next call on the writer.
func (w *Writer) Update(handle []byte, old, row Row) ([]byte, error) {
	if !w.HasHiddenRowID() && w.keyChanged(old, row) {
		moved, err := w.Handle(nil, row)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(moved, handle) {
			if err := w.Delete(handle, old); err != nil {
				return nil, err
			}
			return moved, w.Insert(row, moved)
		}
	}
	w.key = append(append(w.key[:0], w.rowPrefix...), handle...)
	if _, err := w.encode(row); err != nil {
		return nil, err
	}
	if err := w.put(w.key, w.value, false); err != nil {
		return nil, err
	}
	if err := w.deleteLarge(old.Values, row.Values, handle); err != nil {
		return nil, err
	}
	if err := w.putLarge(row.Values, old.Values, handle); err != nil {
		return nil, err
	}
	for i := range w.indexes {
		if err := w.updateEntry(&w.indexes[i], handle, old, row); err != nil {
			return nil, err
		}
	}
	return handle, nil
}

func (w *Writer) keyChanged(old, row Row) bool {
	for i := range w.pk {
		if o := w.pk[i].ordinal; old.Values[o] != row.Values[o] {
			return true
		}
	}
	return false
}

// updateEntry writes what differs: nothing, the entry's value, or both keys.
func (w *Writer) updateEntry(x *indexLayout, handle []byte, old, row Row) error {
	oldHas, has := old.has(x), row.has(x)
	if x.index.State == catalog.IndexDeleteOnly {
		has = false
	}
	switch {
	case oldHas && has:
	case has:
		return w.insertEntry(x, row, handle)
	case oldHas:
		return w.deleteEntry(x, old, handle)
	default:
		return nil
	}
	if !x.changed(old, row) {
		return nil // also while the index is built: the backfill has the entry
	}
	var oldDistinct, distinct bool
	var err error
	if w.oldKey, oldDistinct, err = x.appendKey(w.oldKey[:0], old, handle); err != nil {
		return err
	}
	if w.key, distinct, err = x.appendKey(w.key[:0], row, handle); err != nil {
		return err
	}
	if w.value, err = x.appendEntry(w.value[:0], row, handle, distinct); err != nil {
		return err
	}
	if bytes.Equal(w.oldKey, w.key) {
		if w.oldValue, err = x.appendEntry(w.oldValue[:0], old, handle, oldDistinct); err != nil {
			return err
		}
		if bytes.Equal(w.oldValue, w.value) {
			return nil
		}
		// The row's own check or lock covers an entry that stays.
		return w.txn.PutUnchecked(w.key, w.value)
	}
	if err := w.txn.DeleteUnchecked(w.oldKey); err != nil {
		return err
	}
	return w.put(w.key, w.value, !distinct)
}

// changed reports whether any column of the index may have changed.
func (x *indexLayout) changed(old, row Row) bool {
	for i := range x.columns {
		if old.key(x, i) != row.key(x, i) {
			return true
		}
	}
	if x.restored != nil {
		for _, c := range x.restored.Columns() {
			if old.Values[c.Ordinal] != row.Values[c.Ordinal] {
				return true
			}
		}
	}
	return false
}

// UniqueKey is a key that must be locked, and be absent, for a new row.
type UniqueKey struct {
	Index int // position in Table.Indexes
	Key   kv.Key
}

// UniqueKeys returns the keys of a row that no other row may have: its row key
// if the table is clustered, and its entries in unique indexes (without those
// that NULLs make distinct). Index states other than public are included, but
// for delete-only. The result is valid until the next call of UniqueKeys.
func (w *Writer) UniqueKeys(row Row, handle []byte) ([]UniqueKey, error) {
	w.unique, w.uniqueBuf = w.unique[:0], w.uniqueBuf[:0]
	if w.isClustered() {
		w.addUnique(0, append(append(w.uniqueBuf, w.rowPrefix...), handle...))
	}
	for i := range w.indexes {
		x := &w.indexes[i]
		if !x.index.Unique || x.index.State == catalog.IndexDeleteOnly || !row.has(x) {
			continue
		}
		buf, distinct, err := x.appendKey(w.uniqueBuf, row, handle)
		if err != nil {
			return nil, err
		}
		if distinct {
			w.addUnique(x.position, buf)
		}
	}
	return w.unique, nil
}

func (w *Writer) isClustered() bool { return !w.HasHiddenRowID() }

// addUnique takes what was appended to uniqueBuf as a key.
func (w *Writer) addUnique(index int, buf []byte) {
	w.unique = append(w.unique, UniqueKey{Index: index, Key: buf[len(w.uniqueBuf):len(buf):len(buf)]})
	w.uniqueBuf = buf
}

// UniqueKey appends the key a row has in one unique index, by position in
// Table.Indexes; ok is false when the row has none there or NULLs make it distinct.
func (w *Writer) UniqueKey(dst []byte, position int, row Row, handle []byte) (key []byte, ok bool, err error) {
	if position == 0 && w.isClustered() {
		return append(append(dst, w.rowPrefix...), handle...), true, nil
	}
	for i := range w.indexes {
		x := &w.indexes[i]
		if x.position != position || !x.index.Unique || !row.has(x) {
			continue
		}
		return x.appendKey(dst, row, handle)
	}
	return dst, false, nil
}

// HandleOfEntry returns the handle of the row that a unique key belongs to,
// from what a Get of it returned. It may alias key and value.
func (l *Layout) HandleOfEntry(position int, key, value []byte) ([]byte, error) {
	if position == 0 && !l.HasHiddenRowID() {
		return HandleOfRowKey(key), nil
	}
	for i := range l.indexes {
		if x := &l.indexes[i]; x.position == position {
			handle, _, err := l.splitEntry(x, nil, key, value)
			return handle, err
		}
	}
	return nil, errInvalidEntry
}

// IndexEntry is an entry of an index.
type IndexEntry struct {
	Index      int // position in Table.Indexes
	Key, Value []byte
	Distinct   bool
}

// IndexEntries returns all entries of a row, in memory of their own (backfill
// checks, tests).
func (l *Layout) IndexEntries(row Row, handle []byte) ([]IndexEntry, error) {
	var out []IndexEntry
	for i := range l.indexes {
		x := &l.indexes[i]
		if !row.has(x) {
			continue
		}
		key, distinct, err := x.appendKey(nil, row, handle)
		if err != nil {
			return nil, err
		}
		value, err := x.appendEntry(nil, row, handle, distinct)
		if err != nil {
			return nil, err
		}
		out = append(out, IndexEntry{Index: x.position, Key: key, Value: value, Distinct: distinct})
	}
	return out, nil
}
