package sessiontest

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/session"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// client writes what it is told down, in the order in which it comes:
// a line of column names, a line a row with values between bars (NULL is NULL),
// a line for the command tag, and errors and notices as
//
//	ERROR: 42P01: relation "x" does not exist (position 15)
//	DETAIL: ...
//	HINT: ...
type client struct {
	out    strings.Builder
	copyIn string
}

func (c *client) line(s string) {
	c.out.WriteString(s)
	c.out.WriteByte('\n')
}

// RowDescription implements session.Client.
func (c *client) RowDescription(cols []plan.Column, _ []int16) error {
	names := make([]string, len(cols))
	for i := range cols {
		names[i] = cols[i].Name
	}
	c.line(strings.Join(names, "|"))
	return nil
}

// EndsRound implements session.Client.
func (c *client) EndsRound() bool { return false }

// Batch implements session.Client.
func (c *client) Batch(rows session.Rows, batch arrow.RecordBatch, from, to int) error {
	row := make([]types.Datum, len(rows.Columns))
	for r := from; r < to; r++ {
		for i := range row {
			row[i] = types.Null
			if !batch.Column(i).IsNull(r) {
				row[i] = types.DatumAt(batch.Column(i), r)
			}
		}
		if err := c.Row(rows, row); err != nil {
			return err
		}
	}
	return nil
}

// Row implements session.Client.
func (c *client) Row(rows session.Rows, row []types.Datum) error {
	fields := make([]string, len(row))
	for i, d := range row {
		fields[i] = "NULL"
		if !d.IsNull() {
			fields[i] = string(types.AppendText(nil, rows.Columns[i].Type, d, rows.IO))
		}
	}
	c.line(strings.Join(fields, "|"))
	return nil
}

// Complete implements session.Client.
func (c *client) Complete(tag string) error {
	c.line(tag)
	return nil
}

// Empty implements session.Client.
func (c *client) Empty() error { return nil }

// Suspended implements session.Client.
func (c *client) Suspended() error {
	c.line("(suspended)")
	return nil
}

// Notice implements session.Client.
func (c *client) Notice(e *pgerror.Error) error {
	c.message(e)
	return nil
}

func (c *client) message(e *pgerror.Error) {
	m := message{
		severity: string(e.Severity), code: string(e.Code), text: e.Message, detail: e.Detail, hint: e.Hint, position: e.Position,
	}
	m.write(c)
}

// message is an error or notice of either server.
type message struct {
	severity, code, text, detail, hint string
	position                           int
}

func (m *message) write(c *client) {
	severity := m.severity
	if severity == "" {
		severity = "ERROR"
	}
	text := severity + ": "
	if severity != "NOTICE" && severity != "INFO" {
		text += m.code + ": "
	}
	text += m.text
	if m.position > 0 {
		text += " (position " + strconv.Itoa(m.position) + ")"
	}
	c.line(text)
	if m.detail != "" {
		c.line("DETAIL: " + m.detail)
	}
	if m.hint != "" {
		c.line("HINT: " + m.hint)
	}
}

// ParameterStatus implements session.Client.
func (c *client) ParameterStatus(string, string) error { return nil }

// CopyIn implements session.Client.
func (c *client) CopyIn(context.Context, bool, int) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(c.copyIn)), nil
}

// CopyOut implements session.Client.
func (c *client) CopyOut(bool, int) (io.WriteCloser, error) { return copyOut{c}, nil }

type copyOut struct{ c *client }

func (w copyOut) Write(p []byte) (int, error) { return w.c.out.Write(p) }
func (w copyOut) Close() error                { return nil }
