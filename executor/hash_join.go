package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// hashJoin joins on equality of keys.
//
//  1. Build: the build side is read to its end and kept; its keys go into a
//     hash table, rows of one key into a list in their order.
//  2. Probe: for each batch of the other side, pairs of a probe row and a build
//     row of the same key are made, at most a batch of them at a time; the
//     residual condition filters pairs. Probe rows, and build rows where the
//     join needs it, are marked once they are in a pair that passed.
//     Rows come out in the order of the probe side, preserved ones without a
//     partner included.
//  3. After a probe batch its rows with or without a pair come out for semi and
//     anti joins; after the last one the build rows without (or, semi join,
//     with) a pair do where the join asks for them.
//
// The plan says which side is built; joinSides says what that means for the
// join type.
type hashJoin struct {
	env          *Env
	probe, build Operator
	probeKeys    []*scalar
	buildKeys    []*scalar
	typ          plan.JoinType
	buildLeft    bool
	stats        *NodeStats

	state joinState
	out   *joinOutput
	rows  *rowBuffer
	table *keyTable
	held  reservation
	// first and next are the lists of the rows of a key: positions in refs + 1, 0 ends.
	first, last, next []uint32
	refs              []rowRef
	hasNullKey        bool
	buildMatched      *rowSet // nil if not needed

	// The probe batch in hand.
	batch   arrow.RecordBatch
	ids     []uint32
	row     int    // next probe row
	at      uint32 // rest of row-1's list
	matched []bool
	nulls   []bool // probe rows with a NULL key (null-aware anti join)
	pairIdx []int32
	pairRef []rowRef
	done    int // next kept row in the last phase
	all     []rowRef
}

// joinState is where a join stands.
type joinState uint8

const (
	joinBuild joinState = iota // nothing is read
	joinProbe                  // a probe batch is wanted
	joinPairs                  // the probe batch in hand has pairs left
	joinRest                   // its unmatched rows come next
	joinKept                   // the probe side is read; kept rows come out
	joinDone
)

func (r *run) newHashJoin(n *plan.HashJoin) (Operator, error) {
	leftKeys, err := r.compileAll(n.LeftKeys)
	if err != nil {
		return nil, err
	}
	rightKeys, err := r.compileAll(n.RightKeys)
	if err != nil {
		return nil, err
	}
	cond, err := r.compileOptional(n.Residual)
	if err != nil {
		return nil, err
	}
	inputs, err := r.buildAll(n.Left, n.Right)
	if err != nil {
		return nil, err
	}
	return newHashJoin(r.env, hashJoinSpec{
		node: n, left: inputs[0], right: inputs[1], leftKeys: leftKeys, rightKeys: rightKeys,
		nullEqual: n.NullEqual, typ: n.Type, buildLeft: n.BuildLeft, cond: cond, stats: r.statsOf(n),
	}), nil
}

// hashJoinSpec is what a hash join is made of.
type hashJoinSpec struct {
	node                plan.Node
	left, right         Operator
	leftKeys, rightKeys []*scalar
	nullEqual           []bool
	typ                 plan.JoinType
	buildLeft           bool
	cond                *scalar
	stats               *NodeStats
}

func newHashJoin(env *Env, s hashJoinSpec) *hashJoin {
	j := &hashJoin{env: env, typ: s.typ, buildLeft: s.buildLeft && s.typ != plan.AntiNullJoin, stats: s.stats, held: reservation{env: env}}
	j.probe, j.build, j.probeKeys, j.buildKeys = s.left, s.right, s.leftKeys, s.rightKeys
	if j.buildLeft {
		j.probe, j.build, j.probeKeys, j.buildKeys = s.right, s.left, s.rightKeys, s.leftKeys
	}
	j.rows = newRowBuffer(env, j.build.Schema())
	j.out = newJoinOutput(env, s.node, s.left.Schema(), s.right.Schema(), j.rows, !j.buildLeft, s.cond)
	j.table = newKeyTable(joinKeyTypes(j.buildKeys, j.probeKeys), s.nullEqual)
	return j
}

func (j *hashJoin) Schema() *arrow.Schema { return j.out.schema }

