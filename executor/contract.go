// Package executor runs physical plans: vectorized operators that pull Arrow
// batches from their inputs.
package executor

import (
	"context"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor/spill"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/functions"
)

// BatchRows is how many rows a batch has at most.
const BatchRows = 4096

// Operator is one node of a running query: it pulls batches from its inputs
// and produces batches of its own.
//
// Next returns io.EOF after the last batch, never an empty batch. The caller
// owns the batch and releases it. Next and Close are called from one
// goroutine; Close is safe before the first Next and after an error.
type Operator interface {
	Schema() *arrow.Schema
	Next(ctx context.Context) (arrow.RecordBatch, error)
	Close() error
}

// Env is what a running statement's operators share. Session makes one for
// each execution.
type Env struct {
	Alloc  memory.Allocator
	Memory *Account // the query's account
	// Txn reads the statement's snapshot and takes its writes.
	Txn      kv.Txn
	Snapshot *catalog.Snapshot
	// Since, if set, is the state before a statement with data-modifying WITH
	// items: all its parts read that state, and a row that one of them changed
	// is left alone by the others.
	Since *kv.Savepoint
	// Store tells the time of writes to time-series tables, and what others have
	// committed since the snapshot.
	Store kv.Store
	// Series is told of rows written to time-series tables; nil if nobody packs them.
	Series *SeriesKeeper
	// Blocks, if set, keeps what is read of time-series tables; one for the store.
	Blocks *BlockCache
	// RowIDs gives rows without a primary key their ids; one for the store.
	RowIDs *rowstore.RowIDs
	// Runtime is handed to virtual tables.
	Runtime any
	// Functions is the context of expressions: parameters, clock, settings.
	// Its Subplan hook is set by Build.
	Functions *functions.Context
	// BatchRows overrides the batch size (tests); 0 means BatchRows.
	BatchRows int
	// Workers is where parallel plans take workers from. Nil runs them in the
	// caller's goroutine: where it may write to the transaction, move its
	// snapshot or end it between two calls of Next (cursors).
	Workers *WorkerPool
	// Columns, if set, serves scans of rows from memory. Whoever sets it neither
	// writes to the transaction nor refreshes it until the statement ended.
	Columns *ColumnCache
	// PlainStrings: operators see strings as such, not as codes of words (column_uses.go).
	PlainStrings bool
	// CodedRows: who reads the rows of the plan knows coded columns (types.IsCoded).
	CodedRows bool
	// MorselBytes overrides how large the pieces of parallel scans are (tests).
	MorselBytes uint64
	// LockTimeout bounds row lock waits; zero waits for ever.
	LockTimeout time.Duration
	// ReadCommitted: a point update or lock may take its row lock first and then
	// refresh the transaction's snapshot; REPEATABLE READ gets 40001 instead.
	ReadCommitted bool
	// found are the only rows that may be written, see foundRows; nil for all.
	found *foundRows
	// Affected counts the rows written by INSERT, UPDATE, DELETE, MERGE at the top of the plan.
	Affected int64
	// Merged says what became of them in a MERGE.
	Merged MergeFigures
	// Notice sends a notice to the client.
	Notice func(error)
	// WorkMem is how many bytes an operator may keep before it spills, HashMem
	// how many if it keeps a hash table; 0 means no limit of its own.
	WorkMem, HashMem int64
	// Temp is where operators spill to; nil if they cannot.
	Temp *spill.Space
	// Stream feeds plan.Stream (COPY FROM): the next batch, owned by the caller, or io.EOF.
	Stream func(ctx context.Context) (arrow.RecordBatch, error)
	// RejectedRow, if not nil, is told the row of the batch being inserted that
	// violates a constraint, from 0; late means that it was found after the
	// rows' own checks, against other rows.
	RejectedRow func(row int, late bool)
	// Stats collects EXPLAIN ANALYZE figures when not nil.
	Stats *Stats
}
