package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// joinStep is one join to build: a built left side and a right side to be built.
type joinStep struct {
	typ   plan.JoinType
	left  rel
	right logical.Node
	on    []expr.Expr
	need  *logical.ColSet // of the result
}

// join builds a join; trees of inner joins are ordered first.
func (b *Builder) join(n *logical.Join, need *logical.ColSet, h hint) rel {
	if n.Type == plan.InnerJoin {
		return b.innerJoins(n, need, h)
	}
	in := needed(need, n.On...)
	lateral := logical.OuterColumns(n.Right)
	in.Union(&lateral)
	left := b.build(n.Left, &in, hint{order: h.order})
	return b.step(joinStep{typ: n.Type, left: left, right: n.Right, on: n.On, need: need})
}

// equiKey is an equality between the two sides of a join.
type equiKey struct {
	left, right expr.Expr
	cond        int
	nullEqual   bool
}

// equiKeys finds the equalities among the conditions.
func equiKeys(on []expr.Expr, left, right *logical.ColSet) []equiKey {
	var out []equiKey
	for i, c := range on {
		var l, r expr.Expr
		nullEqual := false
		switch x := c.(type) {
		case *expr.Call:
			if x.Op != "=" || len(x.Args) != 2 {
				continue
			}
			l, r = x.Args[0], x.Args[1]
		case *expr.Distinct:
			if !x.Not {
				continue
			}
			l, r, nullEqual = x.Left, x.Right, true
		default:
			continue
		}
		lc, rc := logical.Columns(l), logical.Columns(r)
		if lc.Empty() || rc.Empty() || !hashable(l.Type(), r.Type()) {
			continue
		}
		switch {
		case lc.SubsetOf(left) && rc.SubsetOf(right):
			out = append(out, equiKey{l, r, i, nullEqual})
		case lc.SubsetOf(right) && rc.SubsetOf(left):
			out = append(out, equiKey{r, l, i, nullEqual})
		}
	}
	return out
}

// hashable reports whether equal values of both types have one hash: the same
// type, or integers of different widths, which are widened.
func hashable(l, r types.Type) bool {
	return l.OID == r.OID || intBits(l.OID) > 0 && intBits(r.OID) > 0 || sameOrder(l.OID, r.OID)
}

// sameType converts both keys of an equality to one type.
func sameType(l, r expr.Expr) (expr.Expr, expr.Expr) {
	lt, rt := l.Type(), r.Type()
	if lt.OID == rt.OID {
		return l, r
	}
	if intBits(lt.OID) > 0 && intBits(rt.OID) > 0 {
		if intBits(lt.OID) < intBits(rt.OID) {
			return widen(l, rt), r
		}
		return l, widen(r, lt)
	}
	return relabel(l, types.Of(types.Text)), relabel(r, types.Of(types.Text))
}

func widen(e expr.Expr, t types.Type) expr.Expr {
	c := functions.FindCast(e.Type().OID, t.OID)
	if c == nil || c.Fn == nil {
		return e
	}
	return &expr.Cast{Arg: e, Typ: types.Of(t.OID), Kind: expr.CastFunc, Fn: c.Fn}
}

// step joins a built left side with a right side by the cheapest algorithm.
func (b *Builder) step(s joinStep) rel {
	var leftSet logical.ColSet
	leftSet.AddAll(s.left.cols)
	lateral := logical.OuterColumns(s.right)
	if lateral.Intersects(&leftSet) {
		return b.lateral(s, &lateral, &leftSet)
	}
	rightSet := logical.OutputSet(s.right)
	in := needed(s.need, s.on...)
	keys := equiKeys(s.on, &leftSet, &rightSet)
	leftName, rightName := aliasOfPlan(s.left.node), aliasOf(s.right)
	if s.typ != plan.FullJoin && s.typ != plan.AntiNullJoin {
		if r, ok := b.lookup(s, &in, keys); ok {
			b.opt.followed(LookupJoin, leftName, rightName)
			return r
		}
	}
	right := b.build(s.right, &in, hint{})
	if len(keys) > 0 && (s.typ != plan.AntiNullJoin || len(keys) == len(s.on)) &&
		(s.typ == plan.FullJoin || b.opt.joinPenalty(HashJoin, leftName, rightName) <= b.opt.joinPenalty(NestLoop, leftName, rightName)) {
		b.opt.followed(HashJoin, leftName, rightName)
		return b.hashJoin(s, right, keys)
	}
	n := &plan.NestedLoop{Left: s.left.node, Right: right.node, Type: s.typ}
	both := concat(s.left.cols, right.cols)
	n.Cond = b.resolve(logical.And(s.on), both)
	out := joinColumns(s.typ, s.left.cols, right.cols)
	n.Cols = b.columns(out)
	n.Cost = b.joinCost(s, right.rows(), right.cost(), nil)
	n.Cost.Total += s.left.rows() * right.rows() * cpuOperator * float64(1+len(s.on))
	return rel{n, out, s.left.order}
}

