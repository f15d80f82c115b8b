package rowstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// pairBuffer keeps copies of pairs. They stay valid until it is cleared: when mem
// grows, those added before keep the old memory alive.
type pairBuffer struct {
	pairs []kv.KeyValue
	mem   []byte
}

func (b *pairBuffer) clear() { b.pairs, b.mem = b.pairs[:0], b.mem[:0] }

func (b *pairBuffer) copy(bytes []byte) []byte {
	start := len(b.mem)
	b.mem = append(b.mem, bytes...)
	return b.mem[start:len(b.mem):len(b.mem)]
}

func (b *pairBuffer) add(pairs []kv.KeyValue) {
	for _, p := range pairs {
		b.pairs = append(b.pairs, kv.KeyValue{Key: b.copy(p.Key), Value: b.copy(p.Value)})
	}
}

// gather fetches pairs into pending. The few entries that each of many short
// spans has are taken together, about want of them: their rows are then fetched
// at once, in the order of their keys.
func (s *Scanner) gather(ctx context.Context, want int) error {
	err := s.fetch(ctx)
	if err != nil || !s.lookup || s.span >= len(s.spec.Spans) || len(s.pending) >= want {
		return err
	}
	s.gathered.clear()
	for err == nil {
		s.gathered.add(s.pending)
		if len(s.gathered.pairs) >= want {
			break
		}
		err = s.fetch(ctx)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	s.pending = s.gathered.pairs // at the end the next fetch says io.EOF again
	return nil
}

// fetchKeys gets the pairs of the next keys into pending.
func (s *Scanner) fetchKeys(ctx context.Context) error {
	for s.span < len(s.spec.Keys) {
		keys := s.spec.Keys[s.span:min(len(s.spec.Keys), s.span+s.spec.BatchRows)]
		s.span += len(keys)
		s.gathered.clear()
		err := s.reader.GetMany(ctx, keys, func(i int, value []byte) error {
			s.gathered.pairs = append(s.gathered.pairs, kv.KeyValue{Key: keys[i], Value: s.gathered.copy(value)})
			return nil
		})
		if err != nil {
			return err
		}
		if s.pending = s.gathered.pairs; len(s.pending) > 0 {
			return nil
		}
	}
	return io.EOF
}

// lookupRows replaces the values of rows by the rows that the handles name. It
// asks for them in the order of their keys, as those of one block come together then.
func (s *Scanner) lookupRows(ctx context.Context) error {
	s.rowKeys()
	sorted := s.sortKeys()
	s.arena = s.arena[:0]
	found := 0
	err := s.reader.GetMany(ctx, s.keys, func(i int, value []byte) error {
		if sorted {
			i = int(s.order[i])
		}
		start := len(s.arena)
		s.arena = append(s.arena, value...)
		// The arena may move while it grows: older rows keep the old one alive.
		s.rows[i].Value = s.arena[start:len(s.arena):len(s.arena)]
		found++
		return nil
	})
	if err != nil {
		return err
	}
	if found != len(s.rows) {
		return pgerror.New(pgerror.IndexCorrupted, "index %q has an entry without a row in table %q",
			s.index.index.Name, s.spec.Table.Name)
	}
	return nil
}

// rowKeys makes the keys of rows.
func (s *Scanner) rowKeys() {
	s.keys = s.keys[:0]
	s.keyBuf = s.keyBuf[:0]
	size := 0
	for i := range s.rows {
		size += len(s.layout.rowPrefix) + len(s.rows[i].Key)
	}
	s.keyBuf = slices.Grow(s.keyBuf, size) // keys must not move
	for i := range s.rows {
		start := len(s.keyBuf)
		s.keyBuf = append(append(s.keyBuf, s.layout.rowPrefix...), s.rows[i].Key...)
		s.keys = append(s.keys, s.keyBuf[start:len(s.keyBuf):len(s.keyBuf)])
		s.rows[i].Value = nil
	}
}

// sortKeys sorts keys, and order with them: order[i] is the row of keys[i]. It
// reports false if they were in order.
func (s *Scanner) sortKeys() bool {
	if slices.IsSortedFunc(s.keys, bytes.Compare) {
		return false
	}
	s.order = slices.Grow(s.order[:0], len(s.keys))
	for i := range s.keys {
		s.order = append(s.order, int32(i))
	}
	prefix := len(s.layout.rowPrefix)
	slices.SortFunc(s.order, func(a, b int32) int { return bytes.Compare(s.keys[a][prefix:], s.keys[b][prefix:]) })
	s.sorted = s.sorted[:0]
	for _, at := range s.order {
		s.sorted = append(s.sorted, s.keys[at])
	}
	s.keys, s.sorted = s.sorted, s.keys
	return true
}
