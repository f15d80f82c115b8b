package physical

import (
	"fmt"
	"math"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// build makes the physical plan of a node. need are the columns that the
// parents look at; the result has at least those.
func (b *Builder) build(n logical.Node, need *logical.ColSet, h hint) rel {
	switch n := n.(type) {
	case *logical.Scan:
		return b.scan(n, need, h)
	case *logical.Project:
		return b.buildProject(n, need, h)
	case *logical.Filter:
		return b.filter(n, need, h)
	case *logical.Values:
		return b.values(n)
	case *logical.Join:
		return b.join(n, need, h)
	case *logical.Aggregate:
		return b.aggregate(n, need, h)
	case *logical.Sort:
		return b.sort(n, need, h, nil)
	case *logical.Limit:
		return b.limit(n, need, h)
	case *logical.Distinct:
		return b.distinct(n, need, h)
	case *logical.FunctionScan:
		return b.functionScan(n)
	case *logical.ProjectSet:
		return b.projectSet(n, need)
	case *logical.Window:
		return b.window(n, need)
	case *logical.GapFill:
		return b.gapFill(n, need)
	case *logical.Union:
		return b.union(n, need)
	case *logical.SetOp:
		return b.setOp(n)
	case *logical.With:
		return b.with(n, need, h)
	case *logical.CTERef:
		return b.cteRef(n)
	case *logical.RecursiveUnion:
		return b.recursive(n)
	case *logical.LockRows:
		return b.lockRows(n, need, h)
	case *logical.Insert:
		return b.insert(n)
	case *logical.Update:
		return b.update(n)
	case *logical.Delete:
		return b.delete(n)
	case *logical.Merge:
		return b.mergeInto(n)
	}
	panic(fmt.Sprintf("physical: no plan for %T", n))
}

func needed(need *logical.ColSet, exprs ...expr.Expr) logical.ColSet {
	out := need.Clone()
	for _, e := range exprs {
		if e != nil {
			logical.ExprColumns(e, &out)
		}
	}
	return out
}

func (b *Builder) buildProject(n *logical.Project, need *logical.ColSet, h hint) rel {
	var in logical.ColSet
	keep := make([]logical.Item, 0, len(n.Items))
	passes := true
	for _, it := range n.Items {
		if !need.Has(it.ID) {
			continue
		}
		keep = append(keep, it)
		logical.ExprColumns(it.Expr, &in)
		passes = passes && it.Passes()
	}
	cols := make([]expr.ColumnID, len(keep))
	for i, it := range keep {
		cols[i] = it.ID
	}
	child := hint{limit: h.limit, about: h.about}
	for _, k := range h.order {
		// An ordering by passed on columns can be made below.
		c, ok := k.Expr.(*expr.Column)
		if !ok || !in.Has(c.ID) || !passesID(keep, c.ID) {
			break
		}
		child.order = append(child.order, k)
	}
	below, above := throughMonotone(h, keep)
	if child.order == nil {
		child.order = below
	}
	if passes {
		child.want = cols
		r := b.build(n.Input, &in, child)
		return b.project(r, cols)
	}
	if v, ok := n.Input.(*logical.Values); ok && len(v.Rows) == 1 && len(v.Cols) == 0 {
		return b.constRow(keep, cols)
	}
	r := b.build(n.Input, &in, child)
	p := &plan.Project{Input: r.node, Exprs: make([]expr.Expr, len(keep))}
	for i, it := range keep {
		p.Exprs[i] = b.resolve(it.Expr, r.cols)
	}
	p.Cols = b.columns(cols)
	p.Cost = *r.node.Estimate()
	p.Cost.Total += p.Cost.Rows * cpuOperator * float64(len(keep))
	p.Cost.Width = width(p.Cols)
	order := keptOrder(r.order, keep)
	if below != nil && len(order) == 0 && satisfies(r.order, below) {
		order = above
	}
	return rel{p, cols, order}
}

func passesID(items []logical.Item, id expr.ColumnID) bool {
	for _, it := range items {
		if it.ID == id {
			return it.Passes()
		}
	}
	return false
}

// keptOrder is the part of an ordering whose columns a projection passes on.
func keptOrder(order []expr.SortKey, items []logical.Item) []expr.SortKey {
	for i, k := range order {
		c, ok := k.Expr.(*expr.Column)
		if !ok || !passesID(items, c.ID) {
			return order[:i]
		}
	}
	return order
}

func (b *Builder) filter(n *logical.Filter, need *logical.ColSet, h hint) rel {
	in := needed(need, n.Conds...)
	r := b.build(n.Input, &in, hint{order: h.order, want: h.want})
	f := &plan.Filter{Input: r.node, Cond: b.resolve(allOf(n.Conds), r.cols)}
	f.Cols = r.node.Columns()
	f.Cost = *r.node.Estimate()
	f.Cost.Total += f.Cost.Rows * cpuOperator * float64(len(n.Conds))
	f.Cost.Rows = math.Max(1, f.Cost.Rows*b.selectivity(n.Conds, nil))
	return rel{f, r.cols, r.order}
}

func (b *Builder) values(n *logical.Values) rel {
	v := &plan.Values{Rows: make([][]expr.Expr, len(n.Rows))}
	for i, row := range n.Rows {
		v.Rows[i] = b.resolveAll(row, nil)
	}
	v.Cols = b.columns(n.Cols)
	v.Cost = plan.Cost{Total: cpuTuple * float64(len(n.Rows)), Rows: float64(len(n.Rows)), Width: width(v.Cols)}
	return rel{v, n.Cols, nil}
}

func (b *Builder) functionScan(n *logical.FunctionScan) rel {
	f := &plan.FunctionScan{Ordinality: n.Ordinality != 0, Alias: n.Alias}
	for i := range n.Calls {
		f.Calls = append(f.Calls, b.call(&n.Calls[i], nil))
	}
	cols := logical.Output(n)
	f.Cols = b.columns(cols)
	rows := 1000.0
	scalar := true
	for i := range n.Calls {
		scalar = scalar && n.Calls[i].Fn == nil
	}
	if scalar {
		rows = 1
	} else if n.Few {
		rows = 10
	}
	f.Cost = plan.Cost{Total: rows * cpuTuple, Rows: rows, Width: width(f.Cols)}
	return rel{f, cols, nil}
}

func (b *Builder) call(c *logical.Call, layout []expr.ColumnID) plan.FunctionCall {
	return plan.FunctionCall{Fn: c.Fn, Scalar: b.resolve(c.Scalar, layout), Args: b.resolveAll(c.Args, layout), Columns: c.Names, Sig: c.Sig}
}

func (b *Builder) projectSet(n *logical.ProjectSet, need *logical.ColSet) rel {
	var in logical.ColSet
	keep := make([]logical.Item, 0, len(n.Items))
	for _, it := range n.Items {
		_, set := it.Expr.(*logical.SetCall)
		if set || need.Has(it.ID) {
			keep = append(keep, it)
			logical.ExprColumns(it.Expr, &in)
		}
	}
	r := b.build(n.Input, &in, hint{})
	p := &plan.ProjectSet{Input: r.node}
	cols := make([]expr.ColumnID, len(keep))
	for i, it := range keep {
		cols[i] = it.ID
		item := plan.ProjectSetItem{Column: -1}
		if c, ok := it.Expr.(*logical.SetCall); ok {
			call := b.call(&c.Call, r.cols)
			item.Call, item.CallID, item.Column = &call, i, c.Column
			if len(c.Call.Names) == 1 {
				item.Column = 0
			}
		} else {
			item.Expr = b.resolve(it.Expr, r.cols)
		}
		p.Items = append(p.Items, item)
	}
	p.Cols = b.columns(cols)
	p.Cost = *r.node.Estimate()
	p.Cost.Rows *= 1000
	p.Cost.Total += p.Cost.Rows * cpuTuple
	p.Cost.Width = width(p.Cols)
	return rel{p, cols, nil}
}

func (b *Builder) aggregate(n *logical.Aggregate, need *logical.ColSet, wanted hint) rel {
	var in logical.ColSet
	agg := &plan.Aggregate{Sets: n.Sets, Dependent: n.Dependent}
	grouping := n.Keys[:len(n.Keys)-n.Dependent]
	var cols []expr.ColumnID
	for _, k := range n.Keys {
		logical.ExprColumns(k.Expr, &in)
		cols = append(cols, k.ID)
	}
	var aggs []logical.Item
	for _, a := range n.Aggs {
		if need.Has(a.ID) {
			aggs = append(aggs, a)
			logical.ExprColumns(a.Expr, &in)
			cols = append(cols, a.ID)
		}
	}
	h, byTime := b.timeGroups(n, wanted)
	if byTime == nil && len(h.order) == 0 && n.Sets == nil {
		h = b.groupHint(n.Input, &in, grouping, len(aggs), wanted)
	}
	r := b.build(n.Input, &in, h)
	b.endPoints(n, aggs, r)
	if byTime != nil && !satisfies(r.order, h.order) {
		byTime = nil
	}
	agg.Ordered = len(n.Keys) > 0 && n.Sets == nil && (byTime != nil || orderedBy(r.order, grouping))
	if hash, sorted := b.opt.aggregation(); sorted && !agg.Ordered && len(n.Keys) > 0 && n.Sets == nil {
		r = b.addSort(r, groupOrder(grouping), nil, nil)
		agg.Ordered = true
	} else if hash {
		agg.Ordered = false
	}
	agg.Input = r.node
	for _, k := range n.Keys {
		agg.Keys = append(agg.Keys, b.resolve(k.Expr, r.cols))
	}
	for _, a := range aggs {
		call := a.Expr.(*expr.Aggregate)
		b.nameCall(a.ID, call)
		out := plan.AggCall{
			Fn: call.Fn, Args: b.resolveAll(call.Args, r.cols), Distinct: call.Distinct,
			Filter: b.resolve(call.Filter, r.cols), OrderBy: b.resolveKeys(call.OrderBy, r.cols),
		}
		if len(call.OrderBy) == 0 {
			out.OrderBy = nil
		}
		for _, x := range call.Args {
			out.Sig.Args = append(out.Sig.Args, x.Type())
		}
		out.Sig.Returns = call.Typ
		agg.Aggs = append(agg.Aggs, out)
	}
	for _, g := range n.Groupings {
		agg.Groupings = append(agg.Groupings, g.Keys)
		cols = append(cols, g.ID)
	}
	agg.Cols = b.columns(cols)
	rows := 1.0
	if len(n.Keys) > 0 {
		rows = b.groups(grouping, r.rows()) * math.Max(1, float64(len(n.Sets)))
	}
	agg.Cost = plan.Cost{Rows: rows, Width: width(agg.Cols)}
	agg.Cost.Total = r.cost() + r.rows()*cpuOperator*float64(len(aggs)+len(grouping)) + rows*cpuTuple
	agg.Cost.Startup = agg.Cost.Total - rows*cpuTuple
	if agg.Ordered {
		agg.Cost.Startup = r.node.Estimate().Startup + agg.Cost.Total/rows
	}
	var order []expr.SortKey
	if agg.Ordered && byTime != nil {
		order = byTime
	} else if agg.Ordered {
		order = keptOrder(r.order, n.Keys)
	}
	return rel{agg, cols, order}
}

// groupOrder is the ordering that brings equal keys together.
func groupOrder(keys []logical.Item) []expr.SortKey {
	out := make([]expr.SortKey, len(keys))
	for i, k := range keys {
		out[i] = expr.SortKey{Expr: k.Expr}
	}
	return out
}

// orderedBy reports whether rows in this order have equal keys side by side.
func orderedBy(order []expr.SortKey, keys []logical.Item) bool {
	if len(order) < len(keys) {
		return false
	}
	for _, k := range keys {
		found := false
		for _, o := range order[:len(keys)] {
			if logical.Equal(o.Expr, k.Expr) {
				found = true
			}
		}
		if !found {
			return false
		}
	}
	return true
}

func (b *Builder) window(n *logical.Window, need *logical.ColSet) rel {
	in := needed(need, n.Partition...)
	for _, k := range n.Order {
		logical.ExprColumns(k.Expr, &in)
	}
	for _, it := range n.Items {
		in.Remove(it.ID)
		logical.ExprColumns(it.Expr, &in)
	}
	var keys []expr.SortKey
	for _, p := range n.Partition {
		keys = append(keys, expr.SortKey{Expr: p})
	}
	keys = append(keys, n.Order...)
	r := b.build(n.Input, &in, hint{order: keys})
	if len(keys) > 0 && !satisfies(r.order, keys) {
		r = b.addSort(r, keys, nil, nil)
	}
	w := &plan.Window{Input: r.node, PartitionBy: b.resolveAll(n.Partition, r.cols), OrderBy: b.resolveKeys(n.Order, r.cols)}
	cols := append([]expr.ColumnID(nil), r.cols...)
	for _, it := range n.Items {
		c := it.Expr.(*logical.WindowCall)
		f := c.Spec.Frame
		f.StartOffset, f.EndOffset = b.resolve(f.StartOffset, r.cols), b.resolve(f.EndOffset, r.cols)
		call := plan.WindowCall{Agg: c.Agg, Args: b.resolveAll(c.Args, r.cols), Sig: c.Sig, Frame: f, Filter: b.resolve(c.Filter, r.cols)}
		if c.Agg == nil {
			call.Name = c.Name
		}
		w.Calls = append(w.Calls, call)
		cols = append(cols, it.ID)
	}
	w.Cols = b.columns(cols)
	w.Cost = *r.node.Estimate()
	w.Cost.Total += w.Cost.Rows * cpuOperator * float64(len(n.Items))
	w.Cost.Width = width(w.Cols)
	return rel{w, cols, r.order}
}

// constRow is a SELECT without FROM: its one row is computed by Values itself.
func (b *Builder) constRow(items []logical.Item, cols []expr.ColumnID) rel {
	row := make([]expr.Expr, len(items))
	for i, it := range items {
		row[i] = b.resolve(it.Expr, nil)
	}
	v := &plan.Values{Rows: [][]expr.Expr{row}}
	v.Cols = b.columns(cols)
	v.Cost = plan.Cost{Total: cpuTuple, Rows: 1, Width: width(v.Cols)}
	return rel{v, cols, nil}
}
