package rowstore

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/rowstore/rowcodec"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// DefaultBatchRows is how many rows a batch has at most by default.
const DefaultBatchRows = 4096

// ScanSpec says what to scan.
type ScanSpec struct {
	Table *catalog.Table
	// Layout is Table's prepared layout; nil makes one.
	Layout *Layout
	// Index is the index to walk; nil, or the clustered primary key, walks the rows.
	Index *catalog.Index
	// Output are the columns of the batches, as ordinals into Table.Columns.
	Output []int
	// WithHandle adds a last column (bytea) with the handles.
	WithHandle bool
	// Spans are read in the given order; nil means all of the table or index.
	// Reverse reads each span backwards.
	Spans   []kv.Span
	Reverse bool
	// Keys, if not nil, are read instead: whole keys of rows or of entries of a
	// unique index. Those that nobody has are left out. Gets are cheapest in the
	// order of keys.
	Keys []kv.Key
	// Whole says that the caller reads to the end, so that the first batch need not
	// come early.
	Whole bool
	// BatchRows bounds the rows of a batch; 0 means DefaultBatchRows.
	BatchRows int
	// Schema is the schema of the batches; nil makes one from the columns.
	Schema *arrow.Schema
	// Cache, if set, may be read and filled. The reader must keep its snapshot
	// until the scan ends.
	Cache *ColumnCache
}

// Scanner reads a table or index into Arrow batches.
//
// An index scan fetches the rows by GetMany, batch by batch in the order of their
// keys, unless the index's entries hold all of Output; batches are in index order.
// The reader must not be used
// by others while Next runs. Close releases everything; it may be called at any time.
type Scanner struct {
	spec   ScanSpec
	layout *Layout
	index  *indexLayout // nil: the rows themselves
	lookup bool         // fetch rows for index entries
	reader kv.Reader
	alloc  memory.Allocator

	vectors []*vector // parallel to the schema's fields
	columns []scanColumn
	shapes  shapeCache

	cache      *cachedScan // nil without
	lastKey    []byte      // of the last row decoded, with a cache
	overflowed bool        // a value came from overflow keys

	// Where the scan stands.
	span    int
	it      kv.Iterator
	pending []kv.KeyValue // pairs of the iterator not decoded yet
	room    int           // rows that the batch in hand may have
	err     error         // sticky, io.EOF included
	closed  bool

	// Buffers of one step: rows as (handle or row key, row value).
	rows      []kv.KeyValue
	entries   []kv.KeyValue // index entries parallel to rows
	gathered  pairBuffer
	keys      []kv.Key
	sorted    []kv.Key
	order     []int32 // of the rows whose keys are sorted
	arena     []byte
	handleBuf []byte
	keyBuf    []byte
}

// scanColumn says where an output column comes from.
type scanColumn struct {
	source  sourceKind
	at      int // key column of sourceKey and sourceHandleKey
	id      uint32
	kind    rowcodec.Kind
	missing types.Datum
}

// NewScanner prepares a scan; nothing is read before the first Next.
func NewScanner(alloc memory.Allocator, r kv.Reader, spec ScanSpec) (*Scanner, error) {
	if spec.Layout == nil {
		spec.Layout = NewLayout(spec.Table)
	}
	if spec.BatchRows <= 0 {
		spec.BatchRows = DefaultBatchRows
	}
	s := &Scanner{spec: spec, layout: spec.Layout, reader: r, alloc: alloc}
	if spec.Index != nil {
		if s.index = s.layout.index(spec.Index); s.index != nil {
			s.lookup = !s.layout.Covers(spec.Index, spec.Output)
		}
	}
	s.prepareColumns()
	if s.spec.Schema == nil {
		s.spec.Schema = s.makeSchema()
	}
	s.start(spec.Spans)
	return s, nil
}

func (s *Scanner) start(spans []kv.Span) {
	s.spec.Spans = spans
	if spans == nil && s.spec.Keys == nil {
		s.spec.Spans = []kv.Span{IndexSpan(s.spec.Table, s.spec.Index)}
	}
	s.cache = s.cached()
}

// Rewind ends a scan as Close does, but for a Restart. It is not for scans of Keys.
func (s *Scanner) Rewind() {
	s.Close()
	s.span, s.room, s.err, s.closed = 0, 0, nil, false
	s.rows, s.entries, s.overflowed = s.rows[:0], s.entries[:0], false
}

// Restart reads other spans, nil for the same, with the same columns. Rewind came before.
func (s *Scanner) Restart(r kv.Reader, spans []kv.Span) {
	s.reader = r
	if spans == nil {
		spans = s.spec.Spans
	}
	s.start(spans)
}

func (s *Scanner) prepareColumns() {
	t := s.spec.Table
	for _, o := range s.spec.Output {
		c := &t.Columns[o]
		rc := rowColumn(c, o)
		sc := scanColumn{source: sourceRow, id: rc.ID, kind: rc.Kind, missing: c.Missing}
		if s.layout.handle == handleInt && s.layout.pk[0].ordinal == o {
			sc.source = sourceHandle
		} else if s.index != nil && !s.lookup {
			sc.source, sc.at = s.layout.source(s.index, o)
		}
		s.columns = append(s.columns, sc)
		s.vectors = append(s.vectors, newVector(s.alloc, rc.Phys))
	}
	if s.spec.WithHandle {
		s.vectors = append(s.vectors, newVector(s.alloc, types.PhysBinary))
	}
	s.shapes.columns = s.columns
}

