package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// satisfies reports whether rows in order have are also in order want.
func satisfies(have, want []expr.SortKey) bool {
	return prefixOf(have, want) == len(want)
}

// prefixOf counts the leading keys of want that rows in order have are ordered by.
func prefixOf(have, want []expr.SortKey) int {
	for i, k := range want {
		if i >= len(have) || have[i].Desc != k.Desc || have[i].NullsFirst != k.NullsFirst || !logical.Equal(have[i].Expr, k.Expr) {
			return i
		}
	}
	return len(want)
}

// sort builds an ORDER BY; lim is the LIMIT above it, if there is one.
func (b *Builder) sort(n *logical.Sort, need *logical.ColSet, h hint, lim *logical.Limit) rel {
	in := need.Clone()
	for _, k := range n.Keys {
		logical.ExprColumns(k.Expr, &in)
	}
	r := b.build(n.Input, &in, b.sortHint(n, &in, h))
	if satisfies(r.order, n.Keys) {
		return r
	}
	var count, offset expr.Expr
	if lim != nil && !lim.WithTies {
		count, offset = lim.Count, lim.Offset
	}
	return b.addSort(r, n.Keys, count, offset)
}

func (b *Builder) addSort(r rel, keys []expr.SortKey, count, offset expr.Expr) rel {
	s := &plan.Sort{Input: r.node, Keys: b.resolveKeys(keys, r.cols), Presorted: prefixOf(r.order, keys)}
	if b.opt.off(IncrementalSort) {
		s.Presorted = 0
	}
	if count != nil {
		s.TopCount, s.TopOffset = b.resolve(count, nil), b.resolve(offset, nil)
	}
	s.Cols = r.node.Columns()
	s.Cost = *r.node.Estimate()
	groups := 1.0
	if s.Presorted > 0 {
		groups = b.keyGroups(keys[:s.Presorted], s.Cost.Rows)
	}
	s.Cost.Total += groups * sortCost(s.Cost.Rows/groups)
	s.Cost.Startup = s.Cost.Total / groups // the first group is out
	s.Cost.Total += s.Cost.Rows * cpuOperator
	return rel{s, r.cols, keys}
}

func (b *Builder) limit(n *logical.Limit, need *logical.ColSet, h hint) rel {
	child := h
	child.limit = limitRows(n)
	var r rel
	in := need.Clone()
	for _, k := range n.Keys {
		logical.ExprColumns(k.Expr, &in)
	}
	switch input := n.Input.(type) {
	case *logical.Sort:
		r = b.sort(input, &in, child, n)
	case *logical.Project:
		// Sort may stand below a projection that only drops columns.
		r = b.build(n.Input, &in, child)
	default:
		r = b.build(n.Input, &in, child)
	}
	l := &plan.Limit{Input: r.node, Count: b.resolve(n.Count, nil), Offset: b.resolve(n.Offset, nil), WithTies: n.WithTies}
	if n.WithTies {
		l.Keys = b.resolveKeys(n.Keys, r.cols)
	}
	l.Cols = r.node.Columns()
	l.Cost = *r.node.Estimate()
	if child.limit > 0 && child.limit < l.Cost.Rows {
		l.Cost.Total = l.Cost.Startup + (l.Cost.Total-l.Cost.Startup)*child.limit/l.Cost.Rows
		l.Cost.Rows = child.limit
	}
	if s, ok := r.node.(*plan.Scan); ok && n.Offset == nil && !n.WithTies && s.Locking == nil {
		if c, ok := n.Count.(*expr.Const); ok {
			s.Limit = c.Value.Int()
		}
	}
	limitLocks(r.node, l)
	return rel{l, r.cols, r.order}
}

// lockedAtLeast is how many rows are read at a time to be locked by SKIP LOCKED,
// which may drop many.
const lockedAtLeast = 16

// limitLocks keeps LockRows below a limit from locking rows that do not come out.
func limitLocks(n plan.Node, limit *plan.Limit) {
	for {
		p, ok := n.(*plan.Project)
		if !ok {
			break
		}
		n = p.Input
	}
	lock, ok := n.(*plan.LockRows)
	if !ok {
		return
	}
	if lock.Single = limit.WithTies; lock.Single {
		return
	}
	lock.TopCount, lock.TopOffset = limit.Count, limit.Offset
	rows := int64(lockedAtLeast)
	if c, ok := limit.Count.(*expr.Const); ok && limit.Offset == nil && !lock.Rows[0].Locking.SkipLocked {
		rows = c.Value.Int()
	}
	in := lock.Input
	if p, ok := in.(*plan.Project); ok {
		in = p.Input
	}
	if s, ok := in.(*plan.Scan); ok && s.Locking == nil && limit.Count != nil {
		s.Limit = max(rows, 1)
	}
}

// limitRows is how many rows a LIMIT asks its input for, 0 if not known.
func limitRows(n *logical.Limit) float64 {
	if n.WithTies || n.Count == nil {
		return 0
	}
	rows := 100.0 // a parameter: few rows are usual
	if c, ok := n.Count.(*expr.Const); ok {
		rows = float64(c.Value.Int())
	}
	if c, ok := n.Offset.(*expr.Const); ok {
		rows += float64(c.Value.Int())
	}
	return math.Max(rows, 1)
}

