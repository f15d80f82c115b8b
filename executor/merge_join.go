package executor

import (
	"bytes"
	"context"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// mergeJoin joins inputs that are ordered by their keys, by walking both once.
// Keys are compared as normalised byte strings (sortEncoder), whose direction
// and place of NULLs are the inputs' order.
//
//  1. For each left row, pos moves over the right rows with smaller keys; then
//     at runs from pos over the rows of the same key. The next left row of that
//     key starts at pos again.
//  2. Right batches are kept from pos on: what is before it is passed, and is let
//     go (first come out, for right and full joins, those without a partner)
//     when a further batch is read and no pair under way refers to it.
//     Many rows of one key go on in a file where memory ends.
//  3. Pairs, at most a batch of them, go through the residual condition as those
//     of the other joins do.
//
// Rows come out in the order of the left side, but for right rows without a
// partner. A NULL key has no equal.
type mergeJoin struct {
	env         *Env
	left, right Operator
	typ         plan.JoinType
	leftKeys    mergeKeys
	rightKeys   mergeKeys
	out         *joinOutput

	state joinState
	// The left batch in hand.
	batch   arrow.RecordBatch
	keys    byteView
	keyData arrow.Array
	nulls   []bool
	matched []bool
	row     int
	inRow   bool // at is valid: row's partners are being collected
	found   bool // row had a partner with its key
	// The right rows kept: their keys are a hidden column.
	rows     *rowBuffer
	marks    [][]bool // matched rows of each chunk; entries are nil if not needed
	pos, at  mergePos
	rightEnd bool

	pairIdx []int32
	pairRef []rowRef
	passed  []arrow.RecordBatch // right rows without a partner, to come out
}

// mergeKeys makes the keys of one side.
type mergeKeys struct {
	keys    []sortKey
	encoder *sortEncoder
}

func (r *run) newMergeJoin(n *plan.MergeJoin) (Operator, error) {
	if n.Type == plan.AntiNullJoin {
		return nil, pgerror.Unsupported("merge join for NOT IN")
	}
	cond, err := r.compileOptional(n.Residual)
	if err != nil {
		return nil, err
	}
	j := &mergeJoin{env: r.env, typ: n.Type}
	if j.leftKeys.keys, err = r.compileSortKeys(n.LeftKeys); err != nil {
		return nil, err
	}
	// The right side has the left one's order whatever its keys say.
	right := make([]expr.SortKey, len(n.RightKeys))
	for i, k := range n.RightKeys {
		right[i] = expr.SortKey{Expr: k.Expr, Desc: n.LeftKeys[i].Desc, NullsFirst: n.LeftKeys[i].NullsFirst}
	}
	if j.rightKeys.keys, err = r.compileSortKeys(right); err != nil {
		return nil, err
	}
	if err := pairEncoders(&j.leftKeys, &j.rightKeys); err != nil {
		return nil, err
	}
	inputs, err := r.buildAll(n.Left, n.Right)
	if err != nil {
		return nil, err
	}
	j.left, j.right = inputs[0], inputs[1]
	fields := append(slices.Clone(j.right.Schema().Fields()), arrow.Field{Type: arrow.BinaryTypes.Binary})
	j.rows = newSpooledBuffer(r.env, arrow.NewSchema(fields, nil), r.statsOf(n))
	j.rows.hidden = 1
	j.out = newJoinOutput(r.env, n, j.left.Schema(), j.right.Schema(), j.rows, true, cond)
	return j, nil
}

// pairEncoders makes encoders whose bytes are equal for equal keys of both sides.
func pairEncoders(left, right *mergeKeys) error {
	l, r := newSortEncoder(left.keys), newSortEncoder(right.keys)
	for i := range l.columns {
		a, b := &l.columns[i], &r.columns[i]
		for _, c := range []*sortColumn{a, b} {
			c.uncut = true
			if c.key.typ.Phys() == types.PhysBinary && !c.coded {
				return pgerror.Unsupported("merge join on type %s", types.Format(c.key.typ))
			}
		}
		a.wide = a.key.typ.Phys() != b.key.typ.Phys()
		b.wide = a.wide
	}
	left.encoder, right.encoder = l, r
	return nil
}

// of makes the keys of a batch, and says which rows have a NULL in theirs.
func (k *mergeKeys) of(env *Env, batch arrow.RecordBatch, nulls []bool) (arrow.Array, error) {
	n := int(batch.NumRows())
	cols, err := columns(env, sortScalars(k.keys), batch.Columns(), n)
	if err != nil {
		return nil, err
	}
	defer releaseAll(cols)
	for _, c := range cols {
		if nulls == nil || c.NullN() == 0 {
			continue
		}
		for i := range n {
			nulls[i] = nulls[i] || c.IsNull(i)
		}
	}
	return k.encoder.encode(env, cols, n)
}

func (j *mergeJoin) Schema() *arrow.Schema { return j.out.schema }

func (j *mergeJoin) Close() error {
	j.dropLeft()
	for _, b := range j.passed {
		b.Release()
	}
	j.passed = nil
	j.pos.drop()
	j.at.drop()
	j.rows.clear()
	j.state = joinDone
	return closeAll(j.left, j.right)
}

func (j *mergeJoin) dropLeft() {
	if j.batch != nil {
		j.batch.Release()
		j.keyData.Release()
		j.batch, j.keyData = nil, nil
	}
}

func (j *mergeJoin) keepsLeft() bool { return j.typ == plan.LeftJoin || j.typ == plan.FullJoin }

func (j *mergeJoin) keepsRight() bool { return j.typ == plan.RightJoin || j.typ == plan.FullJoin }

func (j *mergeJoin) existential() bool { return j.typ >= plan.SemiJoin }

func (j *mergeJoin) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		if len(j.passed) > 0 {
			b := j.passed[0]
			j.passed = j.passed[1:]
			return b, nil
		}
		var out arrow.RecordBatch
		var err error
		switch j.state {
		case joinBuild, joinProbe:
			err = j.nextLeft(ctx)
		case joinPairs:
			out, err = j.nextPairs(ctx)
		case joinRest:
			out, err = j.rest()
		case joinKept:
			err = j.nextPassed(ctx)
		case joinDone:
			return nil, io.EOF
		}
		if out != nil || err != nil {
			return out, err
		}
	}
}

