package planner

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// table names a table as a scan does: with its schema if VERBOSE, and with its
// alias if that is another name.
func (x *explainer) table(t *catalog.Table, alias string) string {
	s := expr.QuoteIdent(t.Name)
	if schema := x.schema(t); schema != "" {
		s = expr.QuoteIdent(schema) + "." + s
	}
	if alias != "" && alias != t.Name {
		s += " " + expr.QuoteIdent(alias)
	}
	return s
}

// schema is a table's schema where VERBOSE shows it, else "".
func (x *explainer) schema(t *catalog.Table) string {
	if !x.opt.Verbose || x.opt.Schema == nil {
		return ""
	}
	return x.opt.Schema(t.Schema)
}

// relationFields adds the fields of structured formats that name a table.
func (x *explainer) relationFields(e *explained, t *catalog.Table, alias string) {
	e.fields = append(e.fields, Property{"Relation Name", t.Name})
	if schema := x.schema(t); schema != "" {
		e.fields = append(e.fields, Property{"Schema", schema})
	}
	e.fields = append(e.fields, Property{"Alias", alias})
}

// qualifier stands before a column in the conditions of a scan: the table's
// alias if VERBOSE.
func (x *explainer) qualifier(alias string) string {
	if !x.opt.Verbose || alias == "" {
		return ""
	}
	return expr.QuoteIdent(alias) + "."
}

// look prints conditions over the columns of one table until x.bare is nil.
func (x *explainer) look(cols []plan.Column, alias string) {
	x.bare, x.alias = cols, alias
}
