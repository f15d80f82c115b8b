package rules

import (
	"errors"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ConstantError returns the error that PostgreSQL raises for a constant
// expression of the statement before it runs, nil if there is none: SELECT 1/0
// LIMIT 0 fails although no row asks for the value. The tree is one that the
// rules have not touched (it is taken to pieces here), cols are its columns.
//
// It evaluates what eval_const_expressions does, in its order: the arguments of
// AND and OR up to the first one that decides, the arguments of COALESCE up to
// one that is not NULL, conditions of CASE up to a true one and no value behind
// a false one; no stable or volatile function, no parameter. Subqueries in an
// expression come after it, and only those that are left then; IN and EXISTS
// conditions of WHERE come before, since PostgreSQL has made them joins by then.
// Columns of subqueries that nobody reads are not looked at, nor are WITH items
// that nobody reads, nor the select lists of EXISTS.
//
// Statements whose folding raises no error at all (Failed) need not come here,
// and those are nearly all.
func (r *Rewriter) ConstantError(n logical.Node, cols []expr.ColumnID) error {
	k := &constants{r: r}
	k.need.AddAll(cols)
	return k.tree(r.inlineCTEs(n))
}

// Failed reports whether a part of an expression failed when it was folded,
// needed or not.
func (r *Rewriter) Failed() bool { return r.failed }

// constants looks for constant expressions that fail.
type constants struct {
	r *Rewriter
	// need are the columns that something above reads.
	need logical.ColSet
}

// tree checks a node, then what is below it.
func (k *constants) tree(n logical.Node) error {
	if err := k.node(n); err != nil {
		return err
	}
	var err error
	logical.VisitInputs(n, func(c *logical.Node) {
		if err == nil {
			err = k.tree(*c)
		}
	})
	return err
}

// node checks the expressions of a node, and notes what it reads of its inputs.
func (k *constants) node(n logical.Node) error {
	switch x := n.(type) {
	case *logical.Filter:
		return k.conditions(x.Conds)
	case *logical.Scan:
		return k.conditions(x.Filter)
	case *logical.Join:
		right := logical.OuterColumns(x.Right) // of LATERAL
		k.need.Union(&right)
		return k.conditions(x.On)
	case *logical.Project:
		return k.items(x.Items)
	case *logical.ProjectSet:
		return k.items(x.Items)
	case *logical.Values:
		if len(x.Rows) == 1 {
			return k.row(x)
		}
	case *logical.Aggregate:
		for _, key := range x.Keys {
			k.need.Add(key.ID)
		}
		if err := k.items(x.Keys); err != nil {
			return err
		}
		return k.items(x.Aggs)
	case *logical.Union:
		for i, id := range x.Cols {
			for _, in := range x.InCols {
				if k.need.Has(id) {
					k.need.Add(in[i])
				}
			}
		}
	case *logical.With:
		kept := x.CTEs[:0]
		for _, c := range x.CTEs {
			if c.Refs > 0 || c.Modifying {
				k.need.AddAll(c.Cols)
				kept = append(kept, c)
			}
		}
		x.CTEs = kept
	case *logical.Distinct:
		if len(x.On) == 0 {
			k.inputs(n)
		}
	case *logical.SetOp, *logical.RecursiveUnion, *logical.Insert, *logical.Update, *logical.Delete, *logical.Merge:
		k.inputs(n)
	}
	var err error
	logical.VisitExprs(n, func(p *expr.Expr) {
		if err == nil {
			err = k.whole(*p)
		}
	})
	return err
}

// inputs notes that all columns of a node's inputs are read.
func (k *constants) inputs(n logical.Node) {
	logical.VisitInputs(n, func(c *logical.Node) { k.need.AddAll(logical.Output(*c)) })
}

// items checks the items that are read, or that yield rows.
func (k *constants) items(items []logical.Item) error {
	for _, it := range items {
		if !k.need.Has(it.ID) && !logical.Any(it.Expr, isSetCall) {
			continue
		}
		if err := k.whole(it.Expr); err != nil {
			return err
		}
	}
	return nil
}

func isSetCall(e expr.Expr) bool {
	_, ok := e.(*logical.SetCall)
	return ok
}

// row checks VALUES of one row, which is what a select list is.
func (k *constants) row(v *logical.Values) error {
	for i, e := range v.Rows[0] {
		if i < len(v.Cols) && !k.need.Has(v.Cols[i]) {
			continue
		}
		if err := k.whole(e); err != nil {
			return err
		}
	}
	return nil
}

// conditions checks conjuncts, up to one that is false.
func (k *constants) conditions(conds []expr.Expr) error {
	for _, c := range conds {
		if s, ok := c.(*expr.Subplan); ok && (s.Kind == expr.SubplanAny || s.Kind == expr.SubplanExists) {
			if err := k.subquery(s); err != nil {
				return err
			}
		}
	}
	for _, c := range conds {
		logical.ExprColumns(c, &k.need)
	}
	var rest []expr.Expr
	for _, c := range conds {
		e, err := k.expr(c)
		if err != nil {
			return err
		}
		if v, ok := e.(*expr.Const); ok && !v.Value.IsNull() && !v.Value.Bool() {
			return nil
		}
		rest = append(rest, e)
	}
	for _, e := range rest {
		if err := k.subqueries(e); err != nil {
			return err
		}
	}
	return nil
}

// whole checks an expression and the subqueries that are left in it.
func (k *constants) whole(e expr.Expr) error {
	logical.ExprColumns(e, &k.need)
	e, err := k.expr(e)
	if err != nil {
		return err
	}
	return k.subqueries(e)
}

func (k *constants) subqueries(e expr.Expr) error {
	var err error
	logical.Walk(e, func(x expr.Expr) bool {
		if s, ok := x.(*expr.Subplan); ok && err == nil {
			err = k.subquery(s)
		}
		return err == nil
	})
	return err
}

func (k *constants) subquery(s *expr.Subplan) error {
	n, ok := s.Plan.(logical.Node)
	if !ok {
		return nil
	}
	if s.Kind != expr.SubplanExists {
		k.need.AddAll(logical.Output(n))
	}
	return k.tree(n)
}

// expr folds an expression from the left to the right; see ConstantError.
func (k *constants) expr(e expr.Expr) (expr.Expr, error) {
	switch x := e.(type) {
	case *expr.Logic:
		return k.logic(x)
	case *expr.Case:
		return k.choice(x)
	case *expr.Coalesce:
		return k.coalesce(x)
	}
	var err error
	e = logical.MapChildren(e, func(x expr.Expr) expr.Expr {
		if err != nil {
			return x
		}
		var y expr.Expr
		if y, err = k.expr(x); err != nil {
			return x
		}
		return y
	})
	if err != nil || ownNode(e) {
		return e, err
	}
	if c, ok := e.(*expr.Cast); ok && c.Domain != 0 {
		return e, nil // PostgreSQL leaves constraints of domains alone
	}
	e, err = expr.FoldNode(k.r.folding(), e)
	var known *pgerror.Error
	if err != nil && (!errors.As(err, &known) || known.Code == pgerror.InternalError || known.Code == pgerror.FeatureNotSupported) {
		err = nil // not the value's fault: it may say so when it runs
	}
	return e, err
}

// logic stops at an argument that decides.
func (k *constants) logic(x *expr.Logic) (expr.Expr, error) {
	args := make([]expr.Expr, 0, len(x.Args))
	for _, a := range x.Args {
		e, err := k.expr(a)
		if err != nil {
			return nil, err
		}
		if c, ok := e.(*expr.Const); ok && !c.Value.IsNull() && c.Value.Bool() == x.Or {
			return c, nil
		}
		args = append(args, e)
	}
	return expr.FoldNode(k.r.folding(), &expr.Logic{Or: x.Or, Args: args})
}

// choice stops at a condition that is true, and passes over the values of
// those that are not.
func (k *constants) choice(x *expr.Case) (expr.Expr, error) {
	out := &expr.Case{Typ: x.Typ}
	for _, w := range x.Whens {
		cond, err := k.expr(w.Cond)
		if err != nil {
			return nil, err
		}
		c, constant := cond.(*expr.Const)
		if constant && (c.Value.IsNull() || !c.Value.Bool()) {
			continue
		}
		then, err := k.expr(w.Then)
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, expr.When{Cond: cond, Then: then})
		if constant {
			return expr.FoldNode(k.r.folding(), out)
		}
	}
	if x.Else != nil {
		otherwise, err := k.expr(x.Else)
		if err != nil {
			return nil, err
		}
		out.Else = otherwise
	}
	switch {
	case len(out.Whens) > 0:
		return expr.FoldNode(k.r.folding(), out)
	case out.Else != nil:
		return out.Else, nil
	}
	return &expr.Const{Value: types.Null, Typ: x.Typ}, nil
}

// coalesce stops at an argument that is not NULL.
func (k *constants) coalesce(x *expr.Coalesce) (expr.Expr, error) {
	out := &expr.Coalesce{Typ: x.Typ}
	for _, a := range x.Args {
		e, err := k.expr(a)
		if err != nil {
			return nil, err
		}
		out.Args = append(out.Args, e)
		if c, ok := e.(*expr.Const); ok && !c.Value.IsNull() {
			break
		}
	}
	return expr.FoldNode(k.r.folding(), out)
}
