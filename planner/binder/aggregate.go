package binder

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// aggregate makes an aggregate call (transformAggregateCall).
func (b *Binder) aggregate(s *scope, f *ast.FuncCall, c *boundCall, fn *functions.Aggregate) (expr.Expr, error) {
	switch {
	case fn.OrderedSet && !f.WithinGroup:
		return nil, at(f, pgerror.WrongObjectType, "WITHIN GROUP is required for ordered-set aggregate %s", c.name)
	case !fn.OrderedSet && f.WithinGroup:
		return nil, at(f, pgerror.WrongObjectType, "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", c.name)
	case len(f.Args) == 0 && !f.Star && !f.WithinGroup:
		return nil, at(f, pgerror.WrongObjectType, "%s(*) must be used to call a parameterless aggregate function", c.name)
	}
	if err := noSets(true, "aggregate function calls cannot contain set-returning function calls", c.args...); err != nil {
		return nil, err
	}
	if fn.OrderedSet {
		s.direct = append(s.direct, c.args[:len(f.Args)]...)
	}
	agg := &expr.Aggregate{Fn: fn, Args: c.args, Distinct: f.Distinct, Typ: c.returns, OrderBy: c.keys}
	if !f.WithinGroup {
		for _, o := range f.OrderBy {
			k, err := b.aggOrder(s, o, f, agg)
			if err != nil {
				return nil, err
			}
			if err := noSets(true, "aggregate function calls cannot contain set-returning function calls", k.Expr); err != nil {
				return nil, err
			}
			agg.OrderBy = append(agg.OrderBy, k)
		}
	}
	if f.Distinct {
		for i, a := range c.args {
			if err := b.groupable(a.Type(), argLoc(f, i)); err != nil {
				return nil, err
			}
		}
		for i, k := range agg.OrderBy {
			if containsEqual(agg.Args, k.Expr) {
				continue
			}
			if arg := coercedArg(agg.Args, k.Expr); arg != nil {
				agg.OrderBy[i].Expr = arg
				continue
			}
			return nil, pgerror.New(pgerror.InvalidColumnReference, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list").At(leftmost(f.OrderBy[i].Expr))
		}
	}
	if f.Filter != nil {
		cond, err := b.bindCondition(s, f.Filter, kindFilter, "FILTER")
		if err != nil {
			return nil, err
		}
		agg.Filter = cond
	}
	return agg, b.placeAggregate(s, f, agg)
}

func (b *Binder) aggOrder(s *scope, o *ast.SortBy, _ *ast.FuncCall, _ *expr.Aggregate) (expr.SortKey, error) {
	e, err := b.bindExpr(s, o.Expr)
	if err != nil {
		return expr.SortKey{}, err
	}
	if e, err = b.toText(e, o.Expr.Loc()); err != nil {
		return expr.SortKey{}, err
	}
	return b.sortKey(e, o)
}

func argLoc(f *ast.FuncCall, i int) int {
	if i < len(f.Args) {
		return leftmost(f.Args[i])
	}
	if k := i - len(f.Args); f.WithinGroup && k < len(f.OrderBy) {
		return leftmost(f.OrderBy[k].Expr)
	}
	return f.Loc()
}

// placeAggregate finds the query level the aggregate belongs to (the innermost
// of its columns) and checks that it may stand there.
func (b *Binder) placeAggregate(s *scope, f *ast.FuncCall, agg *expr.Aggregate) error {
	parts := append([]expr.Expr(nil), agg.Args...)
	if agg.Filter != nil {
		parts = append(parts, agg.Filter)
	}
	for _, k := range agg.OrderBy {
		parts = append(parts, k.Expr)
	}
	deepest, nested := int32(-1), false
	for _, e := range parts {
		deepest = max(deepest, b.deepestColumn(s, e))
		nested = nested || logical.Any(e, func(x expr.Expr) bool {
			switch x.(type) {
			case *expr.Aggregate, *logical.Grouping, *logical.WindowCall, *expr.Subplan:
				return true
			}
			return false
		})
	}
	owner := s.owner(deepest)
	if nested {
		if err := b.noNested(s, owner, f, agg); err != nil {
			return err
		}
	}
	if owner.kind == kindFromSubselect {
		return at(f, pgerror.GroupingError, "aggregate functions are not allowed in FROM clause of their own query level")
	}
	if k := kindInfo[owner.kind]; k.agg != "" {
		return at(f, pgerror.GroupingError, "aggregate functions are not allowed in %s", k.agg)
	}
	if owner.kind == kindFilter {
		return at(f, pgerror.GroupingError, "aggregate functions are not allowed in FILTER")
	}
	owner.noteAggregate(f.Loc())
	if owner != s {
		if b.aggDepth == nil {
			b.aggDepth = map[*expr.Aggregate]int32{}
		}
		b.aggDepth[agg] = owner.depth
	}
	return nil
}

// noteAggregate notes that a level has an aggregate.
func (s *scope) noteAggregate(loc int) {
	if !s.hasAggs {
		s.hasAggs, s.aggLoc = true, loc
	}
}

// noNested refuses aggregates of the same level and window functions in what an
// aggregate of level owner is given.
func (b *Binder) noNested(s, owner *scope, f *ast.FuncCall, agg *expr.Aggregate) error {
	check := func(e expr.Expr, loc int) error {
		if w := findWindow(e); w != nil {
			return pgerror.New(pgerror.GroupingError, "aggregate function calls cannot contain window function calls").At(w.Position)
		}
		if b.hasAggregateOf(e, s, owner) {
			return pgerror.New(pgerror.GroupingError, "aggregate function calls cannot be nested").At(loc)
		}
		return nil
	}
	for i, a := range agg.Args {
		if err := check(a, argLoc(f, i)); err != nil {
			return err
		}
	}
	for i, k := range agg.OrderBy {
		loc := f.Loc()
		if i < len(f.OrderBy) {
			loc = leftmost(f.OrderBy[i].Expr)
		}
		if err := check(k.Expr, loc); err != nil {
			return err
		}
	}
	if agg.Filter == nil {
		return nil
	}
	return check(agg.Filter, leftmost(f.Filter))
}

// hasAggregateOf reports whether an expression of scope s holds an aggregate of
// owner's level, its subqueries' included.
func (b *Binder) hasAggregateOf(e expr.Expr, s, owner *scope) bool {
	return logical.Any(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *logical.Grouping:
			return x.Depth == owner.depth
		case *expr.Aggregate:
			return b.aggOwner(x, s) == owner
		case *expr.Subplan:
			n, ok := x.Plan.(logical.Node)
			return ok && b.outerAggregate(n, owner)
		}
		return false
	})
}

