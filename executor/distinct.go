package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// distinct passes on the first row of each group of equal rows, found by
// hashing. Rows come out in the order of the input unless they had to spill.
type distinct struct {
	env   *Env
	input Operator
	stats *NodeStats
	rows  *distinctRows
	pass  *partitionReader // nil: the input itself is read
	done  bool
}

func (r *run) newDistinct(n *plan.Distinct) (Operator, error) {
	if len(n.On) > 0 {
		return r.newDistinctOn(n)
	}
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	ts := typesOf(n.Cols)
	keys := make([]int, len(ts))
	for i := range keys {
		keys[i] = i
	}
	return &distinct{
		env: r.env, input: input, stats: r.statsOf(n), rows: newDistinctRows(r.env, input.Schema(), keys, ts),
	}, nil
}

func (d *distinct) Schema() *arrow.Schema { return d.input.Schema() }

func (d *distinct) Close() error {
	var err error
	if d.pass != nil {
		err = d.pass.Close()
		d.pass = nil
	}
	if d.stats != nil {
		d.stats.MemoryPeak = max(d.stats.MemoryPeak, d.rows.held.peak)
	}
	if e := d.rows.close(d.stats); err == nil {
		err = e
	}
	if e := d.input.Close(); err == nil {
		err = e
	}
	return err
}

func (d *distinct) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for !d.done {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		batch, err := d.read(ctx)
		if err == io.EOF {
			err = d.nextPass()
		}
		if err != nil {
			return nil, err
		}
		if batch == nil {
			continue
		}
		sel, err := d.rows.fresh(batch)
		if err != nil {
			batch.Release()
			return nil, err
		}
		out, err := pick(d.env, batch, sel)
		if out != nil || err != nil {
			return out, err
		}
	}
	return nil, io.EOF
}

func (d *distinct) read(ctx context.Context) (arrow.RecordBatch, error) {
	if d.pass != nil {
		return d.pass.Next(ctx)
	}
	return d.input.Next(ctx)
}

func (d *distinct) nextPass() error {
	if d.pass != nil {
		if err := d.pass.Close(); err != nil {
			return err
		}
	}
	var err error
	d.pass, err = d.rows.nextPass()
	d.done = d.pass == nil
	return err
}

// insertNew inserts n rows' keys and appends to sel the rows whose key is new.
func insertNew(t *keyTable, cols []arrow.Array, n int, ids []uint32, sel []int32) ([]uint32, []int32) {
	next := uint32(t.len())
	ids = t.insert(cols, n, ids)
	for i, id := range ids {
		if id == next { // ids are given in order: this is where it was
			sel = append(sel, int32(i))
			next++
		}
	}
	return ids, sel
}

// distinctOn passes on the first row of each run of equal keys (DISTINCT ON;
// the input is ordered by them).
type distinctOn struct {
	env   *Env
	input Operator
	keys  []*scalar
	reads []int         // the columns that the keys read
	last  []types.Datum // nil before the first row
	runs  keyRuns
}

func (r *run) newDistinctOn(n *plan.Distinct) (Operator, error) {
	keys, err := r.compileAll(n.On)
	if err != nil {
		return nil, err
	}
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	return &distinctOn{env: r.env, input: input, keys: keys, reads: columnsRead(len(n.Cols), n.On)}, nil
}

func (d *distinctOn) Schema() *arrow.Schema { return d.input.Schema() }

func (d *distinctOn) Close() error { return d.input.Close() }

func (d *distinctOn) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		batch, err := d.input.Next(ctx)
		if err != nil {
			return nil, err
		}
		sel, err := d.firsts(batch)
		if err != nil {
			batch.Release()
			return nil, err
		}
		out, err := pick(d.env, batch, sel)
		if out != nil || err != nil {
			return out, err
		}
	}
}

// firsts are the rows that start a run of keys.
func (d *distinctOn) firsts(batch arrow.RecordBatch) ([]int32, error) {
	n := int(batch.NumRows())
	in := make([]arrow.Array, batch.NumCols())
	for _, i := range d.reads {
		in[i] = batch.Column(i)
	}
	cols, err := columns(d.env, d.keys, in, n)
	if err != nil {
		return nil, err
	}
	defer releaseAll(cols)
	var last func(int) types.Datum
	if d.last != nil {
		last = func(k int) types.Datum { return d.last[k] }
	}
	sel := d.runs.starts(d.keys, cols, n, last)
	if n == 0 {
		return sel, nil
	}
	d.last = make([]types.Datum, len(cols))
	for k, c := range cols {
		d.last[k] = types.DatumAt(c, n-1).Clone()
	}
	return sel, nil
}