func (j *hashJoin) Close() error {
	if j.batch != nil {
		j.batch.Release()
		j.batch = nil
	}
	j.rows.clear()
	j.held.close()
	j.state = joinDone
	return closeAll(j.probe, j.build)
}

// keepsProbe: probe rows without a match come out with NULLs.
func (j *hashJoin) keepsProbe() bool {
	return j.typ == plan.FullJoin || (j.typ == plan.LeftJoin && !j.buildLeft) || (j.typ == plan.RightJoin && j.buildLeft)
}

// keepsBuild: build rows without a match come out with NULLs.
func (j *hashJoin) keepsBuild() bool {
	return j.typ == plan.FullJoin || (j.typ == plan.LeftJoin && j.buildLeft) || (j.typ == plan.RightJoin && !j.buildLeft)
}

// existential: only whether a left row has a match matters.
func (j *hashJoin) existential() bool { return j.typ >= plan.SemiJoin }

func (j *hashJoin) Next(ctx context.Context) (arrow.RecordBatch, error) {
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
			err = j.nextProbe(ctx)
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

func (j *hashJoin) load(ctx context.Context) error {
	var ids []uint32
	err := drain(ctx, j.build, func(batch arrow.RecordBatch) error {
		n := int(batch.NumRows())
		keys, err := columns(j.env, j.buildKeys, batch.Columns(), n)
		if err != nil {
			batch.Release()
			return err
		}
		defer releaseAll(keys)
		chunk := len(j.rows.chunks)
		if err := j.rows.add(batch); err != nil {
			return err
		}
		ids = j.table.insert(keys, n, ids)
		for i, id := range ids {
			j.link(id, refOf(chunk, i))
		}
		return j.held.set(j.table.bytes() + int64(cap(j.first)+cap(j.last)+cap(j.next))*4 + int64(cap(j.refs))*8)
	})
	if err != nil {
		return err
	}
	j.last = nil
	if j.keepsBuild() || (j.existential() && j.buildLeft) {
		j.buildMatched = newRowSet(j.rows)
	}
	if j.stats != nil {
		j.stats.MemoryPeak = max(j.stats.MemoryPeak, j.rows.bytes+j.held.held)
	}
	j.state = joinProbe
	if j.rows.rows == 0 && (j.typ == plan.InnerJoin || j.typ == plan.SemiJoin || j.buildLeft && !j.keepsProbe()) {
		j.state = joinDone // nothing can match
	}
	if j.typ == plan.AntiNullJoin && j.hasNullKey {
		j.state = joinDone
	}
	return nil
}

// link appends a build row to its key's list.
func (j *hashJoin) link(id uint32, ref rowRef) {
	if id == noKey {
		j.hasNullKey = true
		return
	}
	j.refs = append(j.refs, ref)
	j.next = append(j.next, 0)
	at := uint32(len(j.refs))
	if int(id) == len(j.first) {
		j.first = append(j.first, at)
		j.last = append(j.last, at)
		return
	}
	j.next[j.last[id]-1] = at
	j.last[id] = at
}

func (j *hashJoin) nextProbe(ctx context.Context) error {
	batch, err := j.probe.Next(ctx)
	if err == io.EOF {
		j.state = joinDone
		if j.buildMatched != nil {
			j.state, j.all = joinKept, j.rows.refs()
		}
		return nil
	}
	if err != nil {
		return err
	}
	n := int(batch.NumRows())
	keys, err := columns(j.env, j.probeKeys, batch.Columns(), n)
	if err != nil {
		batch.Release()
		return err
	}
	defer releaseAll(keys)
	j.ids = j.table.lookup(keys, n, j.ids)
	j.matched = cleared(j.matched, n)
	if j.typ == plan.AntiNullJoin {
		j.nulls = cleared(j.nulls, n)
		for _, k := range keys {
			for i := range n {
				j.nulls[i] = j.nulls[i] || k.IsNull(i)
			}
		}
	}
	j.batch, j.row, j.at, j.state = batch, 0, 0, joinPairs
	return nil
}

func cleared(b []bool, n int) []bool {
	if cap(b) < n {
		return make([]bool, n)
	}
	b = b[:n]
	clear(b)
	return b
}

// collect gathers the next pairs, at most a batch. A row without a key in the
// table is paired with noRow if the join preserves it.
func (j *hashJoin) collect() {
	limit := j.env.batchRows()
	j.pairIdx, j.pairRef = j.pairIdx[:0], j.pairRef[:0]
	for {
		for j.at != 0 {
			if len(j.pairIdx) == limit {
				return
			}
			j.pairIdx = append(j.pairIdx, int32(j.row-1))
			j.pairRef = append(j.pairRef, j.refs[j.at-1])
			j.at = j.next[j.at-1]
		}
		if j.row == len(j.ids) || len(j.pairIdx) == limit {
			return
		}
		id := j.ids[j.row]
		j.row++
		if id != noKey {
			j.at = j.first[id]
		} else if j.keepsProbe() {
			j.pairIdx = append(j.pairIdx, int32(j.row-1))
			j.pairRef = append(j.pairRef, noRow)
		}
	}
}

func (j *hashJoin) nextPairs() (arrow.RecordBatch, error) {
	if j.existential() && j.out.cond == nil && !j.buildLeft {
		// Whether a key is known is all that matters.
		for i, id := range j.ids {
			j.matched[i] = id != noKey
		}
		j.state = joinRest
		return nil, nil
	}
	j.collect()
	if len(j.pairIdx) == 0 {
		j.state = joinRest
		return nil, nil
	}
	if j.existential() && j.out.cond == nil {
		j.mark(nil)
		return nil, nil
	}
	if j.keepsProbe() {
		return j.outerPairs()
	}
	cols, sel, err := j.out.matched(j.batch, j.pairIdx, j.pairRef)
	if err != nil {
		return nil, err
	}
	j.mark(sel)
	if cols == nil && sel != nil {
		return nil, nil
	}
	if j.existential() {
		releaseAll(cols)
		return nil, nil
	}
	n := len(j.pairIdx)
	if sel != nil {
		n = len(sel)
	}
	return j.out.emit(cols, n), nil
}

// outerPairs is nextPairs for joins that preserve the probe side.
func (j *hashJoin) outerPairs() (arrow.RecordBatch, error) {
	var mark func(rowRef)
	if j.buildMatched != nil {
		mark = j.buildMatched.add
	}
	idx, refs, err := j.out.settle(j.batch, j.pairIdx, j.pairRef, j.matched, j.at != 0, mark)
	if err != nil || len(idx) == 0 {
		return nil, err
	}
	return j.out.pairBatch(j.batch, idx, refs)
}

// mark notes the rows of the given pairs (nil: all) as matched.
func (j *hashJoin) mark(sel []int32) {
	if sel == nil {
		for i, p := range j.pairIdx {
			j.matched[p] = true
			if j.buildMatched != nil {
				j.buildMatched.add(j.pairRef[i])
			}
		}
		return
	}
	for _, s := range sel {
		j.matched[j.pairIdx[s]] = true
		if j.buildMatched != nil {
			j.buildMatched.add(j.pairRef[s])
		}
	}
}

// rest is what comes out of the probe batch after its pairs.
func (j *hashJoin) rest() (arrow.RecordBatch, error) {
	batch := j.batch
	j.batch, j.state = nil, joinProbe
	defer batch.Release()
	if j.existential() && j.buildLeft {
		return nil, nil
	}
	if !j.existential() {
		return nil, nil
	}
	want := j.typ == plan.SemiJoin
	var idx []int32
	for i, m := range j.matched {
		if m != want {
			continue
		}
		if j.typ == plan.AntiNullJoin && j.nulls[i] && j.rows.rows > 0 {
			continue
		}
		idx = append(idx, int32(i))
	}
	if len(idx) == 0 {
		return nil, nil
	}
	return j.out.streamedRows(batch, idx)
}

// nextKept yields build rows after the last probe batch.
func (j *hashJoin) nextKept() (arrow.RecordBatch, error) {
	limit := j.env.batchRows()
	want := j.typ == plan.SemiJoin
	var refs []rowRef
	for ; j.done < len(j.all) && len(refs) < limit; j.done++ {
		if r := j.all[j.done]; j.buildMatched.has(r) == want {
			refs = append(refs, r)
		}
	}
	if len(refs) == 0 {
		j.state = joinDone
		return nil, nil
	}
	if j.existential() {
		return j.out.keptRows(refs)
	}
	return j.out.keptOnly(refs)
}