func (j *mergeJoin) nextLeft(ctx context.Context) error {
	if j.rightEnd && j.pos.chunk == len(j.rows.chunks) && !j.keepsLeft() && j.typ != plan.AntiJoin {
		j.state = joinKept // no left row has a partner any more
		return nil
	}
	batch, err := j.left.Next(ctx)
	if err == io.EOF {
		j.state = joinKept
		return nil
	}
	if err != nil {
		return err
	}
	n := int(batch.NumRows())
	j.nulls, j.matched = cleared(j.nulls, n), cleared(j.matched, n)
	keys, err := j.leftKeys.of(j.env, batch, j.nulls)
	if err != nil {
		batch.Release()
		return err
	}
	j.batch, j.keyData, j.row, j.inRow, j.state = batch, keys, 0, false, joinPairs
	j.keys.offsets, j.keys.data = byteValues(keys)
	return nil
}

// nextPairs collects pairs and makes the output of them.
func (j *mergeJoin) nextPairs(ctx context.Context) (arrow.RecordBatch, error) {
	j.pairIdx, j.pairRef = j.pairIdx[:0], j.pairRef[:0]
	if err := j.collect(ctx); err != nil {
		return nil, err
	}
	if len(j.pairIdx) == 0 {
		if j.row == len(j.matched) {
			j.state = joinRest
		}
		return nil, nil
	}
	if j.keepsLeft() {
		idx, refs, err := j.out.settle(j.batch, j.pairIdx, j.pairRef, j.matched, j.inRow, j.mark)
		if err != nil || len(idx) == 0 {
			return nil, err
		}
		return j.out.pairBatch(j.batch, idx, refs)
	}
	cols, sel, err := j.out.matched(j.batch, j.pairIdx, j.pairRef)
	if err != nil {
		return nil, err
	}
	n := len(j.pairIdx)
	if sel == nil {
		for i, row := range j.pairIdx {
			j.matched[row] = true
			j.mark(j.pairRef[i])
		}
	} else {
		n = len(sel)
		for _, s := range sel {
			j.matched[j.pairIdx[s]] = true
			j.mark(j.pairRef[s])
		}
	}
	if n == 0 || j.existential() {
		releaseAll(cols)
		return nil, nil
	}
	return j.out.emit(cols, n), nil
}

// mark notes that a right row has a partner.
func (j *mergeJoin) mark(r rowRef) {
	if m := j.marks[r.chunk()]; m != nil {
		m[r.row()] = true
	}
}

// collect gathers pairs until there is a batch of them, the left batch is done,
// or right rows that they refer to must go.
func (j *mergeJoin) collect(ctx context.Context) error {
	limit := j.env.batchRows()
	for j.row < len(j.matched) && len(j.pairIdx) < limit {
		if !j.inRow {
			ok, err := j.begin(ctx)
			if err != nil || !ok {
				return err
			}
		}
		if err := j.partners(ctx, limit); err != nil {
			return err
		}
		if j.inRow {
			return nil
		}
		if !j.found && j.keepsLeft() {
			j.pair(noRow)
		}
		j.row++
	}
	return nil
}

