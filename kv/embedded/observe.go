package embedded

import (
	"bytes"

	"github.com/tidemarkdb/tidemark/kv"
)

var (
	_ kv.Observable = (*Store)(nil)
	_ kv.OwnWriter  = (*txn)(nil)
)

// Observe implements kv.Observable.
func (s *Store) Observe(o kv.WriteObserver) (kv.Timestamp, bool) {
	if !s.observer.CompareAndSwap(nil, &o) {
		return 0, false
	}
	// Commits that did not see the pointer have lower timestamps.
	since, err := s.oracle.fresh()
	if err != nil {
		s.observer.Store(nil)
		return 0, false
	}
	return since, true
}

// observed tells the observer of the writes of an arena that become visible at ts.
func (s *Store) observed(ts kv.Timestamp, a *arena) {
	o := s.observer.Load()
	if o == nil || !(*o).Committing(ts) {
		return
	}
	a.each(0, func(_ uint32, e entry) { (*o).Wrote(ts, userKey(e.stored)) })
}

// WroteIn implements kv.OwnWriter.
func (t *txn) WroteIn(span kv.Span) bool {
	if t.write == nil || t.write.index.count == 0 {
		return false
	}
	c := indexCursor{index: &t.write.index}
	c.seekGE(span.Start)
	return c.valid && (len(span.End) == 0 || bytes.Compare(t.write.arena.key(c.offset), span.End) < 0)
}
