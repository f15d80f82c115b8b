package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/executor/spill"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// sorter orders rows that need not fit into memory (external merge sort, Knuth
// volume 3, 5.4):
//
//  1. add keeps batches with their keys: the input's columns, the computed keys
//     that a cut key may have to be compared by, the normalised key.
//  2. When no more may be kept (Env.WorkMem, or the account refuses), the rows
//     are sorted and written as a run.
//  3. finish sorts what is left; if there are runs it becomes the last one, and
//     they are merged, in several passes when there are too many for one.
//  4. next yields batches without the keys.
//
// With a top only the first rows are kept (top-n): every so often what is kept
// is sorted and cut, and rows beyond the last one left are dropped as they come.
// Rows of equal keys come out in the order they came in.
type sorter struct {
	env     *Env
	keys    []sortKey
	encoder *sortEncoder
	schema  *arrow.Schema // the input's
	out     *arrow.Schema // of the batch that came out last: which columns were coded
	keyed   *arrow.Schema // of the kept batches
	tie     int           // the first key that is compared by value when keys are equal and cut
	tieCols []int         // the keys' columns in keyed, from tie on
	top     int           // -1 for all

	rows  *rowBuffer
	refs  []rowRef // sorted, once finished in memory
	at    int
	ended bool   // the input
	bound uint64 // see below
	// bounded: rows whose first key's prefix is above bound cannot come up.
	bounded  bool
	prefixes []uint64
	sel      []int32

	file   *spill.File
	runs   []*spill.Run
	merge  *runMerge
	peak   int64
	bytes  int64 // written, by all passes
	nruns  int64
	output int // rows yet to come, with a top
}

// topSlack is how many rows top-n collects beyond those it keeps before it
// sorts again, if that is more than it keeps.
const topSlack = BatchRows

// sortRowBytes is what a kept row takes besides its batch: an item and its
// copy while sorting, and a ref.
const sortRowBytes = 40

func newSorter(env *Env, keys []sortKey, schema *arrow.Schema, top int) *sorter {
	s := &sorter{env: env, keys: keys, encoder: newSortEncoder(keys), schema: schema, out: schema, top: top, output: top, tie: len(keys)}
	if top >= 0 {
		s.tie = 0 // setBound wants the first key's column
	}
	fields := schema.Fields()
	for i, k := range keys {
		if s.tie == len(keys) && !s.encoder.columns[i].mayCut() {
			continue
		}
		s.tie = min(s.tie, i)
		if k.ordinal >= 0 {
			s.tieCols = append(s.tieCols, k.ordinal)
			continue
		}
		s.tieCols = append(s.tieCols, len(fields))
		fields = append(fields, arrow.Field{Type: k.typ.Phys().ArrowType(), Nullable: true})
	}
	s.keyed = arrow.NewSchema(append(fields, arrow.Field{Type: arrow.BinaryTypes.Binary}), nil)
	s.rows = newRowBuffer(env, s.keyed)
	return s
}

func (s *sorter) close() error {
	s.rows.clear()
	if s.merge != nil {
		s.merge.close()
	}
	if s.file == nil {
		return nil
	}
	file := s.file
	s.file = nil
	return file.Close()
}

// add takes a batch over.
func (s *sorter) add(ctx context.Context, batch arrow.RecordBatch) error {
	keyed, err := s.key(batch)
	if err != nil || keyed == nil {
		return err
	}
	if s.top >= 0 && s.rows.rows > s.top && s.rows.rows+int(keyed.NumRows()) > s.top+max(s.top, topSlack) {
		if err := s.cut(); err != nil {
			keyed.Release()
			return err
		}
	}
	n := batchBytes(keyed) + sortRowBytes*keyed.NumRows()
	if !s.room(n) && s.rows.rows > 0 {
		if err := s.flush(ctx); err != nil {
			keyed.Release()
			return err
		}
		// One batch is kept whatever the account says: it is there already.
		_ = s.room(n)
	}
	s.rows.keep(keyed)
	s.peak = max(s.peak, s.rows.bytes)
	return nil
}

