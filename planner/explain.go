package planner

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ExplainOptions are what EXPLAIN shows.
type ExplainOptions struct {
	Costs   bool
	Verbose bool
	// IO prints constants; nil means the defaults.
	IO *types.IO
	// Stats, if set (ANALYZE), gives what a node did, nil if it never ran.
	Stats func(plan.Node) *NodeStats
	// Timing shows times in Stats.
	Timing bool
}

// NodeStats is what EXPLAIN ANALYZE shows of a node.
type NodeStats struct {
	Rows, Loops     int64
	StartupMs       float64
	TotalMs         float64
	RowsRemoved     int64 // by the filter, over all loops
	Memory          int64 // bytes at most, 0 if not known
	Spilled         int64 // bytes written to temporary files
	SpillParts      int64 // in how many sorted runs or partitions
	BytesRead       int64
	HeapFetches     int64
	Workers         int // that a Gather had
	ExtraProperties []Property
}

// Property is a further line of a node.
type Property struct {
	Name  string
	Value string
}

// explained is a node as both formats print it.
type explained struct {
	kind     string // "Seq Scan"
	label    string // " using i on t"
	props    []Property
	fields   []Property // JSON only: Relation Name, Alias, ...
	relation string     // "Outer", "Inner", "SubPlan", "InitPlan", "Member", ...
	subname  string     // "SubPlan 1"
	node     plan.Node
	children []*explained
}

// Explain prints a plan as PostgreSQL's EXPLAIN in text form, one line an element.
func Explain(q *plan.Query, opt ExplainOptions) []string {
	x := &explainer{opt: opt}
	var out []string
	x.text(x.node(q.Root, ""), 0, &out)
	return out
}

// ExplainJSON prints a plan as EXPLAIN (FORMAT JSON) does.
func ExplainJSON(q *plan.Query, opt ExplainOptions) string {
	x := &explainer{opt: opt}
	var b strings.Builder
	b.WriteString("[\n  {\n    \"Plan\": ")
	x.json(x.node(q.Root, ""), 4, &b)
	b.WriteString("\n  }\n]")
	return b.String()
}

type explainer struct {
	opt      ExplainOptions
	subplans int
	inits    int
	pending  []*explained // subplans met while printing the current node
}

// expr prints an expression; subplans in it become children of the node.
func (x *explainer) expr(e expr.Expr) string {
	return expr.Deparse(e, expr.DeparseOptions{
		IO: x.opt.IO,
		Column: func(e expr.Expr) string {
			switch c := e.(type) {
			case *expr.Ordinal:
				return c.Name
			case *expr.ExecParam:
				return c.Name
			case *expr.Column:
				return c.Name
			}
			return "?"
		},
		Subplan: x.subplan,
	})
}

func (x *explainer) subplan(s *expr.Subplan) string {
	n, ok := s.Plan.(plan.Node)
	if !ok {
		return "(SubPlan)"
	}
	var name, relation string
	init := len(s.Args) == 0 && (s.Kind == expr.SubplanScalar || s.Kind == expr.SubplanExists || s.Kind == expr.SubplanArray)
	if init {
		x.inits++
		name, relation = fmt.Sprintf("InitPlan %d", x.inits), "InitPlan"
	} else {
		x.subplans++
		name, relation = fmt.Sprintf("SubPlan %d", x.subplans), "SubPlan"
	}
	mine := x.pending
	x.pending = nil
	child := x.node(n, relation)
	child.subname = name
	x.pending = append(mine, child)
	switch s.Kind {
	case expr.SubplanExists:
		return "EXISTS(" + name + ")"
	case expr.SubplanAny, expr.SubplanAll:
		q := " ANY ("
		if s.Kind == expr.SubplanAll {
			q = " ALL ("
		}
		left := make([]string, len(s.Left))
		for i, l := range s.Left {
			left[i] = x.expr(l)
		}
		text := strings.Join(left, ", ")
		if len(left) > 1 {
			text = "ROW(" + text + ")"
		}
		return "(" + text + " " + s.Op + q + name + "))"
	}
	return "(" + name + ")"
}

func (x *explainer) exprs(list []expr.Expr) string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = x.expr(e)
	}
	return strings.Join(out, ", ")
}

func (x *explainer) keys(keys []expr.SortKey) string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = x.expr(k.Expr)
		if k.Desc {
			out[i] += " DESC"
		}
		if k.NullsFirst != k.Desc {
			if k.NullsFirst {
				out[i] += " NULLS FIRST"
			} else {
				out[i] += " NULLS LAST"
			}
		}
	}
	return strings.Join(out, ", ")
}

// node describes a node and what is below it.
func (x *explainer) node(n plan.Node, relation string) *explained {
	saved := x.pending
	x.pending = nil
	e := &explained{node: n, relation: relation}
	x.describe(n, e)
	if x.opt.Verbose {
		names := make([]string, len(n.Columns()))
		for i, c := range n.Columns() {
			names[i] = expr.QuoteIdent(c.Name)
		}
		if len(names) > 0 {
			e.props = append([]Property{{"Output", strings.Join(names, ", ")}}, e.props...)
		}
	}
	subs := x.pending
	x.pending = saved
	e.children = append(subs, e.children...)
	return e
}

func (x *explainer) child(e *explained, n plan.Node, relation string) {
	e.children = append(e.children, x.node(n, relation))
}

// add adds a property if it has a value.
func (e *explained) add(name, value string) {
	if value != "" {
		e.props = append(e.props, Property{name, value})
	}
}

