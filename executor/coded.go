package executor

import "github.com/tidemarkdb/tidemark/planner/plan"

// Strings of few values come coded out of the column cache (types.IsCoded): a row is
// the place of its value among the words of the column. Operators that know them work
// on codes, and look at each word once:
//
//	conditions and other expressions of one column   expr.codedEval
//	rows that are taken, joined, grouped, sorted     take, gather, appendRows
//	keys of hash tables, their hashes                keyCodes, keyHasher
//
// Who does not know them never sees them: a column is coded only where codedColumns
// says that who reads it can do with that, down to the scan, which makes the others
// plain (types.Plain). An operator is known here, or its inputs are plain.

// codedColumns says for the nodes of a plan which of their columns may be coded. Nodes
// that are not in it have plain columns.
func codedColumns(root plan.Node) coding {
	c := coding{}
	c.visit(root, nil)
	return c
}

// coding says which columns of a plan's nodes may be coded.
type coding map[plan.Node][]bool

// visit notes which columns of n its reader takes coded, nil for none, and goes on
// below it.
func (c coding) visit(n plan.Node, coded []bool) {
	switch n := n.(type) {
	case *plan.Scan:
		c.allow(n, coded)
		return
	case *plan.Filter:
		c.visit(n.Input, coded)
		return
	case *plan.Limit:
		c.visit(n.Input, coded)
		return
	case *plan.Gather:
		if len(n.Keys) == 0 {
			c.visit(n.Input, coded)
			return
		}
	case *plan.Project:
		c.allow(n, coded)
		c.visit(n.Input, allEqual(len(n.Input.Columns())))
		return
	case *plan.Aggregate:
		if !n.Ordered || len(n.Keys) == 0 || n.Sets != nil {
			c.visit(n.Input, allEqual(len(n.Input.Columns())))
			return
		}
	case *plan.HashJoin:
		c.visitJoin(n, coded)
		return
	}
	for _, in := range n.Inputs() {
		if in != nil {
			c.visit(in, nil)
		}
	}
}

func (c coding) allow(n plan.Node, coded []bool) {
	if coded != nil {
		c[n] = coded
	}
}

// visitJoin passes on what the reader takes. Columns that do not come out are keys
// and those of the residual condition.
func (c coding) visitJoin(n *plan.HashJoin, coded []bool) {
	left, right := len(n.Left.Columns()), len(n.Right.Columns())
	switch {
	case n.Type >= plan.SemiJoin:
		c.visit(n.Left, coded)
		c.visit(n.Right, allEqual(right))
	case coded == nil:
		c.visit(n.Left, nil)
		c.visit(n.Right, nil)
	default:
		c.visit(n.Left, coded[:left])
		c.visit(n.Right, coded[left:])
	}
}