// outerAggregate reports whether a subquery's tree holds an aggregate of a level
// around it.
func (b *Binder) outerAggregate(n logical.Node, owner *scope) bool {
	found := false
	logical.VisitExprs(n, func(p *expr.Expr) {
		found = found || logical.Any(*p, func(x expr.Expr) bool {
			switch x := x.(type) {
			case *logical.Grouping:
				return x.Depth == owner.depth
			case *expr.Aggregate:
				d, ok := b.aggDepth[x]
				return ok && d == owner.depth
			case *expr.Subplan:
				sub, ok := x.Plan.(logical.Node)
				return ok && b.outerAggregate(sub, owner)
			}
			return false
		})
	})
	logical.VisitInputs(n, func(c *logical.Node) { found = found || b.outerAggregate(*c, owner) })
	return found
}

// aggOwner returns the level an aggregate belongs to as seen from s.
func (b *Binder) aggOwner(a *expr.Aggregate, s *scope) *scope {
	d, ok := b.aggDepth[a]
	for ok && s.depth > d && s.parent != nil {
		s = s.parent
	}
	return s
}

// coercedArg returns the argument that is e under coercions the user did not write.
func coercedArg(args []expr.Expr, e expr.Expr) expr.Expr {
	for _, arg := range args {
		a := arg
		for {
			c, ok := a.(*expr.Cast)
			if !ok || c.Explicit {
				break
			}
			a = c.Arg
		}
		if logical.Equal(a, e) {
			return arg
		}
	}
	return nil
}

func containsSet(e expr.Expr) bool {
	return logical.Any(e, func(x expr.Expr) bool { _, ok := x.(*logical.SetCall); return ok })
}

// noSets refuses set-returning functions in expressions, at the last one; hinted
// errors propose LATERAL.
func noSets(hinted bool, message string, list ...expr.Expr) error {
	at, found := -1, false
	for _, e := range list {
		logical.Walk(e, func(x expr.Expr) bool {
			if c, ok := x.(*logical.SetCall); ok {
				at, found = max(at, c.Position), true
			}
			return true
		})
	}
	if !found {
		return nil
	}
	err := pgerror.New(pgerror.FeatureNotSupported, "%s", message).At(at)
	if hinted {
		err = err.WithHint("You might be able to move the set-returning function into a LATERAL FROM item.")
	}
	return err
}

func findWindow(e expr.Expr) *logical.WindowCall {
	var w *logical.WindowCall
	logical.Walk(e, func(x expr.Expr) bool {
		if c, ok := x.(*logical.WindowCall); ok && w == nil && c.Spec != nil {
			w = c
		}
		return w == nil
	})
	return w
}

func containsEqual(list []expr.Expr, e expr.Expr) bool {
	for _, a := range list {
		if logical.Equal(a, e) {
			return true
		}
	}
	return false
}
