package physical

import (
	"math"

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
	built *rel            // the right side, if it is built already
	// keepOrder: the rows stay in the left side's order.
	keepOrder bool
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
	var lateral, rightSet logical.ColSet
	if s.built != nil {
		rightSet.AddAll(s.built.cols)
	} else {
		lateral, rightSet = logical.OuterColumns(s.right), logical.OutputSet(s.right)
	}
	if lateral.Intersects(&leftSet) {
		return b.lateral(s, &lateral, &leftSet)
	}
	in := needed(s.need, s.on...)
	keys := equiKeys(s.on, &leftSet, &rightSet)
	leftName, rightName := aliasOfPlan(s.left.node), b.rightName(&s)
	merge := b.planMerge(&s, &in, keys)
	if s.built == nil && s.typ != plan.FullJoin && s.typ != plan.AntiNullJoin {
		if r, ok := b.lookup(s, &in, keys, merge); ok {
			b.opt.followed(LookupJoin, leftName, rightName)
			return r
		}
	}
	if r, ok := b.merge(s, &in, merge); ok {
		return r
	}
	if r, ok := b.seriesLookup(s, keys); ok {
		return r
	}
	var right rel
	if s.built != nil {
		right = *s.built
	} else {
		right = b.build(s.right, &in, hint{})
	}
	if b.seriesFrom(&s, &right, keys) {
		return s.left
	}
	hash := len(keys) > 0 && !s.keepOrder && (s.typ != plan.AntiNullJoin || len(keys) == len(s.on))
	if hash && (s.typ == plan.FullJoin || b.opt.joinPenalty(HashJoin, leftName, rightName) <= b.opt.joinPenalty(NestLoop, leftName, rightName)) {
		b.opt.followed(HashJoin, leftName, rightName)
		return b.hashJoin(s, right, keys)
	}
	n := &plan.NestedLoop{Left: s.left.node, Right: right.node, Type: s.typ}
	both := concat(s.left.cols, right.cols)
	n.Cond = b.resolve(allOf(s.on), both)
	out := joinColumns(s.typ, s.left.cols, right.cols)
	n.Cols = b.columns(out)
	n.Cost = plan.Cost{Rows: b.joinRows(s, right.rows(), nil), Width: width(n.Cols)}
	n.Cost.Total = nestedLoopCost(s.left.joinSide(), right.joinSide(), n.Cost.Rows)
	return rel{n, out, s.left.order}
}

func (r *rel) joinSide() joinSide { return joinSide{r.rows(), r.cost()} }

// rightName is aliasOf the right side.
func (b *Builder) rightName(s *joinStep) string {
	if s.right == nil {
		return aliasOfPlan(s.built.node)
	}
	return aliasOf(s.right)
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

// joinRows estimates a join's rows from its inputs.
func (b *Builder) joinRows(s joinStep, rightRows float64, keys []equiKey) float64 {
	l := s.left.rows()
	switch s.typ {
	case plan.LeftJoin, plan.SemiJoin, plan.AntiJoin, plan.AntiNullJoin:
		return math.Max(1, l*b.matchFactor(s.typ, s.on, keys, rightRows))
	}
	sel := b.keysSelectivity(keys)
	isKey := make([]bool, len(s.on))
	for _, k := range keys {
		isKey[k.cond] = true
	}
	for i, c := range s.on {
		if !isKey[i] {
			sel *= b.condSelectivity(c)
		}
	}
	rows := math.Max(1, l*rightRows*sel)
	if s.typ == plan.FullJoin {
		rows = math.Max(rows, l+rightRows)
	}
	return rows
}

// buildsEither reports whether a hash join of a type may build its left side.
func buildsEither(t plan.JoinType) bool { return t != plan.AntiNullJoin }

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
	j.Residual = b.resolve(allOf(rest), both)
	out := joinColumns(s.typ, s.left.cols, right.cols)
	j.Cols = b.columns(out)
	j.BuildLeft = buildsEither(s.typ) && b.buildLeft(&s, &right)
	build, probe := right.joinSide(), s.left.joinSide()
	if j.BuildLeft {
		build, probe = probe, build
	}
	j.Cost.Rows = b.joinRows(s, right.rows(), keys)
	j.Cost.Startup = build.cost + build.rows*cpuBuild
	j.Cost.Total = hashJoinCost(probe, build, j.Cost.Rows)
	j.Cost.Width = width(j.Cols)
	return rel{j, out, nil} // rows of spilled partitions come out late
}

