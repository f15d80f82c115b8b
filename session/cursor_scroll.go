package session

import "github.com/tidemarkdb/tidemark/planner/plan"

// scansBackward reports whether a cursor over a plan may move backward without
// being declared SCROLL: where PostgreSQL's plans can (ExecSupportsBackwardScan),
// which are scans, sorts and what takes their rows one by one. Our cursors keep
// what they have read in any case.
func scansBackward(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Scan, *plan.SeriesScan, *plan.VirtualScan, *plan.FunctionScan, *plan.Values, *plan.CTERef:
		return true
	case *plan.Sort:
		return n.Presorted == 0
	case *plan.CTE:
		return scansBackward(n.Body)
	case *plan.Filter, *plan.Project, *plan.Limit, *plan.Gather, *plan.UnionAll:
		for _, in := range n.Inputs() {
			if !scansBackward(in) {
				return false
			}
		}
		return true
	}
	return false
}
