package physical

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// minAsofRows is from how many left rows on an ASOF join is thought of.
const minAsofRows = 64

// asof joins each row with the newest row not behind it (or the oldest not before it),
//
//	t JOIN LATERAL (SELECT ... FROM q WHERE q.key = t.key AND q.at <= t.at ORDER BY q.at DESC LIMIT 1) ON true
//
// by sorting both sides by the keys and the time and walking over them once. The
// inner query may have further conditions on q alone. Of rows with one time any
// may be taken, as by LIMIT.
func (b *Builder) asof(s joinStep, leftSet *logical.ColSet) (rel, bool) {
	if s.typ != plan.InnerJoin && s.typ != plan.LeftJoin || s.keepOrder || s.built != nil || s.left.rows() < minAsofRows {
		return rel{}, false
	}
	scan, by := firstOf(s.right)
	if scan == nil || !implied(s.on, scan.Filter) {
		return rel{}, false
	}
	inner := logical.OutputSet(scan)
	keys := equiKeys(scan.Filter, leftSet, &inner)
	isKey := make([]bool, len(scan.Filter))
	for _, k := range keys {
		if k.nullEqual || k.left.Type().OID != k.right.Type().OID {
			return rel{}, false
		}
		isKey[k.cond] = true
	}
	right := *scan
	right.Filter = nil
	var at *asofBound
	for i, c := range scan.Filter {
		if isKey[i] {
			continue
		}
		if used := logical.Columns(c); used.SubsetOf(&inner) && !logical.Any(c, isSubplan) {
			right.Filter = append(right.Filter, c)
			continue
		}
		bound := asofBoundOf(c, by, leftSet)
		if bound == nil || at != nil {
			return rel{}, false
		}
		at = bound
	}
	if at == nil {
		return rel{}, false
	}
	var left, order []expr.SortKey
	for _, k := range keys {
		left, order = append(left, expr.SortKey{Expr: k.left}), append(order, expr.SortKey{Expr: k.right})
	}
	left = append(left, expr.SortKey{Expr: at.outer, Desc: !by.Desc})
	order = append(order, expr.SortKey{Expr: by.Expr, Desc: !by.Desc})
	return b.asofJoin(s, &right, left, order, at.strict), true
}

// asofJoin makes the node; left and order are the orders of the sides.
func (b *Builder) asofJoin(s joinStep, scan *logical.Scan, left, order []expr.SortKey, strict bool) rel {
	in := s.need.Clone()
	for _, k := range order {
		logical.ExprColumns(k.Expr, &in)
	}
	sorted := func(r rel, keys []expr.SortKey) rel {
		if satisfies(r.order, keys) {
			return r
		}
		return b.addSort(r, keys, nil, nil)
	}
	l, r := sorted(s.left, left), sorted(b.build(scan, &in, hint{order: order}), order)
	j := &plan.AsofJoin{Left: l.node, Right: r.node, Type: s.typ, Strict: strict}
	j.LeftKeys, j.RightKeys = b.resolveKeys(left, l.cols), b.resolveKeys(order, r.cols)
	cols := joinColumns(s.typ, l.cols, r.cols)
	j.Cols = b.columns(cols)
	j.Cost = plan.Cost{Rows: s.left.rows(), Width: width(j.Cols)}
	j.Cost.Total = mergeJoinCost(l.joinSide(), r.joinSide(), j.Cost.Rows)
	return rel{j, cols, left}
}

// asofSeeks is what a loop of asof's query costs beside its rows: a series is looked
// for in one slice after the other.
func (b *Builder) asofSeeks(s *joinStep) float64 {
	if scan, _ := firstOf(s.right); scan == nil || scan.Table.TimeSeries == nil {
		return 0
	}
	return s.left.rows() * seriesSeek
}

// asofBound is the condition on the column by which rows follow each other.
type asofBound struct {
	outer  expr.Expr // over the left side
	strict bool
}

// asofBoundOf reads a condition: column <= outer where the greatest is wanted (by is
// descending), column >= outer where the least is; nil if it is another.
func asofBoundOf(cond expr.Expr, by expr.SortKey, leftSet *logical.ColSet) *asofBound {
	c, ok := cond.(*expr.Call)
	if !ok || len(c.Args) != 2 || len(c.Op) == 0 || len(c.Op) > 2 || !strings.Contains("< <= > >=", c.Op) || c.Op == "=" {
		return nil
	}
	less, outer := c.Op[0] == '<', c.Args[1]
	if logical.Equal(c.Args[1], by.Expr) {
		less, outer = !less, c.Args[0]
	} else if !logical.Equal(c.Args[0], by.Expr) {
		return nil
	}
	used := logical.Columns(outer)
	if less != by.Desc || used.Empty() || !used.SubsetOf(leftSet) || logical.Any(outer, isSubplan) || outer.Type().OID != by.Expr.Type().OID {
		return nil
	}
	return &asofBound{outer, len(c.Op) == 1}
}

// firstOf is the scan of a query for its first row by one column; nil if it is another query.
func firstOf(n logical.Node) (*logical.Scan, expr.SortKey) {
	limit, ok := belowRenaming(n).(*logical.Limit)
	if !ok || limit.Offset != nil || limit.WithTies {
		return nil, expr.SortKey{}
	}
	count, ok := limit.Count.(*expr.Const)
	if !ok || count.Value.IsNull() || count.Value.Int() != 1 {
		return nil, expr.SortKey{}
	}
	sort, ok := belowRenaming(limit.Input).(*logical.Sort)
	if !ok || len(sort.Keys) != 1 {
		return nil, expr.SortKey{}
	}
	scan, ok := belowRenaming(sort.Input).(*logical.Scan)
	if _, column := sort.Keys[0].Expr.(*expr.Column); !ok || !column || scan.Lock != nil {
		return nil, expr.SortKey{}
	}
	return scan, sort.Keys[0]
}

// implied reports whether conditions are true, or hold as the given ones do.
func implied(on, given []expr.Expr) bool {
	for _, e := range on {
		c, ok := e.(*expr.Const)
		isTrue := ok && !c.Value.IsNull() && c.Value.Bool()
		if !isTrue && !slices.ContainsFunc(given, func(g expr.Expr) bool { return logical.Equal(e, g) || turned(e, g) }) {
			return false
		}
	}
	return true
}

// turned reports whether two equalities have each other's sides.
func turned(x, y expr.Expr) bool {
	a, ok := x.(*expr.Call)
	b, both := y.(*expr.Call)
	return ok && both && a.Op == "=" && b.Op == "=" && len(a.Args) == 2 && len(b.Args) == 2 &&
		logical.Equal(a.Args[0], b.Args[1]) && logical.Equal(a.Args[1], b.Args[0])
}
