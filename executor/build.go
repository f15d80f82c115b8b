package executor

import (
	"fmt"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine"
)

// run is what the operators of one execution share besides Env.
type run struct {
	env      *Env
	compiled map[expr.Expr]*scalar
	ctes     map[int]*cteBuffer
	subplans map[*expr.Subplan]*subplan
	memos    map[*expr.Subplan]*subplanMemo
	idle     map[plan.Node]Operator // between runs of a plan that runs many times
	lookups  map[*plan.HashLookup]*hashedRows
	shared   *sharedScan                             // of a worker
	rest     *restOfScan                             // while what the stores left is built
	series   map[*plan.SeriesScan]*tsengine.ScanSpec // found by splitSeries, if no worker came
	filters  map[*plan.HashJoin][]*runtimeFilter
	joins    sharedJoins // of a worker
	uses     columnUses  // nil: all columns are plain, and read
	ddl      bool        // descriptors may change: see layout
	top      plan.Node   // whose written rows Env.Affected counts
}

// Opener is a plan node that opens its own operator: sources of tests, and of
// whoever feeds batches that no plan describes.
type Opener interface {
	plan.Node
	Open(env *Env) (Operator, error)
}

// Build makes the operators of a plan. It may be called once for each Env; the
// caller closes the operator, also after an error of Next.
func Build(env *Env, root plan.Node) (Operator, error) {
	r := newRun(env)
	r.top = topOf(root)
	if !env.PlainStrings {
		r.uses = usesOf(root, env.CodedRows)
	}
	op, err := r.build(root)
	if err != nil {
		r.close()
		return nil, err
	}
	return &rootOperator{Operator: op, run: r}, nil
}

func newRun(env *Env) *run {
	r := &run{env: env}
	env.Functions.Subplan = r.evalSubplan
	return r
}

// rootOperator ends what operators share when the statement ends.
type rootOperator struct {
	Operator
	run *run
}

func (o *rootOperator) Close() error {
	err := o.Operator.Close()
	if e := o.run.close(); err == nil {
		err = e
	}
	return err
}

func (r *run) close() error {
	var first error
	for _, c := range r.ctes {
		if err := c.close(); err != nil && first == nil {
			first = err
		}
	}
	r.ctes = nil
	for _, s := range r.subplans {
		s.close()
	}
	r.subplans = nil
	for _, m := range r.memos {
		m.clear()
	}
	r.memos = nil
	for _, h := range r.lookups {
		h.clear()
	}
	r.lookups = nil
	for _, op := range r.idle {
		if err := op.Close(); err != nil && first == nil {
			first = err
		}
	}
	r.idle = nil
	return first
}

// build makes the operator of a node, instrumented when figures are wanted.
func (r *run) build(n plan.Node) (Operator, error) {
	op, err := r.buildNode(n)
	if err != nil || r.env.Stats == nil {
		return op, err
	}
	return newInstrumented(op, r.env.Stats.Of(n)), nil
}

func (r *run) buildNode(n plan.Node) (Operator, error) {
	switch n := n.(type) {
	case *plan.Scan:
		return r.newScan(n)
	case *plan.IndexUnion:
		return r.newIndexUnion(n)
	case *plan.HashLookup:
		return r.newHashLookup(n)
	case *plan.SeriesScan:
		return r.newSeriesScan(n)
	case *plan.VirtualScan:
		return r.newVirtualScan(n)
	case *plan.Stream:
		return r.newStream(n)
	case *plan.Values:
		return r.newValues(n)
	case *plan.FunctionScan:
		return r.newFunctionScan(n)
	case *plan.Filter:
		return r.newFilter(n)
	case *plan.Project:
		return r.newProject(n)
	case *plan.ProjectSet:
		return r.newProjectSet(n)
	case *plan.Limit:
		return r.newLimit(n)
	case *plan.Sort:
		return r.newSort(n)
	case *plan.Distinct:
		return r.newDistinct(n)
	case *plan.Aggregate:
		return r.newAggregate(n)
	case *plan.HashJoin:
		return r.newHashJoin(n)
	case *plan.LookupJoin:
		return r.newLookupJoin(n)
	case *plan.NestedLoop:
		return r.newNestedLoop(n)
	case *plan.Gather:
		return r.newGather(n)
	case *plan.Pushed:
		return r.newPushed(n)
	case *plan.UnionAll:
		return r.newUnionAll(n)
	case *plan.SetOp:
		return r.newSetOp(n)
	case *plan.CTE:
		return r.newCTE(n)
	case *plan.CTERef:
		return r.newCTERef(n)
	case *plan.RecursiveUnion:
		return r.newRecursiveUnion(n)
	case *plan.LockRows:
		return r.newLockRows(n)
	case *plan.GapFill:
		return r.newGapFill(n)
	case *plan.Window:
		return r.newWindow(n)
	case *plan.Insert:
		return r.newInsert(n)
	case *plan.Update:
		return r.newUpdate(n)
	case *plan.Delete:
		return r.newDelete(n)
	case *plan.Merge:
		return r.newMerge(n)
	case *plan.MergeJoin:
		return r.newMergeJoin(n)
	case *plan.AsofJoin:
		return r.newAsofJoin(n)
	case Opener:
		return n.Open(r.env)
	}
	panic(fmt.Sprintf("executor: no operator for %T", n))
}

// buildAll builds several nodes; on failure it closes what was built.
func (r *run) buildAll(nodes ...plan.Node) ([]Operator, error) {
	out := make([]Operator, 0, len(nodes))
	for _, n := range nodes {
		op, err := r.build(n)
		if err != nil {
			closeAll(out...)
			return nil, err
		}
		out = append(out, op)
	}
	return out, nil
}

// setExec sets an execution parameter.
func (r *run) setExec(slot int, d types.Datum) {
	f := r.env.Functions
	for len(f.Exec) <= slot {
		f.Exec = append(f.Exec, types.Datum{})
	}
	f.Exec[slot] = d
}
