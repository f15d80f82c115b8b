package executor

import (
	"bytes"
	"context"
	"io"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// lookupJoin fetches the right rows for each batch of left rows by a key:
//
//  1. the distinct keys of a left batch become gets (whole unique keys) or spans,
//  2. the rows found, with their key columns behind them, become the build side
//     of a hash join whose probe side is the left batch.
type lookupJoin struct {
	run    *run
	node   *plan.LookupJoin
	left   Operator
	keys   []*scalar
	cond   *scalar
	filter *filter

	schema *arrow.Schema // of the right side
	keyed  *arrow.Schema // with the key columns behind
	output []int         // the right side's ordinals, then the key columns'
	unique bool          // a key fixes one row
	join   *hashJoin     // over the left batch in hand
	out    *arrow.Schema
	stats  *NodeStats // of the right side, a loop for each left batch; nil without EXPLAIN ANALYZE
}

func (r *run) newLookupJoin(n *plan.LookupJoin) (Operator, error) {
	j := &lookupJoin{run: r, node: n, schema: schemaOf(n.Right.Cols), out: schemaOf(n.Cols)}
	var err error
	if j.keys, err = r.compileAll(n.Keys); err != nil {
		return nil, err
	}
	if j.cond, err = r.compileOptional(n.Residual); err != nil {
		return nil, err
	}
	if j.filter, err = r.scanFilter(n.Right); err != nil {
		return nil, err
	}
	if err := j.prepareKeys(); err != nil {
		return nil, err
	}
	if r.env.Stats != nil {
		j.stats = r.env.Stats.Of(n.Right)
	}
	j.left, err = r.build(n.Left)
	return j, err
}

func (j *lookupJoin) prepareKeys() error {
	t, ix := j.node.Right.Table, j.node.Right.Index
	if ix == nil {
		ix = &t.Indexes[0]
	}
	j.unique = ix.Unique && len(j.keys) == len(ix.Columns)
	j.output = append(j.output, j.node.Right.Output...)
	fields := j.schema.Fields()
	for _, c := range ix.Columns[:len(j.keys)] {
		if c.Num == 0 {
			return pgerror.Unsupported("a lookup join on an index expression")
		}
		col := &t.Columns[c.Num-1]
		j.output = append(j.output, int(c.Num)-1)
		fields = append(fields, arrow.Field{Name: col.Name, Type: types.ArrowType(col.Type), Nullable: true})
	}
	j.keyed = arrow.NewSchema(fields, nil)
	return nil
}

func (j *lookupJoin) Schema() *arrow.Schema { return j.out }

func (j *lookupJoin) Close() error {
	err := j.endJoin()
	if e := j.left.Close(); err == nil {
		err = e
	}
	return err
}

func (j *lookupJoin) endJoin() error {
	if j.join == nil {
		return nil
	}
	join := j.join
	j.join = nil
	return join.Close()
}

func (j *lookupJoin) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		if j.join == nil {
			batch, err := j.left.Next(ctx)
			if err != nil {
				return nil, err
			}
			if err := j.start(ctx, batch); err != nil {
				return nil, err
			}
		}
		out, err := j.join.Next(ctx)
		if err == io.EOF {
			if err := j.endJoin(); err != nil {
				return nil, err
			}
			continue
		}
		return out, err
	}
}

// start begins the join of a left batch, which it takes over.
func (j *lookupJoin) start(ctx context.Context, batch arrow.RecordBatch) error {
	left := &batchList{schema: batch.Schema(), batches: []arrow.RecordBatch{batch}}
	right := &batchList{schema: j.keyed}
	join := newHashJoin(j.run.env, hashJoinSpec{
		node: j.node, left: left, right: right, leftKeys: j.keys, rightKeys: j.rightKeys(), typ: j.node.Type,
		cond: j.cond, inMemory: true,
	})
	j.join = join
	keys, err := j.distinctKeys(batch)
	if err != nil || len(keys) == 0 {
		return err
	}
	if j.stats == nil {
		return j.fetch(ctx, keys, right)
	}
	began := time.Now()
	err = j.fetch(ctx, keys, right)
	j.stats.fetched(time.Since(began), right.batches)
	return err
}

// fetched counts the rows of one left batch's keys.
func (s *NodeStats) fetched(took time.Duration, batches []arrow.RecordBatch) {
	s.Loops++
	s.First += took
	s.Total += took
	for _, b := range batches {
		s.Batches++
		s.Rows += b.NumRows()
		s.Bytes += batchBytes(b)
	}
}

