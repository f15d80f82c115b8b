package physical

import (
	"context"
	"math"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// What is assumed where nothing is known (PostgreSQL's selfuncs.h).
const (
	selEqual   = 0.005
	selRange   = 1.0 / 3
	selBetween = 0.005
	selLike    = 0.005
	selOther   = 1.0 / 3
)

// interval collects the bounds that conditions set on one column.
type interval struct {
	column       expr.ColumnID
	lower, upper float64 // selectivity of the bound alone, < 0 if there is none
	guess        bool    // a bound's value is not known
	nulls        float64
}

// selectivity estimates which part of the rows passes all conditions: they are
// taken for independent, but for a lower and an upper bound of one column,
// which are an interval.
func (b *Builder) selectivity(conds []expr.Expr, skip []bool) float64 {
	s := 1.0
	var intervals []interval
	for i, c := range conds {
		if skip != nil && skip[i] {
			continue
		}
		if len(conds) > 1 && b.collectBound(&intervals, c) {
			continue
		}
		s *= b.condSelectivity(c)
	}
	for i := range intervals {
		s *= intervals[i].selectivity()
	}
	return clamp(s)
}

func clamp(s float64) float64 { return math.Min(math.Max(s, 0), 1) }

func (iv *interval) selectivity() float64 {
	switch {
	case iv.lower < 0:
		return iv.upper
	case iv.upper < 0:
		return iv.lower
	case iv.guess:
		return selBetween
	}
	if s := iv.lower + iv.upper + iv.nulls - 1; s > 0 {
		return s
	}
	return 1e-10 // finer than the histogram, or empty
}

// collectBound takes a comparison of a column with a value into intervals.
func (b *Builder) collectBound(intervals *[]interval, e expr.Expr) bool {
	c, ok := e.(*expr.Call)
	if !ok {
		return false
	}
	cmp, ok := b.comparison(c)
	if !ok || cmp.op[0] != '<' && cmp.op[0] != '>' || cmp.op == "<>" {
		return false
	}
	s, known := b.rangeSelectivity(cmp)
	at := -1
	for i := range *intervals {
		if (*intervals)[i].column == cmp.column {
			at = i
		}
	}
	if at < 0 {
		at = len(*intervals)
		*intervals = append(*intervals, interval{column: cmp.column, lower: -1, upper: -1, nulls: cmp.facts.nulls})
	}
	iv := &(*intervals)[at]
	iv.guess = iv.guess || !known
	side := &iv.upper
	if cmp.op[0] == '>' {
		side = &iv.lower
	}
	if *side < 0 || s < *side {
		*side = s
	}
	return true
}

// condSelectivity estimates which part of the rows passes a condition.
func (b *Builder) condSelectivity(e expr.Expr) float64 {
	switch x := e.(type) {
	case *expr.Const:
		if x.Value.IsNull() || !x.Value.Bool() {
			return 0
		}
		return 1
	case *expr.Logic:
		return b.logicSelectivity(x)
	case *expr.Not:
		return clamp(1 - b.condSelectivity(x.Arg) - b.nullsOf(x.Arg))
	case *expr.Call:
		return b.callSelectivity(x)
	case *expr.InList:
		s := 0.0
		for _, v := range x.List {
			s += b.equalSelectivity(x.Left, v)
		}
		if x.Not {
			return clamp(1 - s - b.nullsOf(x.Left))
		}
		return clamp(s)
	case *expr.AnyAll:
		return b.anySelectivity(x)
	case *expr.IsNull:
		return b.nullSelectivity(x)
	case *expr.BoolTest:
		if s, ok := b.sampled(e); ok {
			return s
		}
	case *expr.Distinct:
		s := b.equalSelectivity(x.Left, x.Right)
		if x.Not {
			return s
		}
		return 1 - s
	case *expr.Column:
		if f := b.facts(x.ID); f.stats != nil {
			return f.equal(types.NewBool(true), types.Of(types.Bool))
		}
		return 0.5
	case *expr.Subplan:
		return 0.5
	}
	if s, ok := b.sampled(e); ok {
		return s
	}
	return selOther
}

func (b *Builder) logicSelectivity(x *expr.Logic) float64 {
	if !x.Or {
		return b.selectivity(x.Args, nil)
	}
	s := 0.0
	for _, a := range x.Args {
		p := b.condSelectivity(a)
		s += p - s*p
	}
	return s
}

func (b *Builder) callSelectivity(x *expr.Call) float64 {
	switch x.Op {
	case "=":
		if len(x.Args) == 2 {
			return b.equalSelectivity(x.Args[0], x.Args[1])
		}
	case "<>":
		if len(x.Args) == 2 {
			return clamp(1 - b.equalSelectivity(x.Args[0], x.Args[1]) - b.nullsOf(x.Args[0]))
		}
	case "<", "<=", ">", ">=":
		if c, ok := b.comparison(x); ok {
			s, _ := b.rangeSelectivity(c)
			return s
		}
		return selRange
	}
	if s, ok := b.sampled(x); ok {
		return s
	}
	switch x.Op {
	case "~~", "~~*", "~", "~*":
		return selLike
	case "!~~", "!~~*", "!~", "!~*":
		return 1 - selLike
	}
	return selOther
}

// anySelectivity estimates x = ANY (array), which IN (constants) becomes too.
func (b *Builder) anySelectivity(x *expr.AnyAll) float64 {
	if x.All || x.Op != "=" {
		if s, ok := b.sampled(x); ok {
			return s
		}
		return selOther
	}
	list, ok := x.Array.(*expr.Const)
	if !ok || list.Value.IsNull() {
		return math.Min(0.5, 10*b.equalSelectivity(x.Left, nil))
	}
	s := 0.0
	arr := list.Value.Array()
	elem := list.Typ.Elem()
	for i := range arr.Len() {
		if d := arr.At(i); !d.IsNull() {
			s += b.equalSelectivity(x.Left, &expr.Const{Value: d, Typ: elem})
		}
	}
	return clamp(s)
}

func (b *Builder) nullSelectivity(x *expr.IsNull) float64 {
	nulls := selEqual
	if c, ok := stripCasts(x.Arg).(*expr.Column); ok {
		if f := b.facts(c.ID); f.stats != nil {
			nulls = f.nulls
		}
	}
	if x.Not {
		return 1 - nulls
	}
	return nulls
}

// nullsOf is the part of the rows for which an expression over one column is NULL.
func (b *Builder) nullsOf(e expr.Expr) float64 {
	cols := logical.Columns(e)
	nulls := 0.0
	cols.Each(func(id expr.ColumnID) { nulls = math.Max(nulls, b.facts(id).nulls) })
	return nulls
}

// comparison is a comparison of a column with something else.
type comparison struct {
	op     string
	column expr.ColumnID
	facts  columnFacts
	value  expr.Expr
}

// comparison reads a call as one, the column first.
func (b *Builder) comparison(c *expr.Call) (comparison, bool) {
	op, ok := commuted[c.Op]
	if !ok || len(c.Args) != 2 {
		return comparison{}, false
	}
	if col, ok := stripCasts(c.Args[0]).(*expr.Column); ok {
		if other, ok := stripCasts(c.Args[1]).(*expr.Column); ok && b.md.Cols[other.ID].Rel == b.md.Cols[col.ID].Rel {
			return comparison{}, false
		}
		return comparison{c.Op, col.ID, b.facts(col.ID), c.Args[1]}, true
	}
	if col, ok := stripCasts(c.Args[1]).(*expr.Column); ok {
		return comparison{op, col.ID, b.facts(col.ID), c.Args[0]}, true
	}
	return comparison{}, false
}

// equalSelectivity estimates l = r; a nil r is a value that is not known.
func (b *Builder) equalSelectivity(l, r expr.Expr) float64 {
	lf, lok := b.operandFacts(l)
	rf, rok := b.operandFacts(r)
	switch {
	case lok && rok:
		return b.joinFacts(lf, rf)
	case rok:
		lf, l, r = rf, r, l
	case !lok:
		if d := b.sampledGroups(l); d > 0 {
			return 1 / d
		}
		return selEqual
	}
	if c, ok := r.(*expr.Const); ok {
		if c.Value.IsNull() {
			return 0
		}
		if lf.stats != nil {
			return lf.equal(c.Value, c.Typ)
		}
	}
	if lf.distinct > 0 {
		return (1 - lf.nulls) / math.Max(lf.distinct, 1)
	}
	return selEqual
}

// equal is the part of the rows whose value is v: as measured for a common
// value, else what the others share equally.
func (f *columnFacts) equal(v types.Datum, typ types.Type) float64 {
	s := f.stats
	rest := 1 - s.NullFraction
	for i := range s.Common {
		if c, ok := f.compare(s.Common[i], v, typ); ok && c == 0 {
			return s.Frequencies[i]
		}
		rest -= s.Frequencies[i]
	}
	others := f.distinct - float64(len(s.Common))
	sel := math.Max(rest, 0)
	if others > 1 {
		sel /= others
	}
	if n := len(s.Common); n > 0 {
		sel = math.Min(sel, s.Frequencies[n-1])
	}
	return sel
}

// compare orders a value of the column against one of another type.
func (f *columnFacts) compare(own, other types.Datum, typ types.Type) (int, bool) {
	if own.P == other.P && sameOrder(f.typ.OID, typ.OID) || f.typ.OID == typ.OID && own.P == other.P {
		return types.Compare(f.typ, own, other), true
	}
	a, ok1 := scalar(f.typ, own)
	v, ok2 := scalar(typ, other)
	if !ok1 || !ok2 {
		return 0, false
	}
	return types.CompareFloat(a, v), true
}

// rangeSelectivity estimates a comparison of a column with a value; known is
// false when that is a guess. Common values are counted, the histogram says
// which part of the others is below the value (scalarineqsel).
func (b *Builder) rangeSelectivity(c comparison) (sel float64, known bool) {
	k, ok := c.value.(*expr.Const)
	if !ok || c.facts.stats == nil {
		return selRange, false
	}
	if k.Value.IsNull() {
		return 0, true
	}
	s := c.facts.stats
	below, common := 0.0, 0.0
	for i := range s.Common {
		cmp, ok := c.facts.compare(s.Common[i], k.Value, k.Typ)
		if !ok {
			return selRange, false
		}
		common += s.Frequencies[i]
		if cmp < 0 || cmp == 0 && (c.op == "<=" || c.op == ">") {
			below += s.Frequencies[i]
		}
	}
	others := math.Max(1-s.NullFraction-common, 0)
	if others > 0 && len(s.Bounds) >= 2 {
		part, ok := c.facts.below(k.Value, k.Typ)
		if !ok {
			return selRange, false
		}
		if eq := 1 / math.Max(c.facts.distinct-float64(len(s.Common)), 1); c.op == "<=" || c.op == ">" {
			part = math.Min(part+eq, 1)
		}
		below += others * part
	} else if len(s.Common) == 0 {
		return selRange, false
	} else {
		below += others / 2
	}
	if c.op[0] == '>' {
		return clamp(1 - s.NullFraction - below), true
	}
	return clamp(below), true
}

// below is the part of the histogram's rows that are less than a value.
func (f *columnFacts) below(v types.Datum, typ types.Type) (float64, bool) {
	bounds := f.stats.Bounds
	lo, hi := 0, len(bounds) // the first bound that is not less than v
	for lo < hi {
		mid := (lo + hi) / 2
		c, ok := f.compare(bounds[mid], v, typ)
		if !ok {
			return 0, false
		}
		if c < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	groups := float64(len(bounds) - 1)
	switch {
	case lo == 0:
		return 0, true
	case lo == len(bounds):
		return 1, true
	}
	return math.Min((float64(lo-1)+f.within(bounds[lo-1], v, bounds[lo], typ))/groups, 1), true
}

// within says how far between two bounds a value lies.
func (f *columnFacts) within(low, v, high types.Datum, typ types.Type) float64 {
	if low.P == types.PhysString && v.P == types.PhysString {
		return textFraction(low.S, v.S, high.S)
	}
	l, ok1 := scalar(f.typ, low)
	x, ok2 := scalar(typ, v)
	h, ok3 := scalar(f.typ, high)
	if !ok1 || !ok2 || !ok3 || !(h > l) || math.IsInf(h-l, 0) {
		return 0.5
	}
	return clamp((x - l) / (h - l))
}

// sampled estimates a condition over one column by computing it for the
// column's common values, by frequency, and for the histogram's bounds, for
// the rest: LIKE, regular expressions, functions, and whatever else.
func (b *Builder) sampled(e expr.Expr) (float64, bool) {
	s, ok := b.newSample(e)
	if !ok || s.facts.typ.OID == types.Bool && len(s.facts.stats.Common) == 0 {
		return 0, false
	}
	stats := s.facts.stats
	sel, common := 0.0, 0.0
	for i, v := range stats.Common {
		d, err := s.eval(v)
		if err != nil {
			return 0, false
		}
		common += stats.Frequencies[i]
		if !d.IsNull() && d.Bool() {
			sel += stats.Frequencies[i]
		}
	}
	others := math.Max(1-stats.NullFraction-common, 0)
	if n := len(stats.Bounds); n >= 10 {
		hits := 0
		for _, v := range stats.Bounds {
			d, err := s.eval(v)
			if err != nil {
				return 0, false
			}
			if !d.IsNull() && d.Bool() {
				hits++
			}
		}
		// No bound, or all, says only that it is less, or more, than a bound's share.
		part := math.Min(math.Max(float64(hits), 0.25), float64(n)-0.25) / float64(n)
		return clamp(sel + others*part), true
	}
	if others > 0.1 {
		return 0, false
	}
	return clamp(math.Max(sel, 1e-4)), true
}

// sampledGroups estimates the distinct values of an expression over one column
// by computing it for the column's known values; 0 if most of them differ, or
// if nothing is known.
func (b *Builder) sampledGroups(e expr.Expr) float64 {
	s, ok := b.newSample(e)
	if !ok {
		return 0
	}
	n := len(s.facts.stats.Common) + len(s.facts.stats.Bounds)
	if n < 10 {
		return 0
	}
	seen := map[types.Datum]bool{}
	for _, list := range [][]types.Datum{s.facts.stats.Common, s.facts.stats.Bounds} {
		for _, v := range list {
			d, err := s.eval(v)
			if err != nil {
				return 0
			}
			if !seen[d] {
				seen[d.Clone()] = true
			}
			if len(seen) > n/2 {
				return 0
			}
		}
	}
	return float64(len(seen))
}

// sample computes an expression for values of its only column.
type sample struct {
	facts columnFacts
	expr  expr.Expr
	ctx   functions.Context
	row   []types.Datum
}

// newSample is ready if e is immutable, over one analyzed column and nothing else.
func (b *Builder) newSample(e expr.Expr) (*sample, bool) {
	if e == nil {
		return nil, false
	}
	cols := logical.Columns(e)
	var id expr.ColumnID
	n := 0
	cols.Each(func(c expr.ColumnID) { id, n = c, n+1 })
	if n != 1 {
		return nil, false
	}
	f := b.facts(id)
	if f.stats == nil || len(f.stats.Common)+len(f.stats.Bounds) == 0 {
		return nil, false
	}
	if logical.Any(e, unsampled) || expr.Volatility(e) != functions.Immutable {
		return nil, false
	}
	s := &sample{facts: f, row: make([]types.Datum, 1)}
	s.ctx.IO, s.ctx.Ctx, s.ctx.Alloc = types.DefaultIO(), context.Background(), memory.DefaultAllocator
	s.expr = logical.MapDeep(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok {
			return &expr.Ordinal{Name: c.Name, Typ: c.Typ}
		}
		return x
	})
	return s, true
}

func unsampled(e expr.Expr) bool {
	switch e.(type) {
	case *expr.Param, *expr.ExecParam, *expr.Subplan, *expr.Aggregate, *logical.SetCall, *logical.WindowCall, *logical.Grouping:
		return true
	}
	return false
}

func (s *sample) eval(v types.Datum) (types.Datum, error) {
	s.row[0] = v
	return expr.EvalRow(&s.ctx, s.expr, s.row)
}
