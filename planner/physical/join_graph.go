package physical

import (
	"math"
	"math/bits"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// MaxJoinLimit is how many inputs are ordered together at most: the bits of a
// relSet. What is below a larger tree is ordered apart.
const MaxJoinLimit = 64

// relSet is a set of leaves by number.
type relSet uint64

func (s relSet) has(i int) bool       { return s&(1<<i) != 0 }
func (s relSet) within(o relSet) bool { return s&^o == 0 }
func (s relSet) single() bool         { return s != 0 && s&(s-1) == 0 }
func (s relSet) first() int           { return bits.TrailingZeros64(uint64(s)) }

// leaf is an input of a tree of joins.
//
// Inner joins commute. A left, semi or anti join with its right side below
// inner joins commutes with them too as long as what its condition looks at on
// the left is joined before: the inner joins only multiply or drop left rows,
// each of which meets the same right rows wherever it stands (Galindo-Legaria
// and Rosenthal, TODS 1997, identities for (A join B) leftjoin C). The right
// side of such a join is always a leaf of its own. Full joins are not looked into.
type leaf struct {
	node logical.Node
	// typ is how it is joined: InnerJoin, or as the right side of another join, then on is its condition.
	typ  plan.JoinType
	on   []expr.Expr
	cols logical.ColSet
	// needs are the leaves that stand left of it: what it refers to laterally
	// and what its condition looks at.
	needs   relSet
	lateral logical.ColSet // columns of other leaves that it refers to
	rows    float64        // it yields by itself
	cost    float64        // of reading it once
	// factor is how many rows come out for a left row (not inner).
	factor float64
	equi   bool // its condition has a hash key (not inner)
	keys   []accessKey
	built  *rel // if it is built already: what is neither a scan nor lateral
}

// dependent leaves can only be joined as the right side, by themselves.
func (l *leaf) dependent() bool { return l.typ != plan.InnerJoin || l.needs != 0 }

// accessKey is an index by which a leaf's rows can be looked up.
type accessKey struct {
	// columns are the equalities for each leading key column: any of them will do.
	columns [][]accessCond
	width   int // of the whole key
	unique  bool
	covers  bool
	rows    float64 // of the table
	// distance is the table's, in lookups.
	distance float64
}

type accessCond struct {
	others   relSet  // none: a condition on the leaf alone fixes the column
	distinct float64 // of the key column
}

// joinCond is a condition of an inner join.
type joinCond struct {
	expr expr.Expr
	rels relSet
	sel  float64
	equi bool // can be a hash join's key
	done bool
}

// joinGraph is a tree of joins taken apart.
type joinGraph struct {
	b      *Builder
	leaves []*leaf
	conds  []*joinCond
	need   *logical.ColSet
}

func newJoinGraph(b *Builder, n *logical.Join, need *logical.ColSet) *joinGraph {
	g := &joinGraph{b: b}
	limit := MaxJoinLimit
	if l := b.opt.JoinLimit; l > 0 && (b.opt.Hints == nil || len(b.opt.Hints.Leading) == 0) {
		limit = min(l, limit)
	}
	g.flatten(n, countLeaves(n) <= limit)
	in := need.Clone()
	for _, l := range g.leaves {
		l.cols = logical.OutputSet(l.node)
		for _, c := range l.on {
			logical.ExprColumns(c, &in)
		}
	}
	for _, c := range g.conds {
		cols := logical.Columns(c.expr)
		c.rels = g.relsOf(&cols)
		c.sel = b.condSelectivity(c.expr)
		in.Union(&cols)
	}
	g.need = &in
	for _, l := range g.leaves {
		g.findLateral(l)
	}
	for i, l := range g.leaves {
		g.estimateLeaf(l)
		if l.typ != plan.InnerJoin {
			g.prepareDependent(i, l)
		}
		g.findKeys(i, l)
	}
	return g
}

// leafWidth is the width of what a leaf yields.
func (g *joinGraph) leafWidth(l *leaf) float64 {
	out := intersect(g.need, &l.cols)
	var list []expr.ColumnID
	out.Each(func(id expr.ColumnID) { list = append(list, id) })
	return float64(width(g.b.columns(list)))
}

func countLeaves(n logical.Node) int {
	if j, ok := n.(*logical.Join); ok && reorders(j) {
		if j.Type == plan.InnerJoin {
			return countLeaves(j.Left) + countLeaves(j.Right)
		}
		return countLeaves(j.Left) + 1
	}
	return 1
}

// reorders reports whether a join can be taken apart.
func reorders(j *logical.Join) bool {
	switch j.Type {
	case plan.InnerJoin, plan.LeftJoin, plan.SemiJoin, plan.AntiJoin, plan.AntiNullJoin:
		return true
	}
	return false
}

// flatten collects leaves and conditions. Without deep only the top join is
// taken apart.
func (g *joinGraph) flatten(n logical.Node, deep bool) {
	j, ok := n.(*logical.Join)
	if !ok || !reorders(j) {
		g.leaves = append(g.leaves, &leaf{node: n})
		return
	}
	side := func(n logical.Node) {
		if deep {
			g.flatten(n, true)
		} else {
			g.leaves = append(g.leaves, &leaf{node: n})
		}
	}
	side(j.Left)
	if j.Type != plan.InnerJoin {
		g.leaves = append(g.leaves, &leaf{node: j.Right, typ: j.Type, on: j.On})
		return
	}
	side(j.Right)
	for _, c := range j.On {
		g.conds = append(g.conds, &joinCond{expr: c})
	}
}

func (g *joinGraph) relsOf(cols *logical.ColSet) relSet {
	var out relSet
	for i, l := range g.leaves {
		if l.cols.Intersects(cols) {
			out |= 1 << i
		}
	}
	return out
}

// findLateral finds the columns of other leaves that a leaf refers to.
func (g *joinGraph) findLateral(l *leaf) {
	outer := logical.OuterColumns(l.node)
	if outer.Empty() {
		return
	}
	l.needs = g.relsOf(&outer)
	for _, o := range g.leaves {
		both := intersect(&outer, &o.cols)
		l.lateral.Union(&both)
	}
	g.need.Union(&l.lateral)
}

// estimateLeaf finds a leaf's rows and cost: a scan's by its cheapest path; what
// is not a scan is built, unless it has to wait for columns of other leaves.
func (g *joinGraph) estimateLeaf(l *leaf) {
	if scan, ok := l.node.(*logical.Scan); ok {
		l.rows, l.cost = g.b.scanEstimate(scan, g.need)
		return
	}
	if !l.lateral.Empty() {
		l.rows = g.b.estimate(l.node)
		l.cost = l.rows * cpuTuple
		return
	}
	r := g.b.build(l.node, g.need, hint{})
	l.built = &r
	l.rows, l.cost = r.rows(), r.cost()
}

// prepareDependent finds what a left, semi or anti join needs on its left, and
// how many rows come out for a left row.
func (g *joinGraph) prepareDependent(i int, l *leaf) {
	var cols logical.ColSet
	for _, c := range l.on {
		logical.ExprColumns(c, &cols)
	}
	self := relSet(1) << i
	l.needs |= g.relsOf(&cols) &^ self
	if l.needs == 0 {
		l.needs = 1 // it looks at nothing on its left; something must stand there
	}
	var left logical.ColSet
	for i, o := range g.leaves {
		if l.needs.has(i) {
			left.Union(&o.cols)
		}
	}
	keys := equiKeys(l.on, &left, &l.cols)
	l.equi = len(keys) > 0 && (l.typ != plan.AntiNullJoin || len(keys) == len(l.on))
	l.factor = g.b.matchFactor(l.typ, l.on, keys, l.rows)
}

// matchFactor is how many rows an outer, semi or anti join yields for a left row.
func (b *Builder) matchFactor(typ plan.JoinType, on []expr.Expr, keys []equiKey, rightRows float64) float64 {
	isKey := map[int]bool{}
	for _, k := range keys {
		isKey[k.cond] = true
	}
	rest := 1.0
	for i, c := range on {
		if !isKey[i] {
			rest *= b.condSelectivity(c)
		}
	}
	if typ == plan.LeftJoin {
		return math.Max(1, rightRows*b.keysSelectivity(keys)*rest)
	}
	found := b.semiSelectivity(keys, rightRows)
	if rest < 1 {
		found *= math.Min(1, 0.5+rest/2) // one of several partners may pass
	}
	if typ == plan.SemiJoin {
		return math.Max(found, 1e-6)
	}
	return math.Max(1-found, 1e-3)
}

// semiSelectivity is the part of the left rows that have a partner: as
// eqjoinsel_semi, the right side's distinct values over the left side's.
func (b *Builder) semiSelectivity(keys []equiKey, rightRows float64) float64 {
	if len(keys) == 0 {
		return 0.5
	}
	s := 1.0
	for _, k := range keys {
		l, lok := b.operandFacts(k.left)
		r, rok := b.operandFacts(k.right)
		ld, rd := l.distinct, r.distinct
		if !rok || rd == 0 {
			rd = rightRows
		}
		if !lok || ld == 0 {
			s = math.Min(s, 0.5)
			continue
		}
		rd = math.Min(draws(rd, rightRows), rightRows)
		s = math.Min(s, math.Min(1, rd/ld)*(1-l.nulls))
	}
	return s
}

// findKeys finds the indexes of a leaf by which it can be looked up.
func (g *joinGraph) findKeys(i int, l *leaf) {
	scan, ok := l.node.(*logical.Scan)
	if !ok || !lookupTable(scan) || l.typ == plan.AntiNullJoin {
		return
	}
	conds := l.on
	if l.typ == plan.InnerJoin {
		for _, c := range g.conds {
			if c.rels.has(i) {
				conds = append(conds, c.expr)
			}
		}
	}
	var others logical.ColSet
	for j, o := range g.leaves {
		if j != i {
			others.Union(&o.cols)
		}
	}
	keys := equiKeys(conds, &others, &l.cols)
	if len(keys) == 0 {
		return
	}
	for at := range scan.Table.Indexes {
		ix := &scan.Table.Indexes[at]
		if !g.b.usableIndex(scan, at) {
			continue
		}
		k := accessKey{width: len(ix.Columns), unique: ix.Unique, rows: g.b.tableRows(scan.Table), distance: g.b.distance(scan.Table), covers: at == 0 && scan.Table.Clustered || covers(scan, ix, g.need)}
		for _, col := range keyColumns(scan, ix, at) {
			var list []accessCond
			for _, e := range keys {
				if _, ok := joinKey(&col, []equiKey{e}); ok {
					left := logical.Columns(e.left)
					list = append(list, accessCond{others: g.relsOf(&left), distinct: g.b.keyDistinct(&col)})
				}
			}
			if g.b.fixedKey(scan, &col) != nil {
				list = append(list, accessCond{distinct: g.b.keyDistinct(&col)})
			}
			if list == nil {
				break
			}
			k.columns = append(k.columns, list)
		}
		if len(k.columns) > 0 {
			l.keys = append(l.keys, k)
		}
	}
}

func lookupTable(scan *logical.Scan) bool {
	return scan.Lock == nil && scan.Table.TimeSeries == nil && scan.Table.Kind != catalog.KindVirtual && scan.Table.Kind != catalog.KindSequence
}

// usableIndex reports whether an index finds all rows that a scan wants.
func (b *Builder) usableIndex(scan *logical.Scan, at int) bool {
	ix := &scan.Table.Indexes[at]
	if ix.State != catalog.IndexPublic || ix.Method != "" && ix.Method != "btree" {
		return false
	}
	return ix.Predicate == "" || b.implied(scan, at)
}

// keyDistinct estimates the distinct values of a key column.
func (b *Builder) keyDistinct(k *keyColumn) float64 {
	if c, ok := k.expr.(*expr.Column); ok {
		if d := b.distinctOf(c.ID); d > 0 {
			return d
		}
	}
	return 1 / selEqual
}

// match is how many rows a lookup by this key finds for a row of the left
// side, 0 if the left side does not have the key.
func (k *accessKey) match(left relSet) float64 {
	distinct, n := 1.0, 0
	joined := false // by a column of the left side
	for _, col := range k.columns {
		found := 0.0
		for _, c := range col {
			if c.others.within(left) {
				found = math.Max(found, c.distinct)
				joined = joined || c.others != 0
			}
		}
		if found == 0 {
			break
		}
		distinct *= found
		n++
	}
	switch {
	case !joined:
		return 0
	case n == k.width && k.unique:
		return 1
	}
	return math.Max(k.rows/math.Min(distinct, k.rows), 1e-3)
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
