package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Parallel says when and how plans run in several workers.
type Parallel struct {
	// Workers is how many a Gather may have, 0 for none
	// (max_parallel_workers_per_gather).
	Workers int
	// Most is how many a hint may ask for.
	Most int
	// MinScanBytes and MinIndexBytes are how much a scan must be expected to read,
	// of a table (min_parallel_table_scan_size) or by an index of it
	// (min_parallel_index_scan_size).
	MinScanBytes, MinIndexBytes float64
	// SetupCost is the cost of starting workers (parallel_setup_cost), RowCost
	// that of a row that a worker hands over (parallel_tuple_cost).
	SetupCost, RowCost float64
	// NoMerge: no Gather merges sorted rows (enable_gathermerge = off).
	NoMerge bool
	// SerialBuild: tables of joins are built by one goroutine (enable_parallel_hash = off).
	SerialBuild bool
}

const (
	// ParallelSetupCost is the default of parallel_setup_cost: 1000 rows.
	ParallelSetupCost = 1000 * cpuTuple
	// earlyRows is how many rows one goroutine reads sooner than workers start.
	earlyRows = 20000
	// rowsPerGroup is how many rows a group must have for partial aggregation to
	// be worth a second pass over the groups.
	rowsPerGroup = 8
	// rowOverhead estimates what a stored row has besides its columns.
	rowOverhead = 24
)

// Parallelize puts Gather nodes into a finished plan that no cache and no
// session has seen yet; it changes the plan's nodes.
//
// A *pipeline* is a scan and what takes its rows one by one: filter, project,
// the probe side of a hash join, the outer side of a lookup join. Each worker
// runs a copy of a pipeline over pieces of the scan; the tables of its hash
// joins are built once, before, perhaps by workers of a Gather of their own. Above the lowest node
// that is no pipeline stands the Gather: over the pipeline itself, over a sort
// of it (merged), or over a partial aggregation.
//
// A plan that calls a volatile function anywhere, writes or locks stays as it
// is, as do the inputs that are run again for other outer rows.
func Parallelize(root plan.Node, opt Parallel) plan.Node {
	if opt.Workers < 1 || !repeatable(root) {
		return root
	}
	p := &parallelizer{opt}
	return p.place(root)
}

type parallelizer struct{ Parallel }

// repeatable reports whether a plan can be run by several workers, or again,
// without a difference: nothing in it is volatile, writes or locks.
func repeatable(n plan.Node) bool {
	es, ok := plan.Exprs(n)
	if c, isCTE := n.(*plan.CTE); isCTE {
		ok = !c.Modifying
	}
	for _, call := range calls(n) {
		ok = ok && (call.Fn == nil || call.Fn.Volatility != functions.Volatile)
	}
	for _, e := range es {
		ok = ok && expr.Volatility(e) != functions.Volatile
		expr.Walk(e, func(x expr.Expr) bool {
			if s, isSub := x.(*expr.Subplan); isSub && ok {
				sub, isNode := s.Plan.(plan.Node)
				ok = isNode && repeatable(sub)
			}
			return ok
		})
	}
	for _, in := range n.Inputs() {
		ok = ok && repeatable(in)
	}
	return ok
}

// calls are a node's calls of table functions.
func calls(n plan.Node) (out []*plan.FunctionCall) {
	switch n := n.(type) {
	case *plan.FunctionScan:
		for i := range n.Calls {
			out = append(out, &n.Calls[i])
		}
	case *plan.ProjectSet:
		for i := range n.Items {
			if n.Items[i].Call != nil {
				out = append(out, n.Items[i].Call)
			}
		}
	}
	return out
}

// place returns n with Gathers in it.
func (p *parallelizer) place(n plan.Node) plan.Node {
	p.placeSubplans(n)
	if s := p.pipeline(n); s != nil && p.worthwhile(s) && p.pays(n, n.Estimate().Rows) {
		return p.gather(n, s)
	}
	switch n := n.(type) {
	case *plan.Limit:
		if s := p.pipeline(n.Input); s != nil && stopsEarly(n, s) {
			return n
		}
	case *plan.Sort:
		if s := p.pipeline(n.Input); s != nil && p.worthwhile(s) && n.Presorted == 0 && !p.NoMerge && p.pays(n, n.Cost.Rows) {
			return p.gatherMerge(n, s)
		}
	case *plan.Aggregate:
		if s := p.pipeline(n.Input); s != nil && p.worthwhile(s) && mergeable(n) && p.pays(n, p.partialRows(n)) {
			return p.splitAggregate(n, s)
		}
	}
	p.placeInputs(n)
	return n
}

