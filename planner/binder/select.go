package binder

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// query is a bound query: its tree and its columns in order. The tree yields
// exactly these columns, each with an id of its own.
type query struct {
	node logical.Node
	cols []column
	// items is the projection that computes the columns, for callers that give
	// literals of unknown type theirs (set operations, INSERT ... SELECT).
	items *logical.Project
	locs  []int
}

// selectOptions change how a query is bound.
type selectOptions struct {
	keepUnknown bool // the caller types the literals that are still unknown
	topLevel    bool
}

// bindSelect binds a query whose outer query is parent (nil for none).
func (b *Binder) bindSelect(parent *scope, sel *ast.Select, opt *selectOptions) (query, error) {
	if err := b.enter(); err != nil {
		return query{}, err
	}
	defer func() { b.depth-- }()
	if opt == nil {
		opt = &selectOptions{topLevel: parent == nil}
	}
	s := parent.child()
	ctes, err := b.bindWith(s, sel.With, opt.topLevel)
	if err != nil {
		return query{}, err
	}
	var q query
	switch {
	case sel.Into != nil:
		return query{}, pgerror.New(pgerror.SyntaxError, "SELECT ... INTO is not allowed here")
	case sel.Op != ast.SetOpNone:
		q, err = b.bindSetOp(s, sel)
	case sel.Values != nil:
		q, err = b.bindValues(s, sel)
	default:
		q, err = b.bindPlain(s, sel, opt)
	}
	if err != nil {
		return query{}, err
	}
	if len(ctes) > 0 {
		q.node = &logical.With{CTEs: ctes, Body: q.node}
	}
	return q, nil
}

// bindPlain is transformSelectStmt.
func (b *Binder) bindPlain(s *scope, sel *ast.Select, opt *selectOptions) (query, error) {
	s.locking = sel.Locking
	from, err := b.bindFrom(s, sel.From)
	if err != nil {
		return query{}, err
	}
	for _, w := range sel.Windows {
		for _, o := range s.windows {
			if o.def.Name == w.Name {
				return query{}, at(w, pgerror.WindowingError, "window %q is already defined", w.Name)
			}
		}
		s.windows = append(s.windows, &namedWindow{def: w})
	}
	// Equal expressions must stay equal where they are compared: literals in
	// them are kept.
	plain := len(sel.GroupBy) == 0 && !sel.Distinct && sel.DistinctOn == nil && sel.Having == nil && len(sel.Windows) == 0
	if !plain {
		b.noAuto++
	}
	targets, err := b.bindTargets(s, sel.Targets, kindTarget)
	if err != nil {
		return query{}, err
	}
	if !plain {
		b.noAuto--
	}
	p := &pending{targets: targets, node: from, given: len(targets)}
	if sel.Where != nil {
		cond, err := b.bindCondition(s, sel.Where, kindWhere, "WHERE")
		if err != nil {
			return query{}, err
		}
		p.where = logical.Conjuncts(nil, cond)
	}
	if s.trail != nil {
		if err := s.trail.carry(b, sel, p); err != nil {
			return query{}, err
		}
	}
	b.noAuto++
	if err := b.bindTail(s, sel, p, opt); err != nil {
		return query{}, err
	}
	for _, w := range s.windows { // also those that nobody uses
		if _, err := b.namedSpec(s, w); err != nil {
			return query{}, err
		}
	}
	if err := b.bindLimit(s, sel, p); err != nil { // how many rows are wanted decides about plans
		return query{}, err
	}
	b.noAuto--
	return b.assemble(s, sel, p)
}

// pending is a SELECT whose clauses are bound and not yet a tree.
type pending struct {
	node       logical.Node
	targets    []target
	given      int // how many of targets are not junk
	where      []expr.Expr
	having     expr.Expr
	groups     []groupKey
	sets       [][]int
	fill       *fillClause
	sort       []sortItem
	distinctOn []int // targets
	limit      logical.Limit
	hasLimit   bool
}

// sortItem is a sort key as the position of a target.
type sortItem struct {
	target int
	key    expr.SortKey
}

