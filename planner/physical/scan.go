package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// path is one way to read a table.
type path struct {
	index   *catalog.Index // nil: the table itself
	ranges  []plan.KeyRange
	used    []bool // conditions that the ranges check completely
	point   bool
	order   []expr.SortKey
	reverse bool
	rows    float64 // that the ranges yield
	cost    float64
	warmth  float64 // of the rows; 0 stands for 1
	parts   []path  // of a union, whose rows they yield; ranges is nil then
}

// filterCost is the cost of checking n conditions on the rows of a path.
func (p *path) filterCost(n int) float64 {
	cost := p.rows * cpuOperator * float64(n)
	if p.warmth > 0 {
		cost *= p.warmth
	}
	return cost
}

// scan builds the read of a table by its cheapest path.
func (b *Builder) scan(n *logical.Scan, need *logical.ColSet, h hint) rel {
	if n.Table.Virtual != nil {
		return b.virtualScan(n, need, h)
	}
	if n.Table.TimeSeries != nil {
		return b.seriesScan(n, need, h)
	}
	if n.Lock == nil && len(n.Filter) == 1 {
		if c, ok := n.Filter[0].(*expr.Const); ok && (c.Value.IsNull() || !c.Value.Bool()) {
			cols := b.scanColumns(n, need, h)
			v := &plan.Values{}
			v.Cols = b.columns(cols)
			return rel{v, cols, nil} // no row can pass
		}
	}
	p := b.choose(n, need, h)
	var residual []expr.Expr
	for i, c := range n.Filter {
		if p.used == nil || !p.used[i] || p.parts != nil {
			residual = append(residual, c)
		}
	}
	in := needed(need, residual...)
	cols := b.scanColumns(n, &in, h)
	s := &plan.Scan{Table: n.Table, Alias: n.Alias, Index: p.index, PointGet: p.point, Reverse: p.reverse, Locking: n.Lock}
	s.Output = make([]int, 0, len(cols))
	for _, id := range cols {
		if id == n.Handle && n.Handle != 0 {
			s.WithHandle = true
			continue
		}
		s.Output = append(s.Output, int(id-n.First))
	}
	for i := range p.ranges {
		s.Ranges = append(s.Ranges, b.resolveRange(p.ranges[i]))
	}
	if len(residual) > 0 {
		s.Filter = b.resolve(allOf(residual), cols)
	}
	s.Cols = b.columns(cols)
	rows := math.Max(1, p.rows*b.selectivity(n.Filter, p.used))
	s.Read = p.rows
	s.Cost = plan.Cost{Total: p.cost + p.filterCost(len(residual)), Rows: rows, Width: width(s.Cols)}
	if p.parts != nil {
		return b.indexUnion(n, &p, s, cols)
	}
	if len(b.outer) > 0 && s.Ranges == nil && s.Locking == nil {
		if l := b.hashLookup(n, s, residual, cols); l != nil {
			return rel{l, cols, nil}
		}
	}
	return rel{s, cols, p.order}
}

// scanColumns are the columns a scan yields: as wanted above if that is all,
// else in table order, the handle last.
func (b *Builder) scanColumns(n *logical.Scan, in *logical.ColSet, h hint) []expr.ColumnID {
	count := 0
	for i := range n.Table.Columns {
		if in.Has(n.First + expr.ColumnID(i)) {
			count++
		}
	}
	handle := n.Handle != 0 && in.Has(n.Handle)
	if !handle && len(h.want) == count {
		ok := true
		for _, id := range h.want {
			ok = ok && in.Has(id) && id >= n.First && int(id-n.First) < len(n.Table.Columns)
		}
		if ok {
			return h.want
		}
	}
	cols := make([]expr.ColumnID, 0, count+1)
	for i := range n.Table.Columns {
		if id := n.First + expr.ColumnID(i); in.Has(id) {
			cols = append(cols, id)
		}
	}
	if handle {
		cols = append(cols, n.Handle)
	}
	return cols
}

