package binder

import (
	"strconv"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// bindSetOp is transformSetOperationStmt.
func (b *Binder) bindSetOp(s *scope, sel *ast.Select) (query, error) {
	if len(sel.Locking) > 0 {
		return query{}, pgerror.New(pgerror.FeatureNotSupported, "%s is not allowed with UNION/INTERSECT/EXCEPT", lockName(sel.Locking[0].Strength))
	}
	q, err := b.setOpTree(s, sel)
	if err != nil {
		return query{}, err
	}
	p := &pending{node: q.node}
	var keys []expr.SortKey
	for _, o := range sel.OrderBy {
		i, err := outputPosition(o.Expr, q.cols)
		if err != nil {
			return query{}, err
		}
		k, err := b.sortKey(b.MD.Col(q.cols[i].id), o)
		if err != nil {
			return query{}, err
		}
		keys = append(keys, k)
	}
	if err := b.bindLimit(s, sel, p); err != nil {
		return query{}, err
	}
	if len(keys) > 0 {
		q.node = &logical.Sort{Input: q.node, Keys: keys}
	}
	if p.hasLimit {
		l := p.limit
		l.Input = q.node
		if l.WithTies {
			l.Keys = keys
		}
		q.node = &l
	}
	for _, c := range q.cols {
		b.MD.Cols[c.id].Depth = s.depth
	}
	return q, nil
}

// outputPosition resolves ORDER BY over a set operation.
func outputPosition(e ast.Expr, cols []column) (int, error) {
	switch x := e.(type) {
	case *ast.ColumnRef:
		if len(x.Names) == 1 && !x.Star {
			found := -1
			for i, c := range cols {
				if c.name == x.Names[0] {
					if found >= 0 {
						return 0, at(x, pgerror.AmbiguousColumn, "ORDER BY %q is ambiguous", c.name)
					}
					found = i
				}
			}
			if found >= 0 {
				return found, nil
			}
			return 0, at(x, pgerror.UndefinedColumn, "column %q does not exist", x.Names[0])
		}
	case *ast.Const:
		if x.Kind == ast.ConstInt {
			if x.Int >= 1 && int(x.Int) <= len(cols) {
				return int(x.Int) - 1, nil
			}
			return 0, at(x, pgerror.InvalidColumnReference, "ORDER BY position %d is not in select list", x.Int)
		}
		return 0, at(x, pgerror.SyntaxError, "non-integer constant in ORDER BY")
	}
	return 0, pgerror.New(pgerror.FeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
		WithDetail("Only result column names can be used, not expressions or functions.").
		WithHint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.").At(leftmost(e))
}

// setOpTree binds a tree of set operations (transformSetOperationTree).
func (b *Binder) setOpTree(s *scope, sel *ast.Select) (query, error) {
	if err := b.enter(); err != nil {
		return query{}, err
	}
	defer func() { b.depth-- }()
	l, err := b.setOpArm(s, sel.Left)
	if err != nil {
		return query{}, err
	}
	r, err := b.setOpArm(s, sel.Right)
	if err != nil {
		return query{}, err
	}
	return b.combine(s, sel, l, r)
}

func (b *Binder) setOpArm(s *scope, sel *ast.Select) (query, error) {
	if !setOpLeaf(sel) {
		return b.setOpTree(s, sel)
	}
	return b.bindSelect(s, sel, &selectOptions{keepUnknown: true})
}

// setOpLeaf reports whether a query is a leaf of the tree of set operations.
func setOpLeaf(sel *ast.Select) bool {
	return sel.Op == ast.SetOpNone || sel.With != nil || len(sel.OrderBy) > 0 || sel.Limit != nil || sel.Offset != nil || len(sel.Locking) > 0
}

var setOpNames = map[ast.SetOp]string{ast.SetOpUnion: "UNION", ast.SetOpIntersect: "INTERSECT", ast.SetOpExcept: "EXCEPT"}

// combine joins two bound queries by a set operation.
func (b *Binder) combine(s *scope, sel *ast.Select, l, r query) (query, error) {
	name := setOpNames[sel.Op]
	if len(l.cols) != len(r.cols) {
		loc := -1
		if len(r.locs) > 0 {
			loc = r.locs[0]
		}
		return query{}, pgerror.New(pgerror.SyntaxError, "each %s query must have the same number of columns", name).At(loc)
	}
	out := query{locs: l.locs}
	ids := make([]expr.ColumnID, len(l.cols))
	lt, rt := make([]types.Type, len(l.cols)), make([]types.Type, len(l.cols))
	for i := range l.cols {
		lx, rx := l.colType(b, i), r.colType(b, i)
		t, err := b.commonOf([]types.Type{lx, rx}, []int{l.loc(i), r.loc(i)}, name)
		if err != nil {
			return query{}, err
		}
		if lx.OID == t.OID && rx.OID == t.OID && lx.Mod == rx.Mod {
			t.Mod = lx.Mod
		}
		if !(sel.Op == ast.SetOpUnion && sel.All) {
			if err := b.groupable(t, l.loc(i)); err != nil {
				return query{}, err
			}
		}
		lt[i], rt[i] = t, t
		src := b.MD.Cols[l.cols[i].id]
		ids[i] = b.MD.Add(logical.ColumnInfo{Name: src.Name, Type: t, Depth: s.depth})
		out.cols = append(out.cols, column{name: l.cols[i].name, id: ids[i], typ: t})
	}
	if err := b.castQuery(&l, lt, name); err != nil {
		return query{}, err
	}
	if err := b.castQuery(&r, rt, name); err != nil {
		return query{}, err
	}
	if sel.Op != ast.SetOpUnion {
		kind := plan.Intersect
		if sel.Op == ast.SetOpExcept {
			kind = plan.Except
		}
		out.node = &logical.SetOp{Left: l.node, Right: r.node, Kind: kind, All: sel.All, Cols: ids, LeftCols: l.ids(), RightCols: r.ids()}
		return out, nil
	}
	u := &logical.Union{Cols: ids}
	for _, q := range []query{l, r} {
		if in, ok := q.node.(*logical.Union); ok && sel.All {
			u.Inputs, u.InCols = append(u.Inputs, in.Inputs...), append(u.InCols, in.InCols...)
			continue
		}
		// UNION removes the duplicates of everything below it at once.
		if d, ok := q.node.(*logical.Distinct); ok && !sel.All && d.On == nil {
			if in, ok := d.Input.(*logical.Union); ok && sameIDs(in.Cols, q.ids()) {
				u.Inputs, u.InCols = append(u.Inputs, in.Inputs...), append(u.InCols, in.InCols...)
				continue
			}
		}
		u.Inputs, u.InCols = append(u.Inputs, q.node), append(u.InCols, q.ids())
	}
	out.node = u
	if !sel.All {
		out.node = &logical.Distinct{Input: u}
	}
	return out, nil
}

func sameIDs(a, c []expr.ColumnID) bool {
	if len(a) != len(c) {
		return false
	}
	for i := range a {
		if a[i] != c[i] {
			return false
		}
	}
	return true
}

func (q *query) ids() []expr.ColumnID {
	out := make([]expr.ColumnID, len(q.cols))
	for i, c := range q.cols {
		out[i] = c.id
	}
	return out
}

func (q *query) loc(i int) int {
	if i < len(q.locs) {
		return q.locs[i]
	}
	return -1
}

// colType is column i's type; a literal may still be of unknown type.
func (q *query) colType(b *Binder, i int) types.Type { return b.MD.Cols[q.cols[i].id].Type }

// castQuery converts a query's columns: literals where they stand, others in a
// projection above.
func (b *Binder) castQuery(q *query, to []types.Type, construct string) error {
	var items []logical.Item
	for i := range q.cols {
		c := &q.cols[i]
		t := q.colType(b, i)
		if t.OID == to[i].OID {
			continue
		}
		if t.OID == types.Unknown && q.items != nil {
			if err := b.typeItem(q.items, c.id, to[i], q.loc(i)); err != nil {
				return err
			}
			c.typ = types.Of(to[i].OID)
			continue
		}
		e, err := b.coerceCommon(b.MD.Col(c.id), to[i], construct, q.loc(i))
		if err != nil {
			return err
		}
		if items == nil {
			items = make([]logical.Item, len(q.cols))
			for k, c := range q.cols {
				items[k] = logical.Item{ID: c.id, Expr: b.MD.Col(c.id)}
			}
		}
		items[i] = logical.Item{ID: b.addColumn(b.MD.Cols[c.id].Depth, c.name, e), Expr: e}
	}
	if items == nil {
		return nil
	}
	q.items = &logical.Project{Input: q.node, Items: items}
	q.node = q.items
	for i := range q.cols {
		q.cols[i].id, q.cols[i].typ = items[i].ID, items[i].Expr.Type()
	}
	return nil
}

// typeItem gives an item of unknown type its type.
func (b *Binder) typeItem(p *logical.Project, id expr.ColumnID, t types.Type, loc int) error {
	for i := range p.Items {
		if p.Items[i].ID != id {
			continue
		}
		e, err := b.coerceType(p.Items[i].Expr, types.Of(t.OID), functions.CastImplicit, loc, t.Mod)
		if err != nil {
			return err
		}
		p.Items[i].Expr = e
		b.MD.Cols[id].Type = e.Type()
		return nil
	}
	return nil
}

// bindValues is transformValuesClause.
func (b *Binder) bindValues(s *scope, sel *ast.Select) (query, error) {
	if len(sel.Locking) > 0 {
		return query{}, pgerror.New(pgerror.FeatureNotSupported, "%s cannot be applied to VALUES", lockName(sel.Locking[0].Strength))
	}
	rows, locs, err := b.valueRows(s, sel.Values, kindValues)
	if err != nil {
		return query{}, err
	}
	n := len(rows[0])
	v := &logical.Values{Rows: rows, Cols: make([]expr.ColumnID, n)}
	q := query{node: v}
	for i := range n {
		col := make([]expr.Expr, len(rows))
		cl := make([]int, len(rows))
		for r := range rows {
			col[r], cl[r] = rows[r][i], locs[r][i]
		}
		t, err := b.commonType(col, cl, "VALUES")
		if err != nil {
			return query{}, err
		}
		list, t, err := b.toCommon(col, cl, t, "VALUES")
		if err != nil {
			return query{}, err
		}
		for r := range rows {
			rows[r][i] = list[r]
		}
		name := "column" + strconv.Itoa(i+1)
		v.Cols[i] = b.MD.Add(logical.ColumnInfo{Name: name, Rel: "*VALUES*", Type: t, Depth: s.depth})
		q.cols = append(q.cols, column{name: name, id: v.Cols[i], typ: t})
		q.locs = append(q.locs, cl[0])
	}
	if len(sel.OrderBy) == 0 && sel.Limit == nil && sel.Offset == nil {
		return q, nil
	}
	item := b.newItem(s, "*VALUES*", append([]column(nil), q.cols...))
	s.items, s.all = append(s.items, item), append(s.all, item)
	p := &pending{node: v, given: n}
	for i, c := range q.cols {
		p.targets = append(p.targets, target{name: c.name, expr: b.MD.Col(c.id), loc: q.locs[i]})
	}
	if err := b.bindTail(s, &ast.Select{OrderBy: sel.OrderBy}, p, &selectOptions{}); err != nil {
		return query{}, err
	}
	if err := b.bindLimit(s, sel, p); err != nil {
		return query{}, err
	}
	return b.assemble(s, &ast.Select{}, p)
}

// valueRows binds the rows of a VALUES list.
func (b *Binder) valueRows(s *scope, values [][]ast.Expr, kind exprKind) ([][]expr.Expr, [][]int, error) {
	saved := s.kind
	s.kind = kind
	defer func() { s.kind = saved }()
	rows := make([][]expr.Expr, len(values))
	locs := make([][]int, len(values))
	for r, list := range values {
		if len(list) != len(values[0]) {
			return nil, nil, pgerror.New(pgerror.SyntaxError, "VALUES lists must all be the same length").At(leftmost(list[0]))
		}
		rows[r] = make([]expr.Expr, len(list))
		locs[r] = make([]int, len(list))
		for i, x := range list {
			locs[r][i] = leftmost(x)
			if _, ok := x.(*ast.SetToDefault); ok && (kind == kindInsertTarget || kind == kindInsertRows) {
				rows[r][i] = &expr.Default{}
				continue
			}
			e, err := b.bindExpr(s, x)
			if err != nil {
				return nil, nil, err
			}
			rows[r][i] = e
		}
	}
	return rows, locs, nil
}