// placeInputs places Gathers below a node that is none of a pipeline.
func (p *parallelizer) placeInputs(n plan.Node) { eachInput(n, p.place) }

// eachInput replaces the inputs of a node that run once by what place returns.
func eachInput(n plan.Node, place func(plan.Node) plan.Node) {
	switch n := n.(type) {
	case *plan.Filter:
		n.Input = place(n.Input)
	case *plan.Project:
		n.Input = place(n.Input)
	case *plan.ProjectSet:
		n.Input = place(n.Input)
	case *plan.Limit:
		n.Input = place(n.Input)
	case *plan.Sort:
		n.Input = place(n.Input)
	case *plan.Distinct:
		n.Input = place(n.Input)
	case *plan.Aggregate:
		n.Input = place(n.Input)
	case *plan.Window:
		n.Input = place(n.Input)
	case *plan.GapFill:
		n.Input = place(n.Input)
	case *plan.HashJoin:
		n.Left, n.Right = place(n.Left), place(n.Right)
	case *plan.MergeJoin:
		n.Left, n.Right = place(n.Left), place(n.Right)
	case *plan.AsofJoin:
		n.Left, n.Right = place(n.Left), place(n.Right)
	case *plan.LookupJoin:
		n.Left = place(n.Left)
	case *plan.NestedLoop:
		n.Left = place(n.Left)
		if len(n.Args) == 0 {
			n.Right = place(n.Right)
		}
	case *plan.SetOp:
		n.Left, n.Right = place(n.Left), place(n.Right)
	case *plan.UnionAll:
		for i := range n.Children {
			n.Children[i] = place(n.Children[i])
		}
	case *plan.CTE:
		n.Input, n.Body = place(n.Input), place(n.Body)
	case *plan.RecursiveUnion:
		n.Initial = place(n.Initial)
	}
}

// placeSubplans places Gathers into the subqueries of a node's expressions that
// are run once.
func (p *parallelizer) placeSubplans(n plan.Node) { eachSubplan(n, p.place) }

// eachSubplan replaces the plans of subqueries that are run once, in a node's
// expressions, by what place returns.
func eachSubplan(n plan.Node, place func(plan.Node) plan.Node) {
	es, _ := plan.Exprs(n)
	for _, e := range es {
		expr.Walk(e, func(x expr.Expr) bool {
			if s, ok := x.(*expr.Subplan); ok && len(s.Args) == 0 {
				if sub, ok := s.Plan.(plan.Node); ok {
					s.Plan = place(sub)
				}
			}
			return true
		})
	}
}

// pipeline returns the scan that a pipeline's workers would share, nil if n is
// no pipeline or some expression of it must stay with the session.
func (p *parallelizer) pipeline(n plan.Node) plan.Leaf {
	es, ok := plan.Exprs(n)
	if !ok || !workerSafe(es) {
		return nil
	}
	switch n := n.(type) {
	case *plan.Scan:
		if n.PointGet || n.Limit > 0 {
			return nil
		}
		return n
	case *plan.SeriesScan:
		if n.Ordered || n.ByTime || n.PerSeries || n.Limit > 0 {
			return nil
		}
		return n
	case *plan.Filter:
		return p.pipeline(n.Input)
	case *plan.Project:
		return p.pipeline(n.Input)
	case *plan.HashJoin:
		if probe, _ := n.Sides(); n.Shareable() {
			return p.pipeline(probe)
		}
	case *plan.LookupJoin:
		if es, ok := plan.Exprs(n.Right); ok && workerSafe(es) {
			return p.pipeline(n.Left)
		}
	}
	return nil
}

// placeBuilds places Gathers into the build sides of a pipeline's joins.
func (p *parallelizer) placeBuilds(n plan.Node) {
	switch n := n.(type) {
	case *plan.Filter:
		p.placeBuilds(n.Input)
	case *plan.Project:
		p.placeBuilds(n.Input)
	case *plan.Sort:
		p.placeBuilds(n.Input)
	case *plan.Aggregate:
		p.placeBuilds(n.Input)
	case *plan.LookupJoin:
		p.placeBuilds(n.Left)
	case *plan.HashJoin:
		build, probe := &n.Right, n.Left
		if n.BuildLeft {
			build, probe = &n.Left, n.Right
		}
		if !p.SerialBuild {
			*build = p.place(*build)
		}
		p.placeBuilds(probe)
	}
}

// workerSafe reports whether expressions may be computed by several goroutines
// at once.
func workerSafe(es []expr.Expr) bool {
	ok := true
	for _, e := range es {
		expr.Walk(e, func(x expr.Expr) bool {
			ok = ok && workerSafeNode(x)
			return ok
		})
	}
	return ok
}

