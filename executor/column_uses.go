package executor

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// Strings of few values come coded out of the column cache and the blocks of
// time-series tables (types.IsCoded): a row is the place of its value among the words
// of the column. Operators that know them work on codes, and look at each word once:
//
//	conditions and other expressions of one column   expr.codedEval
//	rows that are taken, joined, grouped, sorted     take, gather, appendRows
//	keys of hash tables, their hashes                keyCodes, keyHasher
//	fields that a client gets                        types.FieldColumn (Env.CodedRows)
//
// Who does not know them never sees them: a column is coded only where columnUses
// says that who reads it can do with that, down to the scan, which makes the others
// plain (types.Plain). An operator is known here, or its inputs are plain.
//
// The same walk finds columns that are read by the condition of a scan or a filter but
// by nobody above: rows that pass are taken without them, NULLs stand in their place.

// columnUse says what the reader of a node's output does with its columns.
type columnUse struct {
	coded  []bool // which may be coded; nil for none
	unread []bool // which nobody looks at; nil for none
}

// columnUses are the uses of the nodes of a plan. Nodes that are not in it have plain
// columns that are read.
type columnUses map[plan.Node]columnUse

// usesOf finds the uses in a plan whose rows may come out coded or not.
func usesOf(root plan.Node, coded bool) columnUses {
	c, use := columnUses{}, columnUse{}
	if coded {
		use.coded = allEqual(len(root.Columns()))
	}
	c.visit(root, use)
	return c
}

// visit notes how n is read, and goes on below it.
func (c columnUses) visit(n plan.Node, use columnUse) {
	switch n := n.(type) {
	case *plan.Scan:
		c.note(n, use)
		return
	case *plan.SeriesScan:
		c.note(n, use)
		if n.SeriesFrom != nil {
			c.visit(n.SeriesFrom, columnUse{})
		}
		return
	case *plan.Filter:
		c.note(n, use)
		c.visit(n.Input, columnUse{use.coded, readBy(use.unread, n.Cond)})
		return
	case *plan.Limit:
		if !n.WithTies {
			c.visit(n.Input, use)
			return
		}
	case *plan.Gather:
		if len(n.Keys) == 0 {
			c.visit(n.Input, use)
			return
		}
	case *plan.Sort:
		keys := make([]expr.Expr, len(n.Keys))
		for i, k := range n.Keys {
			keys[i] = k.Expr
		}
		c.visit(n.Input, columnUse{plainColumns(use.coded, keys), readBy(use.unread, keys...)})
		return
	case *plan.Distinct:
		if len(n.On) > 0 {
			c.visit(n.Input, columnUse{plainColumns(use.coded, n.On), readBy(use.unread, n.On...)})
			return
		}
	case *plan.Project:
		c.note(n, use)
		c.visitReader(n.Input, n.Exprs...)
		return
	case *plan.Aggregate:
		if n.Phase != plan.AggFinal && (!n.Ordered || len(n.Keys) == 0 || n.Sets != nil) {
			c.visitReader(n.Input, aggregateReads(n)...)
			return
		}
	case *plan.HashJoin:
		c.visitJoin(n, use)
		return
	}
	for _, in := range n.Inputs() {
		if in != nil {
			c.visit(in, columnUse{})
		}
	}
}

func (c columnUses) note(n plan.Node, use columnUse) {
	if use.coded != nil || use.unread != nil {
		c[n] = use
	}
}

// visitReader goes on to the input of a node that knows codes and reads what
// expressions name.
func (c columnUses) visitReader(in plan.Node, exprs ...expr.Expr) {
	width := len(in.Columns())
	c.visit(in, columnUse{allEqual(width), readBy(allEqual(width), exprs...)})
}

// aggregateReads are the expressions that an aggregation computes.
func aggregateReads(n *plan.Aggregate) []expr.Expr {
	out := slices.Clone(n.Keys)
	for i := range n.Aggs {
		call := &n.Aggs[i]
		out = append(append(out, call.Args...), call.Filter)
		for _, k := range call.OrderBy {
			out = append(out, k.Expr)
		}
	}
	return out
}

// readBy is unread without the columns that expressions name.
func readBy(unread []bool, exprs ...expr.Expr) []bool {
	if unread == nil {
		return nil
	}
	out := slices.Clone(unread)
	for _, e := range exprs {
		expr.Walk(e, func(x expr.Expr) bool {
			if o, ok := x.(*expr.Ordinal); ok && o.Index < len(out) {
				out[o.Index] = false
			}
			return true
		})
	}
	return out
}

// columnsRead are the columns, of so many, that expressions name.
func columnsRead(width int, exprs []expr.Expr) []int {
	var out []int
	for i, unread := range readBy(allEqual(width), exprs...) {
		if !unread {
			out = append(out, i)
		}
	}
	return out
}

// plainColumns is coded without the columns that are keys themselves, whose values are
// compared.
func plainColumns(coded []bool, keys []expr.Expr) []bool {
	if coded == nil {
		return nil
	}
	out := slices.Clone(coded)
	for _, k := range keys {
		if o, ok := k.(*expr.Ordinal); ok {
			out[o.Index] = false
		}
	}
	return out
}

// visitJoin passes on how the output is read. Columns that do not come out are keys
// and those of the residual condition.
func (c columnUses) visitJoin(n *plan.HashJoin, use columnUse) {
	left, right := len(n.Left.Columns()), len(n.Right.Columns())
	coded, unread := use.coded, use.unread
	if n.Type >= plan.SemiJoin {
		if unread == nil {
			unread = make([]bool, left)
		}
		unread = append(slices.Clone(unread[:left]), allEqual(right)...)
		if coded == nil {
			coded = make([]bool, left)
		}
		coded = append(slices.Clone(coded[:left]), allEqual(right)...)
	}
	unread = readBy(unread, n.Residual)
	var l, r columnUse
	if coded != nil {
		l.coded, r.coded = coded[:left], coded[left:]
	}
	if unread != nil {
		l.unread, r.unread = readBy(unread[:left], n.LeftKeys...), readBy(unread[left:], n.RightKeys...)
	}
	c.visit(n.Left, l)
	c.visit(n.Right, r)
}
