package block

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

// PackOptions say how to pack.
type PackOptions struct {
	Columns     []Column
	Compression chunk.Compression
	Unique      bool   // as Spec has it, and
	Several     uint64 // this
	Name        string
	Run         uint64 // a number no run of the partition had yet, higher than those that are
	// MaxBytes bounds the deltas that one transaction packs; More says that some are left.
	MaxBytes int
	// Cache, if set, is what scans of the store read through.
	Cache *Cache
	// Full merges all runs into one; else those of similar size.
	Full bool
	// Fanout is how many runs of similar size are merged, 0 for the default.
	Fanout int
}

const (
	blockRows     = 4096
	blockBytes    = 512 << 10
	pageBytes     = 64 << 10
	defaultFanout = 4
)

// Packed says what Pack did.
type Packed struct {
	Rows, Deltas, Runs int   // read
	Bytes              int64 // written
	More               bool  // there is more to pack
	// InVain is how often it was all done and not written, as somebody else had
	// changed the partition meanwhile.
	InVain int
}

// Pack merges deltas, and runs if there are many, into a new run. It writes to
// txn; every key that it removes is removed with a conflict check, so that of
// two packers of a partition one fails with 40001 and nothing is lost or
// doubled. New deltas may come meanwhile: they are newer than the run.
func Pack(ctx context.Context, alloc memory.Allocator, txn kv.Txn, prefix kv.Key, o PackOptions) (Packed, error) {
	spec := All(prefix)
	spec.Unique, spec.Several, spec.Name, spec.Cache = o.Unique, o.Several, o.Name, o.Cache.directoryOnly()
	r := &reading{spec: &spec, reader: txn, alloc: alloc, figures: &Figures{}}
	p, err := r.openPartition(ctx, prefix, true, o.MaxBytes)
	if err != nil {
		return Packed{}, err
	}
	defer p.release()
	runs := o.choose(p)
	out := Packed{Deltas: len(p.deltas), Runs: len(runs)}
	if len(p.removed) == 0 && (len(p.deltas)+len(runs) == 0 || len(p.deltas) == 0 && len(runs) == 1) {
		return Packed{}, nil
	}
	// Without runs above and below, the new run is all there is of the partition's
	// rows before it: operations have done their work and need not be kept.
	w := &runWriter{txn: txn, prefix: prefix, options: &o, final: len(runs) == len(p.runs), alloc: alloc}
	w.run = run{id: o.Run, age: o.Run}
	pieces := p.pieces()
	pieces = living(pieces[len(p.runs)-len(runs):])
	var cursors []*cursor
	for i := range pieces {
		cursors = append(cursors, r.cursorOf(&pieces[i], false))
	}
	m := newMerger(r, cursors)
	defer m.close()
	m.keepOps = !w.final
	if err := w.writeAll(ctx, m); err != nil {
		return out, err
	}
	for _, k := range p.keys {
		if err := txn.Delete(k); err != nil {
			return out, err
		}
	}
	for _, d := range p.removed {
		if p.partial {
			break // deltas that are left may be older
		}
		if err := txn.Delete(d.key); err != nil {
			return out, err
		}
	}
	for _, run := range runs {
		if err := removeRun(ctx, txn, prefix, run.id); err != nil {
			return out, err
		}
	}
	out.Rows, out.Bytes = w.run.rows, w.run.bytes
	out.More = o.MaxBytes > 0 && len(p.deltas) > 0
	return out, nil
}

// choose picks the runs to merge with the deltas: the newest ones, as many as
// are of similar size to what is newer than them (a tier), if they are enough.
func (o *PackOptions) choose(p *partition) []*run {
	if o.Full || len(p.runs) == 0 || len(p.removed) > 0 {
		return p.runs
	}
	fanout := o.Fanout
	if fanout == 0 {
		fanout = defaultFanout
	}
	rows := 0
	for _, e := range p.extents {
		rows += e.rows
	}
	// Walk down the runs; where the runs above together are at least a
	// fanout-th of the next one, it is of their tier.
	n, best := 0, 0
	for i := len(p.runs) - 1; i >= 0; i-- {
		if p.runs[i].rows > rows*fanout {
			break
		}
		rows += p.runs[i].rows
		n++
		if n >= fanout-1 {
			best = n
		}
	}
	return p.runs[len(p.runs)-best:]
}

func removeRun(ctx context.Context, txn kv.Txn, prefix kv.Key, id uint64) error {
	if err := txn.Delete(runKey(prefix, id)); err != nil {
		return err
	}
	for _, kind := range []byte{kindHeader, kindPage} {
		it, err := txn.Scan(ctx, runSpan(prefix, kind, id), kv.ScanOptions{KeysOnly: true})
		if err != nil {
			return err
		}
		for {
			pairs, err := it.NextBatch(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				it.Close()
				return err
			}
			for _, p := range pairs {
				// Whoever removes the run's record removes these: one check is enough.
				if err := txn.DeleteUnchecked(p.Key); err != nil {
					it.Close()
					return err
				}
			}
		}
		it.Close()
	}
	return nil
}

// runWriter cuts merged rows into blocks.
type runWriter struct {
	txn     kv.Txn
	prefix  kv.Key
	options *PackOptions
	final   bool
	alloc   memory.Allocator
	run     run

	segs []segment
	rows int
}

