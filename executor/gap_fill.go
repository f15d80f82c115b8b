package executor

import (
	"context"
	"io"
	"math"
	"math/big"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// gapFill makes rows for the buckets of time_bucket_gapfill that have none. The input
// is sorted by the keys, then by time. Of each group of equal keys
//
//  1. rows come out as they are, in the order of time, also those outside of the range;
//  2. before a row, or the group's end, a row comes out for each bucket from start on
//     that lies before it: keys and time are set, other columns are NULL;
//  3. locf carries the value of the row before, interpolate looks at the next row too.
//
// Of an empty input without keys all buckets come out. One batch of the input is held.
type gapFill struct {
	run    *run
	env    *Env
	input  Operator
	node   *plan.GapFill
	schema *arrow.Schema
	values []*scalar // of the fills, over the input
	fills  []fillState

	walk          *functions.BucketWalk
	start, finish int64

	batch  arrow.RecordBatch // the input's, and
	extra  []arrow.Array     // the fills' values of its rows
	row    int
	ended  bool // the input
	open   bool // a group is
	keys   []types.Datum
	group  []arrow.Array // the first row of the group, for lookups
	next   int64         // the bucket to come
	filled bool          // next has reached finish
	done   bool
}

// fillState is what a fill remembers of the group.
type fillState struct {
	prev, next *scalar
	value      types.Datum // of the row before
	known      bool        // value is one
	at         int64
	asked      bool // the lookup behind the group's end was made
	after      types.Datum
	afterAt    int64
}

func (r *run) newGapFill(n *plan.GapFill) (Operator, error) {
	g := &gapFill{run: r, env: r.env, node: n, schema: schemaOf(n.Cols), fills: make([]fillState, len(n.Fills))}
	for i := range n.Fills {
		f := &n.Fills[i]
		v, err := r.compile(f.Value)
		if err != nil {
			return nil, err
		}
		g.values = append(g.values, v)
		if f.Prev != nil {
			if g.fills[i].prev, err = r.compile(f.Prev); err != nil {
				return nil, err
			}
		}
		if f.Next != nil {
			if g.fills[i].next, err = r.compile(f.Next); err != nil {
				return nil, err
			}
		}
	}
	var err error
	g.input, err = r.build(n.Input)
	return g, err
}

func (g *gapFill) Schema() *arrow.Schema { return g.schema }

func (g *gapFill) Close() error {
	g.release()
	releaseAll(g.group)
	g.group = nil
	return g.input.Close()
}

func (g *gapFill) release() {
	if g.batch != nil {
		g.batch.Release()
		g.batch = nil
	}
	releaseAll(g.extra)
	g.extra = nil
}

// constant evaluates an expression without columns.
func (g *gapFill) constant(e expr.Expr) (types.Datum, error) {
	if e == nil {
		return types.Null, nil
	}
	s, err := g.run.compile(e)
	if err != nil {
		return types.Null, err
	}
	return g.one(s, nil)
}

// one evaluates an expression over one row.
func (g *gapFill) one(s *scalar, cols []arrow.Array) (types.Datum, error) {
	a, err := s.column(g.env, cols, 1)
	if err != nil {
		return types.Null, err
	}
	defer a.Release()
	return types.DatumAt(a, 0).Clone(), nil
}

// begin reads the arguments.
func (g *gapFill) begin() error {
	n := g.node
	args := make([]types.Datum, len(n.Args))
	for i, a := range n.Args {
		var err error
		if args[i], err = g.constant(a); err != nil {
			return err
		}
		if a != nil && args[i].IsNull() && (i == 0 || n.Fn.Strict) {
			return pgerror.New(pgerror.InvalidParameterValue, "invalid %s argument: %s cannot be NULL", n.Fn.Name, argumentName(n.Fn, i))
		}
	}
	var d [2]types.Datum
	for i, a := range []expr.Expr{n.Start, n.Finish} {
		var err error
		if d[i], err = g.constant(a); err != nil {
			return err
		}
	}
	switch {
	case d[0].IsNull() && n.Start != nil:
		return pgerror.New(pgerror.InvalidParameterValue, "invalid time_bucket_gapfill argument: start cannot be NULL").
			WithHint("Specify start and finish as arguments or in the WHERE clause.")
	case d[1].IsNull() && n.Finish != nil:
		return pgerror.New(pgerror.InvalidParameterValue, "invalid time_bucket_gapfill argument: finish cannot be NULL").
			WithHint("Specify start and finish as arguments or in the WHERE clause.")
	}
	typ := n.Cols[n.Time].Type
	for _, x := range d {
		if x.IsNull() {
			continue
		}
		if typ.OID != types.Date && types.IsTimestampInfinite(x.Int()) || typ.OID == types.Date && types.IsDateInfinite(x.Int()) {
			return pgerror.New(pgerror.InvalidParameterValue, "invalid time_bucket_gapfill argument: start and finish cannot be infinite")
		}
	}
	var err error
	if g.walk, err = functions.NewBucketWalk(g.env.Functions, n.Fn, args); err != nil {
		return err
	}
	if g.finish = math.MaxInt64; n.Finish != nil {
		if g.finish = d[1].Int(); n.FinishAt {
			g.finish++
		}
	}
	if n.Start == nil {
		return nil
	}
	if g.start = d[0].Int(); n.StartAfter {
		g.start++
	}
	g.start, err = g.walk.Start(g.start)
	return err
}

// argumentName is the name of an argument, or its number where it has none.
func argumentName(fn *functions.Scalar, i int) string {
	if i < len(fn.Params) {
		return fn.Params[i].Name
	}
	return strconv.Itoa(i + 1)
}

func (g *gapFill) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	if g.walk == nil {
		if err := g.begin(); err != nil {
			return nil, err
		}
	}
	b := array.NewRecordBuilder(g.env.Alloc, g.schema)
	defer b.Release()
	rows := 0
	for limit := g.env.batchRows(); rows < limit && !g.done; {
		if err := g.fetch(ctx); err != nil {
			return nil, err
		}
		out, err := g.step()
		if err != nil {
			return nil, err
		}
		if out == nil {
			continue
		}
		for i, d := range out {
			types.AppendDatum(b.Field(i), d)
		}
		rows++
	}
	if rows == 0 {
		return nil, io.EOF
	}
	return b.NewRecordBatch(), nil
}

