package physical

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pushdown"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// PushDown says what plans hand to the stores of a cluster.
type PushDown struct {
	On bool
	pushdown.Rules
}

// Push puts Pushed nodes into a finished plan that no cache and no session has
// seen yet; it changes the plan's nodes.
//
//  1. Of a scan's conditions those go to the stores that pushdown.Rules allows;
//     a filter above checks the rest.
//  2. If all of them go, the aggregation, top-n or limit right above goes too,
//     and is done again above with what the stores answer.
//
// Scans that stores cannot help with stay as they are: by key, by most indexes
// (push_index.go), and those whose rows are locked or written.
func Push(root plan.Node, opt PushDown) plan.Node {
	if !opt.On || !repeatable(root) {
		return root
	}
	p := &pusher{opt.Rules}
	return p.place(root)
}

type pusher struct{ pushdown.Rules }

// place returns n with Pushed nodes in it.
func (p *pusher) place(n plan.Node) plan.Node {
	p.placeSubplans(n)
	switch n := n.(type) {
	case *plan.Scan:
		return p.scan(n)
	case *plan.Aggregate:
		if s, project := pushableScan(n.Input); s != nil {
			return p.aggregate(n, s, project)
		}
	case *plan.Sort:
		if s, project := pushableScan(n.Input); s != nil {
			return p.topN(n, s, project)
		}
	case *plan.Limit:
		return p.limit(n)
	}
	eachInput(n, p.place)
	return n
}

// pushableScan returns the scan that a node is, or that it computes columns of; nil
// if it is something else.
func pushableScan(n plan.Node) (*plan.Scan, *plan.Project) {
	project, _ := n.(*plan.Project)
	if project != nil {
		n = project.Input
	}
	s, _ := n.(*plan.Scan)
	return s, project
}

// through rewrites an expression over a projection, nil for none, to one over
// the projection's input.
func through(project *plan.Project, e expr.Expr) expr.Expr {
	if project == nil || e == nil {
		return e
	}
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		if o, ok := x.(*expr.Ordinal); ok {
			return project.Exprs[o.Index]
		}
		return x
	})
}

// replaceScan puts another node in the place of a scan.
func replaceScan(n *plan.Node, project *plan.Project, by plan.Node) {
	if project != nil {
		n = &project.Input
	}
	*n = by
}

func (p *pusher) placeSubplans(n plan.Node) { eachSubplan(n, p.place) }

// keep notes what is not pushed.
func keep(s *plan.Scan, name string, why error) {
	s.Kept = append(s.Kept, plan.Kept{Name: name, Why: why.Error()})
}

// keepExpr is keep of an expression. One with a subquery is not printed again.
func keepExpr(s *plan.Scan, e expr.Expr, why error) {
	k := plan.Kept{Expr: e, Why: why.Error()}
	expr.Walk(e, func(x expr.Expr) bool {
		if _, ok := x.(*expr.Subplan); ok {
			k.Expr, k.Name = nil, "a subquery"
		}
		return k.Expr != nil
	})
	s.Kept = append(s.Kept, k)
}

// fits says why a scan is not one of those that stores do, nil if it is.
func (p *pusher) fits(s *plan.Scan) error {
	switch {
	case s.PointGet:
		return pushdown.Refusal("rows are read by their keys")
	case s.WithHandle || s.Locking != nil:
		return pushdown.Refusal("its rows are locked or written")
	case s.Reverse && p.Blocked["backwards"]:
		return pushdown.Refusal("backwards is blocked")
	case !isPrimaryStorage(s):
		return p.byIndex(s)
	}
	return nil
}

// errApart is why a condition that stores check is checked here as well.
var errApart = pushdown.Refusal("values that may lie apart from their rows are looked at here")