// room reserves n more bytes if they may be kept.
func (s *sorter) room(n int64) bool {
	if limit := s.env.WorkMem; limit > 0 && s.rows.bytes+n > limit {
		return false
	}
	return s.rows.reserveSparing(n)
}

// key makes the kept form of a batch, which it takes over; nil if no row of it
// can come up.
func (s *sorter) key(batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	defer batch.Release()
	cols, err := s.keyColumns(batch)
	if err != nil {
		return nil, err
	}
	defer func() { releaseAll(cols) }()
	kept := batch.Columns()
	n := int(batch.NumRows())
	if s.bounded {
		s.sel = s.sel[:0]
		s.prefixes = sortPrefixes(s.prefixes, s.keys[0], cols[0])
		for i, p := range s.prefixes {
			if p <= s.bound {
				s.sel = append(s.sel, int32(i))
			}
		}
		if len(s.sel) == 0 {
			return nil, nil
		}
		if len(s.sel) < n {
			n = len(s.sel)
			if kept, err = takeColumns(s.env.Alloc, kept, s.sel); err != nil {
				return nil, err
			}
			defer releaseAll(kept)
			some, err := takeColumns(s.env.Alloc, cols, s.sel)
			if err != nil {
				return nil, err
			}
			releaseAll(cols)
			cols = some
		}
	}
	out := append(make([]arrow.Array, 0, s.keyed.NumFields()), kept...)
	for i := s.tie; i < len(s.keys); i++ {
		if s.keys[i].ordinal < 0 {
			out = append(out, cols[i])
		}
	}
	key, err := s.encoder.encode(s.env, cols, n)
	if err != nil {
		return nil, err
	}
	defer key.Release()
	return types.NewBatch(s.keyed, append(out, key), n), nil
}

// keyColumns computes the sort keys.
func (s *sorter) keyColumns(batch arrow.RecordBatch) ([]arrow.Array, error) {
	cols := make([]arrow.Array, len(s.keys))
	for i, k := range s.keys {
		a, err := k.column(s.env, batch.Columns(), int(batch.NumRows()))
		if err != nil {
			releaseAll(cols)
			return nil, err
		}
		cols[i] = a
	}
	return cols, nil
}

// sort orders the kept rows.
func (s *sorter) sort() {
	s.refs = s.rows.refs()
	items := itemSorter{keys: byteViews(s.rows.columns[s.keyed.NumFields()-1])}
	if s.encoder.cut {
		items.ties = s.compareTies
	}
	items.sort(s.refs)
	if s.top >= 0 && len(s.refs) > s.top {
		s.refs = s.refs[:s.top]
	}
	s.setBound()
}

func (s *sorter) compareTies(a, b rowRef) int {
	return compareSorted(s.keys[s.tie:], s.tieCols, s.rows.chunks[a.chunk()], a.row(), s.rows.chunks[b.chunk()], b.row())
}

// setBound remembers the first key of the last of top rows.
func (s *sorter) setBound() {
	if s.top <= 0 || len(s.refs) < s.top || len(s.keys) == 0 {
		return
	}
	column := s.tieCols[0]
	last := s.refs[s.top-1]
	one := array.NewSlice(s.rows.columns[column][last.chunk()], int64(last.row()), int64(last.row()+1))
	defer one.Release()
	prefixes := sortPrefixes(nil, s.keys[0], one)
	if !s.bounded || prefixes[0] < s.bound {
		s.bound, s.bounded = prefixes[0], true
	}
}

// cut keeps the first top rows.
func (s *sorter) cut() error {
	s.sort()
	kept := newRowBuffer(s.env, s.keyed)
	for refs := s.refs; len(refs) > 0; {
		n := min(BatchRows, len(refs))
		batch, err := s.rows.gather(refs[:n])
		if err != nil {
			kept.clear()
			return err
		}
		// If it is refused the next batch will be too, and spill.
		_ = kept.reserve(batchBytes(batch) + sortRowBytes*int64(n))
		kept.keep(batch)
		refs = refs[n:]
	}
	s.rows.clear()
	s.rows, s.refs = kept, nil
	return nil
}

