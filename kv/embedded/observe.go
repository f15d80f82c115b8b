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
	for {
		old := s.observers.Load()
		var list []kv.WriteObserver
		if old != nil {
			list = *old
		}
		list = append(list[:len(list):len(list)], o)
		if s.observers.CompareAndSwap(old, &list) {
			break
		}
	}
	// Commits that did not see the pointer have lower timestamps.
	since, err := s.oracle.fresh()
	return since, err == nil
}

// observed tells the observers of the writes of an arena that become visible at ts.
func (s *Store) observed(ts kv.Timestamp, a *arena) {
	list := s.observers.Load()
	if list == nil {
		return
	}
	for _, o := range *list {
		if o.Committing(ts) {
			a.each(0, func(_ uint32, e entry) { o.Wrote(ts, userKey(e.stored), e.kind() != kindPut) })
		}
	}
}

// tellDestroyed tells the observers that a span is gone.
func (s *Store) tellDestroyed(span kv.Span) {
	list := s.observers.Load()
	if list == nil {
		return
	}
	for _, o := range *list {
		if o, ok := o.(kv.DestroyObserver); ok {
			o.Destroyed(span)
		}
	}
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