// fetch sees to it that there is a row to look at, or that the input has ended.
func (g *gapFill) fetch(ctx context.Context) error {
	for !g.ended && (g.batch == nil || g.row == int(g.batch.NumRows())) {
		g.release()
		batch, err := g.input.Next(ctx)
		if err == io.EOF {
			g.ended = true
			return nil
		}
		if err != nil {
			return err
		}
		g.batch, g.row = batch, 0
		if g.extra, err = columns(g.env, g.values, batch.Columns(), int(batch.NumRows())); err != nil {
			return err
		}
	}
	return nil
}

// step yields the next row, or nil when only the state changed.
func (g *gapFill) step() ([]types.Datum, error) {
	if !g.open {
		if g.ended && (len(g.node.Keys) > 0 || g.keys != nil || g.node.Start == nil) {
			g.done = true
			return nil, nil
		}
		g.openGroup()
	}
	if g.ended || !g.sameGroup() {
		if !g.filled && g.next < g.finish && g.node.Finish != nil {
			return g.gap(true)
		}
		g.open = false
		g.done = g.ended
		return nil, nil
	}
	t := types.DatumAt(g.batch.Column(g.node.Time), g.row)
	if !t.IsNull() && !g.filled && g.next < g.finish {
		if t.Int() > g.next {
			return g.gap(false)
		}
		if t.Int() == g.next {
			if err := g.advance(); err != nil {
				return nil, err
			}
		}
	}
	return g.real(t)
}

