package executor

import (
	"bytes"
	"context"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// indexUnion reads the rows that several ranges of indexes find, as a bitmap scan
// does:
//
//  1. the handles of all parts are collected as keys of rows;
//  2. they are sorted, and those that came twice dropped;
//  3. rows are fetched in that order, few at first for a reader that stops, and
//     those that pass the filter come out.
//
// If the keys take more than Env.HashMem, the whole table is read instead.
type indexUnion struct {
	env    *Env
	run    *run
	node   *plan.IndexUnion
	schema *arrow.Schema
	filter *filter
	parts  []Operator
	keys   []kv.Key // nil before the first Next
	ready  bool
	held   reservation
	fetch  pointFetch
	step   int
	scan   Operator // instead, if there are too many keys
}

// firstFetched is how many rows are fetched first; then it is four times as many
// each time, up to a batch.
const firstFetched = 64

// keyOverhead is what a key takes beside its bytes: a slice, and the allocator's
// rounding.
const keyOverhead = 32

func (r *run) newIndexUnion(n *plan.IndexUnion) (Operator, error) {
	f, err := r.scanFilter(n.Scan)
	if err != nil {
		return nil, err
	}
	if f != nil {
		f.stats = r.statsOf(n)
	}
	u := &indexUnion{
		env: r.env, run: r, node: n, schema: schemaOf(n.Cols), filter: f, held: reservation{env: r.env}, step: firstFetched,
		fetch: pointFetch{env: r.env, layout: layoutOf(n.Table), output: n.Scan.Output, withHandle: n.Scan.WithHandle},
	}
	for _, p := range n.Parts {
		op, err := r.build(p)
		if err != nil {
			return nil, err
		}
		u.parts = append(u.parts, op)
	}
	return u, nil
}

func (u *indexUnion) Schema() *arrow.Schema { return u.schema }

func (u *indexUnion) Close() error {
	u.held.close()
	u.keys = nil
	return closeAll(append(slices.Clone(u.parts), u.scan)...)
}

func (u *indexUnion) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if !u.ready {
		u.ready = true
		if err := u.collect(ctx); err != nil {
			return nil, err
		}
	}
	if u.scan != nil {
		return u.scan.Next(ctx)
	}
	for len(u.keys) > 0 {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		n := min(len(u.keys), u.step, u.env.batchRows())
		u.fetch.keys = u.keys[:n]
		u.keys, u.step = u.keys[n:], 4*u.step
		batch, err := u.fetch.run(ctx)
		if err != nil {
			return nil, err
		}
		if batch == nil {
			continue
		}
		batch = renamed(batch, u.schema)
		if u.filter == nil {
			return batch, nil
		}
		if batch, err = u.filter.apply(batch); batch != nil || err != nil {
			return batch, err
		}
	}
	return nil, io.EOF
}

// collect makes the keys of the rows, or opens the whole scan.
func (u *indexUnion) collect(ctx context.Context) error {
	size := int64(0)
	for i, op := range u.parts {
		for {
			batch, err := op.Next(ctx)
			if err == io.EOF { //nolint:errorlint // the contract says io.EOF itself
				break
			}
			if err != nil {
				return err
			}
			handles := batch.Column(0)
			for row := range int(batch.NumRows()) {
				key := handleKey(u.node.Table, types.DatumAt(handles, row).Bytes())
				size += int64(len(key)) + keyOverhead
				u.keys = append(u.keys, key)
			}
			batch.Release()
			if !u.held.within(size, u.env.HashMem) {
				return u.readAll()
			}
		}
		if err := op.Close(); err != nil {
			return err
		}
		u.parts[i] = nil
	}
	slices.SortFunc(u.keys, bytes.Compare)
	u.keys = slices.CompactFunc(u.keys, bytes.Equal)
	return nil
}

// readAll goes over to reading the whole table.
func (u *indexUnion) readAll() error {
	u.keys = nil
	u.held.close()
	err := closeAll(u.parts...)
	u.parts = nil
	if err != nil {
		return err
	}
	u.scan, err = u.run.build(u.node.Scan)
	return err
}
