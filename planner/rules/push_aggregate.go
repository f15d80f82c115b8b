package rules

import (
	"math"
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// pushAggregates groups before it joins where that leaves less to do (W. Yan and
// P. Larson, "Eager Aggregation and Lazy Aggregation", VLDB 1995):
//
//	γ[K; f(s)](S ⋈ R)  =  γ[K; f'(p)](γ[G; f(s) AS p](S) ⋈ R)
//
// S are the inputs of a tree of inner joins that the aggregates look at, and
// perhaps others; G are the columns of S that K and the joins look at. Rows of S
// that are equal in G meet the same rows of R, so that a group meets each of
// these as often as any of its rows, and f' makes f of parts
// (functions.SplitAggregate). Where K determines G, and G one row of R, groups are
// whole and the upper γ goes away.
//
// It needs aggregates that can be made of parts, without DISTINCT and ORDER BY,
// and types in G whose equal values cannot be told apart, as one stands for all.
// Arguments must not fail (logical.CannotFail), for rows are looked at that the join
// might have dropped. Nothing may be volatile or look at another input
// laterally. Estimates decide whether it pays (costs); joins of fewer than
// eagerRows rows stay as they are. pushBelowOuter does the same for the right
// side of a left join.
func (r *Rewriter) pushAggregates(n logical.Node) logical.Node {
	eachSubquery(n, func(s *expr.Subplan, t logical.Node) { s.Plan = r.pushAggregates(t) })
	logical.VisitInputs(n, func(c *logical.Node) { *c = r.pushAggregates(*c) })
	a, ok := n.(*logical.Aggregate)
	if !ok || r.Rows == nil || a.Sets != nil || len(a.Groupings) > 0 || len(a.Aggs) == 0 || !splits(a) {
		return n
	}
	j, ok := a.Input.(*logical.Join)
	if !ok || r.Rows(j) < eagerRows {
		return n
	}
	if j.Type == plan.LeftJoin {
		return r.pushBelowOuter(a, j)
	}
	if e := newEager(r, a, j); e != nil {
		return e.push()
	}
	return n
}

const (
	// eagerRows is how many rows a join must yield for grouping before it.
	eagerRows = 10000
	// probeCost and wideCost are what a join and each key of a wide type cost for a
	// row, where grouping it costs 1.
	probeCost, wideCost = 0.3, 0.5
	// wholeCost is what a row costs without groups.
	wholeCost = 0.1
	// eagerGain is which part of the former cost the new one may be.
	eagerGain = 0.85
	// eagerLeaves is how many inputs are looked at.
	eagerLeaves = 8
)

// splits reports whether all aggregates can be made of parts.
func splits(a *logical.Aggregate) bool {
	for _, it := range a.Aggs {
		call := it.Expr.(*expr.Aggregate)
		_, _, ok := functions.SplitAggregate(call.Fn, callSignature(call))
		if !ok || call.Distinct || len(call.OrderBy) > 0 || call.Filter != nil {
			return false
		}
		for _, x := range call.Args {
			if !logical.CannotFail(x) {
				return false
			}
		}
	}
	for _, k := range a.Keys {
		if volatile(k.Expr) || logical.Any(k.Expr, isSubplan) {
			return false
		}
	}
	return true
}

func callSignature(call *expr.Aggregate) functions.Signature {
	s := functions.Signature{Returns: call.Typ}
	for _, x := range call.Args {
		s.Args = append(s.Args, x.Type())
	}
	return s
}

// oneForm reports whether equal values of a type cannot be told apart.
func oneForm(t types.OID) bool {
	switch t {
	case types.Bool, types.Int2, types.Int4, types.Int8, types.Oid, types.Text, types.Varchar, types.Date, types.Timestamp, types.Timestamptz, types.UUID:
		return true
	}
	return false
}

// eager is an aggregation of a tree of inner joins.
type eager struct {
	r      *Rewriter
	a      *logical.Aggregate
	leaves []logical.Node
	sets   []logical.ColSet
	conds  []expr.Expr
	deps   dependencies
}

// newEager takes the joins apart, nil if grouping before them could be wrong.
func newEager(r *Rewriter, a *logical.Aggregate, j *logical.Join) *eager {
	e := &eager{r: r, a: a}
	e.flatten(j)
	if len(e.leaves) < 2 || len(e.leaves) > eagerLeaves {
		return nil
	}
	for _, c := range e.conds {
		if volatile(c) || logical.Any(c, isSubplan) {
			return nil
		}
	}
	all := logical.OutputSet(j)
	for _, l := range e.leaves {
		if outer := logical.OuterColumns(l); outer.Intersects(&all) {
			return nil
		}
	}
	for _, it := range slices.Concat(a.Keys, a.Aggs) {
		if cols := logical.Columns(it.Expr); !cols.SubsetOf(&all) {
			return nil
		}
	}
	e.deps.collect(j)
	return e
}

func (e *eager) flatten(n logical.Node) {
	if j, ok := n.(*logical.Join); ok && j.Type == plan.InnerJoin {
		e.flatten(j.Left)
		e.flatten(j.Right)
		e.conds = append(e.conds, j.On...)
		return
	}
	e.leaves = append(e.leaves, n)
	e.sets = append(e.sets, logical.OutputSet(n))
}

// leafSet is a set of leaves.
type leafSet uint

func (s leafSet) has(i int) bool { return s&(1<<i) != 0 }

// push makes the change if it pays, for the best set of leaves: the ones that the
// aggregates look at, to which the one whose join yields least is added in turn.
func (e *eager) push() logical.Node {
	var first leafSet
	for _, it := range e.a.Aggs {
		cols := logical.Columns(it.Expr)
		for i := range e.leaves {
			if cols.Intersects(&e.sets[i]) {
				first |= 1 << i
			}
		}
	}
	starts := []leafSet{first}
	if first == 0 { // count(*)
		starts = starts[:0]
		for i := range e.leaves {
			starts = append(starts, 1<<i)
		}
	}
	var best *eagerSplit
	for _, s := range starts {
		for s != 0 && s != 1<<len(e.leaves)-1 {
			if x := e.split(s); x != nil && (best == nil || x.cost < best.cost) {
				best = x
			}
			s = e.grow(s)
		}
	}
	if best == nil {
		return e.a
	}
	e.r.fire("PushAggregate")
	return e.build(best)
}

// grow adds the leaf that a condition connects and whose join yields fewest rows;
// 0 if there is none.
func (e *eager) grow(s leafSet) leafSet {
	next, rows := leafSet(0), math.Inf(1)
	for i := range e.leaves {
		with := s | 1<<i
		if with == s || len(e.within(with)) == len(e.within(s)) {
			continue
		}
		if n := e.r.Rows(e.tree(with)); n < rows {
			next, rows = with, n
		}
	}
	return next
}

// within are the conditions on a set of leaves alone.
func (e *eager) within(s leafSet) (out []expr.Expr) {
	cols := e.columns(s)
	for _, c := range e.conds {
		if used := logical.Columns(c); used.SubsetOf(&cols) {
			out = append(out, c)
		}
	}
	return out
}

func (e *eager) columns(s leafSet) (out logical.ColSet) {
	for i := range e.leaves {
		if s.has(i) {
			out.Union(&e.sets[i])
		}
	}
	return out
}

// tree joins a set of leaves.
func (e *eager) tree(s leafSet) logical.Node {
	return e.joined(nil, s, e.within(s))
}

// joined joins n, if it is not nil, with a set of leaves.
func (e *eager) joined(n logical.Node, s leafSet, on []expr.Expr) logical.Node {
	var last *logical.Join
	for i, l := range e.leaves {
		switch {
		case !s.has(i):
		case n == nil:
			n = l
		default:
			last = &logical.Join{Type: plan.InnerJoin, Left: n, Right: l}
			n = last
		}
	}
	if last != nil {
		last.On = on
		return last
	}
	return above(n, on)
}

// eagerSplit is a way to group early.
type eagerSplit struct {
	set   leafSet
	keys  []logical.Item // G
	whole bool           // no grouping above
	cost  float64
}

// split looks at grouping a set of leaves before the others are joined; nil if
// that is wrong or does not pay.
func (e *eager) split(s leafSet) *eagerSplit {
	inside := e.columns(s)
	inner := e.within(s)
	var used logical.ColSet
	for _, k := range e.a.Keys {
		logical.ExprColumns(k.Expr, &used)
	}
	for _, c := range e.conds {
		if !slices.Contains(inner, c) {
			logical.ExprColumns(c, &used)
		}
	}
	x := &eagerSplit{set: s}
	ok := true
	used.Each(func(id expr.ColumnID) {
		if inside.Has(id) {
			col := e.r.MD.Col(id)
			ok = ok && oneForm(col.Typ.OID)
			x.keys = append(x.keys, logical.Item{ID: id, Expr: col})
		}
	})
	if !ok || len(x.keys) == 0 {
		return nil
	}
	x.whole = e.isWhole(x)
	tree := e.tree(s)
	rows, out := e.r.Rows(tree), e.r.Rows(e.a.Input)
	groups := e.r.Rows(&logical.Aggregate{Input: tree, Keys: x.keys})
	late, early := e.costs(x, rows, groups, out)
	if early > late*eagerGain || groups > rows/2 || out < rows/2 {
		return nil
	}
	x.cost = early
	return x
}

// isWhole reports whether each group of x is one of the result's.
func (e *eager) isWhole(x *eagerSplit) bool {
	byKeys := e.deps.closure(e.a.Keys)
	for _, k := range x.keys {
		if !byKeys.Has(k.ID) {
			return false
		}
	}
	known := e.deps.closure(x.keys)
	for i, l := range e.leaves {
		if !x.set.has(i) && !e.deps.single(l, &known) {
			return false
		}
	}
	return true
}

// costs are those of grouping out rows of the whole join and of grouping rows of
// a part of it into groups before.
func (e *eager) costs(x *eagerSplit, rows, groups, out float64) (late, early float64) {
	n, same := 0, 0.0
	for i, l := range e.leaves {
		if x.set.has(i) {
			n++
		} else {
			same += probeCost * e.r.Rows(l)
		}
	}
	joins := probeCost * float64(len(e.leaves)-n)
	same += probeCost * float64(n-1) * rows
	joined := out * math.Min(1, groups/rows) // of the groups
	late = same + joins*math.Max(rows, out) + out*e.keyCost(e.a.Keys)
	early = same + joins*math.Max(groups, joined) + rows*e.keyCost(x.keys)
	if !x.whole {
		early += joined * e.keyCost(e.a.Keys)
	}
	return late, early
}

// keyCost is what grouping a row by keys costs.
func (e *eager) keyCost(keys []logical.Item) float64 {
	if len(keys) == 0 {
		return wholeCost
	}
	kept, _ := e.deps.reduce(keys)
	cost := 1.0
	for _, k := range kept {
		if keyWeight(k.Expr.Type()) > 1 {
			cost += wideCost
		}
	}
	return cost
}

// build makes the new tree.
func (e *eager) build(x *eagerSplit) logical.Node {
	rest := leafSet(1<<len(e.leaves)-1) &^ x.set
	inner := &logical.Aggregate{Input: e.tree(x.set), Keys: x.keys}
	within := e.within(x.set)
	var on []expr.Expr
	for _, c := range e.conds {
		if !slices.Contains(within, c) {
			on = append(on, c)
		}
	}
	if x.whole {
		inner.Aggs = e.a.Aggs
		out := &logical.Project{Input: e.joined(inner, rest, on), Items: slices.Clone(e.a.Keys)}
		for _, it := range e.a.Aggs {
			out.Items = append(out.Items, logical.Item{ID: it.ID, Expr: e.r.MD.Col(it.ID)})
		}
		return out
	}
	e.a.Aggs = e.r.splitCalls(inner, e.a.Aggs, nil)
	e.a.Input = e.joined(inner, rest, on)
	return e.a
}

// splitCalls adds the parts of aggregates to inner and returns the aggregates of
// these. missing, if set, says what a part is that an outer join has not found.
func (r *Rewriter) splitCalls(inner *logical.Aggregate, aggs []logical.Item, missing func(*expr.Aggregate, expr.Expr) expr.Expr) (out []logical.Item) {
	for _, it := range aggs {
		call := it.Expr.(*expr.Aggregate)
		parts, final, _ := functions.SplitAggregate(call.Fn, callSignature(call))
		whole := &expr.Aggregate{Fn: final, Typ: call.Typ}
		for _, p := range parts {
			id := r.MD.Add(logical.ColumnInfo{Name: p.Fn.Name, Type: p.Sig.Returns})
			inner.Aggs = append(inner.Aggs, logical.Item{ID: id, Expr: &expr.Aggregate{Fn: p.Fn, Args: call.Args, Typ: p.Sig.Returns}})
			var arg expr.Expr = r.MD.Col(id)
			if missing != nil {
				arg = missing(call, arg)
			}
			whole.Args = append(whole.Args, arg)
		}
		out = append(out, logical.Item{ID: it.ID, Expr: whole})
	}
	return out
}
