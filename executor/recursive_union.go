package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// recursiveUnion is WITH RECURSIVE. The initial input's rows come out and
// become the working table; then the step runs over the working table, its
// rows come out and become the next one, until a step yields nothing. Without
// ALL, rows that came out before are dropped (seenRows). Those and working tables
// go on in files.
type recursiveUnion struct {
	run    *run
	node   *plan.RecursiveUnion
	schema *arrow.Schema
	input  Operator // the initial input or a step; nil at the end
	work   *cteBuffer
	fresh  *rowBuffer // what becomes the next working table
	seen   *seenRows  // nil with ALL
}

func (r *run) newRecursiveUnion(n *plan.RecursiveUnion) (Operator, error) {
	input, err := r.build(n.Initial)
	if err != nil {
		return nil, err
	}
	schema := schemaOf(n.Cols)
	u := &recursiveUnion{
		run: r, node: n, schema: schema, input: input,
		work: &cteBuffer{rows: newSpooledBuffer(r.env, schema, r.statsOf(n))}, fresh: newSpooledBuffer(r.env, schema, r.statsOf(n)),
	}
	if !n.All {
		u.seen = newSeenRows(r.env, schema, typesOf(n.Cols))
		u.seen.others = u.makeRoom
	}
	return u, nil
}

func (u *recursiveUnion) Schema() *arrow.Schema { return u.schema }

func (u *recursiveUnion) Close() error {
	u.work.rows.clear()
	u.fresh.clear()
	input := u.input
	u.input = nil
	err := closeAll(input)
	if u.seen != nil {
		if e := u.seen.close(u.run.statsOf(u.node)); err == nil {
			err = e
		}
	}
	return err
}

func (u *recursiveUnion) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for u.input != nil {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		batch, err := u.input.Next(ctx)
		switch {
		case err == io.EOF:
			batch, err = u.late(ctx)
		case err == nil:
			batch, err = u.unseen(renamed(batch, u.schema))
		}
		if err == io.EOF {
			if err := u.step(); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if batch == nil {
			continue
		}
		batch.Retain()
		if err := u.fresh.add(batch); err != nil {
			batch.Release()
			return nil, err
		}
		return batch, nil
	}
	return nil, io.EOF
}

// unseen takes batch over and returns its rows that are known not to have come
// out before.
func (u *recursiveUnion) unseen(batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	if u.seen == nil {
		return batch, nil
	}
	return u.seen.fresh(batch)
}

// makeRoom writes the working tables and what CTEs hold away when what was seen
// has no room.
func (u *recursiveUnion) makeRoom() error {
	if err := u.fresh.spool.unload(); err != nil {
		return err
	}
	if err := u.work.rows.spool.unload(); err != nil {
		return err
	}
	for _, b := range u.run.ctes {
		if err := b.rows.spool.unload(); err != nil {
			return err
		}
	}
	return nil
}

// late returns the next of this step's rows of which that is found out at its
// end, or io.EOF.
func (u *recursiveUnion) late(ctx context.Context) (arrow.RecordBatch, error) {
	if u.seen == nil {
		return nil, io.EOF
	}
	return u.seen.late(ctx)
}

// step begins the next iteration, or ends the union.
func (u *recursiveUnion) step() error {
	input := u.input
	u.input = nil
	if err := input.Close(); err != nil {
		return err
	}
	u.work.rows.clear()
	if u.fresh.rows == 0 {
		return nil
	}
	u.work.rows, u.fresh = u.fresh, u.work.rows
	outer := u.run.setCTE(u.node.ID, u.work)
	next, err := u.run.build(u.node.Step)
	u.run.setCTE(u.node.ID, outer)
	u.input = next
	if err != nil {
		u.input = nil
	}
	return err
}

func errNoCTE(name string) error {
	return pgerror.New(pgerror.InternalError, "no common table expression %q is running", name)
}
