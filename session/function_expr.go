package session

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var _ functions.ExprSession = (*functionSession)(nil)

// ExprText implements functions.ExprSession.
func (f *functionSession) ExprText(relation uint32, text string, pretty bool) string {
	if !pretty {
		return f.display(text)
	}
	return f.exprText(f.snap.TableByID(catalog.OID(relation)), text)
}

// printer prints expressions for definitions: only pretty ones are printed anew.
func (f *functionSession) printer(pretty bool) catalog.ExprPrinter {
	if !pretty {
		return nil
	}
	return func(t *catalog.Table, text string) string { return f.exprText(t, text) }
}

// exprText prints an expression that the catalog has as text: names qualified
// as the session's search path needs, without the parentheses that precedence
// makes needless. What cannot be bound stays as it is.
func (f *functionSession) exprText(t *catalog.Table, text string) string {
	opts := f.s.planOptions(f.snap, nil)
	opts.NoFold = true
	e, err := planner.BindTableText(context.Background(), text, planner.UseAlterType, t, valueOf(t, text), opts)
	if err != nil {
		return f.display(text)
	}
	d := expr.DeparseOptions{Pretty: true, IO: &types.IO{Resolve: f.resolver()}}
	d.Column = func(e expr.Expr) string {
		if o, ok := e.(*expr.Ordinal); ok && t != nil && o.Index < len(t.Columns) {
			return catalog.QuoteIdent(t.Columns[o.Index].Name)
		}
		return "?"
	}
	return expr.Deparse(e, d)
}

// valueOf finds the column that has the expression as its default or its
// generation expression: a conversion to its type that nobody wrote shows in
// the parentheses.
func valueOf(t *catalog.Table, text string) *catalog.Column {
	if t == nil {
		return nil
	}
	for i := range t.Columns {
		if t.Columns[i].Default == text {
			return &t.Columns[i]
		}
	}
	return nil
}