func (j *lookupJoin) rightKeys() []*scalar {
	out := make([]*scalar, len(j.keys))
	for i := range out {
		at := len(j.node.Right.Output) + i
		out[i] = &scalar{typ: j.node.Right.Table.Columns[j.output[at]].Type, ordinal: j.schema.NumFields() + i}
	}
	return out
}

// distinctKeys are the keys of the left rows, without those with a NULL.
func (j *lookupJoin) distinctKeys(batch arrow.RecordBatch) ([][]types.Datum, error) {
	n := int(batch.NumRows())
	cols, err := columns(j.run.env, j.keys, batch.Columns(), n)
	if err != nil {
		return nil, err
	}
	defer releaseAll(cols)
	ts := make([]types.Type, len(j.keys))
	for i, k := range j.keys {
		ts[i] = k.typ
	}
	_, sel := insertNew(newKeyTable(ts, nil), cols, n, nil, nil)
	out := make([][]types.Datum, len(sel))
	for i, row := range sel {
		key := make([]types.Datum, len(cols))
		for k, c := range cols {
			key[k] = types.DatumAt(c, int(row)).Clone()
		}
		out[i] = key
	}
	return out, nil
}

// fetch reads the rows of keys into out.
func (j *lookupJoin) fetch(ctx context.Context, keys [][]types.Datum, out *batchList) error {
	spec, err := j.fetchSpec(keys)
	if err != nil {
		return err
	}
	s, err := rowstore.NewScanner(j.run.env.Alloc, j.run.env.reader(), spec)
	if err != nil {
		return err
	}
	defer s.Close()
	for {
		batch, err := s.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := j.keep(batch, out); err != nil {
			return err
		}
	}
}

// fetchSpec is a scan of the rows of keys. It reads them in the order in which
// they are stored, so that neighbours come from one block.
func (j *lookupJoin) fetchSpec(keys [][]types.Datum) (rowstore.ScanSpec, error) {
	n := j.node.Right
	spec := rowstore.ScanSpec{
		Table: n.Table, Layout: layoutOf(n.Table), Index: n.Index, Output: j.output, WithHandle: n.WithHandle,
		BatchRows: j.run.env.batchRows(), Whole: true,
	}
	if !j.unique {
		for _, k := range keys {
			span, err := spec.Layout.EncodeRange(n.Index, rowstore.Range{Equal: k})
			if err != nil {
				return spec, err
			}
			spec.Spans = append(spec.Spans, span)
		}
		slices.SortFunc(spec.Spans, func(a, b kv.Span) int { return bytes.Compare(a.Start, b.Start) })
		return spec, nil
	}
	spec.Keys = []kv.Key{} // not nil, which would be all of the table
	for _, k := range keys {
		key, ok, err := spec.Layout.PointKey(nil, n.Index, k)
		if err != nil {
			return spec, err
		}
		if ok {
			spec.Keys = append(spec.Keys, key)
		}
	}
	slices.SortFunc(spec.Keys, bytes.Compare)
	return spec, nil
}

// keep filters a fetched batch, which it takes over, and puts its handle
// column where the plan wants it: behind the output, before the keys.
func (j *lookupJoin) keep(batch arrow.RecordBatch, out *batchList) error {
	cols := batch.Columns()
	if j.node.Right.WithHandle {
		width, last := len(j.node.Right.Output), len(cols)-1
		moved := append([]arrow.Array{}, cols[:width]...)
		moved = append(append(moved, cols[last]), cols[width:last]...)
		cols = moved
	}
	keyed := array.NewRecordBatch(j.keyed, cols, batch.NumRows())
	batch.Release()
	if j.filter != nil {
		var err error
		if keyed, err = j.filter.apply(keyed); err != nil || keyed == nil {
			return err
		}
	}
	out.batches = append(out.batches, keyed)
	return nil
}

// batchList yields batches in hand.
type batchList struct {
	schema  *arrow.Schema
	batches []arrow.RecordBatch
}

func (b *batchList) Schema() *arrow.Schema { return b.schema }

func (b *batchList) Next(context.Context) (arrow.RecordBatch, error) {
	if len(b.batches) == 0 {
		return nil, io.EOF
	}
	batch := b.batches[0]
	b.batches = b.batches[1:]
	return batch, nil
}

func (b *batchList) Close() error {
	for _, batch := range b.batches {
		batch.Release()
	}
	b.batches = nil
	return nil
}
