package binder

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// bindJoin is the JOIN case of transformFromClauseItem.
func (b *Binder) bindJoin(s *scope, j *ast.Join) (logical.Node, []*nsItem, error) {
	if err := b.enter(); err != nil {
		return nil, nil, err
	}
	defer func() { b.depth-- }()
	ln, litems, err := b.bindTableExpr(s, j.Left)
	if err != nil {
		return nil, nil, err
	}
	setLateral(litems, true, j.Kind == ast.JoinInner || j.Kind == ast.JoinLeft)
	n := len(s.items)
	s.items = append(s.items, litems...)
	rn, ritems, err := b.bindTableExpr(s, j.Right)
	s.items = s.items[:n:n]
	if err != nil {
		return nil, nil, err
	}
	if err := checkConflicts(litems, ritems); err != nil {
		return nil, nil, err
	}
	node := &logical.Join{Left: ln, Right: rn}
	switch j.Kind {
	case ast.JoinInner:
		node.Type = plan.InnerJoin
	case ast.JoinLeft:
		node.Type = plan.LeftJoin
	case ast.JoinRight:
		// a RIGHT JOIN b is b LEFT JOIN a: columns have ids, not positions.
		node.Type = plan.LeftJoin
		node.Left, node.Right = rn, ln
	case ast.JoinFull:
		node.Type = plan.FullJoin
	}
	items := append(append([]*nsItem(nil), litems...), ritems...)
	using := j.Using
	if j.Natural {
		using = naturalColumns(litems, ritems)
	}
	var joined *nsItem
	if len(using) > 0 || j.Natural {
		if joined, err = b.bindUsing(j, node, litems, ritems, using); err != nil {
			return nil, nil, err
		}
	}
	if j.On != nil {
		saved := s.items
		setLateral(items, false, true)
		s.items = append(s.items[:n:n], items...)
		cond, err := b.bindCondition(s, j.On, kindJoinOn, "JOIN/ON")
		s.items = saved
		if err != nil {
			return nil, nil, err
		}
		node.On = logical.Conjuncts(nil, cond)
	}
	if j.Alias == nil && joined == nil {
		return node, items, nil
	}
	if joined == nil {
		joined = &nsItem{cols: append(visibleColumns(litems), visibleColumns(ritems)...)}
	}
	joined.isJoin, joined.colsVisible, joined.lateralOK = true, true, true
	for _, it := range items {
		it.colsVisible = false
	}
	if j.Alias != nil {
		joined.alias, joined.relVisible = j.Alias.Name, true
		if err := rename(joined, j.Alias, j.Loc()); err != nil {
			return nil, nil, err
		}
		s.all = append(s.all, joined)
		return node, []*nsItem{joined}, nil
	}
	items = append(items, joined)
	if j.UsingAlias != nil {
		merged := &nsItem{alias: j.UsingAlias.Name, cols: append([]column(nil), joined.cols[:len(using)]...), relVisible: true, isJoin: true, lateralOK: true}
		items = append(items, merged)
	}
	return node, items, nil
}

// visibleColumns are the columns that `*` would show of these items.
func visibleColumns(items []*nsItem) []column {
	var out []column
	for _, it := range items {
		if !it.colsVisible {
			continue
		}
		for i, n := 0, it.numCols(); i < n; i++ {
			if it.colName(i) != "" {
				out = append(out, it.col(i))
			}
		}
	}
	return out
}

// naturalColumns are the names that both sides show, in the left side's order.
func naturalColumns(l, r []*nsItem) []string {
	var out []string
	rcols := visibleColumns(r)
	for _, c := range visibleColumns(l) {
		for _, d := range rcols {
			if c.name == d.name {
				out = append(out, c.name)
				break
			}
		}
	}
	return out
}

func pickUsing(cols []column, name, side string, loc int) (int, error) {
	found := -1
	for i, c := range cols {
		if c.name == name {
			if found >= 0 {
				return 0, pgerror.New(pgerror.AmbiguousColumn, "common column name %q appears more than once in %s table", name, side).At(loc)
			}
			found = i
		}
	}
	if found < 0 {
		return 0, pgerror.New(pgerror.UndefinedColumn, "column %q specified in USING clause does not exist in %s table", name, side).At(loc)
	}
	return found, nil
}

// bindUsing makes the conditions and merged columns of USING and NATURAL.
func (b *Binder) bindUsing(j *ast.Join, node *logical.Join, litems, ritems []*nsItem, using []string) (*nsItem, error) {
	lcols, rcols := visibleColumns(litems), visibleColumns(ritems)
	lused, rused := make([]bool, len(lcols)), make([]bool, len(rcols))
	item := &nsItem{cols: make([]column, 0, len(lcols)+len(rcols))}
	seen := map[string]bool{}
	for _, name := range using {
		if seen[name] {
			return nil, pgerror.New(pgerror.DuplicateColumn, "column name %q appears more than once in USING clause", name).At(j.Loc())
		}
		seen[name] = true
		li, err := pickUsing(lcols, name, "left", j.Loc())
		if err != nil {
			return nil, err
		}
		ri, err := pickUsing(rcols, name, "right", j.Loc())
		if err != nil {
			return nil, err
		}
		lused[li], rused[ri] = true, true
		l, r := b.columnExpr(lcols[li]), b.columnExpr(rcols[ri])
		t, err := b.commonType([]expr.Expr{l, r}, []int{j.Loc(), j.Loc()}, "JOIN/USING")
		if err != nil {
			return nil, err
		}
		eq, err := b.operator("", "=", l, r, j.Loc(), j.Loc(), j.Loc())
		if err != nil {
			return nil, err
		}
		node.On = append(node.On, eq)
		merged := column{name: name, typ: t}
		lc, err := b.coerceCommon(l, t, "JOIN/USING", j.Loc())
		if err != nil {
			return nil, err
		}
		rc, err := b.coerceCommon(r, t, "JOIN/USING", j.Loc())
		if err != nil {
			return nil, err
		}
		switch j.Kind {
		case ast.JoinRight:
			merged.value = rc
		case ast.JoinFull:
			merged.value = &expr.Coalesce{Args: []expr.Expr{lc, rc}, Typ: t}
		default:
			merged.value = lc
		}
		if c, ok := merged.value.(*expr.Column); ok {
			merged.id, merged.value, merged.typ = c.ID, nil, c.Typ
		}
		item.cols = append(item.cols, merged)
	}
	for i, c := range lcols {
		if !lused[i] {
			item.cols = append(item.cols, c)
		}
	}
	for i, c := range rcols {
		if !rused[i] {
			item.cols = append(item.cols, c)
		}
	}
	return item, nil
}

func (b *Binder) columnExpr(c column) expr.Expr {
	if c.value != nil {
		return c.value
	}
	return b.ref(c.id, c.name, c.typ, -1)
}
