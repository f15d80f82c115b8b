package planner

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ExplainOptions are what EXPLAIN shows.
type ExplainOptions struct {
	Costs   bool
	Verbose bool
	// Schema, if set, names the schema of a table (VERBOSE).
	Schema func(catalog.OID) string
	// IO prints constants; nil means the defaults.
	IO *types.IO
	// Stats, if set (ANALYZE), gives what a node did, nil if it never ran.
	Stats func(plan.Node) *NodeStats
	// Timing shows times in Stats, Buffers what was moved.
	Timing, Buffers bool
	// Summary holds what stands below the plan: settings and times.
	Summary []Property
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
	Batches         int64
	Bytes           int64         // of the batches handed on
	Merged          *MergeFigures // of a MERGE
	ExtraProperties []Property
}

// MergeFigures is with how many rows a MERGE did what.
type MergeFigures struct{ Inserted, Updated, Deleted, Skipped int64 }

// Property is a further line of a node. Value is a string, a number, a bool or
// a list of strings, which the text form prints with commas.
type Property struct {
	Name  string
	Value any
}

// explained is a node as all formats print it.
type explained struct {
	kind     string // "Seq Scan"
	label    string // " using i on t"
	props    []Property
	fields   []Property // structured formats only: Relation Name, Alias, ...
	relation string     // "Outer", "Inner", "SubPlan", "InitPlan", "Member", ...
	subname  string     // "SubPlan 1"
	// node gives rows, costs and times: the outermost of the plan nodes that are
	// printed as this one. core says what the method did; removed are those whose
	// conditions are printed as Filter.
	node, core plan.Node
	removed    []plan.Node
	cte        *plan.CTE // whose input this is
	output     []string
	children   []*explained
}

// Explain prints a plan as PostgreSQL's EXPLAIN in text form, one line an element.
func Explain(q *plan.Query, opt ExplainOptions) []string {
	x := &explainer{opt: opt}
	var out []string
	x.text(x.node(q.Root, ""), 0, &out)
	return append(out, summaryLines(opt.Summary)...)
}

type explainer struct {
	opt      ExplainOptions
	subplans int
	inits    int
	pending  []*explained  // subplans met while printing the current node
	bare     []plan.Column // names of columns where one relation is looked at
	alias    string        // of that relation
	// inAggregate: a condition of an aggregate node, which names its own calls
	// without parentheses.
	inAggregate bool
	working     map[int]bool // recursive unions whose step is being printed
}

// expr prints an expression; subplans in it become children of the node.
func (x *explainer) expr(e expr.Expr) string {
	return expr.Deparse(e, expr.DeparseOptions{
		IO: x.opt.IO,
		Column: func(e expr.Expr) string {
			switch c := e.(type) {
			case *expr.Ordinal:
				if c.Index < len(x.bare) {
					return x.qualifier(x.alias) + expr.QuoteIdent(x.bare[c.Index].Name)
				}
				if x.inAggregate && strings.HasPrefix(c.Name, "(") {
					return c.Name[1 : len(c.Name)-1] // its own call
				}
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
	var name, relation, text string
	init := len(s.Args) == 0 && (s.Kind == expr.SubplanScalar || s.Kind == expr.SubplanExists || s.Kind == expr.SubplanArray)
	if init {
		text = "$" + strconv.Itoa(x.inits)
		x.inits++
		name, relation = fmt.Sprintf("InitPlan %d (returns %s)", x.inits+x.subplans, text), "InitPlan"
	} else {
		x.subplans++
		name, relation = fmt.Sprintf("SubPlan %d", x.inits+x.subplans), "SubPlan"
		text = "(" + name + ")"
	}
	mine, bare, alias := x.pending, x.bare, x.alias
	x.pending, x.bare = nil, nil
	child := x.node(n, relation)
	child.subname = name
	x.pending, x.bare, x.alias = append(mine, child), bare, alias
	switch s.Kind {
	case expr.SubplanExists:
		if !init {
			return "EXISTS" + text
		}
	case expr.SubplanAny, expr.SubplanAll:
		return x.anySubplan(s, name)
	}
	return text
}

func (x *explainer) anySubplan(s *expr.Subplan, name string) string {
	if len(s.Args) == 0 && s.Kind == expr.SubplanAny && s.Op == "=" {
		for _, l := range s.Left {
			x.expr(l) // finds subplans
		}
		return "(hashed " + name + ")"
	}
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

func (x *explainer) list(list []expr.Expr) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = x.expr(e)
	}
	return out
}

func (x *explainer) exprs(list []expr.Expr) string { return strings.Join(x.list(list), ", ") }

func (x *explainer) keys(keys []expr.SortKey) []string {
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
	return out
}

// node describes a node and what is below it.
func (x *explainer) node(n plan.Node, relation string) *explained {
	switch n := n.(type) {
	case *plan.Project:
		return x.project(n, relation)
	case *plan.Filter:
		if foldsFilter(n.Input) {
			return x.foldFilter(n, relation)
		}
	}
	saved := x.pending
	x.pending = nil
	e := &explained{node: n, core: n, relation: relation, removed: []plan.Node{n}}
	x.describe(n, e)
	if x.opt.Verbose {
		for _, c := range n.Columns() {
			e.output = append(e.output, expr.QuoteIdent(c.Name))
		}
	}
	subs := x.pending
	x.pending = saved
	e.children = append(subs, e.children...)
	return e
}

// project prints a projection as part of the node below it, whose output it is.
func (x *explainer) project(n *plan.Project, relation string) *explained {
	saved := x.pending
	x.pending = nil
	output := x.list(n.Exprs)
	subs := x.pending
	x.pending = nil
	e := x.node(n.Input, relation)
	x.pending = saved
	e.node = n
	e.children = append(subs, e.children...)
	if x.opt.Verbose {
		e.output = output
	}
	return e
}

// foldsFilter reports whether a filter over a node is printed as the node's.
func foldsFilter(n plan.Node) bool {
	switch n.(type) {
	case *plan.Aggregate, *plan.HashJoin, *plan.LookupJoin, *plan.MergeJoin, *plan.AsofJoin, *plan.NestedLoop, *plan.CTERef, *plan.FunctionScan, *plan.Values:
		return true
	}
	return false
}

func (x *explainer) foldFilter(n *plan.Filter, relation string) *explained {
	saved := x.pending
	x.pending = nil
	switch in := n.Input.(type) {
	case *plan.CTERef, *plan.FunctionScan, *plan.Values:
		x.look(in.Columns(), "")
	case *plan.Aggregate:
		x.inAggregate = true
	}
	cond := x.cond(n.Cond)
	x.bare, x.inAggregate = nil, false
	subs := x.pending
	x.pending = nil
	e := x.node(n.Input, relation)
	x.pending = saved
	e.node = n
	e.removed = append(e.removed, n)
	name := "Filter"
	if v, ok := n.Input.(*plan.Values); ok && len(v.Rows) == 1 {
		name = "One-Time Filter"
		if cond == "(false)" || cond == "(NULL::boolean)" {
			cond = "false"
		}
	}
	e.add(name, cond)
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

// addList adds a property of several values.
func (e *explained) addList(name string, list []string) {
	if len(list) > 0 {
		e.props = append(e.props, Property{name, list})
	}
}
