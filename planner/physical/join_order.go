package physical

import (
	"math"
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// leaf is an input of a tree of inner joins.
type leaf struct {
	node    logical.Node
	cols    logical.ColSet
	lateral logical.ColSet // columns of other leaves that it refers to
	rows    float64
	done    bool
}

// joinCond is a condition with what the ordering must know of it.
type joinCond struct {
	expr expr.Expr
	cols logical.ColSet // of the leaves only
	sel  float64        // of an equality between two columns; else by its form
	done bool
}

// innerJoins orders a tree of inner joins greedily: it starts with the smallest
// input and always takes next what keeps the result smallest, going to an input
// that no condition connects only when nothing else is left. Lateral inputs
// wait for what they refer to.
func (b *Builder) innerJoins(n *logical.Join, need *logical.ColSet, h hint) rel {
	var leaves []*leaf
	var conds []*joinCond
	b.flatten(n, &leaves, &conds)
	var all logical.ColSet
	for _, l := range leaves {
		all.Union(&l.cols)
	}
	in := need.Clone()
	for _, c := range conds {
		cols := logical.Columns(c.expr)
		in.Union(&cols)
		c.cols = intersect(&cols, &all)
		c.sel = b.joinSelectivity(c.expr)
	}
	for _, l := range leaves {
		outer := logical.OuterColumns(l.node)
		l.lateral = intersect(&outer, &all)
		in.Union(&l.lateral)
		l.rows = b.estimate(l.node)
	}
	forced := b.forcedOrder(leaves)
	cur := b.firstLeaf(leaves, conds)
	if len(forced) > 0 {
		cur, forced = forced[0], forced[1:]
	}
	cur.done = true
	first := hint{}
	if len(h.order) > 0 {
		first.order = h.order
	}
	joined := cur.cols.Clone()
	left := b.build(cur.node, &in, first)
	left = b.applyReady(left, conds, &joined)
	for range leaves[1:] {
		var next *leaf
		if len(forced) > 0 {
			next, forced = forced[0], forced[1:]
		} else {
			next = b.nextLeaf(leaves, conds, &joined, left.rows())
		}
		next.done = true
		joined.Union(&next.cols)
		var on []expr.Expr
		for _, c := range conds {
			if !c.done && c.cols.SubsetOf(&joined) {
				c.done = true
				on = append(on, c.expr)
			}
		}
		// Columns that later joins and the parent still look at.
		rest := need.Clone()
		for _, c := range conds {
			if !c.done {
				logical.ExprColumns(c.expr, &rest)
			}
		}
		for _, l := range leaves {
			if !l.done {
				rest.Union(&l.lateral)
			}
		}
		left = b.step(joinStep{typ: plan.InnerJoin, left: left, right: next.node, on: on, need: &rest})
	}
	return left
}

// forcedOrder are the inputs that hints want first (LEADING), or all of them in
// the order of FROM (STRAIGHT_JOIN). An order in which a lateral input would
// stand before what it refers to is not followed.
func (b *Builder) forcedOrder(leaves []*leaf) []*leaf {
	h := b.opt.Hints
	if h == nil || len(h.Leading) == 0 && !h.Straight {
		return nil
	}
	var out []*leaf
	for _, names := range h.Leading {
		for _, name := range names {
			for _, l := range leaves {
				if strings.EqualFold(aliasOf(l.node), name) && !slices.Contains(out, l) {
					h.Table(name)
					out = append(out, l)
					break
				}
			}
		}
	}
	if h.Straight {
		out = leaves
	}
	var joined logical.ColSet
	for _, l := range out {
		if !l.lateral.SubsetOf(&joined) {
			h.Notice("a join order hint cannot be followed: %q refers to tables behind it", aliasOf(l.node))
			return nil
		}
		joined.Union(&l.cols)
	}
	return out
}

// applyReady filters the first input by conditions that need nothing else.
func (b *Builder) applyReady(r rel, conds []*joinCond, joined *logical.ColSet) rel {
	var list []expr.Expr
	for _, c := range conds {
		if !c.done && c.cols.SubsetOf(joined) && !c.cols.Empty() {
			c.done = true
			list = append(list, c.expr)
		}
	}
	if len(list) == 0 {
		return r
	}
	f := &plan.Filter{Input: r.node, Cond: b.resolve(logical.And(subplansLast(list)), r.cols)}
	f.Cols = r.node.Columns()
	f.Cost = *r.node.Estimate()
	f.Cost.Rows = math.Max(1, f.Cost.Rows*b.selectivity(list, nil))
	return rel{f, r.cols, r.order}
}

func intersect(a, c *logical.ColSet) logical.ColSet {
	var out logical.ColSet
	a.Each(func(id expr.ColumnID) {
		if c.Has(id) {
			out.Add(id)
		}
	})
	return out
}

func (b *Builder) flatten(n logical.Node, leaves *[]*leaf, conds *[]*joinCond) {
	if j, ok := n.(*logical.Join); ok && j.Type == plan.InnerJoin {
		b.flatten(j.Left, leaves, conds)
		b.flatten(j.Right, leaves, conds)
		for _, c := range j.On {
			*conds = append(*conds, &joinCond{expr: c})
		}
		return
	}
	*leaves = append(*leaves, &leaf{node: n, cols: logical.OutputSet(n)})
}

func (b *Builder) joinSelectivity(e expr.Expr) float64 {
	if c, ok := e.(*expr.Call); ok && c.Op == "=" && len(c.Args) == 2 {
		return b.keySelectivity(equiKey{left: c.Args[0], right: c.Args[1]}, defaultRows, defaultRows)
	}
	return b.condSelectivity(e)
}

// firstLeaf picks the smallest input; among equals one that conditions connect.
func (b *Builder) firstLeaf(leaves []*leaf, conds []*joinCond) *leaf {
	var best *leaf
	bestConnected := false
	for _, l := range leaves {
		if !l.lateral.Empty() {
			continue
		}
		connected := false
		for _, c := range conds {
			if c.cols.Intersects(&l.cols) && !c.cols.SubsetOf(&l.cols) {
				connected = true
				break
			}
		}
		switch {
		case best == nil,
			l.rows < best.rows && (connected || !bestConnected),
			connected && !bestConnected && l.rows <= best.rows*2:
			best, bestConnected = l, connected
		}
	}
	if best == nil {
		best = leaves[0]
	}
	return best
}

// nextLeaf picks the input whose join keeps the result smallest.
func (b *Builder) nextLeaf(leaves []*leaf, conds []*joinCond, joined *logical.ColSet, rows float64) *leaf {
	var best, anyLeaf *leaf
	bestRows := math.Inf(1)
	bestConnected := false
	for _, l := range leaves {
		if l.done || !l.lateral.SubsetOf(joined) {
			continue
		}
		anyLeaf = l
		connected := !l.lateral.Empty()
		sel := 1.0
		for _, c := range conds {
			if c.done || !c.cols.Intersects(&l.cols) || !c.cols.Intersects(joined) {
				continue
			}
			u := c.cols.Clone()
			u.Subtract(&l.cols)
			if u.SubsetOf(joined) {
				connected = true
				sel *= c.sel
			}
		}
		out := rows * l.rows * sel
		if best == nil || connected && !bestConnected || connected == bestConnected && (out < bestRows || out == bestRows && l.rows < best.rows) {
			best, bestRows, bestConnected = l, out, connected
		}
	}
	if best != nil {
		return best
	}
	if anyLeaf != nil {
		return anyLeaf
	}
	for _, l := range leaves {
		if !l.done {
			return l
		}
	}
	return nil
}

// estimate guesses the rows of a node that is not built yet.
func (b *Builder) estimate(n logical.Node) float64 {
	switch n := n.(type) {
	case *logical.Scan:
		if b.unique(n) {
			return 1
		}
		return math.Max(1, b.tableRows(n.Table)*b.selectivity(n.Filter, nil))
	case *logical.Filter:
		return math.Max(1, b.estimate(n.Input)*b.selectivity(n.Conds, nil))
	case *logical.Project:
		return b.estimate(n.Input)
	case *logical.Values:
		return float64(len(n.Rows))
	case *logical.FunctionScan:
		if n.Few {
			return 10
		}
		return 1000
	case *logical.Sort:
		return b.estimate(n.Input)
	case *logical.Limit:
		if r := limitRows(n); r > 0 {
			return math.Min(r, b.estimate(n.Input))
		}
		return b.estimate(n.Input)
	case *logical.Aggregate:
		if len(n.Keys) == 0 {
			return 1
		}
		return b.groups(n.Keys, b.estimate(n.Input))
	case *logical.Distinct:
		return math.Max(1, b.estimate(n.Input)/4)
	case *logical.Join:
		l, r := b.estimate(n.Left), b.estimate(n.Right)
		s := b.selectivity(n.On, nil)
		switch n.Type {
		case plan.InnerJoin:
			return math.Max(1, l*r*s)
		case plan.SemiJoin, plan.AntiJoin, plan.AntiNullJoin:
			return math.Max(1, l/2)
		}
		return math.Max(l, l*r*s)
	case *logical.Union:
		s := 0.0
		for _, c := range n.Inputs {
			s += b.estimate(c)
		}
		return s
	case *logical.With:
		return b.estimate(n.Body)
	}
	return defaultRows
}

// unique reports whether a scan's conditions fix a unique key.
func (b *Builder) unique(n *logical.Scan) bool {
	if len(n.Filter) == 0 {
		return false
	}
	var none logical.ColSet
	return b.choose(n, &none, hint{}).point
}
