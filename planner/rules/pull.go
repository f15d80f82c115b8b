package rules

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// puller takes the conditions that refer to outer rows out of a subquery, to be
// the condition of a join with it. They stand in filters; above those may stand
//
//   - projections, which then pass on the columns that the conditions look at;
//   - inner joins, and the preserved side of other joins;
//   - grouping, if every condition below it equates an inner expression with an
//     outer one: the inner expression becomes a group key, and the groups of one
//     value are what the subquery would group for an outer row of that value;
//   - DISTINCT likewise, and sorts, which a join does not keep anyway.
//
// LIMIT, windows, set operations and references elsewhere stop it: for each
// outer row they look at the other rows of the subquery.
type puller struct {
	r     *Rewriter
	outer *logical.ColSet
	// on are the conditions taken out.
	on []expr.Expr
	// exists: only whether there is a row matters, so select lists, DISTINCT and
	// LIMIT (of at least one row) go away. It is true down to the first node that
	// looks at rows: what stands below a filter or join decides what they see.
	exists bool
	// dup: equal rows may be one or several (IN).
	dup bool
}

func (p *puller) refers(n logical.Node) bool {
	cols := logical.OuterColumns(n)
	return cols.Intersects(p.outer)
}

func (p *puller) refersExpr(e expr.Expr) bool {
	cols := logical.Columns(e)
	return cols.Intersects(p.outer)
}

// below is the puller for the inputs of a node that looks at their rows. That
// there are several equal ones still does not matter to EXISTS.
func (p *puller) below() *puller {
	q := *p
	q.exists, q.dup = false, p.dup || p.exists
	return &q
}

// can reports whether pull would succeed; nothing is changed. grouped says that
// a grouping stands above, so that only equalities will do.
func (p *puller) can(n logical.Node, grouped bool) bool {
	if !p.refers(n) {
		return true
	}
	conds := func(list []expr.Expr) bool {
		for _, c := range list {
			if !p.refersExpr(c) {
				continue
			}
			if logical.Any(c, isSubplan) || volatile(c) {
				return false
			}
			if grouped {
				if _, _, ok := p.equation(c, n); !ok {
					return false
				}
			}
		}
		return true
	}
	switch x := n.(type) {
	case *logical.Filter:
		return conds(x.Conds) && p.below().can(x.Input, grouped)
	case *logical.Scan:
		return conds(x.Filter)
	case *logical.Join:
		switch x.Type {
		case plan.InnerJoin:
			return conds(x.On) && p.below().can(x.Left, grouped) && p.below().can(x.Right, grouped)
		case plan.LeftJoin, plan.SemiJoin, plan.AntiJoin:
			for _, c := range x.On {
				if p.refersExpr(c) {
					return false
				}
			}
			return !p.refers(x.Right) && p.below().can(x.Left, grouped)
		}
	case *logical.Sort:
		for _, k := range x.Keys {
			if p.refersExpr(k.Expr) && !p.exists {
				return false
			}
		}
		return p.can(x.Input, grouped)
	case *logical.Project:
		if x.Barrier {
			return false
		}
		for _, it := range x.Items {
			if !p.exists && p.refersExpr(it.Expr) || logical.Any(it.Expr, func(e expr.Expr) bool { _, ok := e.(*logical.SetCall); return ok }) {
				return false
			}
		}
		return p.can(x.Input, grouped)
	case *logical.Distinct:
		return x.On == nil && p.can(x.Input, grouped || !p.exists && !p.dup)
	case *logical.Limit:
		return p.exists && atLeastOne(x) && p.can(x.Input, grouped)
	case *logical.Aggregate:
		if len(x.Keys) == 0 || x.Sets != nil {
			return false
		}
		ok := true
		logical.VisitExprs(x, func(e *expr.Expr) { ok = ok && !p.refersExpr(*e) })
		return ok && p.below().can(x.Input, true)
	}
	return false
}

// safe reports whether a subquery that is computed for rows of no outer row fails
// for none of these where it would not have been run: what it computes, and what it
// checks beside the conditions that are taken out, cannot fail. Conditions of
// EXISTS are not asked, as in PostgreSQL.
func (p *puller) safe(n logical.Node) bool {
	ok := true
	logical.VisitExprs(n, func(e *expr.Expr) { ok = ok && (p.refersExpr(*e) || p.safeExpr(*e)) })
	logical.VisitInputs(n, func(c *logical.Node) { ok = ok && p.safe(*c) })
	return ok
}

func (p *puller) safeExpr(e expr.Expr) bool {
	a, ok := e.(*expr.Aggregate)
	if !ok {
		return logical.CannotFailBut(e, p.safeSubquery)
	}
	list := append(slices.Clone(a.Args), a.Filter)
	for _, k := range a.OrderBy {
		list = append(list, k.Expr)
	}
	return !slices.ContainsFunc(list, func(x expr.Expr) bool { return !logical.CannotFailBut(x, p.safeSubquery) })
}

