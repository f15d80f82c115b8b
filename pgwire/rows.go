package pgwire

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/session"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func itoa(n int) string { return strconv.Itoa(n) }

// RowDescription implements session.Client.
func (c *conn) RowDescription(cols []plan.Column, formats []int16) error {
	w := &c.out
	w.begin('T')
	w.int16(int16(len(cols)))
	for i := range cols {
		col := &cols[i]
		w.cstring(col.Name)
		w.int32(int32(col.Table))
		w.int16(col.Num)
		w.int32(int32(col.Type.OID))
		w.int16(c.session.TypeLen(col.Type))
		w.int32(col.Type.Mod)
		w.int16(formats[i])
	}
	return w.end()
}

// Row implements session.Client.
func (c *conn) Row(rows session.Rows, row []types.Datum) error {
	w := &c.out
	w.begin('D')
	w.int16(int16(len(row)))
	for i := range row {
		w.value(rows, i, row[i])
	}
	return w.end()
}

// value appends the length word and the encoded value of one field.
func (w *writer) value(rows session.Rows, col int, d types.Datum) {
	if d.IsNull() {
		w.int32(-1)
		return
	}
	at := len(w.buf)
	w.buf = append(w.buf, 0, 0, 0, 0)
	t := rows.Columns[col].Type
	if rows.Formats[col] == 0 {
		w.buf = types.AppendText(w.buf, t, d, rows.IO)
	} else {
		w.buf = types.AppendBinary(w.buf, t, d, rows.IO)
	}
	binary.BigEndian.PutUint32(w.buf[at:], uint32(len(w.buf)-at-4))
}

// Batch implements session.Client.
func (c *conn) Batch(rows session.Rows, batch arrow.RecordBatch, from, to int) error {
	n := len(rows.Columns)
	if int(batch.NumCols()) < n {
		return pgerror.New(pgerror.InternalError, "a batch of %d columns for %d announced", batch.NumCols(), n)
	}
	if chunked, ok := batch.(types.ChunkedRows); ok {
		return c.chunkedRows(rows, chunked, from, to)
	}
	defer c.endFields() // they would keep the batch alive
	if err := c.openFields(rows, 1, func(_, i int) arrow.Array { return batch.Column(i) }); err != nil {
		return err
	}
	for row := from; row < to; row++ {
		if err := c.fields(c.columns, row); err != nil {
			return err
		}
	}
	return nil
}

// chunkedRows is Batch for rows in chunks.
func (c *conn) chunkedRows(rows session.Rows, batch types.ChunkedRows, from, to int) error {
	defer c.endFields()
	if err := c.openFields(rows, batch.Chunks(), batch.ChunkColumn); err != nil {
		return err
	}
	n := len(rows.Columns)
	for i := from; i < to; i++ {
		chunk, row := batch.Place(i)
		if err := c.fields(c.columns[chunk*n:(chunk+1)*n], row); err != nil {
			return err
		}
	}
	return nil
}

// openFields makes c.columns those of some chunks, one chunk behind the other.
func (c *conn) openFields(rows session.Rows, chunks int, column func(chunk, i int) arrow.Array) error {
	n := len(rows.Columns)
	c.columns = slices.Grow(c.columns[:0], chunks*n)[:chunks*n]
	for k := range c.columns {
		i := k % n
		if err := c.columns[k].Reset(column(k/n, i), rows.Columns[i].Type, rows.Formats[i], rows.IO); err != nil {
			return err
		}
	}
	return nil
}

// keptFields is how many columns a connection keeps for the next batch.
const keptFields = 2048

func (c *conn) endFields() {
	if cap(c.columns) > keptFields {
		c.columns = nil
		return
	}
	for i := range c.columns {
		c.columns[i].Done()
	}
}

// fields sends a row.
func (c *conn) fields(columns []types.FieldColumn, row int) error {
	w := &c.out
	w.begin('D')
	w.int16(int16(len(columns)))
	w.buf = types.AppendFields(w.buf, columns, row)
	return w.end()
}

// Complete implements session.Client.
func (c *conn) Complete(tag string) error {
	c.out.begin('C')
	c.out.cstring(tag)
	return c.out.end()
}

// EndsRound implements session.Client: a Sync has arrived and is next.
func (c *conn) EndsRound() bool { return bytes.HasPrefix(c.in.ahead(), syncMessage) }

var syncMessage = []byte{'S', 0, 0, 0, 4}

// Empty implements session.Client.
func (c *conn) Empty() error { return c.out.empty('I') }

// Suspended implements session.Client.
func (c *conn) Suspended() error { return c.out.empty('s') }

// Notice implements session.Client.
func (c *conn) Notice(e *pgerror.Error) error { return c.out.errorResponse(e) }

// setting is a setting's value for ParameterStatus.
type setting struct{ name, value string }

// ParameterStatus implements session.Client. Clients are told before the next
// ReadyForQuery, and only of what then differs from what they know.
func (c *conn) ParameterStatus(name, value string) error {
	for i := range c.changed {
		if c.changed[i].name == name {
			c.changed[i].value = value
			return nil
		}
	}
	c.changed = append(c.changed, setting{name, value})
	return nil
}

func (c *conn) reportSettings() {
	for _, s := range c.changed {
		if old, ok := c.told[s.name]; ok && old == s.value {
			continue
		}
		c.told[s.name] = s.value
		c.out.begin('S')
		c.out.cstring(s.name)
		c.out.cstring(s.value)
		_ = c.out.end() // the error stays in out
	}
	c.changed = c.changed[:0]
}

// readyForQuery ends a round: everything gathered is written.
func (c *conn) readyForQuery() error {
	if len(c.changed) > 0 {
		c.reportSettings()
	}
	c.out.begin('Z')
	c.out.byte(c.session.Status())
	if err := c.out.end(); err != nil {
		return err
	}
	return c.out.flush()
}
