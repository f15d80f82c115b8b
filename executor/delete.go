package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// deleteRows is DELETE: the rows are collected and locked, then removed, then
// foreign key actions run.
type deleteRows struct {
	run       *run
	w         *tableWriter
	node      *plan.Delete
	returning []*scalar
	schema    *arrow.Schema
	changes   keyChanges
}

func (r *run) newDelete(n *plan.Delete) (Operator, error) {
	d, err := r.newDeleter(n)
	if err != nil {
		return nil, err
	}
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	m := &modify{env: r.env, inputs: []Operator{input}, schema: d.schema, stats: r.statsOf(n), cleanup: d.w.close}
	m.execute = func(ctx context.Context, emit func(arrow.RecordBatch) error) error {
		return d.execute(ctx, input, emit)
	}
	return m, nil
}

// newDeleter is newDelete without an input.
func (r *run) newDeleter(n *plan.Delete) (*deleteRows, error) {
	w, err := r.newTableWriter(n.Table, &n.Rows)
	if err != nil {
		return nil, err
	}
	d := &deleteRows{run: r, w: w, node: n, schema: schemaOf(n.Cols)}
	if d.returning, err = r.compileAll(n.Returning); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *deleteRows) execute(ctx context.Context, input Operator, emit func(arrow.RecordBatch) error) error {
	if scan, ok := input.(*seriesScan); ok && d.node.Range {
		if done, err := d.deleteRange(ctx, scan); done || err != nil {
			return err
		}
	}
	rows, err := collectTargets(ctx, d.run.env, input, targets{
		table: d.node.Table, handle: d.node.Handle, mode: kv.LockUpdate, distinct: findsOnce(d.node.Input),
		recheck: d.run.writesFound(d.node, d.node.Input, d.node.Table), stats: d.run.statsOf(d.node),
	})
	if err != nil {
		return err
	}
	defer rows.clear()
	d.w.writer.Locked = true
	for k := range rows.chunks {
		if err := checkContext(ctx); err != nil {
			return err
		}
		batch, err := rows.chunk(k)
		if err != nil {
			return err
		}
		if batch == nil {
			continue
		}
		out, err := d.chunk(ctx, batch)
		batch.Release()
		if err != nil {
			return err
		}
		if out != nil {
			if err := emit(out); err != nil {
				return err
			}
		}
	}
	return d.changes.run(ctx, d.w)
}

func (d *deleteRows) chunk(ctx context.Context, batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	n := int(batch.NumRows())
	old, err := d.w.images(oldColumns(batch, d.node.OldColumns), n)
	if err != nil {
		return nil, err
	}
	defer old.release()
	if handles := batch.Column(d.node.Handle); d.w.points != nil {
		err = d.w.points.writer.Delete(ctx, handles)
	} else {
		for i := 0; i < n && err == nil; i++ {
			err = d.w.writer.Delete(types.DatumAt(handles, i).Bytes(), old.at(i))
		}
	}
	if err != nil {
		return nil, err
	}
	d.changes.add(d.w, old, nil)
	if d.run.counts(d.node) {
		d.run.env.Affected += int64(n)
	}
	if len(d.returning) == 0 {
		return nil, nil
	}
	return returning(d.run.env, d.returning, d.schema, batch.Columns(), n)
}
