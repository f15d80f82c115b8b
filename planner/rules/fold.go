package rules

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// foldTree replaces immutable expressions over constants by their values
// (expr.Fold), and cuts what constants decide: TRUE conditions go. An expression
// that fails stays as it is; whether the statement fails is ConstantError's to say.
func (r *Rewriter) foldTree(n logical.Node) logical.Node {
	logical.VisitExprs(n, func(p *expr.Expr) { *p = r.foldExpr(*p) })
	logical.VisitInputs(n, func(c *logical.Node) { *c = r.foldTree(*c) })
	switch x := n.(type) {
	case *logical.Scan:
		if len(x.Filter) > 0 {
			x.Filter = r.dropTrue(x.Filter)
		}
	case *logical.Filter:
		if x.Conds = r.dropTrue(x.Conds); len(x.Conds) == 0 {
			return x.Input
		}
	case *logical.Join:
		if x.Type != plan.AntiNullJoin { // to which a NULL is not the same as false
			x.On = r.dropTrue(x.On)
		}
	}
	return n
}

func (r *Rewriter) foldExpr(e expr.Expr) expr.Expr {
	logical.Walk(e, func(x expr.Expr) bool {
		if s, ok := x.(*expr.Subplan); ok {
			if n, ok := s.Plan.(logical.Node); ok {
				s.Plan = r.foldTree(n)
			}
		}
		return true
	})
	if r.NoFold || !logical.Any(e, isComplex) {
		return e
	}
	if logical.Any(e, ownNode) {
		return logical.MapChildren(e, r.foldExpr)
	}
	e, err := expr.Fold(r.folding(), e)
	r.failed = r.failed || err != nil
	return e
}

// folding is what constant expressions are evaluated in.
func (r *Rewriter) folding() *functions.Context {
	if r.fold == nil {
		io := r.IO
		if io == nil {
			io = types.DefaultIO()
		}
		r.fold = &functions.Context{Ctx: context.Background(), Alloc: memory.DefaultAllocator, IO: io}
	}
	return r.fold
}

// ownNode finds the expressions that package expr does not know.
func ownNode(e expr.Expr) bool {
	switch e.(type) {
	case *logical.SetCall, *logical.WindowCall, *logical.Grouping:
		return true
	}
	return false
}

// dropTrue drops the conditions that are true. One that is constantly false or
// NULL refuses all rows by itself, and the others need not be computed
// (PostgreSQL's canonicalize_qual).
func (r *Rewriter) dropTrue(conds []expr.Expr) []expr.Expr {
	var out []expr.Expr
	for _, c := range conds {
		if k, ok := c.(*expr.Const); ok && (k.Value.IsNull() || !k.Value.Bool()) {
			if len(conds) > 1 {
				r.fire("FoldConstants")
			}
			return []expr.Expr{c}
		}
	}
	for _, c := range conds {
		if k, ok := c.(*expr.Const); ok && !k.Value.IsNull() && k.Value.Bool() {
			r.fire("FoldConstants")
			continue
		}
		out = logical.Conjuncts(out, c)
	}
	return out
}
