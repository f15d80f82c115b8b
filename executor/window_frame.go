package executor

import (
	"math"

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
	// Where the frame of the row before was: both ends move forward as a rule.
	current, starts, ends groupCursor   // GROUPS
	near                  [2]int        // RANGE: the starting and the ending bound
	values                partitionKeys // RANGE
}

// partitionKeys are the rows of a partition whose order key is not NULL.
type partitionKeys struct {
	of          partition
	first, last int
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
	peers := peerGroup{}
	if f.spec.Exclude > 1 {
		peers = w.rows.peersOf(i, p.end)
	}
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
		return f.groupBound(w, p, i, kind, offset, isStart), nil
	}
	if kind == plan.CurrentRow {
		return side(w.rows.peersOf(i, p.end)), nil
	}
	return f.rangeBound(w, p, i, kind == plan.OffsetPreceding, offset, e.Type(), isStart)
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

// groupBound finds a bound that is some peer groups away.
func (f *windowFrame) groupBound(w *window, p partition, i int, kind plan.FrameBoundKind, offset types.Datum, isStart bool) int {
	f.current.toRow(w.rows, p, i)
	to := &f.ends
	if isStart {
		to = &f.starts
	}
	index := rowAt(f.current.index, kind, offset, p.end-p.start)
	switch {
	case index < 0:
		return p.start
	case !to.toGroup(w.rows, p, index):
		return p.end
	case isStart:
		return to.start
	}
	return w.rows.peers.next(to.start+1, p.end)
}

// groupCursor walks over the peer groups of a partition: it stands on the
// group of that index, which begins at row start.
type groupCursor struct {
	of           partition
	index, start int
}

func (g *groupCursor) begin(p partition) {
	if g.of != p {
		*g = groupCursor{of: p, start: p.start}
	}
}

// toRow moves to the group of row i, which is not before the one it stands on.
func (g *groupCursor) toRow(r *windowRows, p partition, i int) {
	g.begin(p)
	for {
		next := r.peers.next(g.start+1, p.end)
		if i < next {
			return
		}
		g.index, g.start = g.index+1, next
	}
}

// toGroup moves to a group; false says that the partition has fewer.
func (g *groupCursor) toGroup(r *windowRows, p partition, index int) bool {
	g.begin(p)
	for g.index > index {
		g.index, g.start = g.index-1, r.peers.prev(g.start-1)
	}
	for g.index < index {
		next := r.peers.next(g.start+1, p.end)
		if next == p.end {
			return false
		}
		g.index, g.start = g.index+1, next
	}
	return true
}

// rangeBound finds a bound by the value of the one order key: key -/+ offset.
func (f *windowFrame) rangeBound(w *window, p partition, i int, preceding bool, offset types.Datum, offsetType types.Type, isStart bool) (int, error) {
	key, column := w.orderBy[0], w.width+len(w.partitionBy)
	current, err := w.rows.value(column, i)
	if err != nil {
		return 0, err
	}
	if current.IsNull() { // NULLs are within range of each other only
		if g := w.rows.peersOf(i, p.end); isStart {
			return g.start, nil
		} else {
			return g.end, nil
		}
	}
	op := "+"
	if preceding != key.desc {
		op = "-"
	}
	limit, t, unbounded, err := w.shiftValue(key.typ, current.Clone(), op, offsetType, offset)
	if err != nil {
		return 0, err
	}
	if err := f.findKeys(w, p, column); err != nil {
		return 0, err
	}
	first, last := f.values.first, f.values.last
	if unbounded {
		if preceding {
			return first, nil
		}
		return last, nil
	}
	limit = f.farLimit(key.typ, current, t, limit, isStart != key.desc)
	near := &f.near[0]
	if !isStart {
		near = &f.near[1]
	}
	*near, err = searchNear(min(max(*near, first), last), first, last, func(row int) (bool, error) {
		v, err := w.rows.value(column, row)
		if err != nil {
			return false, err
		}
		c := types.Compare(t, widen(key.typ, t, v), limit)
		if key.desc {
			c = -c
		}
		return c > 0 || isStart && c == 0, nil
	})
	return *near, err
}

// farLimit is the limit of an infinite key that is moved infinitely far towards the
// other end, where all but NaN lie within range (PostgreSQL's in_range_float8_float8).
// The difference of infinities is NaN, which is how such a limit is known.
func (f *windowFrame) farLimit(keyType types.Type, key types.Datum, t types.Type, limit types.Datum, low bool) types.Datum {
	switch t.OID {
	case types.Float4, types.Float8, types.Numeric:
	default:
		return limit
	}
	if !isNaN(t, limit) || isNaN(keyType, key) {
		return limit
	}
	text := "Infinity"
	if low {
		text = "-Infinity"
	}
	far, err := types.Parse(t, text, nil)
	if err != nil {
		return limit
	}
	return far
}

func isNaN(t types.Type, d types.Datum) bool {
	switch t.OID {
	case types.Float4:
		return math.IsNaN(float64(d.Float32()))
	case types.Float8:
		return math.IsNaN(d.Float64())
	}
	return d.Decimal().IsNaN()
}

// findKeys finds the rows of a partition whose order key is not NULL; NULLs
// are peers and lie at one end.
func (f *windowFrame) findKeys(w *window, p partition, column int) error {
	if f.values.of == p {
		return nil
	}
	k := partitionKeys{of: p, first: p.start, last: p.end}
	v, err := w.rows.value(column, p.start)
	if err != nil {
		return err
	}
	if v.IsNull() {
		k.first = w.rows.peersOf(p.start, p.end).end
	}
	if v, err = w.rows.value(column, p.end-1); err != nil {
		return err
	}
	if v.IsNull() {
		k.last = max(w.rows.peersOf(p.end-1, p.end).start, k.first)
	}
	f.values = k
	return nil
}

// searchNear finds the first row of [first, last) for which is holds, or last;
// is holds for all rows after one for which it does. It looks around near in
// growing steps, so that neighbouring answers cost little.
func searchNear(near, first, last int, is func(row int) (bool, error)) (int, error) {
	lo, hi := first, last // the answer is in [lo, hi]
	for step := 1; lo < hi; step *= 2 {
		at := min(max(near, lo), hi-1)
		yes, err := is(at)
		if err != nil {
			return 0, err
		}
		if yes {
			hi, near = at, at-step
			if near < lo {
				break
			}
		} else {
			lo, near = at+1, at+step
			if near >= hi {
				break
			}
		}
	}
	for lo < hi {
		mid := lo + (hi-lo)/2
		yes, err := is(mid)
		if err != nil {
			return 0, err
		}
		if yes {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo, nil
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

// slides says whether f is last without some rows at its start and with some at its end,
// which are fewer than f has.
func (f frame) slides(last frame) bool {
	return f.start >= last.start && f.start < last.end && f.end >= last.end && f.cutStart == f.cutEnd && last.cutStart == last.cutEnd &&
		f.start-last.start+f.end-last.end < f.end-f.start
}

// grows says whether f is last with more rows at its end.
func (f frame) grows(last frame) bool {
	return f.start == last.start && f.end >= last.end && f.cutStart == f.cutEnd && last.cutStart == last.cutEnd
}