// lookup tries to fetch the right side's rows by key for each left row. It is
// chosen when that is cheaper than reading the right side once, by hashing or by merging.
func (b *Builder) lookup(s joinStep, in *logical.ColSet, keys []equiKey, merge *mergePlan) (rel, bool) {
	scan, ok := s.right.(*logical.Scan)
	if !ok || len(keys) == 0 || !lookupTable(scan) {
		return rel{}, false
	}
	out := b.joinRows(s, b.estimate(scan), keys)
	best, bestMatch, perLeft, cost := b.bestLookup(s, scan, in, keys, out)
	if best < 0 {
		return rel{}, false
	}
	rows, full := b.scanEstimate(scan, in)
	right := joinSide{math.Max(1, rows), full}
	leftName := aliasOfPlan(s.left.node)
	cost += b.opt.joinPenalty(LookupJoin, leftName, scan.Alias)
	other := hashJoinCost(s.left.joinSide(), right, out)
	if buildsEither(s.typ) {
		other = math.Min(other, hashJoinCost(right, s.left.joinSide(), out))
	}
	other += b.opt.joinPenalty(HashJoin, leftName, scan.Alias)
	if s.keepOrder {
		other = nestedLoopCost(s.left.joinSide(), right, out)
	}
	if merge != nil {
		other = math.Min(other, merge.cost)
	}
	if other < cost {
		return rel{}, false
	}
	bestUnique := scan.Table.Indexes[best].Unique && len(bestMatch) == len(scan.Table.Indexes[best].Columns)
	isKey := make([]bool, len(s.on))
	j := &plan.LookupJoin{Left: s.left.node, Type: s.typ}
	for _, m := range bestMatch {
		if m.cond >= 0 {
			isKey[m.cond] = true
		}
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
	r.Filter = b.resolve(allOf(scan.Filter), cols)
	r.Cols = b.columns(cols)
	r.Cost = plan.Cost{Rows: perLeft, Total: b.distance(scan.Table) * (cpuSeek + perLeft*cpuLookup), Width: width(r.Cols)}
	j.Right = r
	both := concat(s.left.cols, cols)
	j.Residual = b.resolve(allOf(rest), both)
	outCols := joinColumns(s.typ, s.left.cols, cols)
	j.Cols = b.columns(outCols)
	j.Cost = plan.Cost{Rows: out, Total: cost, Width: width(j.Cols)}
	return rel{j, outCols, s.left.order}, true
}

// bestLookup is the cheapest index to look the right side's rows up by; -1 for none.
func (b *Builder) bestLookup(s joinStep, scan *logical.Scan, in *logical.ColSet, keys []equiKey, out float64) (best int, match []lookupKey, perLeft, cost float64) {
	best = -1
	rows := b.tableRows(scan.Table)
	for i := range scan.Table.Indexes {
		if !b.usableIndex(scan, i) {
			continue
		}
		ix := &scan.Table.Indexes[i]
		cols := keyColumns(scan, ix, i)
		m := b.lookupKeys(scan, cols, keys)
		if len(m) == 0 || b.opt.indexPenalty(scan.Alias, ix, true, false) > 0 {
			continue
		}
		per := 1.0
		if !ix.Unique || len(m) < len(cols) {
			distinct := 1.0
			for k := range m {
				distinct *= b.keyDistinct(&cols[k])
			}
			per = math.Max(rows/math.Min(distinct, rows), 1e-3)
		}
		c := lookupCost(s.left.joinSide(), per, i == 0 && scan.Table.Clustered || covers(scan, ix, in), b.distance(scan.Table), out)
		if best < 0 || c < cost {
			best, match, perLeft, cost = i, m, per, c
		}
	}
	return best, match, perLeft, cost
}

// lookupKey gives a key column its value: a column of the left side, or what a
// condition on the right side alone says.
type lookupKey struct {
	cond  int // of the equiKey, -1 for a condition on the right side
	value expr.Expr
}

// lookupKeys matches the leading columns of a key with equalities: those of the
// join, and those of the scan with what is known before it starts. One column at
// least gets its value from the left side.
func (b *Builder) lookupKeys(scan *logical.Scan, cols []keyColumn, keys []equiKey) []lookupKey {
	var out []lookupKey
	last := 0 // behind the last column of the left side
	for i := range cols {
		if k, ok := joinKey(&cols[i], keys); ok {
			out = append(out, k)
			last = len(out)
		} else if v := b.fixedKey(scan, &cols[i]); v != nil {
			out = append(out, lookupKey{-1, v})
		} else {
			break
		}
	}
	if last == 0 {
		return nil
	}
	return out
}

// joinKey finds the equality of the join that gives a key column its value.
func joinKey(col *keyColumn, keys []equiKey) (lookupKey, bool) {
	for _, k := range keys {
		if k.nullEqual || !isKey(k.right, col) {
			continue
		}
		if bs := keyBound("=", k.left, col); len(bs) == 1 && bs[0].exact && bs[0].op == "=" {
			return lookupKey{k.cond, bs[0].vals[0]}, true
		}
	}
	return lookupKey{}, false
}

// fixedKey finds the value of a key column that a condition of the scan fixes.
func (b *Builder) fixedKey(scan *logical.Scan, col *keyColumn) expr.Expr {
	inner := logical.OutputSet(scan)
	for _, c := range scan.Filter {
		bs := b.matchKey(c, col, &inner)
		if len(bs) != 1 || bs[0].op != "=" || !bs[0].exact {
			continue
		}
		if used := logical.Columns(bs[0].vals[0]); used.Empty() {
			return bs[0].vals[0]
		}
	}
	return nil
}

// lateral runs the right side for each left row.
func (b *Builder) lateral(s joinStep, refs, leftSet *logical.ColSet) rel {
	if r, ok := b.lastPoints(s, leftSet); ok {
		return r
	}
	asof, ok := b.asof(s, leftSet)
	loop := b.lateralLoop(s, refs, leftSet)
	if ok && asof.cost() < loop.cost()+b.asofSeeks(&s) {
		return asof
	}
	return loop
}

// lateralLoop runs the right side for each left row.
func (b *Builder) lateralLoop(s joinStep, refs, leftSet *logical.ColSet) rel {
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
	n.Cond = b.resolve(allOf(s.on), concat(s.left.cols, right.cols))
	out := joinColumns(s.typ, s.left.cols, right.cols)
	n.Cols = b.columns(out)
	n.Cost = plan.Cost{Rows: b.joinRows(s, right.rows(), nil), Width: width(n.Cols)}
	n.Cost.Total = s.left.cost() + s.left.rows()*(right.cost()+cpuSeek) + n.Cost.Rows*cpuEmit
	return rel{n, out, s.left.order}
}