// bindTail binds HAVING, ORDER BY, GROUP BY and DISTINCT.
func (b *Binder) bindTail(s *scope, sel *ast.Select, p *pending, opt *selectOptions) error {
	if sel.Having != nil {
		cond, err := b.bindCondition(s, sel.Having, kindHaving, "HAVING")
		if err != nil {
			return err
		}
		p.having = cond
	}
	for _, o := range sel.OrderBy {
		i, err := b.findTarget(s, p, o.Expr, kindOrderBy, "ORDER BY")
		if err != nil {
			return err
		}
		if err := b.typeTarget(p, i); err != nil {
			return err
		}
		k, err := b.sortKey(p.targets[i].expr, o)
		if err != nil {
			return err
		}
		dup := false
		for _, have := range p.sort {
			dup = dup || have.target == i
		}
		if !dup {
			p.sort = append(p.sort, sortItem{i, k})
		}
	}
	if err := b.bindGroupBy(s, sel, p); err != nil {
		return err
	}
	if sel.DistinctOn != nil {
		for _, e := range sel.DistinctOn {
			i, err := b.findTarget(s, p, e, kindDistinctOn, "DISTINCT ON")
			if err != nil {
				return err
			}
			if err := b.typeTarget(p, i); err != nil {
				return err
			}
			if err := b.groupable(p.targets[i].expr.Type(), p.targets[i].loc); err != nil {
				return err
			}
			p.distinctOn = append(p.distinctOn, i)
		}
		if err := checkDistinctOn(sel, p); err != nil {
			return err
		}
	}
	if sel.Distinct && sel.DistinctOn == nil {
		for _, it := range p.sort {
			if p.targets[it.target].junk {
				return pgerror.New(pgerror.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list").At(p.targets[it.target].loc)
			}
		}
	}
	if !opt.keepUnknown || sel.Distinct {
		for i := range p.targets {
			if err := b.typeTarget(p, i); err != nil {
				return err
			}
		}
	}
	if sel.Distinct && len(p.targets) == 0 {
		return pgerror.New(pgerror.SyntaxError, "SELECT DISTINCT must have at least one column")
	}
	if sel.Distinct {
		for i := range p.targets {
			if err := b.groupable(p.targets[i].expr.Type(), p.targets[i].loc); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkDistinctOn: the ON expressions are the first ORDER BY expressions, in any order.
func checkDistinctOn(sel *ast.Select, p *pending) error {
	on := map[int]bool{}
	for _, t := range p.distinctOn {
		on[t] = true
	}
	seen := 0
	for k, it := range p.sort {
		if on[it.target] {
			seen++
			continue
		}
		if seen < len(on) {
			// At the key that comes too late, or at one that does not come.
			loc := -1
			for _, late := range p.sort[k:] {
				if on[late.target] && loc < 0 {
					loc = leftmost(sel.DistinctOn[slices.Index(p.distinctOn, late.target)])
				}
			}
			for i, t := range p.distinctOn {
				if loc < 0 && !slices.ContainsFunc(p.sort, func(o sortItem) bool { return o.target == t }) {
					loc = leftmost(sel.DistinctOn[i])
				}
			}
			return pgerror.New(pgerror.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions").At(loc)
		}
	}
	return nil
}

// typeTarget makes a target of unknown type text.
func (b *Binder) typeTarget(p *pending, i int) error {
	e, err := b.toText(p.targets[i].expr, p.targets[i].loc)
	p.targets[i].expr = e
	return err
}

// findTarget is findTargetlistEntrySQL92: a name of the select list, a
// position in it, or an expression. It adds a junk target if needed.
func (b *Binder) findTarget(s *scope, p *pending, e ast.Expr, kind exprKind, clause string) (int, error) {
	switch x := e.(type) {
	case *ast.ColumnRef:
		if len(x.Names) != 1 || x.Star {
			break
		}
		if kind == kindGroupBy {
			// An input column goes before an output name in GROUP BY.
			if col, err := b.colByNameLocal(s, x.Names[0], x.Loc()); err == nil && col {
				break
			}
		}
		found := -1
		for i := range p.given {
			if p.targets[i].name != x.Names[0] {
				continue
			}
			if found >= 0 {
				if !logical.Equal(p.targets[found].expr, p.targets[i].expr) {
					return 0, at(x, pgerror.AmbiguousColumn, "%s %q is ambiguous", clause, x.Names[0])
				}
				continue
			}
			found = i
		}
		if found >= 0 {
			return found, nil
		}
	case *ast.Const:
		switch x.Kind {
		case ast.ConstInt:
			if x.Int >= 1 && int(x.Int) <= p.given {
				return int(x.Int) - 1, nil
			}
			return 0, at(x, pgerror.InvalidColumnReference, "%s position %d is not in select list", clause, x.Int)
		default:
			return 0, at(x, pgerror.SyntaxError, "non-integer constant in %s", clause)
		}
	}
	saved := s.kind
	s.kind = kind
	bound, err := b.bindExpr(s, e)
	s.kind = saved
	if err != nil {
		return 0, err
	}
	for i := range p.targets {
		if logical.Equal(stripRelabel(p.targets[i].expr), stripRelabel(bound)) {
			p.targets[i].group = p.targets[i].group && kind == kindGroupBy
			return i, nil
		}
	}
	p.targets = append(p.targets, target{name: "?column?", expr: bound, loc: leftmost(e), junk: true, group: kind == kindGroupBy})
	return len(p.targets) - 1, nil
}

func stripRelabel(e expr.Expr) expr.Expr {
	if c, ok := e.(*expr.Cast); ok && c.Kind == expr.CastRelabel {
		return c.Arg
	}
	return e
}

// colByNameLocal reports whether the query level has an input column of a name.
func (b *Binder) colByNameLocal(s *scope, name string, loc int) (bool, error) {
	one := *s
	one.parent = nil
	e, err := b.colByName(&one, name, loc)
	return e != nil, err
}

// sortKey makes a sort key of an expression.
func (b *Binder) sortKey(e expr.Expr, o *ast.SortBy) (expr.SortKey, error) {
	if err := b.sortable(e.Type(), leftmost(o.Expr)); err != nil {
		return expr.SortKey{}, err
	}
	k := expr.SortKey{Expr: e}
	switch o.Dir {
	case ast.SortDesc:
		k.Desc = true
	case ast.SortUsing:
		switch o.Using[len(o.Using)-1] {
		case "<":
		case ">":
			k.Desc = true
		default:
			return k, at(o, pgerror.WrongObjectType, "operator %s is not a valid ordering operator", o.Using[len(o.Using)-1]).
				WithHint("Ordering operators must be \"<\" or \">\" members of btree operator families.")
		}
	}
	switch o.Nulls {
	case ast.NullsFirst:
		k.NullsFirst = true
	case ast.NullsDefault:
		k.NullsFirst = k.Desc
	}
	return k, nil
}

// bindLimit binds LIMIT, OFFSET and WITH TIES.
func (b *Binder) bindLimit(s *scope, sel *ast.Select, p *pending) error {
	one := func(e ast.Expr, kind exprKind, clause string) (expr.Expr, error) {
		saved := s.kind
		s.kind = kind
		x, err := b.bindExpr(s, e)
		s.kind = saved
		if err != nil {
			return nil, err
		}
		if x, err = b.coerceTo(x, int8Type, clause, leftmost(e)); err != nil {
			return nil, err
		}
		if err := b.variableFree(s, x, clause, leftmost(e)); err != nil {
			return nil, err
		}
		if c, ok := x.(*expr.Const); ok && c.Value.IsNull() {
			return nil, nil
		}
		return x, nil
	}
	var err error
	if sel.Offset != nil {
		if p.limit.Offset, err = one(sel.Offset, kindOffset, "OFFSET"); err != nil {
			return err
		}
	}
	if sel.Limit != nil {
		clause := "LIMIT"
		if p.limit.Count, err = one(sel.Limit, kindLimit, clause); err != nil {
			return err
		}
		if sel.WithTies && len(sel.OrderBy) == 0 {
			return pgerror.New(pgerror.SyntaxError, "WITH TIES cannot be specified without ORDER BY clause")
		}
		if sel.WithTies && p.limit.Count == nil {
			return pgerror.New(pgerror.InvalidRowCountInLimitClause, "row count cannot be null in FETCH FIRST ... WITH TIES clause")
		}
	}
	p.limit.WithTies = sel.WithTies
	p.hasLimit = p.limit.Count != nil || p.limit.Offset != nil
	return nil
}

// variableFree refuses columns of the query level in a clause that is computed once.
func (b *Binder) variableFree(s *scope, e expr.Expr, clause string, loc int) error {
	cols := logical.Columns(e)
	local := false
	cols.Each(func(id expr.ColumnID) { local = local || b.MD.Cols[id].Depth == s.depth })
	if local {
		return pgerror.New(pgerror.InvalidColumnReference, "argument of %s must not contain variables", clause).At(loc)
	}
	return nil
}
