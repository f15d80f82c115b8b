package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// nestedLoop joins on any condition: the right side is read once and kept,
// and every left row is paired with every right row. See lateral.go for the
// form that runs the right side for each left row.
type nestedLoop struct {
	env         *Env
	left, right Operator
	typ         plan.JoinType

	state        joinState
	rows         *rowBuffer
	out          *joinOutput
	refs         []rowRef
	held         reservation
	rightMatched *rowSet

	batch   arrow.RecordBatch
	row, at int // the next pair: left row and position in refs
	matched []bool
	pairIdx []int32
	done    int
}

func (r *run) newNestedLoop(n *plan.NestedLoop) (Operator, error) {
	cond, err := r.compileOptional(n.Cond)
	if err != nil {
		return nil, err
	}
	if len(n.Slots) > 0 {
		return r.newLateral(n, cond)
	}
	inputs, err := r.buildAll(n.Left, n.Right)
	if err != nil {
		return nil, err
	}
	j := &nestedLoop{env: r.env, left: inputs[0], right: inputs[1], typ: n.Type, held: reservation{env: r.env}}
	j.rows = newRowBuffer(r.env, j.right.Schema())
	j.out = newJoinOutput(r.env, n, j.left.Schema(), j.right.Schema(), j.rows, true, cond)
	return j, nil
}

func (j *nestedLoop) Schema() *arrow.Schema { return j.out.schema }

func (j *nestedLoop) Close() error {
	if j.batch != nil {
		j.batch.Release()
		j.batch = nil
	}
	j.rows.clear()
	j.held.close()
	j.state = joinDone
	return closeAll(j.left, j.right)
}

func (j *nestedLoop) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		var out arrow.RecordBatch
		var err error
		switch j.state {
		case joinBuild:
			err = j.load(ctx)
		case joinProbe:
			err = j.nextLeft(ctx)
		case joinPairs:
			out, err = j.nextPairs()
		case joinRest:
			out, err = j.rest()
		case joinKept:
			out, err = j.nextKept()
		case joinDone:
			return nil, io.EOF
		}
		if out != nil || err != nil {
			return out, err
		}
	}
}

func (j *nestedLoop) load(ctx context.Context) error {
	if err := j.rows.fill(ctx, j.right); err != nil {
		return err
	}
	if err := j.held.set(int64(j.rows.rows) * 9); err != nil {
		return err
	}
	j.refs = j.rows.refs()
	if j.typ == plan.RightJoin || j.typ == plan.FullJoin {
		j.rightMatched = newRowSet(j.rows)
	}
	j.state = joinProbe
	if len(j.refs) == 0 && (j.typ == plan.InnerJoin || j.typ == plan.SemiJoin || j.typ == plan.RightJoin) {
		j.state = joinDone
	}
	return nil
}

func (j *nestedLoop) nextLeft(ctx context.Context) error {
	batch, err := j.left.Next(ctx)
	if err == io.EOF {
		j.state = joinDone
		if j.rightMatched != nil {
			j.state = joinKept
		}
		return nil
	}
	if err != nil {
		return err
	}
	j.matched = cleared(j.matched, int(batch.NumRows()))
	j.batch, j.row, j.at, j.state = batch, 0, 0, joinPairs
	return nil
}

func (j *nestedLoop) existential() bool { return j.typ >= plan.SemiJoin }

func (j *nestedLoop) nextPairs() (arrow.RecordBatch, error) {
	if j.existential() && j.out.cond == nil {
		for i := range j.matched {
			j.matched[i] = len(j.refs) > 0
		}
		j.state = joinRest
		return nil, nil
	}
	idx, refs := j.collect()
	if len(idx) == 0 {
		j.state = joinRest
		return nil, nil
	}
	if j.keepsLeft() {
		return j.outerPairs(idx, refs)
	}
	cols, sel, err := j.out.matched(j.batch, idx, refs)
	if err != nil {
		return nil, err
	}
	n := len(idx)
	if sel == nil {
		for i := range idx {
			j.mark(idx[i], refs[i])
		}
	} else {
		n = len(sel)
		for _, s := range sel {
			j.mark(idx[s], refs[s])
		}
	}
	if n == 0 {
		return nil, nil
	}
	if j.existential() {
		releaseAll(cols)
		return nil, nil
	}
	return j.out.emit(cols, n), nil
}

func (j *nestedLoop) keepsLeft() bool { return j.typ == plan.LeftJoin || j.typ == plan.FullJoin }

// outerPairs is nextPairs for joins that preserve the left side.
func (j *nestedLoop) outerPairs(idx []int32, refs []rowRef) (arrow.RecordBatch, error) {
	var mark func(rowRef)
	if j.rightMatched != nil {
		mark = j.rightMatched.add
	}
	open := j.at != 0 && j.at < len(j.refs)
	idx, refs, err := j.out.settle(j.batch, idx, refs, j.matched, open, mark)
	if err != nil || len(idx) == 0 {
		return nil, err
	}
	return j.out.pairBatch(j.batch, idx, refs)
}

func (j *nestedLoop) mark(left int32, right rowRef) {
	j.matched[left] = true
	if j.rightMatched != nil {
		j.rightMatched.add(right)
	}
}

// collect are the next pairs, at most a batch; rows of a semi or anti join
// that are matched already are passed over.
func (j *nestedLoop) collect() (idx []int32, refs []rowRef) {
	limit := j.env.batchRows()
	j.pairIdx = j.pairIdx[:0]
	out := make([]rowRef, 0, min(limit, len(j.refs)*len(j.matched)))
	for j.row < len(j.matched) && len(j.pairIdx) < limit {
		if len(j.refs) == 0 && j.keepsLeft() {
			j.pairIdx, out = append(j.pairIdx, int32(j.row)), append(out, noRow)
			j.row++
			continue
		}
		if j.at == len(j.refs) || (j.existential() && j.matched[j.row]) {
			j.row++
			j.at = 0
			continue
		}
		n := min(limit-len(j.pairIdx), len(j.refs)-j.at)
		for range n {
			j.pairIdx = append(j.pairIdx, int32(j.row))
		}
		out = append(out, j.refs[j.at:j.at+n]...)
		j.at += n
	}
	return j.pairIdx, out
}

func (j *nestedLoop) rest() (arrow.RecordBatch, error) {
	batch := j.batch
	j.batch, j.state = nil, joinProbe
	defer batch.Release()
	if !j.existential() {
		return nil, nil
	}
	want := j.typ == plan.SemiJoin
	var idx []int32
	for i, m := range j.matched {
		if m == want {
			idx = append(idx, int32(i))
		}
	}
	if len(idx) == 0 {
		return nil, nil
	}
	return j.out.streamedRows(batch, idx)
}

func (j *nestedLoop) nextKept() (arrow.RecordBatch, error) {
	limit := j.env.batchRows()
	var refs []rowRef
	for ; j.done < len(j.refs) && len(refs) < limit; j.done++ {
		if r := j.refs[j.done]; !j.rightMatched.has(r) {
			refs = append(refs, r)
		}
	}
	if len(refs) == 0 {
		j.state = joinDone
		return nil, nil
	}
	return j.out.keptOnly(refs)
}
