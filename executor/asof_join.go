package executor

import (
	"bytes"
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// asofJoin joins each left row with the last right row that is not behind it.
//
//  1. Both sides are ordered by their keys and, within them, by time. For each left
//     row the right side is read on while its rows are not behind the left one; the
//     last of these is the candidate.
//  2. The candidate is the partner if its keys are the left row's. NULL is equal to
//     nothing: a left row with a NULL has no partner, and NULLs of right rows are in
//     the keys (equal to no left row's) or behind all times.
//  3. Pairs come out when the left batch is done, or before the candidate comes from
//     another right batch than theirs.
//
// Of the right side the batch that is being read is held, and the candidate's.
type asofJoin struct {
	env         *Env
	left, right Operator
	schema      *arrow.Schema
	outer       bool // left rows without a partner come out
	strict      bool

	leftKeys, rightKeys   mergeKeys // equal ones; without encoders if there are none
	leftTimes, rightTimes mergeKeys

	now  asofSide // the left batch and the row in hand
	next asofSide // the right batch and the first row that is not passed
	end  bool     // of the right side

	candidate asofSide // batch is nil if there is none
	idx, at   []int32  // pairs: left rows, and rows of the candidate's batch or -1
}

// asofSide is a place in a batch, with the keys of its rows.
type asofSide struct {
	batch      arrow.RecordBatch
	keys, time arrow.Array // encoded; keys is nil if there are none
	keyView    byteView
	timeView   byteView
	nulls      []bool
	row        int
}

func (r *run) newAsofJoin(n *plan.AsofJoin) (Operator, error) {
	j := &asofJoin{env: r.env, schema: schemaOf(n.Cols), outer: n.Type == plan.LeftJoin, strict: n.Strict}
	last := len(n.LeftKeys) - 1
	for _, k := range []struct {
		to   *mergeKeys
		from []expr.SortKey
	}{{&j.leftKeys, n.LeftKeys[:last]}, {&j.rightKeys, n.RightKeys[:last]}, {&j.leftTimes, n.LeftKeys[last:]}, {&j.rightTimes, n.RightKeys[last:]}} {
		var err error
		if k.to.keys, err = r.compileSortKeys(k.from); err != nil {
			return nil, err
		}
	}
	if last > 0 {
		if err := pairEncoders(&j.leftKeys, &j.rightKeys); err != nil {
			return nil, err
		}
	}
	if err := pairEncoders(&j.leftTimes, &j.rightTimes); err != nil {
		return nil, err
	}
	inputs, err := r.buildAll(n.Left, n.Right)
	if err != nil {
		return nil, err
	}
	j.left, j.right = inputs[0], inputs[1]
	return j, nil
}

func (j *asofJoin) Schema() *arrow.Schema { return j.schema }

func (j *asofJoin) Close() error {
	for _, s := range []*asofSide{&j.now, &j.next, &j.candidate} {
		s.drop()
	}
	j.end = true
	return closeAll(j.left, j.right)
}

func (s *asofSide) drop() {
	if s.batch == nil {
		return
	}
	s.batch.Release()
	s.time.Release()
	if s.keys != nil {
		s.keys.Release()
	}
	*s = asofSide{nulls: s.nulls}
}

// read makes a side of the next batch of an input, which replaces the one before.
func (j *asofJoin) read(ctx context.Context, s *asofSide, input Operator, keys, times *mergeKeys) error {
	s.drop()
	batch, err := input.Next(ctx)
	if err != nil {
		return err
	}
	s.batch, s.row = batch, 0
	s.nulls = cleared(s.nulls, int(batch.NumRows()))
	if s.time, err = times.of(j.env, batch, s.nulls); err != nil {
		batch.Release()
		s.batch = nil
		return err
	}
	s.timeView.offsets, s.timeView.data = byteValues(s.time)
	if keys.encoder == nil {
		return nil
	}
	if s.keys, err = keys.of(j.env, batch, s.nulls); err != nil {
		s.drop()
		return err
	}
	s.keyView.offsets, s.keyView.data = byteValues(s.keys)
	return nil
}

func (j *asofJoin) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		if j.now.batch == nil {
			if err := j.read(ctx, &j.now, j.left, &j.leftKeys, &j.leftTimes); err != nil {
				return nil, err
			}
		}
		if err := j.collect(ctx); err != nil {
			return nil, err
		}
		out, err := j.emit()
		if err != nil {
			return nil, err
		}
		if j.now.row == len(j.now.nulls) {
			j.now.drop()
		}
		if out != nil {
			return out, nil
		}
	}
}

