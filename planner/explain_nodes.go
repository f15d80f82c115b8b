package planner

import (
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

var joinWords = map[plan.JoinType]string{
	plan.LeftJoin: " Left", plan.RightJoin: " Right", plan.FullJoin: " Full",
	plan.SemiJoin: " Semi", plan.AntiJoin: " Anti", plan.AntiNullJoin: " Anti",
}

// joinKind is "Hash Left Join", "Nested Loop" (inner) or "Nested Loop Left Join".
func joinKind(name string, t plan.JoinType, always bool) string {
	if t == plan.InnerJoin {
		if always {
			return name + " Join"
		}
		return name
	}
	return name + joinWords[t] + " Join"
}

// hashJoinKind names a join whose left side is built by what its right side,
// which is read past it, is to it: "Hash Right Join" is PostgreSQL's word.
func hashJoinKind(n *plan.HashJoin) string {
	word := joinWords[n.Type]
	switch {
	case !n.BuildLeft, n.Type == plan.FullJoin:
	case n.Type == plan.LeftJoin:
		word = " Right"
	case n.Type == plan.RightJoin:
		word = " Left"
	case n.Type != plan.InnerJoin:
		word = " Right" + word
	}
	return "Hash" + word + " Join"
}

func (x *explainer) describe(n plan.Node, e *explained) {
	switch n := n.(type) {
	case *plan.Scan:
		x.scan(n, e, nil)
	case *plan.IndexUnion:
		e.kind, e.label = "Index Union", " on "+x.table(n.Table, n.Alias)
		x.relationFields(e, n.Table, n.Alias)
		x.look(n.Cols, n.Alias)
		e.add("Filter", x.cond(n.Scan.Filter))
		x.bare = nil
		for _, p := range n.Parts {
			x.child(e, p, "Member")
		}
	case *plan.HashLookup:
		e.kind, e.label = "Hash Lookup", " on "+x.table(n.Table, n.Alias)
		x.relationFields(e, n.Table, n.Alias)
		x.look(n.Cols, n.Alias)
		conds := make([]string, len(n.Keys))
		for i := range n.Keys {
			conds[i] = "(" + x.expr(n.Probe[i]) + " = " + x.expr(n.Keys[i]) + ")"
		}
		e.add("Hash Cond", strings.Join(conds, " AND "))
		e.add("Source Filter", x.cond(n.Source.(*plan.Scan).Filter))
		e.add("Filter", x.cond(n.Residual))
		x.bare = nil
	case *plan.SeriesScan:
		x.seriesScan(n, e)
	case *plan.VirtualScan:
		e.kind = "Virtual Scan"
		e.label = " on " + x.table(n.Table, n.Alias)
		x.relationFields(e, n.Table, n.Alias)
		if n.ByOID != nil {
			c := ""
			if n.Table.Virtual != nil {
				c = n.Table.Columns[n.Table.Virtual.ByOIDColumn].Name
			}
			e.add("Index Cond", "("+expr.QuoteIdent(c)+" = "+x.expr(n.ByOID)+")")
		}
		e.add("Filter", x.cond(n.Filter))
	case *plan.Values:
		if len(n.Rows) == 0 {
			e.kind = "Result"
			e.add("One-Time Filter", "false")
		} else if len(n.Rows) == 1 {
			e.kind = "Result"
			if len(n.Rows[0]) > 0 {
				x.exprs(n.Rows[0]) // finds subplans
			}
		} else {
			e.kind, e.label = "Values Scan", " on \"*VALUES*\""
		}
	case *plan.FunctionScan:
		e.kind = "Function Scan"
		name := ""
		if len(n.Calls) == 1 && n.Calls[0].Fn != nil {
			name = n.Calls[0].Fn.Name
		}
		e.label = " on "
		if name != "" {
			e.label += name
		}
		if n.Alias != name {
			e.label = strings.TrimRight(e.label, " ") + " " + expr.QuoteIdent(n.Alias)
		}
		for _, c := range n.Calls {
			x.exprs(c.Args)
		}
	case *plan.Filter:
		e.kind = "Filter"
		e.add("Filter", x.cond(n.Cond))
		x.child(e, n.Input, "Outer")
	case *plan.ProjectSet:
		e.kind = "ProjectSet"
		x.child(e, n.Input, "Outer")
	default:
		x.describeMore(n, e)
	}
}

func (x *explainer) describeMore(n plan.Node, e *explained) {
	switch n := n.(type) {
	case *plan.Limit:
		e.kind = "Limit"
		if x.opt.Verbose {
			if n.Count != nil {
				e.add("Count", x.expr(n.Count))
			}
			if n.Offset != nil {
				e.add("Offset", x.expr(n.Offset))
			}
		}
		x.child(e, n.Input, "Outer")
	case *plan.Sort:
		e.kind = "Sort"
		if n.Presorted > 0 {
			e.kind = "Incremental Sort"
		}
		e.addList("Sort Key", x.keys(n.Keys))
		if n.Presorted > 0 {
			e.addList("Presorted Key", x.keys(n.Keys[:n.Presorted]))
		}
		x.child(e, n.Input, "Outer")
	case *plan.Distinct:
		e.kind = "HashAggregate"
		if n.On != nil {
			e.kind = "Unique"
		} else {
			for _, c := range n.Input.Columns() {
				e.addTo("Group Key", expr.QuoteIdent(c.Name))
			}
		}
		x.child(e, n.Input, "Outer")
	case *plan.Gather:
		e.kind = "Gather"
		if len(n.Keys) > 0 {
			e.kind = "Gather Merge"
		}
		e.add("Workers Planned", strconv.Itoa(n.Workers))
		x.child(e, n.Input, "Outer")
	case *plan.Pushed:
		e.kind = "Store Gather"
		x.child(e, n.Input, "Outer")
	case *plan.Aggregate:
		x.aggregate(n, e)
	case *plan.HashJoin:
		e.kind = hashJoinKind(n)
		conds := make([]string, len(n.LeftKeys))
		for i := range n.LeftKeys {
			op := " = "
			if n.NullEqual != nil && n.NullEqual[i] {
				op = " IS NOT DISTINCT FROM "
			}
			l, r := x.expr(n.LeftKeys[i]), x.expr(n.RightKeys[i])
			if n.BuildLeft {
				l, r = r, l
			}
			conds[i] = "(" + l + op + r + ")"
		}
		cond := strings.Join(conds, " AND ")
		if len(conds) > 1 {
			cond = "(" + cond + ")"
		}
		e.add("Hash Cond", cond)
		e.add("Join Filter", x.cond(n.Residual))
		probe, build := n.Left, n.Right
		if n.BuildLeft {
			probe, build = build, probe
		}
		x.child(e, probe, "Outer")
		input := x.node(build, "Outer")
		e.children = append(e.children, &explained{kind: "Hash", node: build, core: n, relation: "Inner", output: input.output, children: []*explained{input}})
	case *plan.LookupJoin:
		e.kind = joinKind("Lookup", n.Type, true)
		e.add("Join Filter", x.cond(n.Residual))
		x.child(e, n.Left, "Outer")
		r := &explained{node: n.Right, core: n.Right, relation: "Inner", removed: []plan.Node{n.Right}}
		saved := x.pending
		x.pending = nil
		x.scan(n.Right, r, n.Keys)
		r.children = x.pending
		x.pending = saved
		e.children = append(e.children, r)
	case *plan.NestedLoop:
		e.kind = joinKind("Nested Loop", n.Type, false)
		e.add("Join Filter", x.cond(n.Cond))
		x.child(e, n.Left, "Outer")
		x.child(e, n.Right, "Inner")
	case *plan.MergeJoin:
		e.kind = joinKind("Merge", n.Type, true)
		conds := make([]string, len(n.LeftKeys))
		for i := range n.LeftKeys {
			conds[i] = "(" + x.expr(n.LeftKeys[i].Expr) + " = " + x.expr(n.RightKeys[i].Expr) + ")"
		}
		cond := strings.Join(conds, " AND ")
		if len(conds) > 1 {
			cond = "(" + cond + ")"
		}
		e.add("Merge Cond", cond)
		e.add("Join Filter", x.cond(n.Residual))
		x.child(e, n.Left, "Outer")
		x.child(e, n.Right, "Inner")
	case *plan.AsofJoin:
		x.asofJoin(n, e)
	default:
		x.describeRest(n, e)
	}
}

func (x *explainer) asofJoin(n *plan.AsofJoin, e *explained) {
	e.kind = joinKind("Asof", n.Type, true)
	last := len(n.LeftKeys) - 1
	op := "<"
	if n.LeftKeys[last].Desc {
		op = ">"
	}
	if !n.Strict {
		op += "="
	}
	conds := make([]string, last+1)
	for i := range n.LeftKeys {
		by := "="
		if i == last {
			by = op
		}
		conds[i] = "(" + x.expr(n.RightKeys[i].Expr) + " " + by + " " + x.expr(n.LeftKeys[i].Expr) + ")"
	}
	cond := strings.Join(conds, " AND ")
	if len(conds) > 1 {
		cond = "(" + cond + ")"
	}
	e.add("Asof Cond", cond)
	x.child(e, n.Left, "Outer")
	x.child(e, n.Right, "Inner")
}

func (x *explainer) describeRest(n plan.Node, e *explained) {
	switch n := n.(type) {
	case *plan.UnionAll:
		e.kind = "Append"
		for _, c := range n.Children {
			x.child(e, c, "Member")
		}
	case *plan.SetOp:
		e.kind = "HashSetOp Intersect"
		if n.Kind == plan.Except {
			e.kind = "HashSetOp Except"
		}
		if n.All {
			e.kind += " All"
		}
		x.child(e, n.Left, "Outer")
		x.child(e, n.Right, "Inner")
	case *plan.CTE:
		x.withCTE(n, e)
	case *plan.CTERef:
		e.kind = "CTE Scan"
		if x.working[n.ID] {
			e.kind = "WorkTable Scan"
		}
		e.fields = append(e.fields, Property{"CTE Name", n.Name}, Property{"Alias", n.Alias})
		e.label = " on " + expr.QuoteIdent(n.Name)
		if n.Alias != n.Name {
			e.label += " " + expr.QuoteIdent(n.Alias)
		}
	case *plan.RecursiveUnion:
		e.kind = "Recursive Union"
		x.child(e, n.Initial, "Outer")
		if x.working == nil {
			x.working = map[int]bool{}
		}
		x.working[n.ID] = true
		x.child(e, n.Step, "Inner")
		delete(x.working, n.ID)
	case *plan.LockRows:
		e.kind = "LockRows"
		x.child(e, n.Input, "Outer")
	case *plan.GapFill:
		e.kind = "GapFill"
		x.child(e, n.Input, "Outer")
	case *plan.Window:
		e.kind = "WindowAgg"
		x.child(e, n.Input, "Outer")
	case *plan.Insert:
		e.kind, e.label = "Insert", " on "+x.table(n.Table, "")
		if c := n.Conflict; c != nil {
			e.add("Conflict Resolution", map[bool]string{true: "UPDATE", false: "NOTHING"}[c.Update != nil])
			var names []string
			for _, a := range c.Arbiters {
				names = append(names, expr.QuoteIdent(n.Table.Indexes[a].Name))
			}
			e.add("Conflict Arbiter Indexes", strings.Join(names, ", "))
			e.add("Conflict Filter", x.cond(c.Where))
		}
		x.child(e, n.Input, "Outer")
	case *plan.Update:
		e.kind, e.label = "Update", " on "+x.table(n.Table, "")
		for _, a := range n.Assignments {
			x.expr(a.Value)
		}
		x.child(e, n.Input, "Outer")
	case *plan.Delete:
		e.kind, e.label = "Delete", " on "+x.table(n.Table, "")
		x.child(e, n.Input, "Outer")
	case *plan.Merge:
		e.kind, e.label = "Merge", " on "+x.table(n.Table, "")
		if n.Alias != n.Table.Name {
			e.label += " " + expr.QuoteIdent(n.Alias)
		}
		x.child(e, n.Input, "Outer")
	default:
		e.kind = "Unknown"
		for _, c := range n.Inputs() {
			x.child(e, c, "Outer")
		}
	}
}

func (x *explainer) cond(e expr.Expr) string {
	if e == nil {
		return ""
	}
	s := x.expr(e)
	if !strings.HasPrefix(s, "(") {
		s = "(" + s + ")"
	}
	return s
}

func (x *explainer) aggregate(n *plan.Aggregate, e *explained) {
	switch {
	case n.Sets != nil:
		e.kind = "MixedAggregate"
	case len(n.Keys) == 0:
		e.kind = "Aggregate"
	case n.Ordered:
		e.kind = "GroupAggregate"
	default:
		e.kind = "HashAggregate"
	}
	switch n.Phase {
	case plan.AggPartial, plan.AggPushed:
		e.kind = "Partial " + e.kind
	case plan.AggFinal, plan.AggMerge:
		e.kind = "Finalize " + e.kind
	}
	keys := make([]string, len(n.Keys)-n.Dependent)
	for i := range keys {
		keys[i] = x.expr(n.Keys[i])
	}
	x.exprs(n.Keys[len(keys):])
	if n.Sets == nil {
		e.addList("Group Key", keys)
	}
	for _, s := range n.Sets {
		var names []string
		for _, k := range s {
			names = append(names, keys[k])
		}
		if len(names) == 0 {
			names = []string{"()"}
		}
		e.addList("Group Key", names)
	}
	for _, a := range n.Aggs {
		x.exprs(a.Args)
	}
	x.child(e, n.Input, "Outer")
}

// scan describes a scan; keys are a lookup join's.
func (x *explainer) scan(n *plan.Scan, e *explained, keys []expr.Expr) {
	x.relationFields(e, n.Table, n.Alias)
	on := " on " + x.table(n.Table, n.Alias)
	ranged := len(n.Ranges) > 0 || keys != nil
	index := n.Index
	if index == nil && n.Table.Clustered && len(n.Table.Indexes) > 0 {
		index = &n.Table.Indexes[0]
	}
	switch {
	case n.Index == nil && !ranged && !n.Reverse:
		e.kind, e.label = "Seq Scan", on
	default:
		e.kind = "Index Scan"
		if n.Index != nil && covers(n) {
			e.kind = "Index Only Scan"
		}
		direction := "Forward"
		if n.Reverse {
			direction = "Backward"
		}
		e.fields = append(e.fields, Property{"Scan Direction", direction})
		if n.Reverse {
			e.label = " Backward"
		}
		e.label += " using " + expr.QuoteIdent(index.Name) + on
		e.fields = append(e.fields, Property{"Index Name", index.Name})
	}
	if n.Parallel {
		e.kind = "Parallel " + e.kind
	}
	if ranged && index != nil {
		e.add("Index Cond", x.ranges(n, index, keys))
	}
	x.look(n.Cols, n.Alias)
	e.add("Filter", x.cond(n.Filter))
	for _, k := range n.Kept {
		what := k.Name
		if k.Expr != nil {
			what = x.cond(k.Expr)
		}
		if what != "" {
			what += ": "
		}
		e.add("Not Pushed", what+k.Why)
	}
	x.bare = nil
	if n.Limit > 0 && x.opt.Verbose {
		e.add("Limit", strconv.FormatInt(n.Limit, 10))
	}
}

// ranges prints a scan's ranges as conditions.
func (x *explainer) ranges(n *plan.Scan, ix *catalog.Index, keys []expr.Expr) string {
	if keys != nil {
		return x.rangeCond(n, ix, plan.KeyRange{Equal: keys})
	}
	if len(n.Ranges) == 1 {
		return x.rangeCond(n, ix, n.Ranges[0])
	}
	// Ranges of an IN list differ in one value.
	r := n.Ranges[0]
	for i := range r.Equal {
		differ := false
		for _, o := range n.Ranges[1:] {
			differ = differ || o.Equal[i] != r.Equal[i]
		}
		if !differ {
			continue
		}
		vals := make([]expr.Expr, len(n.Ranges))
		for k, o := range n.Ranges {
			vals[k] = o.Equal[i]
		}
		one := r
		one.Equal = append([]expr.Expr(nil), r.Equal...)
		one.Equal[i] = &expr.Array{Args: vals, Typ: vals[0].Type()}
		return x.rangeCondAny(n, ix, one, i)
	}
	return x.rangeCond(n, ix, r)
}

func (x *explainer) rangeCond(n *plan.Scan, ix *catalog.Index, r plan.KeyRange) string {
	return x.rangeCondAny(n, ix, r, -1)
}

func (x *explainer) rangeCondAny(n *plan.Scan, ix *catalog.Index, r plan.KeyRange, anyAt int) string {
	name := func(i int) string {
		c := &ix.Columns[i]
		if c.Num == 0 {
			return "(" + c.Expr + ")"
		}
		return x.qualifier(n.Alias) + expr.QuoteIdent(n.Table.Columns[c.Num-1].Name)
	}
	var conds []string
	for i, v := range r.Equal {
		switch {
		case r.IsNull != nil && r.IsNull[i]:
			conds = append(conds, "("+name(i)+" IS NULL)")
		case i == anyAt:
			vals := x.exprs(v.(*expr.Array).Args)
			conds = append(conds, "("+name(i)+" = ANY ("+vals+"))")
		default:
			conds = append(conds, "("+name(i)+" = "+x.expr(v)+")")
		}
	}
	i := len(r.Equal)
	if r.Lower != nil {
		conds = append(conds, "("+name(i)+boundOp(" >", r.Lower)+x.expr(r.Lower.Value)+")")
	}
	if r.Upper != nil {
		conds = append(conds, "("+name(i)+boundOp(" <", r.Upper)+x.expr(r.Upper.Value)+")")
	}
	if r.NotNull && r.Lower == nil && r.Upper == nil {
		conds = append(conds, "("+name(i)+" IS NOT NULL)")
	}
	if len(conds) == 1 {
		return conds[0]
	}
	return "(" + strings.Join(conds, " AND ") + ")"
}

// covers reports whether an index holds all columns that a scan yields.
func covers(n *plan.Scan) bool {
	for _, o := range n.Output {
		num, found := n.Table.Columns[o].Num, false
		for i := range n.Index.Columns {
			found = found || n.Index.Columns[i].Num == num
		}
		for _, inc := range n.Index.Include {
			found = found || inc == num
		}
		if !found {
			return false
		}
	}
	return true
}

func boundOp(op string, b *plan.Bound) string {
	if b.Inclusive {
		return op + "= "
	}
	return op + " "
}

// withCTE prints WITH items as children of the node that is their body.
func (x *explainer) withCTE(n *plan.CTE, e *explained) {
	body := x.node(n.Body, e.relation)
	relation := e.relation
	*e = *body
	e.relation = relation
	c := x.node(n.Input, "InitPlan")
	c.subname, c.cte = "CTE "+n.Name, n
	e.children = append([]*explained{c}, e.children...)
}

// addTo adds a value to a property of several.
func (e *explained) addTo(name, value string) {
	for i := range e.props {
		if list, ok := e.props[i].Value.([]string); ok && e.props[i].Name == name {
			e.props[i].Value = append(list, value)
			return
		}
	}
	e.addList(name, []string{value})
}
