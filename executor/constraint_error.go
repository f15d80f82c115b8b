package executor

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// maxFieldText is how many bytes of a value a message shows (PostgreSQL's
// ExecBuildSlotValueDescription).
const maxFieldText = 64

// schemaName is the name of a table's schema.
func (e *Env) schemaName(t *catalog.Table) string {
	if e.Snapshot != nil {
		if s := e.Snapshot.SchemaByID(t.Schema); s != nil {
			return s.Name
		}
	}
	return ""
}

// rowText is a row as "Failing row contains" shows it: all columns that are
// not dropped, long values cut.
func (e *Env) rowText(t *catalog.Table, row []types.Datum) string {
	var b strings.Builder
	b.WriteByte('(')
	first := true
	for i := range t.Columns {
		if t.Columns[i].Dropped {
			continue
		}
		if !first {
			b.WriteString(", ")
		}
		first = false
		b.WriteString(cutText(e.datumText(t.Columns[i].Type, row[i])))
	}
	b.WriteByte(')')
	return b.String()
}

func (e *Env) datumText(t types.Type, d types.Datum) string {
	if d.IsNull() {
		return "null"
	}
	return string(types.AppendText(nil, t, d, e.Functions.IO))
}

func cutText(s string) string {
	if len(s) <= maxFieldText {
		return s
	}
	n := maxFieldText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

func (e *Env) rejected(row int, late bool) {
	if e.RejectedRow != nil {
		e.RejectedRow(row, late)
	}
}

// notNullError is 23502 for the column at ordinal.
func (e *Env) notNullError(t *catalog.Table, ordinal int, row []types.Datum) error {
	c := &t.Columns[ordinal]
	return pgerror.New(pgerror.NotNullViolation, "null value in column %q of relation %q violates not-null constraint", c.Name, t.Name).
		WithDetail("Failing row contains %s.", e.rowText(t, row)).
		WithTable(e.schemaName(t), t.Name).WithColumn(c.Name)
}

// checkError is 23514.
func (e *Env) checkError(t *catalog.Table, constraint string, row []types.Datum) error {
	return pgerror.New(pgerror.CheckViolation, "new row for relation %q violates check constraint %q", t.Name, constraint).
		WithDetail("Failing row contains %s.", e.rowText(t, row)).
		WithTable(e.schemaName(t), t.Name).WithConstraint(constraint)
}

// checkOptionError is 44000 for a view's WITH CHECK OPTION.
func (e *Env) checkOptionError(t *catalog.Table, view string, row []types.Datum) error {
	return pgerror.New(pgerror.WithCheckOptionViolation, "new row violates check option for view %q", view).
		WithDetail("Failing row contains %s.", e.rowText(t, row))
}

// keyText is "(a, b)=(1, x)" of an index's key.
func (e *Env) keyText(t *catalog.Table, ix *catalog.Index, value func(column int) types.Datum) string {
	names := make([]string, len(ix.Columns))
	values := make([]string, len(ix.Columns))
	for i, c := range ix.Columns {
		typ := c.ExprType
		if c.Num > 0 {
			names[i], typ = t.Columns[c.Num-1].Name, t.Columns[c.Num-1].Type
		} else {
			names[i] = c.Expr
		}
		values[i] = e.datumText(typ, value(i))
	}
	return "(" + strings.Join(names, ", ") + ")=(" + strings.Join(values, ", ") + ")"
}

// uniqueError is 23505.
func (e *Env) uniqueError(t *catalog.Table, ix *catalog.Index, key string) error {
	return pgerror.New(pgerror.UniqueViolation, "duplicate key value violates unique constraint %q", ix.Name).
		WithDetail("Key %s already exists.", key).
		WithTable(e.schemaName(t), t.Name).WithConstraint(ix.Name)
}

// lockError puts PostgreSQL's words to a row lock that was not to be had.
func lockError(err error, t *catalog.Table) error {
	var e *pgerror.Error
	if errors.As(err, &e) && e.Code == pgerror.LockNotAvailable && !strings.Contains(e.Message, "timeout") {
		return pgerror.New(pgerror.LockNotAvailable, "could not obtain lock on row in relation %q", t.Name)
	}
	return err
}