func concat(a, c []expr.ColumnID) []expr.ColumnID {
	return append(a[:len(a):len(a)], c...)
}

func joinColumns(t plan.JoinType, left, right []expr.ColumnID) []expr.ColumnID {
	if t >= plan.SemiJoin {
		return left
	}
	return concat(left, right)
}

// joinCost estimates a join's rows from its inputs.
func (b *Builder) joinCost(s joinStep, rightRows, rightCost float64, keys []equiKey) plan.Cost {
	l := s.left.rows()
	sel := 1.0
	for _, k := range keys {
		sel *= b.keySelectivity(k, l, rightRows)
	}
	for i, c := range s.on {
		isKey := false
		for _, k := range keys {
			isKey = isKey || k.cond == i
		}
		if !isKey {
			sel *= b.condSelectivity(c)
		}
	}
	rows := math.Max(1, l*rightRows*sel)
	switch s.typ {
	case plan.LeftJoin:
		rows = math.Max(rows, l)
	case plan.FullJoin:
		rows = math.Max(rows, l+rightRows)
	case plan.SemiJoin:
		rows = math.Max(1, math.Min(l, rows)*0.5)
	case plan.AntiJoin, plan.AntiNullJoin:
		rows = math.Max(1, l*0.5)
	}
	c := plan.Cost{Rows: rows, Total: s.left.cost() + rightCost + rows*cpuTuple}
	return c
}

func (b *Builder) keySelectivity(k equiKey, l, r float64) float64 {
	d := 0.0
	for _, e := range []expr.Expr{k.left, k.right} {
		if c, ok := stripRelabel(e).(*expr.Column); ok {
			d = math.Max(d, b.distinctOf(c.ID))
		}
	}
	if d == 0 {
		d = math.Max(1, math.Min(200, math.Max(l, r)))
	}
	return 1 / math.Max(1, d)
}

// buildLeft reports whether the left side is the better build side.
func (b *Builder) buildLeft(s *joinStep, right *rel) bool {
	if h := b.opt.Hints; h != nil {
		l, r := h.Table(aliasOfPlan(s.left.node)), h.Table(aliasOfPlan(right.node))
		switch {
		case l != nil && l.Build || r != nil && r.Probe:
			return true
		case l != nil && l.Probe || r != nil && r.Build:
			return false
		}
	}
	return s.left.rows() < right.rows()
}

func (b *Builder) hashJoin(s joinStep, right rel, keys []equiKey) rel {
	j := &plan.HashJoin{Left: s.left.node, Right: right.node, Type: s.typ}
	isKey := make([]bool, len(s.on))
	anyNull := false
	for _, k := range keys {
		isKey[k.cond] = true
		l, r := sameType(k.left, k.right)
		j.LeftKeys = append(j.LeftKeys, b.resolve(l, s.left.cols))
		j.RightKeys = append(j.RightKeys, b.resolve(r, right.cols))
		j.NullEqual = append(j.NullEqual, k.nullEqual)
		anyNull = anyNull || k.nullEqual
	}
	if !anyNull {
		j.NullEqual = nil
	}
	var rest []expr.Expr
	for i, c := range s.on {
		if !isKey[i] {
			rest = append(rest, c)
		}
	}
	both := concat(s.left.cols, right.cols)
	j.Residual = b.resolve(logical.And(rest), both)
	out := joinColumns(s.typ, s.left.cols, right.cols)
	j.Cols = b.columns(out)
	j.Cost = b.joinCost(s, right.rows(), right.cost(), keys)
	j.BuildLeft = s.typ == plan.InnerJoin && b.buildLeft(&s, &right)
	build, probe := right, s.left
	if j.BuildLeft {
		build, probe = s.left, right
	}
	j.Cost.Startup = build.cost() + build.rows()*cpuOperator*2
	j.Cost.Total += build.rows()*(cpuTuple+cpuOperator) + probe.rows()*cpuOperator*2
	j.Cost.Width = width(j.Cols)
	return rel{j, out, nil} // rows of spilled partitions come out late
}