// openGroup begins the group of the row at hand, or the one of no rows.
func (g *gapFill) openGroup() {
	g.open, g.next, g.filled = true, g.start, false
	g.keys = make([]types.Datum, len(g.node.Keys))
	releaseAll(g.group)
	g.group = nil
	for i := range g.fills {
		f := &g.fills[i]
		*f = fillState{prev: f.prev, next: f.next}
	}
	if g.ended {
		return
	}
	if g.node.Start == nil {
		first := types.DatumAt(g.batch.Column(g.node.Time), g.row)
		g.next, g.filled = first.Int(), first.IsNull()
	}
	for i, k := range g.node.Keys {
		g.keys[i] = types.DatumAt(g.batch.Column(k), g.row).Clone()
	}
	for _, c := range g.batch.Columns() {
		g.group = append(g.group, array.NewSlice(c, int64(g.row), int64(g.row+1)))
	}
}

func (g *gapFill) sameGroup() bool {
	for i, k := range g.node.Keys {
		d := types.DatumAt(g.batch.Column(k), g.row)
		if d.IsNull() != g.keys[i].IsNull() || !d.IsNull() && types.Compare(g.node.Cols[k].Type, d, g.keys[i]) != 0 {
			return false
		}
	}
	return true
}

func (g *gapFill) advance() error {
	next, err := g.walk.Next(g.next)
	if pgerror.CodeOf(err) == pgerror.DatetimeValueOutOfRange { // there is no bucket behind it
		g.filled = true
		return nil
	}
	if err != nil {
		return err
	}
	g.next = next
	return nil
}

// gap is the row of the bucket to come, which has none; last says that no row of the
// group follows.
func (g *gapFill) gap(last bool) ([]types.Datum, error) {
	out := make([]types.Datum, len(g.node.Cols))
	for i, k := range g.node.Keys {
		out[k] = g.keys[i]
	}
	typ := g.node.Cols[g.node.Time].Type
	out[g.node.Time] = types.NewInt(typ.Phys(), g.next)
	for i := range g.fills {
		d, err := g.fill(i, last)
		if err != nil {
			return nil, err
		}
		out[len(out)-len(g.fills)+i] = d
	}
	return out, g.advance()
}

// fill computes a fill in a gap.
func (g *gapFill) fill(i int, last bool) (types.Datum, error) {
	f, n := &g.fills[i], &g.node.Fills[i]
	if n.Method == plan.FillConstant {
		return g.one(f.prev, nil)
	}
	if !f.known && f.prev != nil && g.next == g.start && g.group != nil {
		if err := g.lookBefore(f, n); err != nil {
			return types.Null, err
		}
	}
	if n.Method == plan.FillPrevious {
		return f.value, nil
	}
	after, at, err := g.after(i, last)
	if n.Method == plan.FillNext {
		return after, err
	}
	if err != nil || after.IsNull() || !f.known || f.value.IsNull() {
		return types.Null, err
	}
	return interpolate(g.typeOf(i), g.next, f.at, at, f.value, after)
}

func (g *gapFill) typeOf(i int) types.Type {
	return g.node.Cols[len(g.node.Cols)-len(g.fills)+i].Type
}

// lookBefore asks for the value before the group.
func (g *gapFill) lookBefore(f *fillState, n *plan.Fill) error {
	d, err := g.one(f.prev, g.group)
	if err != nil || d.IsNull() {
		return err
	}
	if n.Method != plan.FillLinear {
		f.value, f.known = d, true
		return nil
	}
	f.value, f.at, err = g.sample(d, n)
	f.known = err == nil
	return err
}

