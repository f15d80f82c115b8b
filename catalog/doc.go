// Package catalog says what exists: databases, schemas, relations, types,
// roles, and their descriptors, statistics and comments. Descriptors are keys
// of the same store and the same transactions as rows, so DDL is transactional.
//
// # Reading
//
// Readers use a Snapshot: an immutable view of one database's catalog at one
// catalog version, shared by all sessions, with lookups by name and OID.
// Catalog.Snapshot is an atomic load. Descriptors are read-only once they are
// in a Snapshot: change a copy (Table.Clone).
//
// # Changing
//
// A transaction that runs DDL has an Editor with a private Snapshot:
//
//	e, err := c.BeginEdit(ctx, txn, EditOptions{Database: db, Refresh: readCommitted})   one DDL transaction at a time
//	e.CreateTable(t); e.Snapshot() ...                                                   visible to itself
//	sp := e.Savepoint(); e.RollbackTo(sp)                                                beside the transaction's own
//	e.Commit(ctx, async)      or, after txn.Rollback(), e.RolledBack()
//
//	store:     old descriptors ----------- commit ---> new descriptors
//	published: old snapshot ------[ statements wait ]--> new snapshot
//
// DROP goes through Snapshot.PlanDrop, which finds dependents and makes
// PostgreSQL's messages, and Editor.ExecuteDrop.
//
// # Locks
//
// TableLockKey names a table's lock in the store: SELECT takes none (it reads
// its snapshot), DML LockShare, CREATE INDEX LockNoKeyUpdate, other DDL
// LockUpdate. Whoever waited for one takes a new Snapshot and looks whether the
// table's Version is still the one it planned for.
//
// # Dropped storage
//
// Rows of a dropped or rewritten table are destroyed after the commit. The
// spans are recorded in the transaction, so that a crash leaves work for Open
// and not garbage. docs/formats/catalog.md has the keys.
//
// # System catalogs
//
// pg_catalog and information_schema are relations of Kind KindVirtual, computed
// from a Snapshot. Their columns, and the rows that are the same in every
// database, were read from PostgreSQL 15 (systemdata, internal/gen/syscatalog).
// To fill one that is empty, register its rows in a virtual_*.go or
// infoschema_*.go file; the test compares with testdata/oracle.
package catalog
