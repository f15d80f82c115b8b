package physical

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// gapFillRows is how many rows come out of one, for want of knowing the range.
const gapFillRows = 2

func (b *Builder) gapFill(n *logical.GapFill, need *logical.ColSet) rel {
	in := need.Clone()
	in.Add(n.Time)
	keys := make([]expr.SortKey, 0, len(n.Keys)+1)
	for _, id := range append(slices.Clone(n.Keys), n.Time) {
		in.Add(id)
		keys = append(keys, expr.SortKey{Expr: b.md.Col(id)})
	}
	for i := range n.Fills {
		f := &n.Fills[i]
		in.Remove(f.ID)
		for _, e := range []expr.Expr{f.Value, f.Prev, f.Next} {
			if e != nil {
				logical.ExprColumns(e, &in)
			}
		}
	}
	r := b.build(n.Input, &in, hint{order: keys})
	if !satisfies(r.order, keys) {
		r = b.addSort(r, keys, nil, nil)
	}
	at := func(id expr.ColumnID) int { return slices.Index(r.cols, id) }
	g := &plan.GapFill{
		Input: r.node, Time: at(n.Time), StartAfter: n.StartAfter, FinishAt: n.FinishAt,
		Fn: n.Fn, Args: make([]expr.Expr, len(n.Args)), Start: b.resolve(n.Start, nil), Finish: b.resolve(n.Finish, nil),
	}
	for i, a := range n.Args {
		g.Args[i] = b.resolve(a, nil)
	}
	for _, id := range n.Keys {
		g.Keys = append(g.Keys, at(id))
	}
	cols := slices.Clone(r.cols)
	for _, f := range n.Fills {
		g.Fills = append(g.Fills, plan.Fill{
			Method: f.Method, NullMissing: f.NullMissing,
			Value: b.resolve(f.Value, r.cols), Prev: b.resolve(f.Prev, r.cols), Next: b.resolve(f.Next, r.cols),
		})
		cols = append(cols, f.ID)
	}
	g.Cols = b.columns(cols)
	g.Cost = *r.node.Estimate()
	g.Cost.Rows *= gapFillRows
	g.Cost.Total += g.Cost.Rows * cpuTuple
	g.Cost.Width = width(g.Cols)
	return rel{g, cols, keys}
}
