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
// ALL, rows that came out before are dropped; those must stay in memory (53200),
// as in PostgreSQL, while working tables go on in files.
type recursiveUnion struct {
	run    *run
	node   *plan.RecursiveUnion
	schema *arrow.Schema
	input  Operator // the initial input or a step; nil at the end
	work   *cteBuffer
	fresh  *rowBuffer // what becomes the next working table
	seen   *keyTable  // nil with ALL
	ids    []uint32
	held   reservation
}

func (r *run) newRecursiveUnion(n *plan.RecursiveUnion) (Operator, error) {
	input, err := r.build(n.Initial)
	if err != nil {
		return nil, err
	}
	schema := schemaOf(n.Cols)
	u := &recursiveUnion{
		run: r, node: n, schema: schema, input: input, held: reservation{env: r.env},
		work: &cteBuffer{rows: newSpooledBuffer(r.env, schema, r.statsOf(n))}, fresh: newSpooledBuffer(r.env, schema, r.statsOf(n)),
	}
	if !n.All {
		ts := typesOf(n.Cols)
		u.seen = newKeyTable(ts, allEqual(len(ts)))
	}
	return u, nil
}

func (u *recursiveUnion) Schema() *arrow.Schema { return u.schema }

func (u *recursiveUnion) Close() error {
	u.work.rows.clear()
	u.fresh.clear()
	if s := u.run.statsOf(u.node); s != nil {
		s.MemoryPeak += u.held.peak
	}
	u.held.close()
	input := u.input
	u.input = nil
	return closeAll(input)
}

func (u *recursiveUnion) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for u.input != nil {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		batch, err := u.input.Next(ctx)
		if err == io.EOF {
			if err := u.step(); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		batch, err = u.unseen(renamed(batch, u.schema))
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

// unseen takes batch over and returns its rows that did not come out before.
func (u *recursiveUnion) unseen(batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	if u.seen == nil {
		return batch, nil
	}
	var sel []int32
	u.ids, sel = insertNew(u.seen, batch.Columns(), int(batch.NumRows()), u.ids, nil)
	if err := u.held.set(u.seen.bytes()); err != nil {
		batch.Release()
		return nil, err
	}
	return pick(u.run.env, batch, sel)
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
