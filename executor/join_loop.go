package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// joinLoop is what the joins share that keep one side in memory and stream the
// other one past it (hash join, nested loop):
//
//  1. Keep: the source loads the kept side.
//  2. Stream: of each streamed batch the source lists pairs with kept rows, at
//     most a batch of them at a time; the join condition filters them. Streamed
//     rows, and kept rows where the join needs it, are marked once they are in a
//     pair that passed. Rows come out in the order of the streamed side,
//     preserved ones without a partner included.
//  3. After a streamed batch its rows with or without a partner come out for
//     semi and anti joins; after the last one the kept rows without (or, semi
//     join, with) a partner do where the join asks for them.
//
// A source may have several passes over 1 to 3, for partitions or blocks of the
// kept side; joinEnd asks it for the next one.
type joinLoop struct {
	env          *Env
	typ          plan.JoinType
	streamedLeft bool
	source       joinSource

	state joinState
	out   *joinOutput
	rows  *rowBuffer // the kept side
	held  reservation
	// keptMatched marks kept rows that found a partner, nil if nobody asks.
	keptMatched *rowSet
	// more says that the streamed rows in hand meet further kept rows in a later
	// pass: matched goes on there, and rows without a partner wait.
	more bool
	// shared: the kept side is somebody else's, and the streamed side goes on
	// after its end, with the next morsel.
	shared bool

	// The streamed batch in hand.
	batch   arrow.RecordBatch
	matched []bool
	nulls   []bool // rows with a NULL key of an AntiNullJoin; they never come out
	pairIdx []int32
	pairRef []rowRef
	done    chunkAt // next kept row of joinKept
}

// chunkAt is a place in a rowBuffer.
type chunkAt struct{ chunk, row int }

// joinSource is the side of a joinLoop that knows how pairs are found.
type joinSource interface {
	// load keeps a side and sets the state: joinProbe, or joinEnd if nothing can come out.
	load(ctx context.Context) error
	// next sets the next streamed batch by begin, or returns io.EOF.
	next(ctx context.Context) error
	// collect sets pairIdx and pairRef to the next pairs, at most a batch. A row
	// that has no candidates is paired with noRow if preserve is set. open says
	// that the last row has more candidates to come.
	collect(preserve bool) (open bool)
	// partners sets matched for a semi or anti join without a condition.
	partners()
	// end ends a pass: joinBuild begins another one, joinDone ends the join.
	end(ctx context.Context) error
}

// joinState is where a join stands.
type joinState uint8

const (
	joinBuild joinState = iota // nothing is read
	joinProbe                  // a streamed batch is wanted
	joinPairs                  // the batch in hand has pairs left
	joinRest                   // its unmatched rows come next
	joinKept                   // the streamed side is read; kept rows come out
	joinEnd                    // the pass is over
	joinDone
)

// Schema implements Operator for the joins.
func (j *joinLoop) Schema() *arrow.Schema { return j.out.schema }

// Next implements Operator for the joins.
func (j *joinLoop) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		var out arrow.RecordBatch
		var err error
		switch j.state {
		case joinBuild:
			err = j.source.load(ctx)
		case joinProbe:
			err = j.nextStreamed(ctx)
		case joinPairs:
			out, err = j.nextPairs()
		case joinRest:
			out, err = j.rest()
		case joinKept:
			out, err = j.nextKept()
		case joinEnd:
			err = j.source.end(ctx)
		case joinDone:
			return nil, io.EOF
		}
		if out != nil || err != nil {
			return out, err
		}
	}
}

// release drops what the join holds.
func (j *joinLoop) release() {
	if j.batch != nil {
		j.batch.Release()
		j.batch = nil
	}
	j.rows.clear()
	j.held.close()
	j.state = joinDone
}

// existential: only whether a left row has a partner matters.
func (j *joinLoop) existential() bool { return j.typ >= plan.SemiJoin }

// keepsLeft and keepsRight: rows without a partner come out with NULLs.
func (j *joinLoop) keepsLeft() bool  { return j.typ == plan.LeftJoin || j.typ == plan.FullJoin }
func (j *joinLoop) keepsRight() bool { return j.typ == plan.RightJoin || j.typ == plan.FullJoin }

func (j *joinLoop) keepsStreamed() bool {
	return j.streamedLeft && j.keepsLeft() || !j.streamedLeft && j.keepsRight()
}