// lookup tries to fetch the right side's rows by key for each left row. It is
// chosen when that is cheaper than reading the right side once.
func (b *Builder) lookup(s joinStep, in *logical.ColSet, keys []equiKey) (rel, bool) {
	scan, ok := s.right.(*logical.Scan)
	if !ok || len(keys) == 0 || scan.Lock != nil || scan.Table.Kind == catalog.KindVirtual || scan.Table.Kind == catalog.KindSequence {
		return rel{}, false
	}
	rows := b.tableRows(scan.Table)
	best, bestMatch, bestUnique := -1, []lookupKey(nil), false
	for i := range scan.Table.Indexes {
		ix := &scan.Table.Indexes[i]
		if ix.State != catalog.IndexPublic || ix.Predicate != "" && !b.implied(scan, i) || ix.Method != "" && ix.Method != "btree" {
			continue
		}
		m := lookupKeys(keyColumns(scan, ix, i), keys)
		if len(m) == 0 || b.opt.indexPenalty(scan.Alias, ix, true, false) > 0 {
			continue
		}
		unique := ix.Unique && len(m) == len(ix.Columns)
		if best < 0 || unique && !bestUnique || unique == bestUnique && len(m) > len(bestMatch) {
			best, bestMatch, bestUnique = i, m, unique
		}
	}
	if best < 0 {
		return rel{}, false
	}
	perLeft := 1.0
	if !bestUnique {
		perLeft = math.Max(1, rows*math.Pow(selEqual, float64(len(bestMatch))))
		if len(bestMatch) == 1 {
			if c, ok := bestMatch[0].key.right.(*expr.Column); ok {
				if d := b.distinctOf(c.ID); d > 0 {
					perLeft = math.Max(1, rows/d)
				}
			}
		}
	}
	cost := s.left.rows() * (cpuSeek + perLeft*cpuLookup)
	probe := b.choose(scan, in, hint{})
	full := probe.cost + probe.rows*(cpuTuple+cpuOperator*2) + s.left.rows()*cpuOperator*2
	left := aliasOfPlan(s.left.node)
	if cost+b.opt.joinPenalty(LookupJoin, left, scan.Alias) > full+b.opt.joinPenalty(HashJoin, left, scan.Alias) {
		return rel{}, false
	}
	isKey := make([]bool, len(s.on))
	j := &plan.LookupJoin{Left: s.left.node, Type: s.typ}
	for _, m := range bestMatch {
		isKey[m.key.cond] = true
		j.Keys = append(j.Keys, b.resolve(m.value, s.left.cols))
	}
	var rest []expr.Expr
	for i, c := range s.on {
		if !isKey[i] {
			rest = append(rest, c)
		}
	}
	need := needed(in, scan.Filter...)
	for _, c := range rest {
		logical.ExprColumns(c, &need)
	}
	cols := b.scanColumns(scan, &need, hint{})
	r := &plan.Scan{Table: scan.Table, Alias: scan.Alias, PointGet: bestUnique}
	if !(best == 0 && scan.Table.Clustered) {
		r.Index = &scan.Table.Indexes[best]
	}
	for _, id := range cols {
		if id == scan.Handle && id != 0 {
			r.WithHandle = true
			continue
		}
		r.Output = append(r.Output, int(id-scan.First))
	}
	r.Filter = b.resolve(logical.And(scan.Filter), cols)
	r.Cols = b.columns(cols)
	r.Cost = plan.Cost{Rows: perLeft, Total: cpuSeek + perLeft*cpuLookup, Width: width(r.Cols)}
	j.Right = r
	both := concat(s.left.cols, cols)
	j.Residual = b.resolve(logical.And(rest), both)
	out := joinColumns(s.typ, s.left.cols, cols)
	j.Cols = b.columns(out)
	j.Cost = b.joinCost(s, rows*b.selectivity(scan.Filter, nil), cost, keys)
	j.Cost.Width = width(j.Cols)
	return rel{j, out, s.left.order}, true
}

// lookupKey gives a key column its value from the left side.
type lookupKey struct {
	key   equiKey
	value expr.Expr
}

// lookupKeys matches the leading columns of a key with equalities.
func lookupKeys(cols []keyColumn, keys []equiKey) []lookupKey {
	var out []lookupKey
	for i := range cols {
		found := false
		for _, k := range keys {
			if k.nullEqual || !isKey(k.right, &cols[i]) {
				continue
			}
			if bs := keyBound("=", k.left, &cols[i]); len(bs) == 1 && bs[0].exact && bs[0].op == "=" {
				out = append(out, lookupKey{k, bs[0].vals[0]})
				found = true
				break
			}
		}
		if !found {
			break
		}
	}
	return out
}

// lateral runs the right side for each left row.
func (b *Builder) lateral(s joinStep, refs, leftSet *logical.ColSet) rel {
	var args logical.ColSet
	refs.Each(func(id expr.ColumnID) {
		if leftSet.Has(id) {
			args.Add(id)
		}
	})
	in := needed(s.need, s.on...)
	n := &plan.NestedLoop{Left: s.left.node, Type: s.typ}
	var done func()
	n.Args, n.Slots, done = b.bind(&args, s.left.cols)
	right := b.build(s.right, &in, hint{})
	done()
	n.Right = right.node
	n.Cond = b.resolve(logical.And(s.on), concat(s.left.cols, right.cols))
	out := joinColumns(s.typ, s.left.cols, right.cols)
	n.Cols = b.columns(out)
	n.Cost = b.joinCost(s, right.rows(), s.left.rows()*right.cost(), nil)
	n.Cost.Width = width(n.Cols)
	return rel{n, out, s.left.order}
}
