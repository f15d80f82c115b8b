package executor

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// pointScan reads the rows of whole unique keys: gets instead of scans, and
// rows can be locked before they come out.
type pointScan struct {
	env    *Env
	node   *plan.Scan
	schema *arrow.Schema
	filter *filter
	next   int // the next range
	seen   map[string]bool
}

func (s *pointScan) Schema() *arrow.Schema { return s.schema }

func (s *pointScan) Close() error { return nil }

func (s *pointScan) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for s.next < len(s.node.Ranges) {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		batch, err := s.fetch(ctx)
		if err == nil && batch != nil && s.filter != nil {
			batch, err = s.filter.apply(batch)
		}
		if err == nil && batch != nil && s.node.Locking != nil {
			batch, err = s.lock(ctx, batch)
		}
		if batch != nil || err != nil {
			return batch, err
		}
	}
	return nil, io.EOF
}

// fetch reads the next batch of ranges.
func (s *pointScan) fetch(ctx context.Context) (arrow.RecordBatch, error) {
	n := min(s.env.batchRows(), len(s.node.Ranges)-s.next)
	layout := layoutOf(s.node.Table)
	f := pointFetch{env: s.env, layout: layout, index: s.node.Index, output: s.node.Output, withHandle: s.needsHandle()}
	for i := range n {
		at := i
		if s.node.Reverse {
			at = n - 1 - i
		}
		r, err := evalRange(s.env, &s.node.Ranges[s.next+at])
		if err != nil {
			return nil, err
		}
		key, ok, err := layout.PointKey(nil, s.node.Index, r.Equal)
		if err != nil {
			return nil, err
		}
		if ok && !s.seen[string(key)] {
			if len(s.node.Ranges) > 1 {
				if s.seen == nil {
					s.seen = map[string]bool{}
				}
				s.seen[string(key)] = true
			}
			f.keys = append(f.keys, key)
		}
	}
	s.next += n
	return f.run(ctx)
}

func (s *pointScan) needsHandle() bool { return s.node.WithHandle || s.node.Locking != nil }

// lock locks the rows of a batch, which it takes over; its last column is the handle.
func (s *pointScan) lock(ctx context.Context, batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	last := int(batch.NumCols()) - 1
	handles := make([]types.Datum, batch.NumRows())
	for i := range handles {
		handles[i] = types.DatumAt(batch.Column(last), i)
	}
	granted, err := lockRows(ctx, s.env, s.node.Table, handles, *s.node.Locking)
	if err != nil {
		batch.Release()
		return nil, err
	}
	if granted != nil {
		if batch, err = pick(s.env, batch, trueRows(granted)); batch == nil {
			return nil, err
		}
	}
	if s.node.WithHandle {
		return renamed(batch, s.schema), nil
	}
	return withoutColumns(batch, s.schema, map[int]bool{last: true}), nil
}

func trueRows(b []bool) []int32 {
	out := make([]int32, 0, len(b))
	for i, ok := range b {
		if ok {
			out = append(out, int32(i))
		}
	}
	return out
}

// withoutColumns drops columns of a batch, which it takes over.
func withoutColumns(batch arrow.RecordBatch, schema *arrow.Schema, drop map[int]bool) arrow.RecordBatch {
	defer batch.Release()
	cols := make([]arrow.Array, 0, batch.NumCols())
	for i, c := range batch.Columns() {
		if !drop[i] {
			c.Retain()
			cols = append(cols, c)
		}
	}
	return newBatch(schema, cols, int(batch.NumRows()))
}

// pointFetch reads rows by the keys of a unique index or clustered primary key.
type pointFetch struct {
	env        *Env
	layout     *rowstore.Layout
	index      *catalog.Index
	output     []int
	withHandle bool
	keys       []kv.Key
}

// run returns the rows found in the order of keys, nil if there are none.
func (f *pointFetch) run(ctx context.Context) (arrow.RecordBatch, error) {
	rowKeys := f.keys
	if pos := f.position(); pos >= 0 {
		var err error
		if rowKeys, err = f.rowKeys(ctx, pos); err != nil {
			return nil, err
		}
	}
	if len(rowKeys) == 0 {
		return nil, nil
	}
	ts := make([]types.Type, len(f.output), len(f.output)+1)
	fields := make([]arrow.Field, len(f.output), len(f.output)+1)
	for i, o := range f.output {
		c := &f.layout.Table.Columns[o]
		ts[i] = c.Type
		fields[i] = arrow.Field{Name: c.Name, Type: types.ArrowType(c.Type), Nullable: true}
	}
	if f.withHandle {
		ts = append(ts, types.Of(types.Bytea))
		fields = append(fields, arrow.Field{Name: "handle", Type: arrow.BinaryTypes.Binary, Nullable: true})
	}
	b := newBuilders(f.env, ts)
	defer b.release()
	decoder := f.layout.Decoder(f.output)
	row := make([]types.Datum, len(ts))
	n := 0
	add := func(handle []byte) {
		if f.withHandle {
			row[len(row)-1] = types.NewBytes(handle)
		}
		b.appendRow(row)
		n++
	}
	at := 0 // keys before it are done
	for at < len(rowKeys) {
		first := at
		err := f.env.reader().GetMany(ctx, rowKeys[first:], func(i int, value []byte) error {
			handle := rowstore.HandleOfRowKey(rowKeys[first+i])
			at = first + i
			if err := decoder.Decode(handle, value, row[:len(f.output)]); err != nil {
				return err
			}
			add(handle)
			return nil
		})
		if err == nil {
			break
		}
		if !errors.Is(err, rowstore.ErrOverflow) {
			return nil, err
		}
		// Row at has values elsewhere; reading them ends the life of its own.
		if err := f.large(ctx, decoder, rowKeys[at], row, add); err != nil {
			return nil, err
		}
		at++
	}
	if n == 0 {
		return nil, nil
	}
	return newBatch(arrow.NewSchema(fields, nil), b.arrays(), n), nil
}

// large reads a row of which values lie in keys of their own.
func (f *pointFetch) large(ctx context.Context, d *rowstore.RowDecoder, key kv.Key, row []types.Datum, add func(handle []byte)) error {
	value, found, err := f.env.reader().Get(ctx, key)
	if err != nil || !found {
		return err
	}
	handle := rowstore.HandleOfRowKey(key)
	if err := d.DecodeFull(ctx, f.env.reader(), handle, value, row[:len(f.output)]); err != nil {
		return err
	}
	add(handle)
	return nil
}

// position is the index's in Table.Indexes, -1 if keys are row keys.
func (f *pointFetch) position() int {
	t := f.layout.Table
	if f.index == nil || (t.Clustered && f.index.Primary) {
		return -1
	}
	for i := range t.Indexes {
		if t.Indexes[i].ID == f.index.ID {
			return i
		}
	}
	return -1
}

// rowKeys looks the rows' keys up in the index.
func (f *pointFetch) rowKeys(ctx context.Context, position int) ([]kv.Key, error) {
	out := make([]kv.Key, 0, len(f.keys))
	err := f.env.reader().GetMany(ctx, f.keys, func(i int, value []byte) error {
		handle, err := f.layout.HandleOfEntry(position, f.keys[i], value)
		if err != nil {
			return err
		}
		out = append(out, rowstore.RowKey(nil, f.layout.Table, handle))
		return nil
	})
	return out, err
}
