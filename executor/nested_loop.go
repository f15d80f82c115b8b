package executor

import (
	"context"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// nestedLoop joins on any condition: the right side is read once and kept,
// in memory and beyond in a file, and every left row is paired with every right
// row. See lateral.go for the form that runs the right side for each left row.
type nestedLoop struct {
	joinLoop
	left, right Operator
	row         int     // the next pair: left row
	at          chunkAt // and right row
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
	j := &nestedLoop{left: inputs[0], right: inputs[1]}
	j.joinLoop = joinLoop{env: r.env, typ: n.Type, streamedLeft: true, source: j, held: reservation{env: r.env}}
	j.rows = newSpooledBuffer(r.env, j.right.Schema(), r.statsOf(n))
	j.out = newJoinOutput(r.env, n, j.left.Schema(), j.right.Schema(), j.rows, true, cond)
	return j, nil
}

func (j *nestedLoop) Close() error {
	j.release()
	return closeAll(j.left, j.right)
}

func (j *nestedLoop) load(ctx context.Context) error {
	if err := j.rows.fill(ctx, j.right); err != nil {
		return err
	}
	if j.keptComeOut() {
		if err := j.held.set(int64(j.rows.rows)/8 + 8*int64(len(j.rows.chunks))); err != nil {
			return err
		}
		j.keptMatched = newRowSet(j.rows)
	}
	j.state = joinProbe
	if j.rows.rows == 0 && (j.typ == plan.InnerJoin || j.typ == plan.SemiJoin || j.typ == plan.RightJoin) {
		j.state = joinEnd
	}
	return nil
}

func (j *nestedLoop) next(ctx context.Context) error {
	batch, err := j.left.Next(ctx)
	if err == nil {
		j.row, j.at = 0, chunkAt{}
		j.begin(batch)
	}
	return err
}

func (j *nestedLoop) partners() {
	for i := range j.matched {
		j.matched[i] = j.rows.rows > 0
	}
}

// collect passes over rows of a semi or anti join that are matched already.
func (j *nestedLoop) collect(preserve bool) (open bool) {
	limit := j.env.batchRows()
	j.pairIdx, j.pairRef = j.pairIdx[:0], j.pairRef[:0]
	for j.row < len(j.matched) && len(j.pairIdx) < limit {
		if j.rows.rows == 0 && preserve {
			j.pairIdx, j.pairRef = append(j.pairIdx, int32(j.row)), append(j.pairRef, noRow)
			j.row++
			continue
		}
		if j.at.chunk == len(j.rows.chunks) || (j.existential() && j.matched[j.row]) {
			j.row++
			j.at = chunkAt{}
			continue
		}
		rows := j.rows.chunkRows(j.at.chunk)
		n := min(limit-len(j.pairIdx), rows-j.at.row)
		for i := range n {
			j.pairIdx = append(j.pairIdx, int32(j.row))
			j.pairRef = append(j.pairRef, refOf(j.at.chunk, j.at.row+i))
		}
		j.at.row += n
		if j.at.row == rows {
			j.at = chunkAt{chunk: j.at.chunk + 1}
		}
	}
	return j.at != chunkAt{} && j.at.chunk < len(j.rows.chunks)
}

func (j *nestedLoop) end(context.Context) error {
	j.state = joinDone
	return nil
}