// divide makes a scan one of the stores: it takes the conditions from s that
// they cannot check, or not wholly, and returns these, nil for none. ok is false if s is no scan
// for them.
func (p *pusher) divide(s *plan.Scan) (kept expr.Expr, ok bool) {
	if err := p.fits(s); err != nil {
		if s.Filter != nil {
			keep(s, "", err)
		}
		return nil, false
	}
	if s.Filter == nil {
		return nil, true
	}
	var here, there []expr.Expr
	for _, c := range logical.Conjuncts(nil, s.Filter) {
		exact, err := p.CheckCondition(c)
		if err == nil {
			there = append(there, c)
		}
		if err == nil && !exact {
			err = errApart
		}
		if err != nil {
			here = append(here, c)
			keepExpr(s, c, err)
		}
	}
	if len(here) > 0 {
		s.Filter, s.Limit = nil, 0
		if len(there) > 0 {
			s.Filter = logical.And(there)
		}
		kept = logical.And(here)
	}
	return kept, true
}

// narrowRows is how many rows a scan without conditions must read for the stores
// to be asked for few of many columns.
const narrowRows = 1000

func (p *pusher) scan(s *plan.Scan) plan.Node {
	kept, ok := p.divide(s)
	if !ok {
		return s
	}
	return alone(s, kept)
}

// alone pushes a divided scan with nothing on it, if that helps.
func alone(s *plan.Scan, kept expr.Expr) plan.Node {
	if s.Filter == nil && !narrow(s) {
		s.Filter = kept
		return s
	}
	return above(push(s, s), kept)
}

// narrow reports whether a scan reads many rows and takes little of each.
func narrow(s *plan.Scan) bool {
	all := make([]plan.Column, len(s.Table.Columns))
	for i := range all {
		all[i].Type = s.Table.Columns[i].Type
	}
	return s.Read >= narrowRows && 2*width(s.Cols) < width(all)
}

// push has stores run n, which has their scan in it.
func push(n plan.Node, s *plan.Scan) *plan.Pushed {
	out := &plan.Pushed{Input: n}
	out.Cols, out.Cost = n.Columns(), *n.Estimate()
	return out
}

func above(n plan.Node, cond expr.Expr) plan.Node {
	if cond == nil {
		return n
	}
	f := &plan.Filter{Input: n, Cond: cond}
	f.Cols, f.Cost = n.Columns(), *n.Estimate()
	return f
}

// aggregate pushes an aggregation of a scan, or the scan alone.
func (p *pusher) aggregate(n *plan.Aggregate, s *plan.Scan, project *plan.Project) plan.Node {
	if project != nil {
		p.placeSubplans(project)
	}
	kept, ok := p.divide(s)
	if !ok {
		return n
	}
	part := &plan.Aggregate{Input: s, Phase: plan.AggPushed}
	for _, k := range n.Keys {
		part.Keys = append(part.Keys, through(project, k))
	}
	calls := slices.Clone(n.Aggs)
	for i, call := range calls {
		calls[i].Args = nil
		for _, x := range call.Args {
			calls[i].Args = append(calls[i].Args, through(project, x))
		}
	}
	if kept != nil || !p.mayAggregate(n, part.Keys, calls, s) {
		replaceScan(&n.Input, project, alone(s, kept))
		return n
	}
	part.Cols = append(part.Cols, n.Cols[:len(n.Keys)]...)
	final := &plan.Aggregate{Base: n.Base, Phase: plan.AggMerge}
	for i, k := range part.Keys {
		final.Keys = append(final.Keys, ordinal(part.Cols, i, k.Type()))
	}
	for _, call := range calls {
		parts, fn, _ := p.Split(call.Fn, call.Sig, call.Args)
		merge := plan.AggCall{Fn: fn, Sig: functions.Signature{Returns: call.Sig.Returns}}
		for _, x := range parts {
			t := x.Sig.Returns
			part.Aggs = append(part.Aggs, plan.AggCall{Fn: x.Fn, Args: call.Args, Sig: x.Sig})
			part.Cols = append(part.Cols, plan.Column{Name: x.Fn.Name, Type: t})
			merge.Sig.Args = append(merge.Sig.Args, t)
			merge.Args = append(merge.Args, ordinal(part.Cols, len(part.Cols)-1, t))
		}
		final.Aggs = append(final.Aggs, merge)
	}
	part.Cost = n.Cost
	part.Cost.Width = width(part.Cols)
	final.Input = push(part, s)
	return final
}

