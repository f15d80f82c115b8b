package logical

import (
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// VisitInputs calls fn with the address of each input.
func VisitInputs(n Node, fn func(*Node)) {
	switch n := n.(type) {
	case *Filter:
		fn(&n.Input)
	case *Project:
		fn(&n.Input)
	case *ProjectSet:
		fn(&n.Input)
	case *Join:
		fn(&n.Left)
		fn(&n.Right)
	case *Aggregate:
		fn(&n.Input)
	case *Window:
		fn(&n.Input)
	case *GapFill:
		fn(&n.Input)
	case *Sort:
		fn(&n.Input)
	case *Limit:
		fn(&n.Input)
	case *Distinct:
		fn(&n.Input)
	case *Union:
		for i := range n.Inputs {
			fn(&n.Inputs[i])
		}
	case *SetOp:
		fn(&n.Left)
		fn(&n.Right)
	case *With:
		for _, c := range n.CTEs {
			fn(&c.Plan)
		}
		fn(&n.Body)
	case *RecursiveUnion:
		fn(&n.Initial)
		fn(&n.Step)
	case *LockRows:
		fn(&n.Input)
	case *Insert:
		fn(&n.Input)
	case *Update:
		fn(&n.Input)
	case *Delete:
		fn(&n.Input)
	case *Merge:
		fn(&n.Input)
	}
}

// VisitExprs calls fn with the address of each expression of the node itself.
func VisitExprs(n Node, fn func(*expr.Expr)) {
	list := func(l []expr.Expr) {
		for i := range l {
			fn(&l[i])
		}
	}
	items := func(l []Item) {
		for i := range l {
			fn(&l[i].Expr)
		}
	}
	keys := func(l []expr.SortKey) {
		for i := range l {
			fn(&l[i].Expr)
		}
	}
	one := func(p *expr.Expr) {
		if *p != nil {
			fn(p)
		}
	}
	switch n := n.(type) {
	case *Scan:
		list(n.Filter)
	case *Values:
		for _, r := range n.Rows {
			list(r)
		}
	case *FunctionScan:
		for i := range n.Calls {
			list(n.Calls[i].Args)
			one(&n.Calls[i].Scalar)
		}
	case *Filter:
		list(n.Conds)
	case *Project:
		items(n.Items)
	case *ProjectSet:
		items(n.Items)
	case *Join:
		list(n.On)
	case *Aggregate:
		items(n.Keys)
		items(n.Aggs)
	case *Window:
		list(n.Partition)
		keys(n.Order)
		items(n.Items)
	case *GapFill:
		for i := range n.Args {
			one(&n.Args[i])
		}
		one(&n.Start)
		one(&n.Finish)
		for i := range n.Fills {
			fn(&n.Fills[i].Value)
			one(&n.Fills[i].Prev)
			one(&n.Fills[i].Next)
		}
	case *Sort:
		keys(n.Keys)
	case *Limit:
		one(&n.Count)
		one(&n.Offset)
		keys(n.Keys)
	case *Distinct:
		list(n.On)
	case *Insert:
		if n.Conflict != nil {
			for i := range n.Conflict.Update {
				fn(&n.Conflict.Update[i].Value)
			}
			one(&n.Conflict.Where)
		}
		items(n.Returning)
	case *Update:
		for i := range n.Assignments {
			fn(&n.Assignments[i].Value)
		}
		items(n.Returning)
	case *Delete:
		items(n.Returning)
	}
}

// Output returns the node's columns in order. A scan's are all of its table's.
func Output(n Node) []expr.ColumnID {
	switch n := n.(type) {
	case *Scan:
		out := make([]expr.ColumnID, 0, len(n.Table.Columns)+1)
		for i := range n.Table.Columns {
			out = append(out, n.First+expr.ColumnID(i))
		}
		if n.Handle != 0 {
			out = append(out, n.Handle)
		}
		return out
	case *Values:
		return n.Cols
	case *FunctionScan:
		var out []expr.ColumnID
		for _, c := range n.Cols {
			out = append(out, c...)
		}
		if n.Ordinality != 0 {
			out = append(out, n.Ordinality)
		}
		return out
	case *Filter:
		return Output(n.Input)
	case *Project:
		return itemIDs(n.Items)
	case *ProjectSet:
		return itemIDs(n.Items)
	case *Join:
		left := Output(n.Left)
		if !n.YieldsRight() {
			return left
		}
		return append(left[:len(left):len(left)], Output(n.Right)...)
	case *Aggregate:
		out := itemIDs(n.Keys)
		out = append(out, itemIDs(n.Aggs)...)
		for _, g := range n.Groupings {
			out = append(out, g.ID)
		}
		return out
	case *Window:
		in := Output(n.Input)
		return append(in[:len(in):len(in)], itemIDs(n.Items)...)
	case *GapFill:
		in := Output(n.Input)
		return append(in[:len(in):len(in)], fillIDs(n.Fills)...)
	case *Sort:
		return Output(n.Input)
	case *Limit:
		return Output(n.Input)
	case *Distinct:
		return Output(n.Input)
	case *Union:
		return n.Cols
	case *SetOp:
		return n.Cols
	case *With:
		return Output(n.Body)
	case *CTERef:
		return n.Cols
	case *RecursiveUnion:
		return n.Cols
	case *LockRows:
		return Output(n.Input)
	case *Insert:
		return itemIDs(n.Returning)
	case *Update:
		return itemIDs(n.Returning)
	case *Delete:
		return itemIDs(n.Returning)
	}
	return nil
}

func fillIDs(fills []Fill) []expr.ColumnID {
	out := make([]expr.ColumnID, len(fills))
	for i, f := range fills {
		out[i] = f.ID
	}
	return out
}

func itemIDs(items []Item) []expr.ColumnID {
	out := make([]expr.ColumnID, len(items))
	for i, it := range items {
		out[i] = it.ID
	}
	return out
}

// OutputSet returns the node's columns as a set.
func OutputSet(n Node) ColSet {
	var s ColSet
	addOutput(n, &s)
	return s
}

func addOutput(n Node, s *ColSet) {
	switch n := n.(type) {
	case *Scan:
		for i := range n.Table.Columns {
			s.Add(n.First + expr.ColumnID(i))
		}
		if n.Handle != 0 {
			s.Add(n.Handle)
		}
	case *Filter:
		addOutput(n.Input, s)
	case *Sort:
		addOutput(n.Input, s)
	case *Limit:
		addOutput(n.Input, s)
	case *Distinct:
		addOutput(n.Input, s)
	case *Join:
		addOutput(n.Left, s)
		if n.YieldsRight() {
			addOutput(n.Right, s)
		}
	default:
		s.AddAll(Output(n))
	}
}

// ExprColumns adds the columns e refers to, those of subplans' insides that
// come from outside of them included.
func ExprColumns(e expr.Expr, s *ColSet) {
	Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Column:
			s.Add(x.ID)
		case *expr.Subplan:
			if n, ok := x.Plan.(Node); ok {
				outer := OuterColumns(n)
				s.Union(&outer)
			}
		}
		return true
	})
}

