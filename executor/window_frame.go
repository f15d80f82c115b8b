package executor

import (
	"sort"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// windowFrame finds the frame of a row (PostgreSQL section 4.2.8).
type windowFrame struct {
	spec       *plan.Frame
	start, end types.Datum // the offsets
}

// frame is rows [start, end) without [cutStart, cutEnd), in which keep, if not
// negative, stays (EXCLUDE TIES).
type frame struct {
	start, end       int
	cutStart, cutEnd int
	keep             int
}

// open computes the offsets.
func (f *windowFrame) open(w *window) error {
	var err error
	if f.start, err = f.offset(w, f.spec.StartOffset, "starting"); err != nil {
		return err
	}
	f.end, err = f.offset(w, f.spec.EndOffset, "ending")
	return err
}

func (f *windowFrame) offset(w *window, e expr.Expr, which string) (types.Datum, error) {
	if e == nil {
		return types.Null, nil
	}
	d, err := w.env.constant(e)
	if err != nil {
		return d, err
	}
	if d.IsNull() {
		return d, pgerror.New(pgerror.NullValueNotAllowed, "frame %s offset must not be null", which)
	}
	if f.spec.Units != plan.FrameRange && d.I < 0 {
		return d, pgerror.New(pgerror.InvalidPrecedingOrFollowingSize, "frame %s offset must not be negative", which)
	}
	if f.spec.Units == plan.FrameRange && isNegative(e.Type(), d) {
		return d, pgerror.New(pgerror.InvalidPrecedingOrFollowingSize, "invalid preceding or following size in window function")
	}
	return d.Clone(), nil
}

// isNegative says whether a RANGE offset is below zero.
func isNegative(t types.Type, d types.Datum) bool {
	switch hashClass(d.P) {
	case types.PhysInt64:
		return d.I < 0
	case types.PhysFloat64:
		if d.P == types.PhysFloat32 {
			return d.Float32() < 0
		}
		return d.Float64() < 0
	}
	return len(d.S) > 0 && types.AppendText(nil, t, d, nil)[0] == '-'
}

// at is the frame of row i of a partition.
func (f *windowFrame) at(w *window, p partition, i int) (frame, error) {
	start, err := f.bound(w, p, i, f.spec.Start, f.start, f.spec.StartOffset, true)
	if err != nil {
		return frame{}, err
	}
	end, err := f.bound(w, p, i, f.spec.End, f.end, f.spec.EndOffset, false)
	if err != nil {
		return frame{}, err
	}
	out := frame{start: min(max(start, p.start), p.end), end: max(min(end, p.end), p.start), keep: -1}
	out.end = max(out.end, out.start)
	peers := w.peers[w.peerOf[i]]
	switch f.spec.Exclude {
	case 1:
		out.cutStart, out.cutEnd = i, i+1
	case 2:
		out.cutStart, out.cutEnd = peers.start, peers.end
	case 3:
		out.cutStart, out.cutEnd = peers.start, peers.end
		if i >= out.start && i < out.end {
			out.keep = i
		}
	}
	return out, nil
}

// bound is a frame's first row (isStart), or the row after its last.
func (f *windowFrame) bound(w *window, p partition, i int, kind plan.FrameBoundKind, offset types.Datum, e expr.Expr, isStart bool) (int, error) {
	switch kind {
	case plan.UnboundedPreceding:
		return p.start, nil
	case plan.UnboundedFollowing:
		return p.end, nil
	}
	side := func(g peerGroup) int {
		if isStart {
			return g.start
		}
		return g.end
	}
	switch f.spec.Units {
	case plan.FrameRows:
		at := rowAt(i, kind, offset, p.end-p.start)
		if !isStart {
			at++
		}
		return at, nil
	case plan.FrameGroups:
		g := rowAt(int(w.peerOf[i]), kind, offset, p.endPeer-p.firstPeer)
		switch {
		case g < p.firstPeer:
			return p.start, nil
		case g >= p.endPeer:
			return p.end, nil
		}
		return side(w.peers[g]), nil
	}
	if kind == plan.CurrentRow {
		return side(w.peers[w.peerOf[i]]), nil
	}
	return w.rangeBound(p, i, kind == plan.OffsetPreceding, offset, e.Type(), isStart)
}

// rowAt moves a position by an offset, which is cut to what matters.
func rowAt(i int, kind plan.FrameBoundKind, offset types.Datum, size int) int {
	n := int(min(offset.I, int64(size)+1))
	switch kind {
	case plan.OffsetPreceding:
		return i - n
	case plan.OffsetFollowing:
		return i + n
	}
	return i
}

// rangeBound finds a bound by the value of the one order key: key -/+ offset.
func (w *window) rangeBound(p partition, i int, preceding bool, offset types.Datum, offsetType types.Type, isStart bool) (int, error) {
	key, column := w.orderBy[0], w.width+len(w.partitionBy)
	current := w.value(column, i)
	if current.IsNull() { // NULLs are within range of each other only
		if g := w.peers[w.peerOf[i]]; isStart {
			return g.start, nil
		} else {
			return g.end, nil
		}
	}
	op := "+"
	if preceding != key.desc {
		op = "-"
	}
	limit, t, unbounded, err := w.shiftValue(key.typ, current, op, offsetType, offset)
	if err != nil {
		return 0, err
	}
	first, last := p.start, p.end // of the rows that are not NULL
	for first < last && w.value(column, first).IsNull() {
		first = w.peers[w.peerOf[first]].end
	}
	for last > first && w.value(column, last-1).IsNull() {
		last = w.peers[w.peerOf[last-1]].start
	}
	if unbounded {
		if preceding {
			return first, nil
		}
		return last, nil
	}
	return first + sort.Search(last-first, func(n int) bool {
		c := types.Compare(t, widen(key.typ, t, w.value(column, first+n)), limit)
		if key.desc {
			c = -c
		}
		if isStart {
			return c >= 0
		}
		return c > 0
	}), nil
}

// widen turns a date into the timestamp that date arithmetic gives.
func widen(from, to types.Type, d types.Datum) types.Datum {
	if from.OID == types.Date && to.OID == types.Timestamp {
		return types.NewInt8(d.I * 86_400_000_000)
	}
	return d
}

// shiftValue computes v op offset with the operator that the types have;
// unbounded says that the result lies outside of the type.
func (w *window) shiftValue(t types.Type, v types.Datum, op string, offsetType types.Type, offset types.Datum) (d types.Datum, result types.Type, unbounded bool, err error) {
	for _, o := range functions.Operators(op) {
		if o.Left != t.OID || o.Right != offsetType.OID {
			continue
		}
		sig := functions.Signature{Args: []types.Type{t, offsetType}, Returns: o.Fn.Returns}
		d, err = o.Fn.RunDatum(w.env.Functions, sig, []types.Datum{v, offset})
		switch pgerror.CodeOf(err) {
		case pgerror.NumericValueOutOfRange, pgerror.DatetimeFieldOverflow:
			return d, t, true, nil
		}
		return d, o.Fn.Returns, false, err
	}
	return d, t, false, pgerror.New(pgerror.FeatureNotSupported,
		"RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and offset type %s", types.Format(t), types.Format(offsetType))
}

// parts are the frame's stretches of rows in order.
func (f frame) parts() [][2]int {
	if f.cutEnd <= f.start || f.cutStart >= f.end || f.cutStart == f.cutEnd {
		return [][2]int{{f.start, f.end}}
	}
	var out [][2]int
	add := func(from, to int) {
		if from < to {
			out = append(out, [2]int{from, to})
		}
	}
	add(f.start, min(f.cutStart, f.end))
	if f.keep >= 0 {
		add(f.keep, f.keep+1)
	}
	add(max(f.cutEnd, f.start), f.end)
	return out
}

// rows is the number of rows.
func (f frame) rows() int {
	n := 0
	for _, p := range f.parts() {
		n += p[1] - p[0]
	}
	return n
}

// nth is the n-th row (0-based), -1 if the frame has fewer.
func (f frame) nth(n int64) int {
	if n < 0 {
		return -1
	}
	for _, p := range f.parts() {
		if size := int64(p[1] - p[0]); n < size {
			return p[0] + int(n)
		} else {
			n -= size
		}
	}
	return -1
}

// grows says whether f is last with more rows at its end.
func (f frame) grows(last frame) bool {
	return f.start == last.start && f.end >= last.end && f.cutStart == f.cutEnd && last.cutStart == last.cutEnd
}