// after is the value that interpolate goes to: the next row's, or behind the last one
// what its lookup says.
func (g *gapFill) after(i int, last bool) (types.Datum, int64, error) {
	f := &g.fills[i]
	if !last {
		t := types.DatumAt(g.batch.Column(g.node.Time), g.row)
		return types.DatumAt(g.extra[i], g.row), t.Int(), nil
	}
	if f.next != nil && !f.asked && g.group != nil {
		f.asked = true
		d, err := g.one(f.next, g.group)
		if err != nil {
			return types.Null, 0, err
		}
		if !d.IsNull() {
			if f.after, f.afterAt, err = g.sample(d, &g.node.Fills[i]); err != nil {
				return types.Null, 0, err
			}
		}
	}
	return f.after, f.afterAt, nil
}

// sample reads a record (time, value) of interpolate's lookups.
func (g *gapFill) sample(d types.Datum, n *plan.Fill) (types.Datum, int64, error) {
	fields := d.Record()
	if len(fields) != 2 {
		return types.Null, 0, pgerror.New(pgerror.InvalidParameterValue, "interpolate RECORD arguments must have 2 elements")
	}
	if fields[0].Type.OID != g.node.Cols[g.node.Time].Type.OID {
		return types.Null, 0, pgerror.New(pgerror.InvalidParameterValue, "first argument of interpolate returned record must match used timestamp datatype")
	}
	if fields[1].Type.OID != n.Value.Type().OID {
		return types.Null, 0, pgerror.New(pgerror.InvalidParameterValue, "second argument of interpolate returned record must match used interpolate datatype")
	}
	if fields[0].Value.IsNull() || fields[1].Value.IsNull() {
		return types.Null, 0, nil
	}
	return fields[1].Value.Clone(), fields[0].Value.Int(), nil
}

// real is the input's row at hand.
func (g *gapFill) real(t types.Datum) ([]types.Datum, error) {
	out := make([]types.Datum, 0, len(g.node.Cols))
	for _, c := range g.batch.Columns() {
		out = append(out, types.DatumAt(c, g.row))
	}
	for i := range g.fills {
		f, n := &g.fills[i], &g.node.Fills[i]
		v := types.DatumAt(g.extra[i], g.row).Clone()
		if v.IsNull() && n.NullMissing {
			if !f.known && f.prev != nil {
				if err := g.lookBefore(f, n); err != nil {
					return nil, err
				}
			}
			out = append(out, f.value)
			continue
		}
		if !t.IsNull() { // a row without time is no point of the line
			f.value, f.known, f.at = v, true, t.Int()
		}
		out = append(out, v)
	}
	g.row++
	return out, nil
}

// interpolate is the value at x on the line from (x0, y0) to (x1, y1); of integers what
// is behind the point falls away.
func interpolate(t types.Type, x, x0, x1 int64, y0, y1 types.Datum) (types.Datum, error) {
	if x1 == x0 {
		return y0, nil
	}
	switch t.OID {
	case types.Float4:
		return types.NewFloat32(float32((float64(y0.Float32())*float64(x1-x) + float64(y1.Float32())*float64(x-x0)) / float64(x1-x0))), nil
	case types.Float8:
		return types.NewFloat64((y0.Float64()*float64(x1-x) + y1.Float64()*float64(x-x0)) / float64(x1-x0)), nil
	case types.Numeric:
		return interpolateNumeric(y0.Decimal(), y1.Decimal(), types.DecimalFromInt(x-x0), types.DecimalFromInt(x1-x0))
	}
	a := new(big.Int).Mul(big.NewInt(y0.Int()), big.NewInt(x1-x))
	a.Add(a, new(big.Int).Mul(big.NewInt(y1.Int()), big.NewInt(x-x0)))
	return types.NewInt(t.Phys(), a.Quo(a, big.NewInt(x1-x0)).Int64()), nil
}

// interpolateNumeric is y0 + (y1 - y0) * part / whole.
func interpolateNumeric(y0, y1, part, whole types.Decimal) (types.Datum, error) {
	d, err := y1.Sub(y0)
	if err == nil {
		d, err = d.Mul(part)
	}
	if err == nil {
		d, err = d.Div(whole)
	}
	if err == nil {
		d, err = d.Add(y0)
	}
	return d.Datum(), err
}