func ordinal(cols []plan.Column, i int, t types.Type) expr.Expr {
	return &expr.Ordinal{Index: i, Name: expr.QuoteIdent(cols[i].Name), Typ: t}
}

// partGroups is how many rows a group must have for the stores to make groups.
const partGroups = 2

// mayAggregate reports whether the stores can do their part of an aggregation,
// with keys and calls over the scan; it notes why not.
func (p *pusher) mayAggregate(n *plan.Aggregate, keys []expr.Expr, calls []plan.AggCall, s *plan.Scan) bool {
	if n.Ordered || n.Sets != nil || len(n.Groupings) > 0 || n.Phase != plan.AggPlain {
		keep(s, "aggregation", pushdown.Refusal("it goes by the order of its rows, or has several grouping sets"))
		return false
	}
	if len(calls) == 0 {
		return false
	}
	for _, k := range keys {
		if err := p.CheckKey(k); err != nil {
			keepExpr(s, k, err)
			return false
		}
	}
	for _, call := range calls {
		_, _, err := p.Split(call.Fn, call.Sig, call.Args)
		if err == nil && (call.Distinct || call.Filter != nil || len(call.OrderBy) > 0) {
			err = pushdown.Refusal("DISTINCT, FILTER and ORDER BY in aggregates are not pushed")
		}
		if err != nil {
			keep(s, call.Fn.Name, err)
			return false
		}
	}
	if n.Cost.Rows*partGroups > s.Cost.Rows && len(keys) > 0 {
		keep(s, "aggregation", pushdown.Refusal("groups have few rows"))
		return false
	}
	return true
}

// topN pushes a sort that stops early of a scan, or the scan alone.
func (p *pusher) topN(n *plan.Sort, s *plan.Scan, project *plan.Project) plan.Node {
	if n.TopCount == nil {
		eachInput(n, p.place)
		return n
	}
	if project != nil {
		p.placeSubplans(project)
	}
	kept, ok := p.divide(s)
	if !ok {
		return n
	}
	part := *n
	part.Input, part.Keys, part.Cols = s, slices.Clone(n.Keys), s.Cols
	for i := range part.Keys {
		part.Keys[i].Expr = through(project, part.Keys[i].Expr)
	}
	if n.Presorted > 0 || kept != nil || !p.maySort(part.Keys, s) {
		replaceScan(&n.Input, project, alone(s, kept))
		return n
	}
	replaceScan(&n.Input, project, push(&part, s))
	return n
}

func (p *pusher) maySort(keys []expr.SortKey, s *plan.Scan) bool {
	for _, k := range keys {
		if err := p.CheckOrder(k.Expr); err != nil {
			keepExpr(s, k.Expr, err)
			return false
		}
	}
	return true
}

// limit pushes a LIMIT of a scan's rows, or of what is computed of them.
func (p *pusher) limit(n *plan.Limit) plan.Node {
	s, project := pushableScan(n.Input)
	if s == nil || n.Count == nil || n.WithTies {
		eachInput(n, p.place)
		return n
	}
	if project != nil {
		p.placeSubplans(project)
	}
	kept, ok := p.divide(s)
	if !ok || s.Filter == nil && kept == nil {
		return n // without conditions it is one small read, whoever does it
	}
	pushed := alone(s, kept)
	if count := limitOfParts(n); kept == nil && count != nil && !lookup(s) {
		part := &plan.Limit{Input: s, Count: count}
		part.Cols, part.Cost = s.Cols, n.Cost
		pushed = push(part, s)
	}
	replaceScan(&n.Input, project, pushed)
	return n
}

// limitOfParts is how many rows each store has to answer at most, nil if that is
// not known.
func limitOfParts(n *plan.Limit) expr.Expr {
	if n.Offset == nil {
		return n.Count
	}
	count, ok := n.Count.(*expr.Const)
	offset, same := n.Offset.(*expr.Const)
	if !ok || !same || count.Value.IsNull() || offset.Value.IsNull() || count.Value.I < 0 || offset.Value.I < 0 {
		return nil
	}
	if sum := count.Value.I + offset.Value.I; sum >= 0 {
		return &expr.Const{Value: types.NewInt8(sum), Typ: types.Of(types.Int8)}
	}
	return nil
}
