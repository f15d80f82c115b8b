package planner

import (
	"fmt"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// statLines are the lines of EXPLAIN ANALYZE that say what a node's method did.
func (x *explainer) statLines(e *explained) (out []string) {
	if x.opt.Stats == nil {
		return nil
	}
	s := x.opt.Stats(e.core)
	if s == nil {
		s = &NodeStats{}
	}
	if e.kind != "Hash" {
		out = append(out, methodLine(e, s)...)
	} else if s.Memory > 0 {
		out = append(out, fmt.Sprintf("Batches: %d  Memory Usage: %dkB%s", batches(s), kB(s.Memory), diskUsage(s)))
	}
	if n, ok := x.rowsRemoved(e); ok && n > 0 && e.kind != "Hash" {
		out = append(out, fmt.Sprintf("%s: %d", removedName(e), n))
	}
	if c := x.spoolStats(e); c != nil && e.kind != "Hash" {
		out = append(out, fmt.Sprintf("CTE Storage: %dkB%s", kB(c.Memory), diskUsage(c)))
	}
	for _, p := range s.ExtraProperties {
		if e.kind != "Hash" {
			out = append(out, p.Name+": "+propertyText(p.Value))
		}
	}
	if top := x.opt.Stats(e.node); x.opt.Buffers && top != nil && top.Batches > 0 && e.kind != "Hash" {
		out = append(out, fmt.Sprintf("Buffers: batches=%d bytes=%d", top.Batches, top.Bytes))
	}
	return out
}

// spoolStats is what the rows of a WITH item took that were kept, nil for no rows.
func (x *explainer) spoolStats(e *explained) *NodeStats {
	if e.cte == nil {
		return nil
	}
	s := x.opt.Stats(e.cte)
	if s == nil || s.Memory == 0 && s.Spilled == 0 {
		return nil
	}
	return s
}

func kB(bytes int64) int64 { return (bytes + 1023) / 1024 }

// batches is how many parts an operator's data was split into.
func batches(s *NodeStats) int64 { return max(1, s.SpillParts) }

func diskUsage(s *NodeStats) string {
	if s.Spilled == 0 {
		return ""
	}
	return fmt.Sprintf("  Disk Usage: %dkB", kB(s.Spilled))
}

// methodLine is the memory that a node used and how.
func methodLine(e *explained, s *NodeStats) []string {
	switch n := e.core.(type) {
	case *plan.Gather:
		return []string{fmt.Sprintf("Workers Launched: %d", s.Workers)}
	case *plan.Sort:
		if s.Loops == 0 {
			return nil
		}
		method, space, kind := sortMethod(n, s)
		return []string{fmt.Sprintf("Sort Method: %s  %s: %dkB", method, kind, space)}
	case *plan.Aggregate, *plan.Distinct:
		if s.Memory == 0 {
			return nil
		}
		return []string{fmt.Sprintf("Batches: %d  Memory Usage: %dkB%s", batches(s), kB(s.Memory), diskUsage(s))}
	case *plan.HashJoin:
		return nil // its Hash tells
	case *plan.Merge:
		if s.Merged != nil {
			return []string{"Tuples:" + s.Merged.text()}
		}
		return nil
	case *plan.Insert, *plan.Update, *plan.Delete:
		if s.Spilled == 0 {
			return nil // as PostgreSQL, which keeps no rows
		}
	}
	if s.Memory == 0 && s.Spilled == 0 {
		return nil
	}
	return []string{fmt.Sprintf("Memory Usage: %dkB%s", kB(s.Memory), diskUsage(s))}
}

func sortMethod(n *plan.Sort, s *NodeStats) (method string, space int64, kind string) {
	switch {
	case s.Spilled > 0:
		return "external merge", kB(s.Spilled), "Disk"
	case n.TopCount != nil:
		return "top-N heapsort", kB(s.Memory), "Memory"
	}
	return "quicksort", kB(s.Memory), "Memory"
}

// rowsRemoved is how many rows a node's conditions refused, an average over its
// loops; ok is false if it has no conditions.
func (x *explainer) rowsRemoved(e *explained) (rows int64, ok bool) {
	for _, n := range e.removed {
		if s := x.opt.Stats(n); s != nil && s.Loops > 0 {
			rows += s.RowsRemoved / s.Loops
		}
	}
	for _, p := range e.props {
		if p.Name == "One-Time Filter" {
			return 0, false // it is not asked for each row
		}
		ok = ok || p.Name == "Filter" || p.Name == "Join Filter"
	}
	return rows, ok || rows > 0
}

func removedName(e *explained) string {
	for _, p := range e.props {
		if p.Name == "Filter" {
			return "Rows Removed by Filter"
		}
	}
	switch e.core.(type) {
	case *plan.HashJoin, *plan.NestedLoop, *plan.LookupJoin, *plan.MergeJoin, *plan.AsofJoin:
		return "Rows Removed by Join Filter"
	}
	return "Rows Removed by Filter"
}

// text names the figures that are not 0.
func (m *MergeFigures) text() string {
	out := ""
	for _, f := range []struct {
		name string
		n    int64
	}{{"inserted", m.Inserted}, {"updated", m.Updated}, {"deleted", m.Deleted}, {"skipped", m.Skipped}} {
		if f.n > 0 {
			out += fmt.Sprintf(" %s=%d", f.name, f.n)
		}
	}
	return out
}

// statFields are the figures of a node for the structured formats.
func (x *explainer) statFields(e *explained) (out []Property) {
	s := x.opt.Stats(e.core)
	if s == nil {
		s = &NodeStats{}
	}
	if e.kind == "Hash" {
		return []Property{{"Hash Batches", batches(s)}, {"Peak Memory Usage", kB(s.Memory)}}
	}
	switch n := e.core.(type) {
	case *plan.Gather:
		out = append(out, Property{"Workers Launched", s.Workers})
	case *plan.Sort:
		method, space, kind := sortMethod(n, s)
		out = append(out, Property{"Sort Method", method}, Property{"Sort Space Used", space}, Property{"Sort Space Type", kind})
	case *plan.Aggregate, *plan.Distinct:
		if s.Memory > 0 {
			out = append(out, Property{"HashAgg Batches", batches(s)}, Property{"Peak Memory Usage", kB(s.Memory)}, Property{"Disk Usage", kB(s.Spilled)})
		}
	case *plan.HashJoin:
	case *plan.Merge:
		if m := s.Merged; m != nil {
			out = append(out, Property{"Tuples Inserted", m.Inserted}, Property{"Tuples Updated", m.Updated}, Property{"Tuples Deleted", m.Deleted}, Property{"Tuples Skipped", m.Skipped})
		}
	default:
		if s.Memory > 0 || s.Spilled > 0 {
			out = append(out, Property{"Peak Memory Usage", kB(s.Memory)}, Property{"Disk Usage", kB(s.Spilled)})
		}
	}
	if n, ok := x.rowsRemoved(e); ok {
		out = append(out, Property{removedName(e), n})
	}
	if c := x.spoolStats(e); c != nil {
		out = append(out, Property{"CTE Storage", kB(c.Memory)}, Property{"CTE Disk Usage", kB(c.Spilled)})
	}
	out = append(out, s.ExtraProperties...)
	if top := x.opt.Stats(e.node); x.opt.Buffers && top != nil {
		out = append(out, Property{"Batches", top.Batches}, Property{"Bytes", top.Bytes})
	}
	return out
}