func (x *explainer) text(e *explained, depth int, out *[]string) {
	var b strings.Builder
	indent := strings.Repeat(" ", max(0, depth*6-4))
	if e.subname != "" {
		*out = append(*out, strings.Repeat(" ", max(0, depth*6-4))+e.subname)
		indent += "  "
	}
	b.WriteString(indent)
	if depth > 0 {
		b.WriteString("->  ")
	}
	b.WriteString(e.kind + e.label)
	b.WriteString(x.costs(e.node))
	*out = append(*out, b.String())
	pad := indent + "  "
	if depth > 0 {
		pad += "    "
	}
	for _, p := range e.props {
		*out = append(*out, pad+p.Name+": "+p.Value)
	}
	for _, p := range x.statProps(e.node) {
		*out = append(*out, pad+p.Name+": "+p.Value)
	}
	next := depth + 1
	for _, c := range e.children {
		if e.subname != "" {
			x.textDeeper(c, next, out)
			continue
		}
		x.text(c, next, out)
	}
}

// textDeeper prints a child of a subplan, which stands two blanks deeper.
func (x *explainer) textDeeper(e *explained, depth int, out *[]string) {
	mark := len(*out)
	x.text(e, depth, out)
	for i := mark; i < len(*out); i++ {
		(*out)[i] = "  " + (*out)[i]
	}
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
		if !x.opt.Costs {
			b.WriteByte(' ')
		}
		b.WriteString(" (never executed)")
	case x.opt.Timing:
		loops := float64(s.Loops)
		fmt.Fprintf(&b, " (actual time=%.3f..%.3f rows=%.0f loops=%d)", s.StartupMs/loops, s.TotalMs/loops, float64(s.Rows)/loops, s.Loops)
	default:
		fmt.Fprintf(&b, " (actual rows=%.0f loops=%d)", float64(s.Rows)/float64(s.Loops), s.Loops)
	}
	return b.String()
}

func (x *explainer) statProps(n plan.Node) []Property {
	if x.opt.Stats == nil {
		return nil
	}
	s := x.opt.Stats(n)
	if s == nil {
		return nil
	}
	var out []Property
	if _, ok := n.(*plan.Gather); ok {
		out = append(out, Property{"Workers Launched", strconv.Itoa(s.Workers)})
	}
	if s.RowsRemoved > 0 && s.Loops > 0 {
		name := "Rows Removed by Filter"
		switch n.(type) {
		case *plan.HashJoin, *plan.NestedLoop, *plan.LookupJoin, *plan.MergeJoin:
			name = "Rows Removed by Join Filter"
		}
		out = append(out, Property{name, strconv.FormatInt(s.RowsRemoved/s.Loops, 10)})
	}
	if s.Memory > 0 {
		out = append(out, Property{"Memory", strconv.FormatInt((s.Memory+1023)/1024, 10) + "kB"})
	}
	if s.Spilled > 0 {
		out = append(out, Property{"Disk", strconv.FormatInt((s.Spilled+1023)/1024, 10) + "kB"},
			Property{"Disk Parts", strconv.FormatInt(s.SpillParts, 10)})
	}
	if s.BytesRead > 0 {
		out = append(out, Property{"Bytes Read", strconv.FormatInt(s.BytesRead, 10)})
	}
	return append(out, s.ExtraProperties...)
}

func (x *explainer) json(e *explained, indent int, b *strings.Builder) {
	pad := strings.Repeat(" ", indent+2)
	b.WriteString("{\n")
	first := true
	put := func(name, value string) {
		if !first {
			b.WriteString(",\n")
		}
		first = false
		b.WriteString(pad + strconv.Quote(name) + ": " + value)
	}
	put("Node Type", strconv.Quote(e.kind))
	if e.relation != "" {
		put("Parent Relationship", strconv.Quote(e.relation))
	}
	if e.subname != "" {
		put("Subplan Name", strconv.Quote(e.subname))
	}
	for _, p := range e.fields {
		put(p.Name, jsonString(p.Value))
	}
	if x.opt.Costs {
		c := e.node.Estimate()
		put("Startup Cost", fmt.Sprintf("%.2f", c.Startup))
		put("Total Cost", fmt.Sprintf("%.2f", c.Total))
		put("Plan Rows", fmt.Sprintf("%.0f", c.Rows))
		put("Plan Width", strconv.Itoa(c.Width))
	}
	if x.opt.Stats != nil {
		s := x.opt.Stats(e.node)
		if s == nil {
			s = &NodeStats{}
		}
		loops := float64(max(s.Loops, 1))
		if x.opt.Timing {
			put("Actual Startup Time", fmt.Sprintf("%.3f", s.StartupMs/loops))
			put("Actual Total Time", fmt.Sprintf("%.3f", s.TotalMs/loops))
		}
		put("Actual Rows", fmt.Sprintf("%.0f", float64(s.Rows)/loops))
		put("Actual Loops", strconv.FormatInt(s.Loops, 10))
	}
	for _, p := range append(e.props, x.statProps(e.node)...) {
		put(p.Name, jsonString(p.Value))
	}
	if len(e.children) > 0 {
		b.WriteString(",\n" + pad + "\"Plans\": [\n" + pad + "  ")
		for i, c := range e.children {
			if i > 0 {
				b.WriteString(",\n" + pad + "  ")
			}
			x.json(c, indent+4, b)
		}
		b.WriteString("\n" + pad + "]")
	}
	b.WriteString("\n" + strings.Repeat(" ", indent) + "}")
}

// jsonString quotes a text for JSON.
func jsonString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
