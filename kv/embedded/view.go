package embedded

import "github.com/tidemarkdb/tidemark/kv"

var _ kv.ParallelReader = (*txn)(nil)

// View implements kv.ParallelReader. A view has no snapshot of its own to
// release: it lives inside of its transaction's.
func (t *txn) View() kv.Txn {
	v := &txn{store: t.store, readTS: t.readTS, readOnly: true, ended: t.ended, id: t.id, isView: true, past: t.past}
	if t.write != nil && t.write.index.count > 0 {
		v.write = t.write.view()
	}
	return v
}

// view is a copy for reading: it shares the entries and the index's leaves,
// which do not change meanwhile, but not the fingers, which lookups move.
func (w *writeBuffer) view() *writeBuffer {
	c := *w
	c.index.arena = &c.arena
	return &c
}