func (b *Builder) resolveRange(r plan.KeyRange) plan.KeyRange {
	r.Equal = b.resolveAll(r.Equal, nil)
	if r.Lower != nil {
		r.Lower = &plan.Bound{Value: b.resolve(r.Lower.Value, nil), Inclusive: r.Lower.Inclusive}
	}
	if r.Upper != nil {
		r.Upper = &plan.Bound{Value: b.resolve(r.Upper.Value, nil), Inclusive: r.Upper.Inclusive}
	}
	return r
}

// choose finds the cheapest path of a scan.
func (b *Builder) choose(n *logical.Scan, need *logical.ColSet, h hint) path {
	rows := b.tableRows(n.Table)
	var inner logical.ColSet
	for i := range n.Table.Columns {
		inner.Add(n.First + expr.ColumnID(i))
	}
	best := path{rows: rows, warmth: b.warmth(n, rows, need)}
	best.cost = rows * cpuTuple * best.warmth
	if b.opt.Hints != nil {
		b.opt.checkIndexes(n.Table, n.Alias)
	}
	if n.Table.Clustered && len(n.Table.Indexes) > 0 {
		best = b.keyPath(n, nil, &n.Table.Indexes[0], 0, &inner, rows, need, h)
		if best.point && !b.opt.steered() {
			return best
		}
	}
	total := func(p *path) float64 {
		out := p.rows * b.selectivity(n.Filter, p.used)
		cost := p.cost
		penalty := 0.0
		if p.parts == nil {
			penalty = b.opt.indexPenalty(n.Alias, p.index, len(p.ranges) > 0, p.index != nil && covers(n, p.index, need))
		}
		if len(h.order) > 0 && !satisfies(p.order, h.order) {
			return cost + sortCost(out) + penalty + b.opt.penalty(Sort)
		}
		if h.limit > 0 && h.limit < out {
			cost = cost * h.limit / out
		}
		return cost + penalty
	}
	bestCost := total(&best)
	for i := range n.Table.Indexes {
		ix := &n.Table.Indexes[i]
		if ix.State != catalog.IndexPublic || i == 0 && n.Table.Clustered || ix.Method != "" && ix.Method != "btree" {
			continue
		}
		if ix.Predicate != "" && !b.implied(n, i) {
			continue
		}
		p := b.keyPath(n, ix, ix, i, &inner, rows, need, h)
		if p.index == nil {
			continue
		}
		if p.point && !b.opt.steered() {
			return p
		}
		if c := total(&p); c < bestCost {
			best, bestCost = p, c
		}
	}
	if p, ok := b.unionPath(n, &inner, rows, h); ok && total(&p) < bestCost {
		best = p
	}
	return best
}

// implied reports whether the scan's conditions include a partial index's predicate.
func (b *Builder) implied(n *logical.Scan, i int) bool {
	if i >= len(n.IndexExprs) || n.IndexExprs[i].Predicate == nil {
		return false
	}
	for _, p := range logical.Conjuncts(nil, n.IndexExprs[i].Predicate) {
		found := false
		for _, c := range n.Filter {
			found = found || implies(c, p)
		}
		if !found {
			return false
		}
	}
	return true
}

// implies reports whether a condition that is true makes p true.
func implies(c, p expr.Expr) bool {
	if logical.Equal(c, p) {
		return true
	}
	if null, ok := p.(*expr.IsNull); ok && null.Not && !null.Row {
		// A strict comparison with the column is only true if it is not NULL.
		if call, ok := c.(*expr.Call); ok && call.Fn.Strict {
			for _, a := range call.Args {
				if logical.Equal(stripRelabel(a), null.Arg) {
					return true
				}
			}
		}
	}
	return false
}

