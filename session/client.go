package session

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Client is the frontend's end of a session: pgwire implements it. The session
// calls it from the goroutine that runs the statement. An error of any method
// means that the connection is gone; the session gives the statement up.
type Client interface {
	// RowDescription announces the columns of the rows that follow. formats
	// has one entry a column: 0 text, 1 binary.
	RowDescription(cols []plan.Column, formats []int16) error
	// Batch sends rows [from, to) of a batch. It does not keep the batch.
	Batch(rows Rows, batch arrow.RecordBatch, from, to int) error
	// Row sends one row. It does not keep the datums.
	Row(rows Rows, row []types.Datum) error
	// Complete ends a statement with its command tag.
	Complete(tag string) error
	// EndsRound reports whether the client is known to send nothing more before the
	// end of the round: an implicit transaction ends with the present statement.
	EndsRound() bool
	// Empty answers an empty query string.
	Empty() error
	// Suspended says that the portal's row limit was reached.
	Suspended() error
	// Notice sends a notice or warning.
	Notice(e *pgerror.Error) error
	// ParameterStatus reports a new value of a setting that clients watch. They
	// hear of it at the end of the round.
	ParameterStatus(name, value string) error
	// CopyIn starts COPY FROM STDIN and returns the stream of the copy data,
	// whose Read fails with the client's CopyFail as an error (57014), and with
	// ctx's cause when that ends. The session closes it when the COPY is over.
	CopyIn(ctx context.Context, binary bool, columns int) (io.ReadCloser, error)
	// CopyOut starts COPY TO STDOUT; writes to the result become CopyData
	// messages, one a Write. CopyDone is sent by Close.
	CopyOut(binary bool, columns int) (io.WriteCloser, error)
}

// Rows is how rows are encoded.
type Rows struct {
	Columns []plan.Column
	Formats []int16
	IO      *types.IO
}