// flush writes the kept rows as a run.
func (s *sorter) flush(ctx context.Context) error {
	s.sort()
	return s.writeRun(ctx)
}

// unload writes the rows that have not come out yet, for an owner that needs
// the room. It is not for a top-n.
func (s *sorter) unload(ctx context.Context) error {
	if !s.ended && s.rows.rows > 0 {
		return s.flush(ctx)
	}
	if s.merge != nil || s.at == len(s.refs) {
		return nil
	}
	s.refs, s.at, s.rows.hidden = s.refs[s.at:], 0, 0
	if err := s.writeRun(ctx); err != nil {
		return err
	}
	return s.mergeRuns(ctx)
}

// writeRun writes the sorted rows and forgets them.
func (s *sorter) writeRun(ctx context.Context) error {
	if s.file == nil {
		s.file = s.env.Temp.NewFile(s.env.Alloc, s.keyed)
	}
	run := s.file.NewRun()
	size := s.blockRows(s.rows.bytes / int64(max(1, s.rows.rows)))
	for refs := s.refs; len(refs) > 0; {
		if err := checkContext(ctx); err != nil {
			return err
		}
		n := min(size, len(refs))
		batch, err := s.rows.gather(refs[:n])
		if err != nil {
			return err
		}
		batch = types.PlainBatch(s.env.Alloc, batch)
		err = run.Write(batch)
		batch.Release()
		if err != nil {
			return err
		}
		refs = refs[n:]
	}
	s.bytes += run.Bytes()
	s.nruns++
	s.runs = append(s.runs, run)
	s.rows.clear()
	s.refs = nil
	return nil
}

// finish ends the input.
func (s *sorter) finish(ctx context.Context) error {
	s.ended = true
	if len(s.runs) == 0 {
		s.sort()
		return nil
	}
	if s.rows.rows > 0 {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	return s.mergeRuns(ctx)
}

// emitBytes is how much of wide rows is copied for one batch: what reads them, the
// encoder of the wire for one, finds them in the processor's cache, and a client has
// the first rows while the others are copied.
const emitBytes = 128 << 10

// emitRows is how many rows a batch has.
func (s *sorter) emitRows() int {
	n := s.env.batchRows()
	if s.rows.bytes > 0 {
		n = min(n, max(BatchRows/16, int(emitBytes*int64(len(s.refs))/s.rows.bytes)))
	}
	return n
}

// next returns the next batch, or io.EOF.
func (s *sorter) next() (arrow.RecordBatch, error) {
	if s.merge != nil {
		return s.nextMerged()
	}
	if s.at == len(s.refs) {
		return nil, io.EOF
	}
	s.rows.hidden = s.keyed.NumFields() - s.schema.NumFields()
	n := min(s.env.batchRows(), len(s.refs)-s.at)
	if late := s.rows.late(s.schema, s.refs[s.at:s.at+n]); late != nil {
		s.at += n
		return late, nil
	}
	n = min(n, s.emitRows())
	refs := s.refs[s.at : s.at+n]
	s.at += n
	cols, err := s.rows.gatherColumns(refs)
	if err != nil {
		return nil, err
	}
	batch := newBatch(s.out, cols, n)
	s.out = batch.Schema()
	return batch, nil
}

func byteViews(chunks []arrow.Array) []byteView {
	out := make([]byteView, len(chunks))
	for i, c := range chunks {
		out[i].offsets, out[i].data = byteValues(c)
	}
	return out
}

// keyOf is a keyed batch's normalised keys.
func keyOf(b arrow.RecordBatch) byteView {
	var v byteView
	v.offsets, v.data = byteValues(b.Column(int(b.NumCols()) - 1))
	return v
}