// safeSubquery: a subquery of no outer rows is the same for all rows; another one
// must yield one row if it is a value, and not fail itself.
func (p *puller) safeSubquery(s *expr.Subplan) bool {
	tree, ok := s.Plan.(logical.Node)
	if !ok {
		return false
	}
	if outer := logical.OuterColumns(tree); outer.Empty() {
		return true
	}
	if s.Kind == expr.SubplanScalar {
		if _, ok := asScalarAggregate(tree); !ok {
			return false
		}
	}
	return p.safe(tree)
}

func atLeastOne(l *logical.Limit) bool {
	c, ok := l.Count.(*expr.Const)
	return l.Offset == nil && (l.Count == nil || ok && (c.Value.IsNull() || c.Value.Int() > 0))
}

// equation reads a condition as inner = outer, by an equality that is the one
// by which the inner values are grouped.
func (p *puller) equation(c expr.Expr, n logical.Node) (inner, outer expr.Expr, ok bool) {
	call, isCall := c.(*expr.Call)
	if !isCall || call.Op != "=" || len(call.Args) != 2 || !groupEquality(call.Args[0].Type().OID, call.Args[1].Type().OID) {
		return nil, nil, false
	}
	a, b := call.Args[0], call.Args[1]
	ca, cb := logical.Columns(a), logical.Columns(b)
	if ca.Intersects(p.outer) {
		a, b, ca, cb = b, a, cb, ca
	}
	here := logical.OutputSet(n)
	if ca.Intersects(p.outer) || ca.Empty() || cb.Intersects(&here) {
		return nil, nil, false
	}
	return a, b, true
}

// pull takes the conditions out. can has said that it may.
func (p *puller) pull(n logical.Node) logical.Node {
	if !p.refers(n) {
		return n
	}
	switch x := n.(type) {
	case *logical.Filter:
		p.exists = false
		x.Input = p.pull(x.Input)
		return above(x.Input, p.split(x.Conds))
	case *logical.Scan:
		x.Filter = p.split(x.Filter)
	case *logical.Join:
		p.exists = false
		x.Left = p.pull(x.Left)
		if x.Type == plan.InnerJoin {
			x.Right = p.pull(x.Right)
			x.On = p.split(x.On)
		}
	case *logical.Sort:
		return p.pull(x.Input)
	case *logical.Limit:
		return p.pull(x.Input)
	case *logical.Distinct:
		if p.exists {
			return p.pull(x.Input)
		}
		x.Input = p.pull(x.Input)
	case *logical.Project:
		return p.pullProject(x)
	case *logical.Aggregate:
		p.pullAggregate(x)
	}
	return n
}

// split keeps what does not refer to the outer row and takes the rest.
func (p *puller) split(conds []expr.Expr) (keep []expr.Expr) {
	for _, c := range conds {
		if p.refersExpr(c) {
			p.on = append(p.on, c)
		} else {
			keep = append(keep, c)
		}
	}
	return keep
}

func (p *puller) pullProject(x *logical.Project) logical.Node {
	mark, exists := len(p.on), p.exists
	x.Input = p.pull(x.Input)
	if exists {
		return x.Input // the select list of EXISTS is not looked at
	}
	var need logical.ColSet
	for _, c := range p.on[mark:] {
		logical.ExprColumns(c, &need)
	}
	have, shown := logical.OutputSet(x.Input), logical.OutputSet(x)
	need.Each(func(id expr.ColumnID) {
		if have.Has(id) && !shown.Has(id) {
			x.Items = append(x.Items, logical.Item{ID: id, Expr: p.r.MD.Col(id)})
		}
	})
	return x
}

// pullAggregate makes the inner sides of the pulled equations group keys.
func (p *puller) pullAggregate(x *logical.Aggregate) {
	inner := &puller{r: p.r, outer: p.outer}
	x.Input = inner.pull(x.Input)
	for _, c := range inner.on {
		in, out, _ := inner.equation(c, x.Input)
		p.on = append(p.on, equals(c, p.r.groupKey(x, in), out))
	}
}

// equals is the equality c with other sides of the same types.
func equals(c expr.Expr, inner, outer expr.Expr) expr.Expr {
	call := *c.(*expr.Call)
	if call.Args[0].Type().OID != inner.Type().OID {
		inner, outer = outer, inner
	}
	call.Args = []expr.Expr{inner, outer}
	return &call
}

// groupEquality reports whether = of these types is what values are grouped by:
// values equal to one value are in one group.
func groupEquality(a, b types.OID) bool {
	ints := func(o types.OID) bool { return o == types.Int2 || o == types.Int4 || o == types.Int8 }
	return a == b || ints(a) && ints(b)
}

// groupKey is the column of an aggregate's key, added if it is not there yet.
func (r *Rewriter) groupKey(a *logical.Aggregate, e expr.Expr) expr.Expr {
	for _, k := range a.Keys {
		if logical.Equal(k.Expr, e) {
			return r.MD.Col(k.ID)
		}
	}
	if c, ok := e.(*expr.Column); ok {
		a.Keys = append(a.Keys, logical.Item{ID: c.ID, Expr: c})
		return c
	}
	id := r.MD.Add(logical.ColumnInfo{Name: "key", Type: e.Type()})
	a.Keys = append(a.Keys, logical.Item{ID: id, Expr: e})
	return r.MD.Col(id)
}
