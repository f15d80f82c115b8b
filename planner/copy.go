package planner

import (
	"context"
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// PlanCopyFrom plans COPY table (columns) FROM [WHERE where]: an INSERT of rows that come
// from a plan.Stream with the columns' types. It is the plan of
// INSERT INTO table (columns) VALUES ($1, ...) with the VALUES replaced.
func PlanCopyFrom(ctx context.Context, table *ast.RangeVar, columns []string, where ast.Expr, opts Options) (*plan.Query, error) {
	ins := &ast.Insert{Table: table, Overriding: ast.OverridingSystem}
	row := make([]ast.Expr, len(columns))
	t := opts.Catalog.Resolve(opts.SearchPath, table.Schema, table.Name)
	if t == nil {
		return nil, pgerror.New(pgerror.UndefinedTable, "relation %q does not exist", table.Name).At(table.Loc())
	}
	opts.ParamTypes = nil
	var cols []plan.Column
	for i, name := range columns {
		ins.Columns = append(ins.Columns, &ast.InsertColumn{Name: name})
		row[i] = &ast.ParamRef{Number: i + 1}
		for k := range t.Columns {
			if c := &t.Columns[k]; !c.Dropped && c.Name == name {
				opts.ParamTypes = append(opts.ParamTypes, types.Type{OID: c.Type.OID, Mod: c.Type.Mod})
				cols = append(cols, plan.Column{Name: name, Type: c.Type})
			}
		}
	}
	ins.Query = &ast.Select{Values: [][]ast.Expr{row}}
	if len(columns) == 0 {
		ins.Query = nil
	}
	q, err := Plan(ctx, ins, opts)
	if err != nil {
		return nil, err
	}
	insert, ok := q.Root.(*plan.Insert)
	if !ok {
		return nil, pgerror.New(pgerror.InternalError, "COPY planned as %T", q.Root)
	}
	if insert.Input, err = streamed(insert.Input, cols); err != nil {
		return nil, err
	}
	if where != nil {
		cond, err := BindTableExpr(ctx, where, UseCopyWhere, t, nil, opts)
		if err != nil {
			return nil, err
		}
		if err := refuseGenerated(cond, t); err != nil {
			return nil, err
		}
		cond = overTarget(cond, insert.Target)
		insert.Input = &plan.Filter{Base: plan.Base{Cols: insert.Input.Columns()}, Input: insert.Input, Cond: cond}
	}
	q.ParamTypes, q.Tag, q.Cacheable = nil, "COPY", false
	return q, nil
}

// refuseGenerated refuses generated columns, which a row has only after the condition.
func refuseGenerated(e expr.Expr, t *catalog.Table) error {
	var err error
	logical.Walk(e, func(x expr.Expr) bool {
		if o, ok := x.(*expr.Ordinal); ok && t.Columns[o.Index].Generated && err == nil {
			err = pgerror.New(pgerror.InvalidColumnReference, "generated columns are not supported in COPY FROM WHERE conditions").
				WithDetail("Column %q is a generated column.", t.Columns[o.Index].Name)
		}
		return true
	})
	return err
}

// overTarget makes an expression over a table's columns one over the rows of
// an insert, whose columns are the ordinals of target.
func overTarget(e expr.Expr, target []int) expr.Expr {
	if o, ok := e.(*expr.Ordinal); ok {
		c := *o
		c.Index = slices.Index(target, o.Index)
		return &c
	}
	return logical.MapChildren(e, func(x expr.Expr) expr.Expr { return overTarget(x, target) })
}

// streamed replaces the one row of VALUES below an insert by a stream of the
// given columns: parameter $i becomes column i.
func streamed(n plan.Node, cols []plan.Column) (plan.Node, error) {
	switch n := n.(type) {
	case *plan.Values:
		if len(n.Rows) != 1 {
			break
		}
		exprs := make([]expr.Expr, len(n.Rows[0]))
		for i, e := range n.Rows[0] {
			exprs[i] = fromStream(e, cols)
		}
		stream := &plan.Stream{Base: plan.Base{Cols: cols}}
		if passesAll(exprs, len(cols)) {
			return stream, nil
		}
		return &plan.Project{Base: plan.Base{Cols: n.Cols}, Input: stream, Exprs: exprs}, nil
	case *plan.Project:
		in, err := streamed(n.Input, cols)
		if err != nil {
			return nil, err
		}
		c := *n
		c.Input = in
		return &c, nil
	}
	return nil, pgerror.New(pgerror.InternalError, "COPY planned over %T", n)
}

func passesAll(exprs []expr.Expr, n int) bool {
	if len(exprs) != n {
		return false
	}
	for i, e := range exprs {
		if o, ok := e.(*expr.Ordinal); !ok || o.Index != i {
			return false
		}
	}
	return true
}

// fromStream replaces parameters by the stream's columns. A conversion of a
// parameter to its own type (a length check that the copied value has passed)
// goes away.
func fromStream(e expr.Expr, cols []plan.Column) expr.Expr {
	switch x := e.(type) {
	case *expr.Param:
		return &expr.Ordinal{Index: x.Index, Name: cols[x.Index].Name, Typ: cols[x.Index].Type}
	case *expr.Cast:
		if p, ok := x.Arg.(*expr.Param); ok && x.Domain == 0 && cols[p.Index].Type == x.Typ {
			return fromStream(p, cols)
		}
	}
	return logical.MapChildren(e, func(c expr.Expr) expr.Expr { return fromStream(c, cols) })
}