// Columns returns the columns that e refers to, as ExprColumns.
func Columns(e expr.Expr) ColSet {
	var s ColSet
	ExprColumns(e, &s)
	return s
}

// OuterColumns returns the columns that the tree uses but does not define.
func OuterColumns(n Node) ColSet {
	var used, defined ColSet
	collect(n, &used, &defined)
	used.Subtract(&defined)
	return used
}

func collect(n Node, used, defined *ColSet) {
	addDefined(n, defined)
	VisitExprs(n, func(p *expr.Expr) { collectExpr(*p, used, defined) })
	VisitInputs(n, func(c *Node) { collect(*c, used, defined) })
}

func collectExpr(e expr.Expr, used, defined *ColSet) {
	Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Column:
			used.Add(x.ID)
		case *expr.Subplan:
			if n, ok := x.Plan.(Node); ok {
				collect(n, used, defined)
			}
		}
		return true
	})
}

// addDefined adds the ids that the node itself makes.
func addDefined(n Node, s *ColSet) {
	switch n := n.(type) {
	case *Filter, *Sort, *Limit, *Distinct, *Join, *LockRows, *With, *Merge:
	case *Window:
		s.AddAll(itemIDs(n.Items))
	case *GapFill:
		s.AddAll(fillIDs(n.Fills))
	case *Project:
		for _, it := range n.Items {
			if !it.Passes() {
				s.Add(it.ID)
			}
		}
	case *ProjectSet:
		for _, it := range n.Items {
			if !it.Passes() {
				s.Add(it.ID)
			}
		}
	case *Aggregate:
		for _, it := range n.Keys {
			if !it.Passes() {
				s.Add(it.ID)
			}
		}
		s.AddAll(itemIDs(n.Aggs))
		for _, g := range n.Groupings {
			s.Add(g.ID)
		}
	case *Insert:
		for i := range n.Table.Columns {
			s.Add(n.First + expr.ColumnID(i))
			if n.Conflict != nil && n.Conflict.Excluded != 0 {
				s.Add(n.Conflict.Excluded + expr.ColumnID(i))
			}
		}
		for _, it := range n.Returning {
			s.Add(it.ID)
		}
	case *Update:
		for _, it := range n.Returning {
			if !it.Passes() {
				s.Add(it.ID)
			}
		}
	case *Delete:
		for _, it := range n.Returning {
			if !it.Passes() {
				s.Add(it.ID)
			}
		}
	default:
		s.AddAll(Output(n))
	}
}

// YieldsRight reports whether the join's output has the right columns.
func (j *Join) YieldsRight() bool {
	return j.Type < semiJoin
}

// MapTree applies f to every expression of the tree, inside of subplans too.
func MapTree(n Node, f func(expr.Expr) expr.Expr) {
	VisitExprs(n, func(p *expr.Expr) { *p = MapDeep(*p, f) })
	VisitInputs(n, func(c *Node) { MapTree(*c, f) })
}

// MapDeep applies f bottom up to e and what is below it, inside of subplans
// too (whose trees are changed in place).
func MapDeep(e expr.Expr, f func(expr.Expr) expr.Expr) expr.Expr {
	var rec func(expr.Expr) expr.Expr
	rec = func(x expr.Expr) expr.Expr {
		if s, ok := x.(*expr.Subplan); ok {
			if n, ok := s.Plan.(Node); ok {
				MapTree(n, f)
			}
		}
		return f(MapChildren(x, rec))
	}
	return rec(e)
}

// Substitute replaces columns by expressions, inside of subplans too.
func Substitute(e expr.Expr, repl func(expr.ColumnID) expr.Expr) expr.Expr {
	return MapDeep(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok {
			if r := repl(c.ID); r != nil {
				return r
			}
		}
		return x
	})
}

const semiJoin = plan.SemiJoin
