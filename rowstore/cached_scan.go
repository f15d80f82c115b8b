package rowstore

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
)

// cachedScan is a Scanner's way through a ColumnCache: chunks that are in it come
// from there, the spans between are read and kept.
type cachedScan struct {
	cache   *ColumnCache
	storage uint64
	ts      kv.Timestamp
	want    []cachedColumn // parallel to the scanner's columns, without values

	spans   []kv.Span // not begun yet
	at, end kv.Key    // what is left of the span in hand; at is nil without one
	reading kv.Span   // what the scanner's iterator stands in

	rest arrow.RecordBatch // of a chunk that is larger than a batch
}

// cached prepares the use of the cache, if the scan can use it: it walks rows
// forward, without handles, and its transaction wrote none of them.
func (s *Scanner) cached() *cachedScan {
	c := s.spec.Cache
	own, ok := s.reader.(kv.OwnWriter)
	if c == nil || !ok || s.index != nil || s.spec.Reverse || s.spec.WithHandle {
		return nil
	}
	for _, span := range s.spec.Spans {
		if own.WroteIn(span) {
			return nil
		}
	}
	out := s.cache
	if out == nil { // else of the run before: the columns are the same
		out = &cachedScan{want: make([]cachedColumn, len(s.columns))}
		for i := range s.columns {
			out.want[i] = cachedColumn{id: s.columns[i].id, phys: s.vectors[i].phys, missing: s.columns[i].missing}
		}
	}
	*out = cachedScan{cache: c, storage: s.spec.Table.Storage, ts: s.reader.ReadTS(), spans: s.spec.Spans, want: out.want}
	return out
}

// nextCached is next with a cache: strings may be coded.
func (s *Scanner) nextCached(ctx context.Context) (arrow.RecordBatch, error) {
	if s.cache.rest == nil {
		b, err := s.nextChunk(ctx)
		if err != nil {
			return nil, err
		}
		s.cache.rest = b.batch(nil)
		b.Release()
	}
	return s.cache.slice(s.spec.BatchRows), nil
}

// nextChunk returns the rows of the next chunk that has any, or io.EOF.
func (s *Scanner) nextChunk(ctx context.Context) (*LazyBatch, error) {
	c := s.cache
	for {
		if c.at == nil {
			if len(c.spans) == 0 {
				return nil, io.EOF
			}
			span := c.spans[0]
			c.spans = c.spans[1:]
			if len(span.End) > 0 && bytes.Compare(span.Start, span.End) >= 0 {
				continue
			}
			c.at, c.end = span.Start, span.End
		}
		p := c.cache.next(c.storage, c.at, c.end, c.ts, c.want)
		if p.columns == nil {
			if err := s.read(ctx, &p); err != nil {
				s.closeIterator()
				return nil, err
			}
		}
		if c.at = p.end; len(p.end) == 0 || endsWithin(c.end, p.end) {
			c.at = nil
		}
		b := &LazyBatch{schema: s.spec.Schema, alloc: s.alloc, rows: p.rows, held: p.columns}
		if b.rows > 0 {
			return b, nil
		}
		b.Release()
	}
}

// slice returns the next rows of rest.
func (c *cachedScan) slice(rows int) arrow.RecordBatch {
	all := c.rest
	if n := all.NumRows(); n > int64(rows) {
		defer all.Release()
		c.rest = all.NewSlice(int64(rows), n)
		return all.NewSlice(0, int64(rows))
	}
	c.rest = nil
	return all
}

// read fills a piece with the next rows of its span, and cuts it behind them if
// there are more.
func (s *Scanner) read(ctx context.Context, p *piece) error {
	c := s.cache
	if s.it == nil || !bytes.Equal(c.reading.Start, c.at) || !bytes.Equal(c.reading.End, p.end) {
		s.closeIterator()
		c.reading = kv.Span{Start: c.at, End: p.end}
		s.spec.Spans, s.span = []kv.Span{c.reading}, 0
	}
	s.overflowed = false
	for _, v := range s.vectors {
		v.start(DefaultBatchRows)
	}
	rows, err := s.fill(ctx, DefaultBatchRows)
	if err != nil && !errors.Is(err, io.EOF) {
		s.releaseVectors()
		return err
	}
	p.rows, p.columns = rows, make([]heldColumn, len(s.vectors))
	for i, v := range s.vectors {
		p.columns[i].values = v.finish()
	}
	if err == nil { // there may be more rows
		p.end = append(bytes.Clone(s.lastKey), 0)
		c.reading.Start = p.end
	} else {
		s.closeIterator()
	}
	if p.keep && !s.overflowed {
		c.cache.keep(c.storage, c.at, p.end, c.ts, rows, c.want, p.columns)
	}
	return nil
}

func (c *cachedScan) close() {
	if c.rest != nil {
		c.rest.Release()
		c.rest = nil
	}
}

// compact returns a with buffers of the cache's own, no larger than need be.
func compact(alloc memory.Allocator, a arrow.Array) arrow.Array {
	d := a.Data()
	buffers := make([]*memory.Buffer, len(d.Buffers()))
	for i, b := range d.Buffers() {
		if b == nil {
			continue
		}
		buffers[i] = memory.NewResizableBuffer(alloc)
		buffers[i].Resize(b.Len())
		copy(buffers[i].Bytes(), b.Bytes())
	}
	data := array.NewData(d.DataType(), d.Len(), buffers, nil, d.NullN(), d.Offset())
	defer data.Release()
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
	return array.MakeFromData(data)
}

func arrayBytes(a arrow.Array) int64 {
	n := int64(0)
	for _, b := range a.Data().Buffers() {
		if b != nil {
			n += int64(b.Cap())
		}
	}
	return n
}
