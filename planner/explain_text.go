package planner

import (
	"fmt"
	"strings"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// text prints a node and what is below it, PostgreSQL's way: children stand six
// blanks deeper behind an arrow, subplans under a line with their name.
func (x *explainer) text(e *explained, depth int, out *[]string) {
	indent := strings.Repeat(" ", max(0, depth*6-4))
	if e.subname != "" {
		*out = append(*out, indent+e.subname)
		indent += "  "
	}
	line := indent
	if depth > 0 {
		line += "->  "
	}
	*out = append(*out, line+e.kind+e.label+x.costs(e.node))
	pad := indent + "  "
	if depth > 0 {
		pad += "    "
	}
	if len(e.output) > 0 {
		*out = append(*out, pad+"Output: "+strings.Join(e.output, ", "))
	}
	for _, p := range e.props {
		*out = append(*out, pad+p.Name+": "+propertyText(p.Value))
	}
	for _, l := range x.statLines(e) {
		*out = append(*out, pad+l)
	}
	for _, c := range e.children {
		mark := len(*out)
		x.text(c, depth+1, out)
		if e.subname != "" { // a subplan's children stand two blanks deeper
			for i := mark; i < len(*out); i++ {
				(*out)[i] = "  " + (*out)[i]
			}
		}
	}
}

func propertyText(v any) string {
	if list, ok := v.([]string); ok {
		return strings.Join(list, ", ")
	}
	return fmt.Sprint(v)
}

func (x *explainer) costs(n plan.Node) string {
	var b strings.Builder
	if x.opt.Costs {
		c := n.Estimate()
		fmt.Fprintf(&b, "  (cost=%.2f..%.2f rows=%.0f width=%d)", c.Startup, c.Total, c.Rows, c.Width)
	}
	if x.opt.Stats == nil {
		return b.String()
	}
	s := x.opt.Stats(n)
	switch {
	case s == nil || s.Loops == 0:
		b.WriteString(" (never executed)")
	case x.opt.Timing:
		loops := float64(s.Loops)
		fmt.Fprintf(&b, " (actual time=%.3f..%.3f rows=%.0f loops=%d)", s.StartupMs/loops, s.TotalMs/loops, float64(s.Rows)/loops, s.Loops)
	default:
		fmt.Fprintf(&b, " (actual rows=%.0f loops=%d)", float64(s.Rows)/float64(s.Loops), s.Loops)
	}
	return b.String()
}

// summaryLines prints what stands below the plan.
func summaryLines(list []Property) (out []string) {
	for _, p := range list {
		switch v := p.Value.(type) {
		case float64:
			out = append(out, fmt.Sprintf("%s: %.3f ms", p.Name, v))
		case string:
			out = append(out, p.Name+": "+v)
		case []Property:
			var parts []string
			for _, s := range v {
				parts = append(parts, fmt.Sprintf("%s = '%v'", s.Name, s.Value))
			}
			if len(parts) > 0 {
				out = append(out, p.Name+": "+strings.Join(parts, ", "))
			}
		}
	}
	return out
}
