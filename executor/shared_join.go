package executor

import (
	"context"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Hash joins whose probe side is shared by workers:
//
//  1. The consumer of a Gather reads the build sides of the joins in its
//     pipeline, from the top down, so that each narrows what is below it
//     (runtimeFilter), perhaps with workers of their own.
//  2. Each worker has joins that only probe. They read the consumer's tables,
//     which do not change any more, with scratch memory of their own.
//  3. The consumer drops the tables when the workers have ended.
//
// A build side that does not fit into memory is not shared: the consumer then
// does all of the work itself, by a join that spills.

// sharedJoins are the built joins of a pipeline.
type sharedJoins map[*plan.HashJoin]*hashJoin

func (s sharedJoins) close() error {
	var first error
	for _, j := range s {
		if err := j.Close(); first == nil {
			first = err
		}
	}
	return first
}

// buildShared builds the joins of a pipeline; ok is false if one does not fit.
func (r *run) buildShared(ctx context.Context, n plan.Node) (joins sharedJoins, ok bool, err error) {
	for n != nil {
		join, isJoin := n.(*plan.HashJoin)
		if !isJoin {
			n = pipelineInput(n)
			continue
		}
		j, err := r.newSharedBuild(join)
		if err != nil {
			_ = joins.close() // the first error tells more
			return nil, false, err
		}
		if joins == nil {
			joins = sharedJoins{}
		}
		joins[join] = j
		if err := j.load(ctx); err != nil {
			_ = joins.close() // the first error tells more
			return nil, false, err
		}
		if j.spill.parts != nil {
			return nil, false, joins.close()
		}
		if err := j.endBuild(); err != nil {
			_ = joins.close() // the first error tells more
			return nil, false, err
		}
		n, _ = join.Sides()
	}
	return joins, true, nil
}

// pipelineInput is the input of a pipeline's node that the workers share.
func pipelineInput(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.HashJoin:
		probe, _ := n.Sides()
		return probe
	case *plan.LookupJoin:
		return n.Left
	}
	if in := n.Inputs(); len(in) == 1 {
		return in[0]
	}
	return nil
}

// newSharedBuild makes a join that reads its build side and is not probed itself.
func (r *run) newSharedBuild(n *plan.HashJoin) (*hashJoin, error) {
	filters := r.runtimeFilters(n)
	probe, build := n.Sides()
	return r.makeHashJoin(n, filters, func() (Operator, Operator, error) {
		op, err := r.build(build)
		return &batchList{schema: schemaOf(probe.Columns())}, op, err
	})
}

// endBuild closes the build side, whose workers are wanted for the probe side.
func (j *hashJoin) endBuild() error {
	op := j.pass.build
	j.pass.build = &batchList{schema: op.Schema()}
	return op.Close()
}

// newSharedProbe makes a worker's join over a table that the consumer built.
func (r *run) newSharedProbe(n *plan.HashJoin, shared *hashJoin) (Operator, error) {
	probe, build := n.Sides()
	j, err := r.makeHashJoin(n, nil, func() (Operator, Operator, error) {
		op, err := r.build(probe)
		return op, &batchList{schema: schemaOf(build.Columns())}, err
	})
	if err != nil {
		return nil, err
	}
	rows := *shared.rows
	rows.env, rows.open = r.env, nil
	j.shared, j.rows, j.out.kept = true, &rows, &rows
	j.table = shared.table.reader(j.keyTypes)
	j.first, j.chain, j.refs = shared.first, shared.chain, shared.refs
	j.buildRows, j.hasNullKey = shared.buildRows, shared.hasNullKey
	if j.state = shared.state; j.state == joinEnd {
		j.state = joinDone
	}
	return j, nil
}

// giveBack leaves the shared rows to the consumer.
func (j *hashJoin) giveBack() {
	j.rows = newRowBuffer(j.env, j.rows.schema)
	j.table, j.first, j.chain, j.refs = nil, nil, nil, nil
}

// reader returns a table of the same keys for lookups by another goroutine.
// Nobody may insert into t any more.
func (t *keyTable) reader(ts []types.Type) *keyTable {
	out := *t
	out.words, out.codes = nil, keyCodes{}
	if t.packed != nil {
		p := *t.packed
		p.keys, p.excluded, p.words = nil, nil, nil
		out.packed = &p
	}
	if t.encoder != nil {
		out.encoder = newKeyEncoder(ts)
	}
	return &out
}
