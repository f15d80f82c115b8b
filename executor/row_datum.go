package executor

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// The functions of this file verify and prepare single rows as datums, where a
// batch would cost more than it gives: point statements and ON CONFLICT.

// checkRow verifies NOT NULL, CHECK and check options of a row.
func (e *Env) checkRow(t *catalog.Table, rows *plan.RowChecks, row []types.Datum) error {
	for i := range t.Columns {
		if c := &t.Columns[i]; c.NotNull && !c.Dropped && row[i].IsNull() {
			return e.notNullError(t, i, row)
		}
	}
	for i := range rows.Checks {
		d, err := expr.EvalRow(e.Functions, rows.Checks[i].Expr, row)
		if err != nil {
			return err
		}
		if !d.IsNull() && !d.Bool() {
			return e.checkError(t, rows.Checks[i].Name, row)
		}
	}
	for i := range rows.CheckOptions {
		d, err := expr.EvalRow(e.Functions, rows.CheckOptions[i].Expr, row)
		if err != nil {
			return err
		}
		if d.IsNull() || !d.Bool() {
			return e.checkOptionError(t, rows.CheckOptions[i].Name, row)
		}
	}
	return nil
}

// storedRow is a row with what its indexes compute.
func (e *Env) storedRow(indexes []plan.IndexExprs, values []types.Datum) (rowstore.Row, error) {
	row := rowstore.Row{Values: values}
	for i := range indexes {
		ix := &indexes[i]
		if ix.Predicate != nil {
			indexed, err := expr.ConditionRow(e.Functions, ix.Predicate, values)
			if err != nil {
				return row, err
			}
			if row.Skip == nil {
				row.Skip = make([]bool, len(indexes))
			}
			row.Skip[i] = !indexed
		}
		for k, c := range ix.Columns {
			if c == nil {
				continue
			}
			d, err := expr.EvalRow(e.Functions, c, values)
			if err != nil {
				return row, err
			}
			if row.Exprs == nil {
				row.Exprs = make([][]types.Datum, len(indexes))
			}
			if row.Exprs[i] == nil {
				row.Exprs[i] = make([]types.Datum, len(ix.Columns))
			}
			row.Exprs[i][k] = d
		}
	}
	return row, nil
}