// begin finds where the partners of the next left row begin. It returns false
// if the pairs so far must come out first.
func (j *mergeJoin) begin(ctx context.Context) (ok bool, err error) {
	j.found = false
	if j.nulls[j.row] {
		j.at.move(chunkAt{chunk: -1})
		j.inRow = true
		return true, nil
	}
	key := j.keys.at(j.row)
	for {
		if j.pos.chunk == len(j.rows.chunks) {
			if j.rightEnd {
				break
			}
			if len(j.pairIdx) > 0 {
				return false, nil
			}
			if err := j.pass(); err != nil {
				return false, err
			}
			if err := j.nextRight(ctx); err != nil {
				return false, err
			}
			if len(j.passed) > 0 {
				return false, nil
			}
			continue
		}
		at, err := j.keyAt(&j.pos)
		if err != nil {
			return false, err
		}
		if bytes.Compare(at, key) >= 0 {
			break
		}
		j.step(&j.pos)
	}
	j.at.move(j.pos.chunkAt)
	j.inRow = true
	return true, nil
}

// partners pairs the left row with the right rows from at on that have its key.
func (j *mergeJoin) partners(ctx context.Context, limit int) error {
	for j.at.chunk >= 0 {
		if j.at.chunk == len(j.rows.chunks) {
			if j.rightEnd {
				break
			}
			if err := j.nextRight(ctx); err != nil {
				return err
			}
			continue
		}
		at, err := j.keyAt(&j.at)
		if err != nil {
			return err
		}
		if !bytes.Equal(at, j.keys.at(j.row)) {
			break
		}
		if j.existential() && (j.out.cond == nil || j.matched[j.row]) {
			j.matched[j.row] = true
			break
		}
		if len(j.pairIdx) == limit {
			return nil
		}
		j.found = true
		j.pair(refOf(j.at.chunk, j.at.row))
		j.step(&j.at)
	}
	j.inRow = false
	return nil
}

func (j *mergeJoin) pair(r rowRef) {
	j.pairIdx, j.pairRef = append(j.pairIdx, int32(j.row)), append(j.pairRef, r)
}

// step moves to the next right row.
func (j *mergeJoin) step(p *mergePos) {
	if p.row++; p.row == j.rows.chunkRows(p.chunk) {
		p.move(chunkAt{chunk: p.chunk + 1})
	}
}

// nextRight reads a right batch.
func (j *mergeJoin) nextRight(ctx context.Context) error {
	if err := checkContext(ctx); err != nil {
		return err
	}
	batch, err := j.right.Next(ctx)
	if err == io.EOF {
		j.rightEnd = true
		return nil
	}
	if err != nil {
		return err
	}
	keys, err := j.rightKeys.of(j.env, batch, nil)
	if err != nil {
		batch.Release()
		return err
	}
	cols := append(slices.Clone(batch.Columns()), keys)
	keyed := array.NewRecordBatch(j.rows.schema, cols, batch.NumRows())
	keys.Release()
	batch.Release()
	if err := j.rows.add(keyed); err != nil {
		return err
	}
	for k := len(j.marks); k < len(j.rows.chunks); k++ {
		var marks []bool
		if j.keepsRight() {
			marks = make([]bool, j.rows.chunkRows(k))
		}
		j.marks = append(j.marks, marks)
	}
	return nil
}

// pass lets go of the right batches before pos, which no pair refers to.
func (j *mergeJoin) pass() error {
	n := j.pos.chunk
	if n == 0 {
		return nil
	}
	for k := range n {
		if err := j.passChunk(k); err != nil {
			return err
		}
	}
	j.marks = j.marks[n:]
	j.rows.dropFirst(n)
	j.pos.drop()
	j.at.drop()
	j.pos.chunk = 0
	return nil
}

// passChunk makes the output of a chunk's rows without a partner.
func (j *mergeJoin) passChunk(k int) error {
	if !j.keepsRight() {
		return nil
	}
	limit := j.env.batchRows()
	var refs []rowRef
	for i, m := range j.marks[k] {
		if !m {
			refs = append(refs, refOf(k, i))
		}
		if len(refs) > 0 && (len(refs) == limit || i+1 == len(j.marks[k])) {
			batch, err := j.out.keptOnly(refs)
			if err != nil {
				return err
			}
			j.passed = append(j.passed, batch)
			refs = refs[:0]
		}
	}
	return nil
}

// nextPassed passes the next right batches once the left side is at its end.
func (j *mergeJoin) nextPassed(ctx context.Context) error {
	if !j.keepsRight() {
		j.state = joinDone
		return nil
	}
	if len(j.rows.chunks) == 0 && !j.rightEnd {
		if err := j.nextRight(ctx); err != nil {
			return err
		}
	}
	if len(j.rows.chunks) == 0 {
		j.state = joinDone
		return nil
	}
	j.pos.move(chunkAt{chunk: len(j.rows.chunks)})
	return j.pass()
}

// rest is what comes out of the left batch after its pairs.
func (j *mergeJoin) rest() (arrow.RecordBatch, error) {
	batch := j.batch
	batch.Retain()
	defer batch.Release()
	j.dropLeft()
	j.state = joinProbe
	if !j.existential() {
		return nil, nil
	}
	var idx []int32
	for i, m := range j.matched {
		if m == (j.typ == plan.SemiJoin) {
			idx = append(idx, int32(i))
		}
	}
	if len(idx) == 0 {
		return nil, nil
	}
	return j.out.streamedRows(batch, idx)
}
