// Package rowstore keeps relational tables as keys and values in TiDB's coding
// (t{table}_r{handle} rows in row format v2, t{table}_i{index} entries), so
// that a stock TiKV coprocessor understands them. docs/formats has the bytes.
package rowstore

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ arrow.RecordBatch
	_ *catalog.Table
	_ types.Datum
)

// The package's surface:
//
//	// Keys
//	func TableSpan(t *catalog.Table) kv.Span; IndexSpan(t, ix) kv.Span; RowKey(dst []byte, t, handle []byte) []byte
//	func EncodeRange(t *catalog.Table, ix *catalog.Index (nil: primary), r Range) (kv.Span, error)
//	type Range struct { Equal []types.Datum; IsNull []bool; Lower, Upper *Bound; NotNull bool }   datums of the key columns' types
//
//	// Reading
//	type ScanSpec struct { Table; Index *catalog.Index; Output []int; WithHandle bool; Spans []kv.Span; Reverse bool; BatchRows int; KeysOnly... }
//	func NewScanner(alloc memory.Allocator, r kv.Reader, spec ScanSpec) (*Scanner, error)
//	func (s *Scanner) Next(ctx) (arrow.RecordBatch, error)    io.EOF; index scans fetch rows in batches by GetMany unless the index covers Output
//	func (s *Scanner) Close()
//	type RowDecoder: decodes one row value (and handle) to datums or into builders — the point path
//	func NewRowDecoder(t *catalog.Table, output []int) *RowDecoder; (d) Decode(handle, value []byte, dst []types.Datum) error   S aliases value
//
//	// Writing (unchecked primitives; the executor does checks and locks)
//	type Writer struct: NewWriter(txn kv.Txn, t *catalog.Table)
//	func (w *Writer) HandleOf(row []types.Datum) / NewRowID()
//	func (w *Writer) Insert(row []types.Datum, handle) ; Update(handle, old, new) ; Delete(handle, old)
//	UniqueKeys(...): the keys that must be locked and absent for a new row, one a unique index
