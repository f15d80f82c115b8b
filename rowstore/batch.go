package rowstore

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// BatchReader turns the rows of Arrow batches into datums by ordinal, the form
// that Writer takes, without allocating: one typed reader a column.
type BatchReader struct {
	ordinals []int
	columns  []types.ColumnReader
	row      []types.Datum
}

// NewBatchReader makes a reader for a table of width columns (dropped ones
// included); column i of the batches is the value of ordinal target[i], all
// other values are NULL.
func NewBatchReader(width int, target []int) *BatchReader {
	return &BatchReader{
		ordinals: target,
		columns:  make([]types.ColumnReader, len(target)),
		row:      make([]types.Datum, width),
	}
}

// Reset starts with another batch, which must live as long as its rows are read.
func (b *BatchReader) Reset(batch arrow.RecordBatch) error {
	for i := range b.columns {
		if err := b.columns[i].Reset(batch.Column(i)); err != nil {
			return err
		}
	}
	return nil
}

// Row returns the i-th row; it is valid until the next call, its strings alias
// the batch.
func (b *BatchReader) Row(i int) []types.Datum {
	for c, o := range b.ordinals {
		b.columns[c].Read(i, &b.row[o])
	}
	return b.row
}