func workerSafeNode(x expr.Expr) bool {
	safe := func(f *functions.Scalar) bool { return f == nil || f.ParallelSafe() }
	switch x := x.(type) {
	case *expr.Subplan:
		return false
	case *expr.Call:
		return safe(x.Fn)
	case *expr.Cast:
		if x.Kind == expr.CastIO || x.Kind == expr.CastArray && x.Fn == nil {
			return builtin(x.Typ) && builtin(x.Arg.Type())
		}
		return safe(x.Fn)
	case *expr.AnyAll:
		return safe(x.Fn)
	case *expr.InList:
		return safe(x.Eq)
	case *expr.Distinct:
		return safe(x.Eq)
	}
	return true
}

// builtin reports whether a type's values are read and printed without the
// catalog.
func builtin(t types.Type) bool {
	switch t.Phys() {
	case types.PhysUint32: // reg* types and oid
		return false
	}
	return types.Lookup(t.OID) != nil
}

// worthwhile reports whether a scan reads enough for workers.
func (p *parallelizer) worthwhile(s plan.Leaf) bool {
	read, t := s.Reads()
	bytes := rowOverhead
	for i := range t.Columns {
		bytes += widthOf(t.Columns[i].Type)
	}
	least := p.MinScanBytes
	if scan, ok := s.(*plan.Scan); ok && scan.Index != nil && !scan.Index.Primary {
		least = p.MinIndexBytes
	}
	return read*float64(bytes) >= least
}

// pays reports whether a plan costs less in workers that hand over rows rows.
func (p *parallelizer) pays(n plan.Node, rows float64) bool {
	c := *n.Estimate()
	return p.shared(c, rows).Total <= c.Total
}

// partialRows is how many groups the workers of a partial aggregation hand over.
func (p *parallelizer) partialRows(n *plan.Aggregate) float64 {
	return math.Min(n.Cost.Rows*float64(p.Workers), n.Input.Estimate().Rows)
}

// stopsEarly reports whether a LIMIT is likely reached before a scan's workers
// pay. One that is not known yet (LIMIT $1) is taken for a small one.
func stopsEarly(l *plan.Limit, s plan.Leaf) bool {
	if l.Count == nil {
		return false
	}
	rows := 0.0
	for _, e := range []expr.Expr{l.Count, l.Offset} {
		if c, ok := e.(*expr.Const); ok && !c.Value.IsNull() {
			rows += float64(c.Value.I)
		}
	}
	share := math.Min(1, rows/math.Max(1, s.Estimate().Rows))
	read, _ := s.Reads()
	return read*share < earlyRows
}

func (p *parallelizer) gather(n plan.Node, s plan.Leaf) *plan.Gather {
	s.Share()
	p.placeBuilds(n)
	g := &plan.Gather{Input: n, Workers: p.Workers}
	g.Cols = n.Columns()
	g.Cost = p.shared(*n.Estimate(), n.Estimate().Rows)
	return g
}

// shared is what a cost becomes when workers share it and hand over rows rows.
func (p *parallelizer) shared(c plan.Cost, rows float64) plan.Cost {
	c.Startup = c.Startup/float64(p.Workers) + p.SetupCost
	c.Total = c.Total/float64(p.Workers) + p.SetupCost + rows*p.RowCost
	return c
}

func (p *parallelizer) gatherMerge(n *plan.Sort, s plan.Leaf) *plan.Gather {
	g := p.gather(n, s)
	g.Keys = n.Keys
	return g
}

// mergeable reports whether an aggregation can be made of parts: the rows'
// order and their being distinct do not matter, and there are few groups.
func mergeable(n *plan.Aggregate) bool {
	if n.Ordered || n.Cost.Rows*rowsPerGroup > n.Input.Estimate().Rows && len(n.Keys) > 0 {
		return false
	}
	es, _ := plan.Exprs(n)
	for _, a := range n.Aggs {
		if a.Distinct || len(a.OrderBy) > 0 || a.Fn.OrderSensitive || a.Fn.OrderedSet {
			return false
		}
	}
	return workerSafe(es)
}

func (p *parallelizer) splitAggregate(n *plan.Aggregate, s plan.Leaf) plan.Node {
	partial := *n
	partial.Phase = plan.AggPartial
	g := p.gather(&partial, s)
	n.Phase, n.Input = plan.AggFinal, g
	n.Cost.Total = g.Cost.Total + n.Cost.Rows*cpuTuple*float64(p.Workers)
	n.Cost.Startup = g.Cost.Total
	return n
}