func (w *runWriter) writeAll(ctx context.Context, m *merger) error {
	limit := blockRows
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		w.segs, w.rows, err = m.next(ctx, w.segs[:0], limit)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if limit, err = w.writeRows(ctx, w.segs, w.rows); err != nil {
			return err
		}
		m.releaseDone()
	}
	if w.run.rows == 0 {
		return nil
	}
	return w.txn.Put(runKey(w.prefix, w.run.id), w.run.append(nil))
}

// writeRows writes one block, or several where the values are long, and returns
// how many rows the next should have.
func (w *runWriter) writeRows(ctx context.Context, segs []segment, rows int) (int, error) {
	arrays := make([]arrow.Array, len(w.options.Columns))
	defer func() {
		for _, a := range arrays {
			if a != nil {
				a.Release()
			}
		}
	}()
	size := 0
	p := newSpread(segs, rows) // every row of a block is wanted sooner or later: columns are unpacked as a whole
	for i := range w.options.Columns {
		a, err := p.gather(ctx, w.alloc, &w.options.Columns[i], nil, false)
		if err != nil {
			return 0, err
		}
		arrays[i] = a
		size += arrayBytes(a)
	}
	r := rowsOf(segs, rows)
	if w.final {
		r.dropSubs()
	}
	parts := min(max(1, (size+blockBytes-1)/blockBytes), rows)
	for i := range parts {
		if err := w.writeBlock(r, arrays, rows*i/parts, rows*(i+1)/parts); err != nil {
			return 0, err
		}
	}
	return max(1, blockRows/parts), nil
}

// packedRows are the rows of a block to be.
type packedRows struct {
	groups    []uint64
	positions []int64
	subs      []uint64
	ops       []Op
}

func rowsOf(segs []segment, rows int) *packedRows {
	r := &packedRows{make([]uint64, 0, rows), make([]int64, 0, rows), make([]uint64, 0, rows), make([]Op, 0, rows)}
	for _, s := range segs {
		r.groups = s.src.appendGroups(r.groups, s.from, s.to)
		r.positions = s.src.appendPositions(r.positions, s.from, s.to)
		for i := s.from; i < s.to; i++ {
			r.subs = append(r.subs, s.src.sub(i))
			r.ops = append(r.ops, s.op)
		}
	}
	return r
}

// dropSubs gives the rows that are alone at their points the sub 0. The first
// and the last row may have others beside them that are in another batch: they
// keep theirs, which is always right.
func (r *packedRows) dropSubs() {
	same := func(i, k int) bool { return r.groups[i] == r.groups[k] && r.positions[i] == r.positions[k] }
	for i := 1; i < len(r.subs)-1; i++ {
		if !same(i, i-1) && !same(i, i+1) {
			r.subs[i] = 0
		}
	}
}

// arrayBytes is about how many bytes the values of an array take.
func arrayBytes(a arrow.Array) int {
	if w, ok := a.DataType().(arrow.FixedWidthDataType); ok {
		return a.Len() * w.BitWidth() / 8
	}
	offsets, _ := byteValues(a)
	return int(offsets[len(offsets)-1]-offsets[0]) + 4*a.Len()
}

func (w *runWriter) writeBlock(r *packedRows, arrays []arrow.Array, from, to int) error {
	h := header{number: uint32(w.run.blocks)}
	groups, positions, subs, ops := r.groups[from:to], r.positions[from:to], r.subs[from:to], r.ops[from:to]
	h.extent = extentOf(groups, positions, ops)
	several := func(g uint64) bool { return g&w.options.Several != 0 }
	if !slices.ContainsFunc(subs, func(s uint64) bool { return s != 0 }) || w.options.Unique && !slices.ContainsFunc(groups, several) {
		subs = nil
	}
	var page container
	page.addRows(groups, positions, subs, ops)
	size := 0
	for _, b := range page.data {
		size += len(b)
	}
	flush := func() error {
		b := page.append(nil)
		w.run.bytes += int64(len(b))
		key := pageKey(w.prefix, w.run.id, h.number, uint16(h.pages))
		h.pages++
		page, size = container{}, 0
		return w.txn.PutUnchecked(key, b)
	}
	for i := range w.options.Columns {
		a := sliced(arrays[i], from, to)
		b, err := chunk.Append(nil, a, chunk.Options{Compression: w.options.Compression})
		st := ColumnStats{ID: w.options.Columns[i].ID, Bytes: len(b)}
		if err == nil {
			statsOf(&st, a)
			var info chunk.Info
			info, err = chunk.Describe(b)
			st.Encoding = info.Encoding
		}
		a.Release()
		if err != nil {
			return err
		}
		if size > 0 && size+len(b) > pageBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		page.add(st.ID+firstColumn, b)
		size += len(b)
		st.page = uint32(h.pages)
		h.columns = append(h.columns, st)
	}
	if err := flush(); err != nil {
		return err
	}
	b := h.append(nil)
	w.run.bytes += int64(len(b))
	w.run.blocks++
	w.run.add(h.extent)
	last := len(groups) - 1
	return w.txn.PutUnchecked(headerKey(w.prefix, w.run.id, groups[last], positions[last], h.number), b)
}