// collect finds the partners of left rows until their batch is done, or pairs have to
// come out because the candidate is going to be of another right batch.
func (j *asofJoin) collect(ctx context.Context) error {
	for j.now.row < len(j.now.nulls) {
		partner := int32(-1)
		if !j.now.nulls[j.now.row] {
			ready, err := j.pass(ctx)
			if err != nil || !ready {
				return err
			}
			if c := &j.candidate; c.batch != nil && (c.keys == nil || bytes.Equal(c.keyView.at(c.row), j.now.keyView.at(j.now.row))) {
				partner = int32(c.row)
			}
		}
		if partner >= 0 || j.outer {
			j.idx, j.at = append(j.idx, int32(j.now.row)), append(j.at, partner)
		}
		j.now.row++
	}
	return nil
}

// pass reads the right side up to the rows behind the present left one. ready is
// false if pairs have to come out before it can go on.
func (j *asofJoin) pass(ctx context.Context) (ready bool, err error) {
	for {
		if j.next.batch == nil && !j.end {
			err := j.read(ctx, &j.next, j.right, &j.rightKeys, &j.rightTimes)
			if err == io.EOF {
				j.end = true
			} else if err != nil {
				return false, err
			}
		}
		if j.end {
			return true, nil
		}
		first := j.next.row
		for j.next.row < len(j.next.nulls) && !j.behind() {
			j.next.row++
		}
		if j.next.row > first {
			if j.candidate.batch != j.next.batch {
				if len(j.idx) > 0 {
					j.next.row = first
					return false, nil
				}
				j.candidate.drop()
				j.candidate = j.next.share()
			}
			j.candidate.row = j.next.row - 1
		}
		if j.next.row < len(j.next.nulls) {
			return true, nil
		}
		if err := checkContext(ctx); err != nil {
			return false, err
		}
		j.next.drop()
	}
}

// behind reports whether the next right row is behind the present left one.
func (j *asofJoin) behind() bool {
	if j.next.keys != nil {
		if c := bytes.Compare(j.next.keyView.at(j.next.row), j.now.keyView.at(j.now.row)); c != 0 {
			return c > 0
		}
	}
	c := bytes.Compare(j.next.timeView.at(j.next.row), j.now.timeView.at(j.now.row))
	return c > 0 || c == 0 && j.strict
}

// share is the side once more, with references of its own.
func (s *asofSide) share() asofSide {
	out := *s
	out.batch.Retain()
	out.time.Retain()
	if out.keys != nil {
		out.keys.Retain()
	}
	out.nulls = nil
	return out
}

// emit makes the batch of the pairs, nil if there are none.
func (j *asofJoin) emit() (arrow.RecordBatch, error) {
	n := len(j.idx)
	if n == 0 {
		return nil, nil
	}
	cols, err := takeColumns(j.env.Alloc, j.now.batch.Columns(), j.idx)
	if err != nil {
		return nil, err
	}
	if j.candidate.batch == nil { // no row has a partner
		for _, f := range j.right.Schema().Fields() {
			cols = append(cols, nullArray(j.env.Alloc, f.Type, n))
		}
	} else {
		right, err := takeColumns(j.env.Alloc, j.candidate.batch.Columns(), j.at)
		if err != nil {
			releaseAll(cols)
			return nil, err
		}
		cols = append(cols, right...)
	}
	j.idx, j.at = j.idx[:0], j.at[:0]
	return newBatch(j.schema, cols, n), nil
}
