// Package ddl executes the statements that change the catalog. All of them are
// transactional: descriptors change through catalog.Editor in the session's
// transaction; storage that a statement fills (index backfill, table rewrite)
// is new and unreachable until that transaction commits, and what it replaces
// is destroyed after.
package ddl

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
)

// Env is what a DDL statement may use of its session.
type Env struct {
	Store   kv.Store
	Catalog *catalog.Catalog
	// Txn is the session's transaction, Editor its catalog changes; the global
	// catalog lock is held.
	Txn    kv.Txn
	Editor *catalog.Editor
	// Plan are the options for binding expressions; its Catalog is brought up to date
	// by PlanOptions.
	PlanOptions func() planner.Options
	// Exec makes the environment of an executor run (backfill, checks, CREATE TABLE AS).
	Exec func() *executor.Env
	// CreationSchema is where unqualified new objects go, "" if there is none.
	CreationSchema func() string
	// TempSchema returns the session's schema of temporary objects, made on first use.
	TempSchema func() (catalog.OID, error)
	User       string
	// DefaultAccess is default_table_access_method.
	DefaultAccess string
	// CheckBodies is check_function_bodies.
	CheckBodies bool
	// InBlock: inside of BEGIN or of a multi-statement query.
	InBlock bool
	Notice  func(error)
	// Lock locks a table until the end of the transaction and waits for those who use it.
	Lock func(ctx context.Context, table catalog.OID, mode kv.LockMode) error
	// Query runs a SELECT and hands over its batches (owned by the callee during fn).
	Query func(ctx context.Context, stmt ast.Statement, fn func(batch arrow.RecordBatch) error) error
	// OnCommit registers what is to be done after a successful commit.
	OnCommit func(fn func(ctx context.Context))
	// OnCommitTable registers a temporary table to be emptied at each commit, or dropped at the next.
	OnCommitTable func(id catalog.OID, drop bool)
	// Connected counts the sessions of a database, this one included.
	Connected func(database catalog.OID) int
	// Text is the statement's text, which begins at Start of what the client sent.
	Text  string
	Start int
}
