package physical

import (
	"math"
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// join builds a join: a tree of joins that can be reordered is ordered first.
func (b *Builder) join(n *logical.Join, need *logical.ColSet, h hint) rel {
	if !reorders(n) {
		in := needed(need, n.On...)
		lateral := logical.OuterColumns(n.Right)
		in.Union(&lateral)
		left := b.build(n.Left, &in, hint{order: h.order})
		return b.step(joinStep{typ: n.Type, left: left, right: n.Right, on: n.On, need: need})
	}
	g := newJoinGraph(b, n, need)
	t, ordered := g.order(h)
	jb := joinBuilder{g: g}
	if ordered {
		jb.order = h.order
		jb.limit = g.leafLimit(t, h)
	}
	return jb.build(t, need, true)
}

// order chooses the join tree; an order of the rows that the parent wants is
// kept if that is cheaper than sorting the result.
func (g *joinGraph) order(h hint) (best *joinTree, ordered bool) {
	best = newOrderer(g).best()
	first := g.orderedLeaf(h.order)
	if first < 0 || len(g.leaves) > maxExhaustive {
		return best, false
	}
	total := func(t *joinTree, sorted bool) float64 {
		cost := t.cost
		switch rows := math.Max(1, t.rows); {
		case !sorted:
			cost += sortCost(rows)
		case h.limit > 0 && h.limit < rows:
			cost *= h.limit / rows
		}
		return cost
	}
	o := newOrderer(g)
	o.pin = first
	scan := g.leaves[first].node.(*logical.Scan)
	p := g.b.choose(scan, g.need, hint{order: h.order, limit: g.leafLimit(best, h)})
	if !satisfies(p.order, h.order) {
		return best, false
	}
	o.units[first].tree.cost = p.cost
	pinned := o.best()
	if pinned != nil && total(pinned, true) < total(best, false) {
		return pinned, true
	}
	return best, false
}

// leafLimit is how many rows of the ordered leaf a LIMIT above the join asks for.
func (g *joinGraph) leafLimit(t *joinTree, h hint) float64 {
	first := g.orderedLeaf(h.order)
	if h.limit == 0 || first < 0 {
		return 0
	}
	return h.limit * math.Max(1, g.leaves[first].rows/math.Max(1, t.rows))
}

// forcedOrder are the leaves that hints want first (LEADING), or all of them in
// the order of FROM (STRAIGHT_JOIN). An order in which a leaf would stand
// before what it refers to is not followed.
func (g *joinGraph) forcedOrder() []int {
	h := g.b.opt.Hints
	if h == nil || len(h.Leading) == 0 && !h.Straight {
		return nil
	}
	var out []int
	for _, names := range h.Leading {
		for _, name := range names {
			for i, l := range g.leaves {
				if strings.EqualFold(aliasOf(l.node), name) && !slices.Contains(out, i) {
					h.Table(name)
					out = append(out, i)
					break
				}
			}
		}
	}
	if h.Straight {
		out = out[:0]
		for i := range g.leaves {
			out = append(out, i)
		}
	}
	var joined relSet
	for _, i := range out {
		if !g.leaves[i].needs.within(joined) {
			h.Notice("a join order hint cannot be followed: %q refers to tables behind it", aliasOf(g.leaves[i].node))
			return nil
		}
		joined |= 1 << i
	}
	for _, i := range out {
		follow(h, aliasOf(g.leaves[i].node), "LEADING")
	}
	if h.Straight {
		h.Follow("STRAIGHT_JOIN")
	}
	return out
}

// orderedLeaf is the table whose columns alone are the order that the parent
// wants, -1 if there is none.
func (g *joinGraph) orderedLeaf(order []expr.SortKey) int {
	if len(order) == 0 {
		return -1
	}
	var cols logical.ColSet
	for _, k := range order {
		logical.ExprColumns(k.Expr, &cols)
	}
	rels := g.relsOf(&cols)
	if !rels.single() {
		return -1
	}
	l := g.leaves[rels.first()]
	if scan, ok := l.node.(*logical.Scan); !ok || l.dependent() || !cols.SubsetOf(&l.cols) || !lookupTable(scan) {
		return -1
	}
	return rels.first()
}

// joinBuilder makes the plan of a join tree. Each condition is checked by the
// first join that has its columns; behind an outer, semi or anti join it is a
// filter, for it is no part of that join's condition.
type joinBuilder struct {
	g *joinGraph
	// order is the order that the leftmost leaf yields and the joins keep.
	order []expr.SortKey
	limit float64 // rows wanted of that leaf, 0 for all
}

// build makes a part of the tree; need is what is looked at above it besides
// the columns of conditions that are not checked yet.
func (jb *joinBuilder) build(t *joinTree, need *logical.ColSet, leftmost bool) rel {
	b := jb.g.b
	if t.left == nil {
		return jb.leaf(t, leftmost)
	}
	left := jb.build(t.left, need, leftmost)
	s := joinStep{typ: plan.InnerJoin, left: left, keepOrder: t.order != nil || leftmost && jb.order != nil}
	var l *leaf
	if t.right.left == nil {
		l = jb.g.leaves[t.right.leaf]
		s.typ, s.right, s.built = l.typ, l.node, l.built
	} else {
		right := jb.build(t.right, need, false)
		s.built = &right
	}
	if l != nil && l.typ != plan.InnerJoin {
		s.on = l.on
		s.need = jb.needAbove(need, t.set, true)
		return jb.filter(b.step(s), t.set)
	}
	s.on = jb.ready(t.set)
	s.need = jb.needAbove(need, t.set, false)
	return b.step(s)
}

// leaf builds an input that stands on the left.
func (jb *joinBuilder) leaf(t *joinTree, leftmost bool) rel {
	i := t.leaf
	l := jb.g.leaves[i]
	if l.built != nil {
		return jb.filter(*l.built, 1<<i)
	}
	h := hint{order: t.order}
	if leftmost && jb.order != nil {
		h.order, h.limit = jb.order, jb.limit
	}
	return jb.filter(jb.g.b.build(l.node, jb.g.need, h), 1<<i)
}

// ready takes the conditions that can be checked on a set of leaves.
func (jb *joinBuilder) ready(set relSet) []expr.Expr {
	var out []expr.Expr
	for _, c := range jb.g.conds {
		if !c.done && c.rels.within(set) {
			c.done = true
			out = append(out, c.expr)
		}
	}
	return out
}

// filter checks the conditions that can be checked now.
func (jb *joinBuilder) filter(r rel, set relSet) rel {
	var list []expr.Expr
	for _, c := range jb.g.conds {
		if !c.done && c.rels != 0 && c.rels.within(set) {
			c.done = true
			list = append(list, c.expr)
		}
	}
	if len(list) == 0 {
		return r
	}
	f := &plan.Filter{Input: r.node, Cond: jb.g.b.resolve(allOf(list), r.cols)}
	f.Cols = r.node.Columns()
	f.Cost = *r.node.Estimate()
	f.Cost.Total += f.Cost.Rows * cpuOperator * float64(len(list))
	f.Cost.Rows = math.Max(1, f.Cost.Rows*jb.g.b.selectivity(list, nil))
	return rel{f, r.cols, r.order}
}

// needAbove are the columns that are looked at above a join of a set.
func (jb *joinBuilder) needAbove(need *logical.ColSet, set relSet, withReady bool) *logical.ColSet {
	out := need.Clone()
	for _, c := range jb.g.conds {
		if !c.done || withReady && c.rels.within(set) {
			logical.ExprColumns(c.expr, &out)
		}
	}
	for i, l := range jb.g.leaves {
		if set.has(i) {
			continue
		}
		out.Union(&l.lateral)
		for _, c := range l.on {
			logical.ExprColumns(c, &out)
		}
	}
	return &out
}
