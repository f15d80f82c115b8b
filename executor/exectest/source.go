package exectest

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Source is a plan node that yields rows in memory, in batches of the
// environment's size.
type Source struct {
	plan.Base
	Rows [][]types.Datum
	// FailAfter, if Err is set, is how many rows come before Err.
	FailAfter int
	Err       error
}

// Rows makes a source: "a int4, b text" and rows "1|x", "NULL|y". It panics on
// text that does not parse.
func Rows(columns string, rows ...string) *Source {
	s := &Source{}
	for _, c := range strings.Split(columns, ", ") {
		name, typ, _ := strings.Cut(c, " ")
		t, err := types.ParseTypeName(typ, nil)
		if err != nil {
			panic(err)
		}
		s.Cols = append(s.Cols, plan.Column{Name: name, Type: t})
	}
	for _, r := range rows {
		s.Rows = append(s.Rows, parseRow(s.Cols, r))
	}
	return s
}

func parseRow(cols []plan.Column, text string) []types.Datum {
	fields := strings.Split(text, "|")
	if len(fields) != len(cols) {
		panic(fmt.Sprintf("row %q has %d fields, not %d", text, len(fields), len(cols)))
	}
	row := make([]types.Datum, len(cols))
	for i, f := range fields {
		if f == "NULL" {
			continue
		}
		d, err := types.Parse(cols[i].Type, f, nil)
		if err != nil {
			panic(err)
		}
		row[i] = d
	}
	return row
}

// nulls is the source with every value NULL.
func (s *Source) nulls() *Source {
	out := &Source{Base: s.Base}
	for range s.Rows {
		out.Rows = append(out.Rows, make([]types.Datum, len(s.Cols)))
	}
	return out
}

// failing is the source with err after n rows.
func (s *Source) failing(n int, err error) *Source {
	return &Source{Base: s.Base, Rows: s.Rows, FailAfter: n, Err: err}
}

// Open implements executor.Opener.
func (s *Source) Open(env *executor.Env) (executor.Operator, error) {
	fields := make([]arrow.Field, len(s.Cols))
	for i, c := range s.Cols {
		fields[i] = arrow.Field{Name: c.Name, Type: types.ArrowType(c.Type), Nullable: true}
	}
	return &sourceOperator{source: s, env: env, schema: arrow.NewSchema(fields, nil)}, nil
}

// sourceOperator does not look at the context, so that operators above have to.
type sourceOperator struct {
	source *Source
	env    *executor.Env
	schema *arrow.Schema
	at     int
	closed bool
}

func (o *sourceOperator) Schema() *arrow.Schema { return o.schema }

func (o *sourceOperator) Close() error {
	o.closed = true
	return nil
}

func (o *sourceOperator) Next(context.Context) (arrow.RecordBatch, error) {
	if o.closed {
		panic("exectest: Next after Close")
	}
	rows := o.source.Rows
	if o.source.Err != nil {
		if o.at >= o.source.FailAfter {
			return nil, o.source.Err
		}
		rows = rows[:min(len(rows), o.source.FailAfter)]
	}
	if o.at == len(rows) {
		return nil, io.EOF
	}
	size := o.env.BatchRows
	if size == 0 {
		size = executor.BatchRows
	}
	n := min(size, len(rows)-o.at)
	cols := make([]arrow.Array, len(o.source.Cols))
	for c := range cols {
		b := types.NewBuilder(o.env.Alloc, o.source.Cols[c].Type)
		for _, r := range rows[o.at : o.at+n] {
			types.AppendDatum(b, r[c])
		}
		cols[c] = b.NewArray()
		b.Release()
	}
	o.at += n
	batch := array.NewRecordBatch(o.schema, cols, int64(n))
	for _, c := range cols {
		c.Release()
	}
	return batch, nil
}