// keyPath is the path by a key; index is nil for the clustered primary key. A
// secondary index that neither restricts nor orders is no path: then the
// result's index is nil.
func (b *Builder) keyPath(n *logical.Scan, index, def *catalog.Index, pos int, inner *logical.ColSet, rows float64, need *logical.ColSet, h hint) path {
	keys := keyColumns(n, def, pos)
	p := path{index: index, rows: rows}
	r := plan.KeyRange{}
	inAt := -1
	var inVals []expr.Expr
	sel := 1.0
	equal := 0
	for k := range keys {
		key := &keys[k]
		found := false
		for i, c := range n.Filter {
			bs := b.matchKey(c, key, inner)
			if len(bs) != 1 {
				continue
			}
			switch bd := &bs[0]; {
			case bd.op == "=":
				r.Equal = append(r.Equal, bd.vals[0])
				found = true
			case bd.op == "in" && inAt < 0:
				inVals = inValues(bd.vals, key.typ)
				if inVals == nil {
					continue
				}
				inAt = len(r.Equal)
				r.Equal = append(r.Equal, nil)
				found = true
			case bd.op == "null":
				for len(r.IsNull) < len(r.Equal) {
					r.IsNull = append(r.IsNull, false)
				}
				r.IsNull = append(r.IsNull, true)
				r.Equal = append(r.Equal, &expr.Const{Typ: types.Of(key.typ.OID)})
				found = true
			default:
				continue
			}
			p.use(i, len(n.Filter), bs[0].exact)
			sel *= b.condSelectivity(c)
			break
		}
		if !found {
			b.rangeBounds(n, key, inner, &r, &p, &sel)
			break
		}
		equal++
	}
	if r.IsNull != nil {
		for len(r.IsNull) < len(r.Equal) {
			r.IsNull = append(r.IsNull, false)
		}
	}
	restricted := len(r.Equal) > 0 || r.NotNull
	ranges := 1
	switch {
	case !restricted:
	case inAt >= 0:
		ranges = len(inVals)
		p.ranges = make([]plan.KeyRange, 0, len(inVals))
		for _, v := range inVals {
			one := r
			one.Equal = append([]expr.Expr(nil), r.Equal...)
			one.Equal[inAt] = v
			p.ranges = append(p.ranges, one)
		}
	default:
		p.ranges = []plan.KeyRange{r}
	}
	p.point = equal == len(keys) && def.Unique && r.IsNull == nil && len(keys) > 0 && equal > 0
	p.order, p.reverse = pathOrder(keys, equal, ranges, h.order)
	if inAt >= 0 && ranges != 1 {
		p.order, p.reverse = nil, false
	}
	if index != nil && !restricted && !b.opt.steered() && (len(p.order) == 0 || len(h.order) == 0 || !satisfies(p.order, h.order)) {
		return path{}
	}
	p.rows = math.Max(1, rows*sel)
	if p.point {
		p.rows = float64(ranges)
	}
	perRow := cpuTuple
	switch {
	case index == nil:
		p.warmth = b.warmth(n, p.rows, need)
		perRow *= p.warmth
	case !covers(n, index, need):
		perRow = cpuLookup * b.distance(n.Table)
	}
	p.cost = p.rows * perRow
	if restricted {
		p.cost += cpuSeek * float64(ranges)
	}
	return p
}

func (p *path) use(i, n int, exact bool) {
	if !exact {
		return
	}
	if p.used == nil {
		p.used = make([]bool, n)
	}
	p.used[i] = true
}

// rangeBounds collects the lower and upper bounds on one key column.
func (b *Builder) rangeBounds(n *logical.Scan, key *keyColumn, inner *logical.ColSet, r *plan.KeyRange, p *path, sel *float64) {
	var got []expr.Expr
	for i, c := range n.Filter {
		bs := b.matchKey(c, key, inner)
		if len(bs) == 0 {
			continue
		}
		all := true
		for k := range bs {
			if !addBound(r, &bs[k]) {
				all = false
			}
		}
		if all {
			got = append(got, c)
			p.use(i, len(n.Filter), bs[0].exact)
		}
	}
	if len(got) > 0 {
		*sel *= b.selectivity(got, nil)
	}
}

func keyColumns(n *logical.Scan, ix *catalog.Index, pos int) []keyColumn {
	keys := make([]keyColumn, 0, len(ix.Columns))
	for k := range ix.Columns {
		c := &ix.Columns[k]
		if c.Num == 0 {
			if pos >= len(n.IndexExprs) || k >= len(n.IndexExprs[pos].Columns) || n.IndexExprs[pos].Columns[k] == nil {
				return nil
			}
			e := n.IndexExprs[pos].Columns[k]
			keys = append(keys, keyColumn{expr: e, typ: e.Type(), desc: c.Desc, nullsFirst: c.NullsFirst})
			continue
		}
		col := &n.Table.Columns[c.Num-1]
		keys = append(keys, keyColumn{
			expr: &expr.Column{ID: n.First + expr.ColumnID(c.Num-1), Name: col.Name, Typ: col.Type},
			typ:  col.Type, desc: c.Desc, nullsFirst: c.NullsFirst, notNull: col.NotNull || ix.Primary,
		})
	}
	return keys
}

