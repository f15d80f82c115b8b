package binder

import (
	"errors"
	"strings"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// errNeedLocs asks for a second run that records where columns were written.
var errNeedLocs = errors.New("binder: column locations needed")

// groupKey is a GROUP BY expression.
type groupKey struct {
	expr   expr.Expr
	target int
}

// bindGroupBy is transformGroupClause.
func (b *Binder) bindGroupBy(s *scope, sel *ast.Select, p *pending) error {
	if len(sel.GroupBy) == 0 {
		return nil
	}
	sets := [][]int{nil}
	plain := true
	for _, g := range sel.GroupBy {
		if f := fillOf(g); f != nil {
			if err := p.bindFill(s, f); err != nil {
				return err
			}
			continue
		}
		list, simple, err := b.groupItem(s, p, g)
		if err != nil {
			return err
		}
		plain = plain && simple
		var next [][]int
		for _, a := range sets {
			for _, c := range list {
				next = append(next, mergeSet(a, c))
			}
		}
		if len(next) > 4096 {
			return pgerror.New(pgerror.StatementTooComplex, "too many grouping sets present (maximum 4096)")
		}
		sets = next
	}
	if plain {
		return nil
	}
	if sel.GroupDistinct {
		sets = distinctSets(sets)
	}
	p.sets = sets
	s.groupingSets = true
	return nil
}

// groupItem returns the grouping sets of one item; simple is false for others
// than plain expressions.
func (b *Binder) groupItem(s *scope, p *pending, g ast.GroupItem) (sets [][]int, simple bool, err error) {
	switch x := g.(type) {
	case *ast.GroupingSet:
		sets, err = b.groupingSet(s, p, x)
		return sets, false, err
	case *ast.Row:
		if x.Explicit { // ROW(...) is one expression
			k, err := b.groupExpr(s, p, x)
			return [][]int{{k}}, true, err
		}
		var set []int
		for _, e := range x.Args {
			k, err := b.groupExpr(s, p, e)
			if err != nil {
				return nil, false, err
			}
			set = mergeSet(set, []int{k})
		}
		return [][]int{set}, true, nil
	case ast.Expr:
		k, err := b.groupExpr(s, p, x)
		return [][]int{{k}}, true, err
	}
	return nil, false, pgerror.New(pgerror.InternalError, "unrecognized GROUP BY item %T", g)
}

func (b *Binder) groupingSet(s *scope, p *pending, g *ast.GroupingSet) ([][]int, error) {
	if g.Kind == ast.GroupingEmpty {
		return [][]int{nil}, nil
	}
	var parts [][][]int
	for _, it := range g.Items {
		sets, _, err := b.groupItem(s, p, it)
		if err != nil {
			return nil, err
		}
		parts = append(parts, sets)
	}
	var out [][]int
	switch g.Kind {
	case ast.GroupingRollup:
		for n := len(parts); n >= 0; n-- {
			var set []int
			for _, q := range parts[:n] {
				set = mergeSet(set, q[0])
			}
			out = append(out, set)
		}
	case ast.GroupingCube:
		if len(parts) > 12 {
			return nil, at(g, pgerror.TooManyColumns, "CUBE is limited to 12 elements")
		}
		for mask := 1<<len(parts) - 1; mask >= 0; mask-- {
			var set []int
			for i, q := range parts {
				if mask&(1<<(len(parts)-1-i)) != 0 {
					set = mergeSet(set, q[0])
				}
			}
			out = append(out, set)
		}
	default:
		for _, q := range parts {
			out = append(out, q...)
		}
	}
	return out, nil
}

func mergeSet(a, c []int) []int {
	out := append([]int(nil), a...)
next:
	for _, k := range c {
		for _, have := range out {
			if have == k {
				continue next
			}
		}
		out = append(out, k)
	}
	return out
}

func distinctSets(sets [][]int) [][]int {
	var out [][]int
next:
	for _, a := range sets {
		for _, c := range out {
			if len(a) == len(c) && len(mergeSet(a, c)) == len(a) {
				continue next
			}
		}
		out = append(out, a)
	}
	return out
}

// groupExpr finds or adds a GROUP BY key and returns its position.
func (b *Binder) groupExpr(s *scope, p *pending, e ast.Expr) (int, error) {
	i, err := b.findTarget(s, p, e, kindGroupBy, "GROUP BY")
	if err != nil {
		return 0, err
	}
	if err := b.typeTarget(p, i); err != nil {
		return 0, err
	}
	x := p.targets[i].expr
	if b.hasAggregateOf(x, s, s) {
		return 0, pgerror.New(pgerror.GroupingError, "aggregate functions are not allowed in GROUP BY").At(p.targets[i].loc)
	}
	if w := findWindow(x); w != nil {
		return 0, pgerror.New(pgerror.WindowingError, "window functions are not allowed in GROUP BY").At(w.Position)
	}
	if err := b.groupable(x.Type(), leftmost(e)); err != nil {
		return 0, err
	}
	for k, g := range p.groups {
		if g.target == i || logical.Equal(g.expr, x) {
			return k, nil
		}
	}
	p.groups = append(p.groups, groupKey{expr: x, target: i})
	return len(p.groups) - 1, nil
}

// grouper rewrites expressions over the input of an aggregate into ones over
// its output (parseCheckAggregates and set_plan_references' work).
type grouper struct {
	b    *Binder
	s    *scope
	p    *pending
	node *logical.Aggregate
	sub  bool // inside of a subquery
	err  error
}

// group puts the aggregate under the targets.
func (b *Binder) group(s *scope, p *pending) error {
	if s.hasSRF {
		b.groupSets(s, p)
	}
	if s.groupWindows {
		if err := b.windowGroups(s, p); err != nil {
			return err
		}
	}
	agg := &logical.Aggregate{Input: p.node, Sets: p.sets}
	g := &grouper{b: b, s: s, p: p, node: agg}
	for _, k := range p.groups {
		id := expr.ColumnID(0)
		if c, ok := k.expr.(*expr.Column); ok && b.MD.Cols[c.ID].Depth == s.depth {
			id = c.ID
		} else {
			name := p.targets[k.target].name
			id = b.addColumn(s.depth, name, k.expr)
		}
		agg.Keys = append(agg.Keys, logical.Item{ID: id, Expr: k.expr})
	}
	for i := range p.targets {
		p.targets[i].expr = g.rewrite(p.targets[i].expr)
		if g.err != nil {
			return g.err
		}
	}
	if err := g.checkDirect(); err != nil {
		return err
	}
	p.node = agg
	if p.having != nil {
		cond := g.rewrite(p.having)
		if g.err != nil {
			return g.err
		}
		p.node = &logical.Filter{Input: agg, Conds: logical.Conjuncts(nil, cond)}
	}
	return b.gapFill(s, p, agg)
}

func (g *grouper) rewrite(e expr.Expr) expr.Expr {
	if e == nil || g.err != nil {
		return e
	}
	for _, k := range g.node.Keys {
		if _, col := k.Expr.(*expr.Column); g.sub && !col {
			continue // only columns are matched inside of subqueries
		}
		if logical.Equal(k.Expr, e) {
			if c, ok := e.(*expr.Column); ok && c.ID == k.ID {
				return e
			}
			return g.b.MD.Col(k.ID)
		}
	}
	switch x := e.(type) {
	case *expr.Aggregate:
		if owner := g.b.aggOwner(x, g.scopeOf()); owner != g.s {
			return g.other(x)
		}
		return g.aggregate(x)
	case *logical.Grouping:
		if x.Depth != g.s.depth {
			return e
		}
		return g.grouping(x)
	case *expr.Column:
		return g.column(x)
	case *expr.Subplan:
		out := logical.MapChildren(x, g.rewrite).(*expr.Subplan)
		if n, ok := out.Plan.(logical.Node); ok {
			outer := logical.OuterColumns(n)
			if outer.Empty() && len(g.b.aggDepth) == 0 {
				return out
			}
			sub := *g
			sub.sub = true
			g.rewriteTree(n, &sub)
			g.err = sub.err
		}
		return out
	}
	return logical.MapChildren(e, g.rewrite)
}

// other is an aggregate of another level, whose arguments may be of this one.
func (g *grouper) other(a *expr.Aggregate) expr.Expr {
	out := logical.MapChildren(a, g.rewrite)
	if depth, ok := g.b.aggDepth[a]; ok {
		g.b.aggDepth[out.(*expr.Aggregate)] = depth
	}
	return out
}

// checkDirect refuses columns that are not grouped by in direct arguments.
func (g *grouper) checkDirect() error {
	for _, a := range g.s.direct {
		g.rewrite(a)
		if e, ok := g.err.(*pgerror.Error); ok && strings.HasPrefix(e.Message, "column") { //nolint:errorlint // made here
			return e.WithDetail("Direct arguments of an ordered-set aggregate must use only grouped columns.")
		}
		if g.err != nil {
			return g.err
		}
		local := false
		cols := logical.Columns(a)
		cols.Each(func(id expr.ColumnID) { local = local || g.b.MD.Cols[id].Depth == g.s.depth })
		if local && len(g.p.sets) > 1 { // its value is another in each set
			return pgerror.Unsupported("a direct argument with columns beside grouping sets")
		}
	}
	return nil
}

func (g *grouper) rewriteTree(n logical.Node, sub *grouper) {
	logical.VisitExprs(n, func(p *expr.Expr) { *p = sub.rewrite(*p) })
	logical.VisitInputs(n, func(c *logical.Node) { g.rewriteTree(*c, sub) })
}

// scopeOf is a scope deep enough that aggOwner finds the owner of aggregates of
// subqueries by their noted depth; local ones belong to it.
func (g *grouper) scopeOf() *scope {
	if g.sub {
		return &scope{parent: g.s, depth: g.s.depth + 1}
	}
	return g.s
}

func (g *grouper) aggregate(a *expr.Aggregate) expr.Expr {
	for _, it := range g.node.Aggs {
		if logical.Equal(it.Expr, a) {
			return g.b.MD.Col(it.ID)
		}
	}
	id := g.b.addColumn(g.s.depth, a.Fn.Name, a)
	g.node.Aggs = append(g.node.Aggs, logical.Item{ID: id, Expr: a})
	return g.b.MD.Col(id)
}

func (g *grouper) grouping(x *logical.Grouping) expr.Expr {
	var keys []int
	for n, a := range x.Args {
		pos := -1
		for i, k := range g.node.Keys {
			if logical.Equal(k.Expr, a) {
				pos = i
			}
		}
		if pos < 0 {
			g.err = pgerror.New(pgerror.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level").At(x.Locs[n])
			return x
		}
		keys = append(keys, pos)
	}
	id := g.b.addColumn(g.s.depth, "grouping", x)
	g.node.Groupings = append(g.node.Groupings, logical.GroupingItem{ID: id, Keys: keys})
	return g.b.MD.Col(id)
}

// column admits a column that is no key only if the keys determine it.
func (g *grouper) column(c *expr.Column) expr.Expr {
	if g.b.MD.Cols[c.ID].Depth != g.s.depth {
		return c
	}
	item, pos := g.find(c.ID)
	if item == nil {
		return c // defined inside of a subquery
	}
	if len(g.p.sets) == 0 && g.determined(item) {
		g.node.Keys = append(g.node.Keys, logical.Item{ID: c.ID, Expr: c})
		return c
	}
	if !g.b.record {
		g.err = errNeedLocs
		return c
	}
	loc, ok := g.b.locs[c]
	if !ok {
		loc = -1
	}
	name := item.alias + "." + item.colName(pos)
	if item.alias == "" {
		name = item.colName(pos)
	}
	if g.sub {
		g.err = pgerror.New(pgerror.GroupingError, "subquery uses ungrouped column \"%s\" from outer query", name).At(loc)
		return c
	}
	g.err = pgerror.New(pgerror.GroupingError, "column \"%s\" must appear in the GROUP BY clause or be used in an aggregate function", name).At(loc)
	return c
}

func (g *grouper) find(id expr.ColumnID) (*nsItem, int) {
	for _, it := range g.s.all {
		if it.isJoin {
			continue
		}
		for i, n := 0, it.numCols(); i < n; i++ {
			if c := it.col(i); c.value == nil && c.id == id {
				return it, i
			}
		}
	}
	return nil, 0
}

// determined reports whether the primary key of the item's table is grouped by
// (check_functional_grouping).
func (g *grouper) determined(it *nsItem) bool {
	if it.table == nil || len(it.table.Indexes) == 0 || !it.table.Indexes[0].Primary || it.scan == nil {
		return false
	}
	for _, c := range it.table.Indexes[0].Columns {
		found := false
		for _, k := range g.node.Keys {
			if col, ok := k.Expr.(*expr.Column); ok && col.ID == it.first+expr.ColumnID(c.Num-1) {
				found = true
			}
		}
		if !found {
			return false
		}
	}
	return true
}
