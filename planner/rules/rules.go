package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Rewriter applies the rules to one statement.
type Rewriter struct {
	MD     *logical.Metadata
	NoFold bool
	IO     *types.IO
	fold   *functions.Context
	// NoUnnest keeps subqueries as they are written.
	NoUnnest bool
	// Rows, if set, estimates the rows of a tree.
	Rows func(logical.Node) float64
	// Fired, if set, is told the name of each rule that fires.
	Fired func(rule string)
	// changes counts what the rules changed, to see when they are done.
	changes int
	failed  bool // see Failed
}

// fire counts a change by a rule.
func (r *Rewriter) fire(rule string) {
	r.changes++
	if r.Fired != nil {
		r.Fired(rule)
	}
}

// Run rewrites a tree to a fixed point.
func (r *Rewriter) Run(n logical.Node) logical.Node {
	if simple(n) {
		return r.postpone(r.pushFilters(n, nil))
	}
	if single(n) {
		return r.runSingle(n)
	}
	n = r.inlineCTEs(n)
	for range 8 {
		before := r.changes
		n = r.foldTree(n)
		r.orToIn(n)
		n = r.unnestSubqueries(n)
		r.simplifyOuters(n, nil)
		n = r.pushFilters(n, nil)
		n = r.mergeProjects(n)
		if r.changes == before {
			break
		}
	}
	n = r.epochBuckets(n)
	r.impliedOr(n)
	n = r.pushFilters(n, nil)
	r.transitive(n)
	n = r.pushFilters(n, nil)
	all := logical.OutputSet(n)
	r.keysets(n)
	n = r.trimOrders(r.outerToAnti(r.removeJoins(n, &all), &all))
	r.pushLimits(n)
	n = r.minMax(n)
	n = r.pushAggregates(n)
	r.dependentKeys(n)
	return r.shareSubplans(r.postpone(r.pushFilters(r.anyArray(n), nil)))
}

// runSingle is Run without the rules of joins, set operations and subqueries.
func (r *Rewriter) runSingle(n logical.Node) logical.Node {
	for range 8 {
		before := r.changes
		n = r.foldTree(n)
		r.orToIn(n)
		n = r.mergeProjects(r.pushFilters(n, nil))
		if r.changes == before {
			break
		}
	}
	n = r.epochBuckets(n)
	r.keysets(n)
	n = r.trimOrders(n)
	n = r.minMax(n)
	r.dependentKeys(n)
	return r.postpone(r.pushFilters(r.anyArray(n), nil))
}

// simple reports whether the tree is a chain over one scan or VALUES in which
// nothing could be folded or unnested: pushing filters down is all there is to do.
func simple(n logical.Node) bool { return chain(n, isComplex, false) }

// single reports whether the tree reads one table, or none, and has no subqueries:
// most statements are so, and most rules have nothing to look for in them.
func single(n logical.Node) bool { return chain(n, isSubplan, true) }

// chain reports whether the tree is nodes of one input over one scan or VALUES, with
// no expression of a kind and, unless grouped, no nodes that group.
func chain(n logical.Node, kind func(expr.Expr) bool, grouped bool) bool {
	for {
		found := false
		logical.VisitExprs(n, func(p *expr.Expr) { found = found || logical.Any(*p, kind) })
		if found {
			return false
		}
		switch n.(type) {
		case *logical.Scan, *logical.Values:
			return true
		case *logical.Filter, *logical.Project, *logical.Sort, *logical.Limit, *logical.LockRows, *logical.Update, *logical.Delete, *logical.Insert:
		case *logical.Aggregate, *logical.Window, *logical.Distinct:
			if !grouped {
				return false
			}
		default:
			return false
		}
		logical.VisitInputs(n, func(c *logical.Node) { n = *c })
	}
}

// eachSubquery calls f with the subqueries in a node's expressions and their trees.
func eachSubquery(n logical.Node, f func(*expr.Subplan, logical.Node)) {
	logical.VisitExprs(n, func(p *expr.Expr) {
		logical.Walk(*p, func(x expr.Expr) bool {
			if s, ok := x.(*expr.Subplan); ok {
				if t, ok := s.Plan.(logical.Node); ok {
					f(s, t)
				}
			}
			return true
		})
	})
}

// isComplex finds what folding or unnesting could simplify.
func isComplex(e expr.Expr) bool {
	switch e := e.(type) {
	case *expr.Subplan, *expr.Logic, *expr.Case, *expr.Coalesce, *expr.InList, *expr.AnyAll:
		return true
	case *expr.Const:
		return e.Typ.OID == types.Bool
	case *expr.Call:
		return allConst(e.Args) || anyNull(e.Args)
	case *expr.Cast:
		_, ok := e.Arg.(*expr.Const)
		return ok
	}
	return false
}

func allConst(args []expr.Expr) bool {
	for _, a := range args {
		if _, ok := a.(*expr.Const); !ok {
			return false
		}
	}
	return true
}

// anyNull: a strict function of a NULL constant is NULL, whatever the others are.
func anyNull(args []expr.Expr) bool {
	for _, a := range args {
		if c, ok := a.(*expr.Const); ok && c.Value.IsNull() {
			return true
		}
	}
	return false
}