// keptComeOut: kept rows themselves come out at the end.
func (j *joinLoop) keptComeOut() bool {
	return j.streamedLeft && j.keepsRight() || !j.streamedLeft && (j.keepsLeft() || j.existential())
}

// begin takes over a streamed batch.
func (j *joinLoop) begin(batch arrow.RecordBatch) {
	j.matched = cleared(j.matched, int(batch.NumRows()))
	j.batch, j.state = batch, joinPairs
}

func (j *joinLoop) nextStreamed(ctx context.Context) error {
	err := j.source.next(ctx)
	if err != io.EOF || j.shared {
		return err
	}
	j.state = joinEnd
	if j.keptMatched != nil {
		j.state, j.done = joinKept, chunkAt{}
	}
	return nil
}

func (j *joinLoop) nextPairs() (arrow.RecordBatch, error) {
	if j.existential() && j.out.cond == nil && j.streamedLeft {
		j.source.partners()
		j.state = joinRest
		return nil, nil
	}
	preserve := j.keepsStreamed() && !j.more
	open := j.source.collect(preserve)
	if len(j.pairIdx) == 0 {
		j.state = joinRest
		return nil, nil
	}
	if j.existential() && j.out.cond == nil {
		j.mark(nil)
		return nil, nil
	}
	if preserve {
		return j.outerPairs(open)
	}
	cols, sel, err := j.out.matched(j.batch, j.pairIdx, j.pairRef)
	if err != nil {
		return nil, err
	}
	j.mark(sel)
	n := len(j.pairIdx)
	if sel != nil {
		n = len(sel)
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

// outerPairs is nextPairs for joins that preserve the streamed side.
func (j *joinLoop) outerPairs(open bool) (arrow.RecordBatch, error) {
	var mark func(rowRef)
	if j.keptMatched != nil {
		mark = j.keptMatched.add
	}
	idx, refs, err := j.out.settle(j.batch, j.pairIdx, j.pairRef, j.matched, open, mark)
	if err != nil || len(idx) == 0 {
		return nil, err
	}
	return j.out.pairBatch(j.batch, idx, refs)
}

// mark notes the rows of the given pairs (nil: all) as matched.
func (j *joinLoop) mark(sel []int32) {
	if sel == nil {
		for i := range j.pairIdx {
			j.markPair(i)
		}
		return
	}
	for _, s := range sel {
		j.markPair(int(s))
	}
}

func (j *joinLoop) markPair(i int) {
	j.matched[j.pairIdx[i]] = true
	if j.keptMatched != nil {
		j.keptMatched.add(j.pairRef[i])
	}
}

// rest is what comes out of the streamed batch after its pairs.
func (j *joinLoop) rest() (arrow.RecordBatch, error) {
	batch := j.batch
	j.batch, j.state = nil, joinProbe
	defer batch.Release()
	if !j.existential() || !j.streamedLeft || j.more {
		return nil, nil
	}
	want := j.typ == plan.SemiJoin
	var idx []int32
	for i, m := range j.matched {
		if m == want && (j.nulls == nil || !j.nulls[i]) {
			idx = append(idx, int32(i))
		}
	}
	if len(idx) == 0 {
		return nil, nil
	}
	return j.out.streamedRows(batch, idx)
}

// nextKept yields kept rows after the last streamed batch.
func (j *joinLoop) nextKept() (arrow.RecordBatch, error) {
	limit := j.env.batchRows()
	want := j.typ == plan.SemiJoin
	var refs []rowRef
	for j.done.chunk < len(j.rows.chunks) && len(refs) < limit {
		if j.done.row == j.rows.chunkRows(j.done.chunk) {
			j.done = chunkAt{chunk: j.done.chunk + 1}
			continue
		}
		if r := refOf(j.done.chunk, j.done.row); j.keptMatched.has(r) == want {
			refs = append(refs, r)
		}
		j.done.row++
	}
	if len(refs) == 0 {
		j.state = joinEnd
		return nil, nil
	}
	if j.existential() {
		return j.out.keptRows(refs)
	}
	return j.out.keptOnly(refs)
}

func cleared(b []bool, n int) []bool {
	if cap(b) < n {
		return make([]bool, n)
	}
	b = b[:n]
	clear(b)
	return b
}