func (s *Scanner) makeSchema() *arrow.Schema {
	var fields []arrow.Field
	for _, o := range s.spec.Output {
		c := &s.spec.Table.Columns[o]
		fields = append(fields, arrow.Field{Name: c.Name, Type: types.ArrowType(c.Type), Nullable: true})
	}
	if s.spec.WithHandle {
		fields = append(fields, arrow.Field{Name: "handle", Type: types.ArrowType(types.Of(types.Bytea))})
	}
	return arrow.NewSchema(fields, nil)
}

// Schema is the schema of the batches.
func (s *Scanner) Schema() *arrow.Schema { return s.spec.Schema }

// Next returns the next batch, which the caller releases, and io.EOF after the
// last one; never an empty batch.
func (s *Scanner) Next(ctx context.Context) (arrow.RecordBatch, error) {
	batch, err := s.next(ctx)
	if err != nil || s.cache == nil {
		return batch, err
	}
	return types.PlainBatch(s.alloc, batch), nil
}

// next is Next with strings that may be coded.
func (s *Scanner) next(ctx context.Context) (arrow.RecordBatch, error) {
	if s.closed {
		return nil, kv.ErrClosed
	}
	if s.err != nil {
		return nil, s.err
	}
	if s.cache != nil {
		batch, err := s.nextCached(ctx)
		s.err = err
		return batch, err
	}
	rows, err := 0, s.makeRoom(ctx)
	if err == nil {
		for _, v := range s.vectors {
			v.start(s.room)
		}
		rows, err = s.fill(ctx, s.room)
	}
	if err != nil {
		s.err = err
		if !errors.Is(err, io.EOF) || rows == 0 {
			s.releaseVectors()
			s.closeIterator()
			return nil, err
		}
	}
	columns := make([]arrow.Array, len(s.vectors))
	for i, v := range s.vectors {
		columns[i] = v.finish()
	}
	batch := array.NewRecordBatch(s.spec.Schema, columns, int64(rows))
	for _, c := range columns {
		c.Release()
	}
	return batch, nil
}

// makeRoom sets how many rows the next batch may have: as many as the first fetch
// brought, then four times as many each time. Most scans are short, and buffers
// for a whole batch would cost them more than their rows do.
func (s *Scanner) makeRoom(ctx context.Context) error {
	s.room *= 4
	if s.spec.Whole {
		s.room = s.spec.BatchRows
	}
	if s.room == 0 {
		if err := s.fetch(ctx); err != nil {
			return err
		}
		s.room = len(s.pending)
	}
	s.room = min(s.room, s.spec.BatchRows)
	return nil
}

// fill decodes until the batch has limit rows or is full; rows count with
// io.EOF too.
func (s *Scanner) fill(ctx context.Context, limit int) (rows int, err error) {
	for rows < limit && !s.isFull() {
		if len(s.pending) == 0 {
			if err := s.gather(ctx, limit-rows); err != nil {
				return rows, err
			}
		}
		n, err := s.decode(ctx, s.pending[:min(len(s.pending), limit-rows)])
		if err != nil {
			return rows, err
		}
		if s.cache != nil {
			s.lastKey = append(s.lastKey[:0], s.pending[n-1].Key...)
		}
		s.pending = s.pending[n:]
		rows += n
	}
	return rows, nil
}

// isFull reports whether a column of byte strings is as long as it may get.
func (s *Scanner) isFull() bool {
	for _, v := range s.vectors {
		if v.isFull() {
			return true
		}
	}
	return false
}

// fetch gets the next pairs into pending, from this span or the next ones.
func (s *Scanner) fetch(ctx context.Context) error {
	if s.spec.Keys != nil {
		return s.fetchKeys(ctx)
	}
	for {
		if s.it == nil {
			if s.span == len(s.spec.Spans) {
				return io.EOF
			}
			span := s.spec.Spans[s.span]
			s.span++
			if len(span.End) > 0 && string(span.Start) >= string(span.End) {
				continue
			}
			if err := s.open(ctx, span); err != nil {
				return err
			}
		}
		var err error
		s.pending, err = s.it.NextBatch(ctx)
		if err == nil {
			return nil
		}
		s.closeIterator()
		if !errors.Is(err, io.EOF) {
			return err
		}
	}
}

func (s *Scanner) open(ctx context.Context, span kv.Span) error {
	opts := kv.ScanOptions{Reverse: s.spec.Reverse, KeysOnly: s.index == nil && s.needsNoValues()}
	if s.spec.BatchRows < 1024 {
		opts.BatchSize = s.spec.BatchRows
	}
	it, err := s.reader.Scan(ctx, span, opts)
	s.it = it
	return err
}

func (s *Scanner) needsNoValues() bool {
	for i := range s.columns {
		if s.columns[i].source == sourceRow {
			return false
		}
	}
	return true
}

func (s *Scanner) closeIterator() {
	if s.it != nil {
		s.it.Close()
		s.it = nil
	}
	s.pending = nil
}

func (s *Scanner) releaseVectors() {
	for _, v := range s.vectors {
		v.release()
	}
}

// Close ends the scan.
func (s *Scanner) Close() {
	s.closed = true
	s.closeIterator()
	s.releaseVectors()
	if s.cache != nil {
		s.cache.close()
	}
}

// decode appends rows for the first pairs and returns how many it took.
func (s *Scanner) decode(ctx context.Context, pairs []kv.KeyValue) (int, error) {
	if s.index == nil {
		return s.appendRows(ctx, pairs, keycodec.PrefixLen)
	}
	if err := s.splitEntries(pairs); err != nil {
		return 0, err
	}
	if s.lookup {
		if err := s.lookupRows(ctx); err != nil {
			return 0, err
		}
	}
	return s.appendRows(ctx, s.rows, 0)
}
