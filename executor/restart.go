package executor

import "github.com/tidemarkdb/tidemark/planner/plan"

// restarter is an operator that can run again, with other values of the execution
// parameters: correlated subqueries and lateral joins run the same plan for every
// outer row, and to build its operators anew can take longer than their few rows
// (PostgreSQL's ExecReScan).
//
// restart ends a run, whether it came to its end or not: what the run holds is
// freed as by Close, and the next Next begins anew. It reports false if the operator
// cannot, which must then be closed.
type restarter interface {
	Operator
	restart() bool
}

func restart(op Operator) bool {
	r, ok := op.(restarter)
	return ok && r.restart()
}

// begin is an operator of a plan that runs many times: one that has run before, or a
// new one.
func (r *run) begin(n plan.Node) (Operator, error) {
	if op := r.idle[n]; op != nil {
		delete(r.idle, n)
		return op, nil
	}
	return r.build(n)
}

// end takes back what begin gave, after a run without an error.
func (r *run) end(n plan.Node, op Operator) error {
	if !restart(op) {
		return op.Close()
	}
	if r.idle == nil {
		r.idle = map[plan.Node]Operator{}
	}
	r.idle[n] = op
	return nil
}

func (p *project) restart() bool { return restart(p.input) }

func (f *filter) restart() bool { return restart(f.input) }

func (v *valuesOp) restart() bool {
	v.next = 0
	return true
}

func (f *functionScan) restart() bool {
	if f.Close() != nil {
		return false
	}
	f.row, f.opened = 0, false
	return true
}

func (l *limit) restart() bool {
	l.opened, l.last = false, nil
	return restart(l.input)
}

func (s *sortOp) restart() bool {
	if s.endSorter() != nil {
		return false
	}
	if s.rest != nil {
		s.rest.Release()
		s.rest = nil
	}
	s.opened, s.ready, s.ended, s.last = false, false, false, nil
	return restart(s.input)
}

// restart of an aggregate that reads series in runs is not worth it: the runs are
// what takes time.
func (a *aggregate) restart() bool {
	if a.runs != nil || a.closeFiles() != nil {
		return false
	}
	a.reset()
	a.ready, a.set, a.group = false, 0, 0
	return restart(a.input)
}

func (s *pointScan) restart() bool {
	s.next, s.seen = 0, nil
	return true
}

// restart of a scan keeps its scanner, which has buffers and knows where the columns
// lie. Those of workers and of what the stores left are never run twice.
func (s *scan) restart() bool {
	if s.shared != nil || s.rest != nil {
		return false
	}
	if s.scanner != nil {
		s.scanner.Rewind()
	}
	s.opened = false
	return true
}