func (b *Builder) distinct(n *logical.Distinct, need *logical.ColSet, h hint) rel {
	if n.On != nil {
		in := needed(need, n.On...)
		r := b.build(n.Input, &in, hint{want: h.want})
		d := &plan.Distinct{Input: r.node, On: b.resolveAll(n.On, r.cols)}
		d.Cols = r.node.Columns()
		d.Cost = *r.node.Estimate()
		d.Cost.Rows = math.Max(1, d.Cost.Rows/2)
		return rel{d, r.cols, r.order}
	}
	// All columns of the input count, whoever needs them.
	cols := logical.Output(n.Input)
	var in logical.ColSet
	in.AddAll(cols)
	items := make([]logical.Item, len(cols))
	for i, id := range cols {
		items[i] = logical.Item{ID: id, Expr: b.md.Col(id)}
	}
	r := b.exact(n.Input, &in, cols, b.groupHint(n.Input, &in, items, 0, h))
	d := &plan.Distinct{Input: r.node}
	hash, sorted := b.opt.aggregation()
	ordered := !hash && len(cols) > 0 && orderedBy(r.order, items)
	if ordered || sorted && len(cols) > 0 {
		keys := groupOrder(items)
		if !ordered {
			r = b.addSort(r, keys, nil, nil)
		}
		d.Input = r.node
		for _, k := range keys {
			d.On = append(d.On, b.resolve(k.Expr, r.cols))
		}
	}
	d.Cols = r.node.Columns()
	d.Cost = *r.node.Estimate()
	d.Cost.Total += d.Cost.Rows * cpuOperator * float64(len(cols))
	d.Cost.Rows = b.distinctRows(cols, d.Cost.Rows)
	if d.On != nil {
		return rel{d, cols, r.order}
	}
	return rel{d, cols, nil}
}

// union builds UNION ALL, of the columns that somebody reads.
func (b *Builder) union(n *logical.Union, need *logical.ColSet) rel {
	u := &plan.UnionAll{}
	var read []int
	for i, id := range n.Cols {
		if need.Has(id) {
			read = append(read, i)
		}
	}
	if len(read) == 0 && len(n.Cols) > 0 {
		read = append(read, 0) // only their number matters
	}
	pick := func(ids []expr.ColumnID) []expr.ColumnID {
		out := make([]expr.ColumnID, len(read))
		for k, i := range read {
			out[k] = ids[i]
		}
		return out
	}
	for i, in := range n.Inputs {
		cols := pick(n.InCols[i])
		var wanted logical.ColSet
		wanted.AddAll(cols)
		r := b.exact(in, &wanted, cols, hint{})
		u.Children = append(u.Children, r.node)
		u.Cost.Rows += r.rows()
		u.Cost.Total += r.cost()
	}
	cols := pick(n.Cols)
	u.Cols = b.columns(cols)
	u.Cost.Width = width(u.Cols)
	return rel{u, cols, nil}
}

func (b *Builder) setOp(n *logical.SetOp) rel {
	var ln, rn logical.ColSet
	ln.AddAll(n.LeftCols)
	rn.AddAll(n.RightCols)
	l := b.exact(n.Left, &ln, n.LeftCols, hint{})
	r := b.exact(n.Right, &rn, n.RightCols, hint{})
	s := &plan.SetOp{Left: l.node, Right: r.node, Kind: n.Kind, All: n.All}
	s.Cols = b.columns(n.Cols)
	s.Cost = plan.Cost{Rows: math.Max(1, l.rows()/2), Width: width(s.Cols)}
	s.Cost.Total = l.cost() + r.cost() + (l.rows()+r.rows())*cpuOperator*float64(len(n.Cols))
	s.Cost.Startup = s.Cost.Total
	return rel{s, n.Cols, nil}
}

func (b *Builder) with(n *logical.With, need *logical.ColSet, h hint) rel {
	if b.ctes == nil {
		b.ctes = map[int]*cteInfo{}
	}
	type made struct {
		def *logical.CTE
		r   rel
	}
	var list []made
	for _, c := range n.CTEs {
		if c.Refs == 0 && !c.Modifying {
			continue
		}
		var in logical.ColSet
		in.AddAll(c.Cols)
		r := b.exact(c.Plan, &in, c.Cols, hint{})
		b.ctes[c.ID] = &cteInfo{rows: r.rows()}
		list = append(list, made{c, r})
	}
	body := b.build(n.Body, need, h)
	for i := len(list) - 1; i >= 0; i-- {
		c := &plan.CTE{ID: list[i].def.ID, Name: list[i].def.Name, Input: list[i].r.node, Modifying: list[i].def.Modifying, Body: body.node}
		c.Cols = body.node.Columns()
		c.Cost = *body.node.Estimate()
		c.Cost.Total += list[i].r.cost()
		body.node = c
	}
	return body
}

func (b *Builder) cteRef(n *logical.CTERef) rel {
	r := &plan.CTERef{ID: n.Def.ID, Name: n.Def.Name, Alias: n.Alias}
	r.Cols = b.columns(n.Cols)
	rows := 100.0
	if i := b.ctes[n.Def.ID]; i != nil {
		rows = i.rows
	}
	r.Cost = plan.Cost{Rows: rows, Total: rows * cpuTuple, Width: width(r.Cols)}
	return rel{r, n.Cols, nil}
}

func (b *Builder) recursive(n *logical.RecursiveUnion) rel {
	var in, st logical.ColSet
	in.AddAll(n.InitialCols)
	st.AddAll(n.StepCols)
	l := b.exact(n.Initial, &in, n.InitialCols, hint{})
	r := b.exact(n.Step, &st, n.StepCols, hint{})
	u := &plan.RecursiveUnion{ID: n.ID, Initial: l.node, Step: r.node, All: n.All}
	u.Cols = b.columns(n.Cols)
	u.Cost = plan.Cost{Rows: l.rows() + 10*r.rows(), Total: l.cost() + 10*r.cost(), Width: width(u.Cols)}
	return rel{u, n.Cols, nil}
}
