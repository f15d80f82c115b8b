package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// transitive carries conditions over the equalities of inner joins
// (PostgreSQL's equivalence classes):
//
//	a.x = b.x AND b.x = 5   also says  a.x = 5
//	a.x = b.x AND b.x < 5   also says  a.x < 5
//
// so that each table is read by what is known of it. It also carries conditions on the left side of an outer or anti join
// over its ON to the right side, where rows that do not fulfil them have no
// partner. Columns must be of one type, whose equality is the identity of
// values; the conditions carried are comparisons and IN lists with values that
// are the same for the whole statement. What is added follows from what is
// there, NULLs included: all of it is only true of values that are not NULL.
// Once a statement, after the other rules; conditions there already are not
// added again.
func (r *Rewriter) transitive(n logical.Node) {
	logical.VisitExprs(n, func(p *expr.Expr) { r.eachSubtree(*p, r.transitive) })
	j, ok := n.(*logical.Join)
	if !ok {
		logical.VisitInputs(n, func(c *logical.Node) { r.transitive(*c) })
		return
	}
	switch j.Type {
	case plan.InnerJoin:
		r.inferInner(j)
	case plan.LeftJoin, plan.SemiJoin, plan.AntiJoin:
		r.inferRight(j)
		r.transitive(j.Left)
		r.transitive(j.Right)
	default:
		r.transitive(j.Left)
		r.transitive(j.Right)
	}
}

// classes are sets of columns that are equal in every row.
type classes struct {
	of   map[expr.ColumnID]int
	list [][]*expr.Column
}

func (k *classes) find(c *expr.Column) int {
	if i, ok := k.of[c.ID]; ok {
		return i
	}
	k.list = append(k.list, []*expr.Column{c})
	k.of[c.ID] = len(k.list) - 1
	return len(k.list) - 1
}

// add reads a condition column = column.
func (k *classes) add(e expr.Expr) {
	call, ok := e.(*expr.Call)
	if !ok || call.Op != "=" || len(call.Args) != 2 {
		return
	}
	a, ok1 := call.Args[0].(*expr.Column)
	b, ok2 := call.Args[1].(*expr.Column)
	if !ok1 || !ok2 || a.ID == b.ID || a.Typ.OID != b.Typ.OID {
		return
	}
	i, j := k.find(a), k.find(b)
	if i == j {
		return
	}
	for _, c := range k.list[j] {
		k.of[c.ID] = i
	}
	k.list[i] = append(k.list[i], k.list[j]...)
	k.list[j] = nil
}

// inferInner works on a tree of inner joins.
func (r *Rewriter) inferInner(top *logical.Join) {
	k := &classes{of: map[expr.ColumnID]int{}}
	var leaves []*logical.Node
	var conds, known []expr.Expr
	var flatten func(j *logical.Join)
	flatten = func(j *logical.Join) {
		for _, side := range []*logical.Node{&j.Left, &j.Right} {
			if in, ok := (*side).(*logical.Join); ok && in.Type == plan.InnerJoin {
				flatten(in)
				continue
			}
			leaves = append(leaves, side)
			known = append(known, filters(*side)...)
		}
		conds = append(conds, j.On...)
	}
	flatten(top)
	for _, c := range conds {
		k.add(c)
	}
	known = append(known, conds...)
	var made []expr.Expr
	for _, c := range known {
		made = append(made, k.carried(c)...)
	}
	r.addConds(leaves, known, made)
	for _, l := range leaves {
		r.transitive(*l)
	}
}

// carried are the conditions that a comparison gives for the other members of
// its column's class.
func (k *classes) carried(e expr.Expr) (out []expr.Expr) {
	col := comparedColumn(e)
	if col == nil {
		return nil
	}
	i, ok := k.of[col.ID]
	if !ok {
		return nil
	}
	for _, c := range k.list[i] {
		if c.ID != col.ID {
			out = append(out, logical.Substitute(e, func(id expr.ColumnID) expr.Expr {
				if id == col.ID {
					return c
				}
				return nil
			}))
		}
	}
	return out
}

// comparedColumn is the column of a condition that compares one with values.
func comparedColumn(e expr.Expr) *expr.Column {
	value := func(x expr.Expr) bool {
		cols := logical.Columns(x)
		return cols.Empty() && !volatile(x) && !logical.Any(x, isSubplan)
	}
	switch x := e.(type) {
	case *expr.Call:
		switch x.Op {
		case "=", "<", "<=", ">", ">=":
		default:
			return nil
		}
		if len(x.Args) != 2 {
			return nil
		}
		for i, a := range x.Args {
			if c, ok := a.(*expr.Column); ok && value(x.Args[1-i]) {
				return c
			}
		}
	case *expr.InList:
		c, ok := x.Left.(*expr.Column)
		if !ok || x.Not {
			return nil
		}
		for _, v := range x.List {
			if !value(v) {
				return nil
			}
		}
		return c
	}
	return nil
}

// inferRight carries conditions of the left side over a join's condition to the
// right side, and for a semi join the other way too.
func (r *Rewriter) inferRight(j *logical.Join) {
	left := logical.OutputSet(j.Left)
	k := &classes{of: map[expr.ColumnID]int{}}
	for _, c := range j.On {
		k.add(c)
	}
	if len(k.list) == 0 {
		return
	}
	carry := func(from []expr.Expr, to *logical.Node) {
		var made []expr.Expr
		for _, c := range from {
			made = append(made, k.carried(c)...)
		}
		r.addConds([]*logical.Node{to}, filters(*to), made)
	}
	carry(deepFilters(j.Left, &left), &j.Right)
	if j.Type == plan.SemiJoin {
		right := logical.OutputSet(j.Right)
		carry(deepFilters(j.Right, &right), &j.Left)
	}
}

// addConds puts conditions above the leaves whose columns they look at, but for
// those that are there.
func (r *Rewriter) addConds(leaves []*logical.Node, known, made []expr.Expr) {
	for i, c := range made {
		if contains(known, c) || contains(made[:i], c) {
			continue
		}
		cols := logical.Columns(c)
		for _, l := range leaves {
			out := logical.OutputSet(*l)
			if cols.SubsetOf(&out) {
				r.fire("Transitive")
				*l = above(*l, []expr.Expr{c})
			}
		}
	}
}

// filters are the conditions at the top of a tree.
func filters(n logical.Node) []expr.Expr {
	switch x := n.(type) {
	case *logical.Scan:
		return x.Filter
	case *logical.Filter:
		return append(x.Conds[:len(x.Conds):len(x.Conds)], filters(x.Input)...)
	}
	return nil
}

// deepFilters are the conditions that hold for every row of a tree and look at
// its output only.
func deepFilters(n logical.Node, out *logical.ColSet) (list []expr.Expr) {
	own := func(conds []expr.Expr) {
		for _, c := range conds {
			if cols := logical.Columns(c); cols.SubsetOf(out) {
				list = append(list, c)
			}
		}
	}
	switch x := n.(type) {
	case *logical.Scan, *logical.Filter:
		own(filters(n))
	case *logical.Project:
		return deepFilters(x.Input, out)
	case *logical.Join:
		switch x.Type {
		case plan.InnerJoin:
			own(x.On)
			list = append(list, deepFilters(x.Left, out)...)
			list = append(list, deepFilters(x.Right, out)...)
		case plan.LeftJoin, plan.SemiJoin, plan.AntiJoin, plan.AntiNullJoin:
			list = append(list, deepFilters(x.Left, out)...)
		}
	}
	return list
}
