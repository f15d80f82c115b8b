package binder

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ExprUse says what an expression outside of a query is for: what it may
// contain, what type it must have and how errors call it.
type ExprUse uint8

// The uses.
const (
	UseDefault        ExprUse = iota // a column's DEFAULT: no columns
	UseCheck                         // a CHECK constraint: boolean
	UseGenerated                     // a generated column: immutable
	UseIndexExpr                     // a key of an index: immutable
	UseIndexPredicate                // a partial index's predicate: boolean, immutable
	UseAlterType                     // ALTER COLUMN TYPE ... USING
	UseCopyWhere                     // COPY FROM ... WHERE: boolean
	UseExecute                       // an argument of EXECUTE: no columns
)

var useKinds = [...]exprKind{
	UseDefault: kindDefault, UseCheck: kindCheck, UseGenerated: kindGenerated, UseIndexExpr: kindIndexExpr,
	UseIndexPredicate: kindIndexPredicate, UseAlterType: kindAlterUsing, UseCopyWhere: kindCopyWhere, UseExecute: kindExecute,
}

// BindTableExpr binds an expression over a table's columns (nil for none),
// which become expr.Ordinal: positions in Table.Columns. For a default, a
// generated column, ALTER TYPE and EXECUTE the value is converted to target's
// type if target is not nil; target's name is used in messages.
func BindTableExpr(ctx context.Context, e ast.Expr, use ExprUse, table *catalog.Table, target *catalog.Column, opts *Options) (expr.Expr, error) {
	b := New(opts)
	b.noAuto++
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &scope{depth: 1, kind: useKinds[use]}
	var first expr.ColumnID
	if table != nil {
		first = b.tableColumns(table, table.Name, 1)
		if use != UseExecute {
			kind := s.kind
			s = b.tableScope(table, first, kind)
		}
	}
	out, err := b.bindExpr(s, e)
	if err != nil {
		return nil, err
	}
	if out, err = b.finishUse(out, use, target, e); err != nil {
		return nil, err
	}
	if err := b.finishParams(); err != nil {
		return nil, err
	}
	if table != nil {
		out = toOrdinals(out, len(table.Columns), first)
	}
	return out, nil
}

func (b *Binder) finishUse(e expr.Expr, use ExprUse, target *catalog.Column, n ast.Expr) (expr.Expr, error) {
	var err error
	switch use {
	case UseCheck:
		return b.coerceBool(e, "CHECK", leftmost(n))
	case UseIndexPredicate:
		if e, err = b.coerceBool(e, "WHERE", leftmost(n)); err != nil {
			return nil, err
		}
		return e, immutable(e, "functions in index predicate must be marked IMMUTABLE")
	case UseCopyWhere:
		return b.coerceBool(e, "WHERE", leftmost(n))
	case UseIndexExpr:
		if e, err = b.toText(e, leftmost(n)); err != nil {
			return nil, err
		}
		return e, immutable(e, "functions in index expression must be marked IMMUTABLE")
	case UseGenerated:
		if err := immutable(e, "generation expression is not immutable"); err != nil {
			return nil, err
		}
	}
	if target == nil {
		return b.toText(e, leftmost(n))
	}
	ctx := functions.CastAssignment
	out, err := b.coerce(e, target.Type, ctx, leftmost(n))
	if u := b.domain(target.Domain); u != nil && out != nil && use == UseAlterType {
		return b.checkDomain(out, u)
	}
	if err != nil || out != nil {
		return out, err
	}
	switch use {
	case UseDefault:
		return nil, pgerror.New(pgerror.DatatypeMismatch, "column %q is of type %s but default expression is of type %s", target.Name, b.typeName(target.Type), b.typeName(e.Type())).
			WithHint("You will need to rewrite or cast the expression.")
	case UseGenerated:
		return nil, pgerror.New(pgerror.DatatypeMismatch, "column %q is of type %s but generation expression is of type %s", target.Name, b.typeName(target.Type), b.typeName(e.Type())).
			WithHint("You will need to rewrite or cast the expression.")
	case UseAlterType:
		return nil, pgerror.New(pgerror.DatatypeMismatch, "result of USING clause for column %q cannot be cast automatically to type %s", target.Name, b.typeName(target.Type)).
			WithHint("You might need to add an explicit cast.")
	}
	return nil, pgerror.New(pgerror.DatatypeMismatch, "parameter %s of type %s cannot be coerced to the expected type %s", target.Name, b.typeName(e.Type()), b.typeName(target.Type)).
		WithHint("You will need to rewrite or cast the expression.").At(leftmost(n))
}

func immutable(e expr.Expr, message string) error {
	if expr.Volatility(e) != functions.Immutable {
		return pgerror.New(pgerror.InvalidObjectDefinition, "%s", message)
	}
	return nil
}

// AlterTypeCast is the conversion of ALTER COLUMN TYPE without USING: an
// assignment cast of the column (an ordinal), or an error that hints at USING.
func AlterTypeCast(table *catalog.Table, column int, to types.Type, opts *Options) (expr.Expr, error) {
	b := New(opts)
	c := &table.Columns[column]
	e, err := b.coerce(&expr.Ordinal{Index: column, Name: c.Name, Typ: c.Type}, to, functions.CastAssignment, -1)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, pgerror.New(pgerror.DatatypeMismatch, "column %q cannot be cast automatically to type %s", c.Name, b.typeName(to)).
			WithHint("You might need to specify \"USING %s::%s\".", expr.QuoteIdent(c.Name), types.Format(to))
	}
	return e, nil
}

// ResolveType resolves a type's name as written.
func ResolveType(tn *ast.TypeName, opts *Options) (types.Type, error) {
	return New(opts).bindTypeName(tn)
}

// KeyCondition is the condition that the columns of a scan equal values, for
// foreign keys.
func (b *Binder) KeyCondition(scan *logical.Scan, nums []int16, values []expr.Expr) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(nums))
	for i, n := range nums {
		id := scan.First + expr.ColumnID(n-1)
		e, err := b.operator("", "=", b.MD.Col(id), values[i], -1, -1, -1)
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

// TableScan makes a scan of a table outside of any query, with the row handle.
func (b *Binder) TableScan(t *catalog.Table) *logical.Scan {
	scan, _ := b.scanTable(&scope{depth: 1}, t, nil)
	scan.Handle = b.handleColumn(t.Name)
	b.addDep(t)
	return scan
}

// DefaultFor is the default of a column, converted to its type.
func (b *Binder) DefaultFor(c *catalog.Column) (expr.Expr, error) { return b.columnDefault(c) }

// Convert is the assignment cast of a value to a column's type.
func (b *Binder) Convert(e expr.Expr, c *catalog.Column) (expr.Expr, error) {
	return b.assign(e, c, -1)
}

// WithGenerated adds generated columns to assignments.
func (b *Binder) WithGenerated(t *catalog.Table, first expr.ColumnID, set []logical.Assign) ([]logical.Assign, error) {
	return b.withGenerated(t, first, set)
}