// pathOrder is the order in which a path yields rows, backwards if that is
// what is wanted. Columns fixed to one value count as ordered in any way.
func pathOrder(keys []keyColumn, equal, ranges int, want []expr.SortKey) (order []expr.SortKey, reverse bool) {
	if ranges != 1 {
		return nil, false
	}
	fixed := func(e expr.Expr) bool {
		for k := range equal {
			if logical.Equal(keys[k].expr, e) {
				return true
			}
		}
		return false
	}
	rest := keys[equal:]
	for dir := range 2 {
		order = order[:0]
		i := 0
		for _, w := range want {
			switch {
			case fixed(w.Expr):
				order = append(order, w)
				continue
			case i < len(rest) && logical.Equal(rest[i].expr, w.Expr):
				k := rest[i]
				desc, first := k.desc != (dir == 1), k.nullsFirst != (dir == 1)
				if desc == w.Desc && (first == w.NullsFirst || k.notNull) {
					order = append(order, w)
					i++
					continue
				}
			}
			break
		}
		if len(want) > 0 && len(order) == len(want) {
			return order, dir == 1
		}
	}
	order = nil
	for _, k := range rest {
		order = append(order, expr.SortKey{Expr: k.expr, Desc: k.desc, NullsFirst: k.nullsFirst})
	}
	return order, false
}

// covers reports whether an index holds all needed columns.
func covers(n *logical.Scan, ix *catalog.Index, need *logical.ColSet) bool {
	all := needed(need, n.Filter...)
	if n.Handle != 0 {
		all.Remove(n.Handle)
	}
	for i := range ix.Columns {
		if num := ix.Columns[i].Num; num != 0 {
			all.Remove(n.First + expr.ColumnID(num-1))
		}
	}
	for _, num := range ix.Include {
		all.Remove(n.First + expr.ColumnID(num-1))
	}
	for i := range n.Table.Columns {
		if all.Has(n.First + expr.ColumnID(i)) {
			return false
		}
	}
	return true
}

// virtualScan reads a system table, by oid if a condition says so, or a sequence.
func (b *Builder) virtualScan(n *logical.Scan, need *logical.ColSet, h hint) rel {
	in := needed(need, n.Filter...)
	cols := b.scanColumns(n, &in, h)
	s := &plan.VirtualScan{Table: n.Table, Alias: n.Alias}
	for _, id := range cols {
		s.Output = append(s.Output, int(id-n.First))
	}
	rows := b.tableRows(n.Table)
	s.Cost.Total = rows * cpuTuple
	if v := n.Table.Virtual; v != nil && v.ByOID != nil {
		var inner logical.ColSet
		for i := range n.Table.Columns {
			inner.Add(n.First + expr.ColumnID(i))
		}
		c := &n.Table.Columns[v.ByOIDColumn]
		key := keyColumn{expr: &expr.Column{ID: n.First + expr.ColumnID(v.ByOIDColumn), Name: c.Name, Typ: c.Type}, typ: c.Type}
		for _, f := range n.Filter {
			if bs := b.matchKey(f, &key, &inner); len(bs) == 1 && bs[0].op == "=" {
				s.ByOID = b.resolve(bs[0].vals[0], nil)
				rows = 1
				s.Cost.Total = cpuSeek
				break
			}
		}
	}
	if len(n.Filter) > 0 {
		s.Filter = b.resolve(allOf(n.Filter), cols)
	}
	s.Cols = b.columns(cols)
	s.Cost.Rows = math.Max(1, rows*b.selectivity(n.Filter, nil))
	s.Cost.Width = width(s.Cols)
	return rel{s, cols, nil}
}
