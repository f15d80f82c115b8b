package session

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/session/ddl"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// createIndexConcurrently executes CREATE INDEX CONCURRENTLY: writers go on
// while the index is filled. Each step is a transaction of its own:
//
//  1. the index is committed as write-only, and writers that do not know of it
//     yet are waited for (they hold the table's lock until they end);
//  2. it is filled through a kv.Bulk opened before the snapshot that is copied:
//     the pairs carry a timestamp before that snapshot, so that whatever a writer
//     commits to the same keys after the snapshot, deletions included, is newer
//     and wins; the open snapshot keeps version cleaning off such deletions;
//  3. of a unique index, writers that may have looked into the unfinished index
//     are waited for, and the table is searched for duplicates that they made;
//     later writers see all entries;
//  4. the index is committed as public.
//
// If a step fails the index stays, invalid: writers keep it up, nobody reads it.
func (s *Session) createIndexConcurrently(ctx context.Context, raw *ast.RawStmt, st *ast.CreateIndex, many bool) error {
	if err := s.preventInBlock("CREATE INDEX CONCURRENTLY", many); err != nil {
		return err
	}
	env, err := s.ddlEnv(ctx, raw.Text, many)
	if err != nil {
		return err
	}
	table, index, err := ddl.StartIndex(ctx, env, st)
	if err != nil {
		return err
	}
	if err := s.commit(ctx); err != nil || index == 0 {
		return err
	}
	if err := s.fillConcurrently(ctx, table, index); err != nil {
		// The statement may have been cancelled; its mark is to be made all the same.
		if merr := s.setIndexState(context.WithoutCancel(ctx), table, index, catalog.IndexInvalid); merr != nil {
			s.server.config.Logger.Warn("mark index invalid", "index", index, "error", merr)
		}
		return err
	}
	return s.setIndexState(ctx, table, index, catalog.IndexPublic)
}

func (s *Session) fillConcurrently(ctx context.Context, table, index catalog.OID) error {
	if err := s.waitForWriters(ctx, table); err != nil {
		return err
	}
	bulk, err := s.server.store.Bulk(ctx)
	if err != nil {
		return err
	}
	defer bulk.Close()
	unique, err := s.backfill(ctx, table, index, bulk)
	if err != nil || !unique {
		return err
	}
	if err := s.waitForWriters(ctx, table); err != nil {
		return err
	}
	_, err = s.backfill(ctx, table, index, discard{})
	return err
}

// waitForWriters waits for the end of all transactions that write the table.
func (s *Session) waitForWriters(ctx context.Context, table catalog.OID) error {
	txn, err := s.server.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	return s.lockFor(ctx, txn, table, kv.LockNoKeyUpdate)
}

func (s *Session) lockFor(ctx context.Context, txn kv.Txn, table catalog.OID, mode kv.LockMode) error {
	_, err := txn.Lock(ctx, []kv.Key{catalog.TableLockKey(table)}, kv.LockOptions{
		Mode: mode, Timeout: s.settings.lockTimeout, NoConflictCheck: true,
	})
	return err
}

// backfill writes the index's entries of one snapshot into bulk. The table's
// key-share lock keeps it from being changed meanwhile.
func (s *Session) backfill(ctx context.Context, table, index catalog.OID, bulk kv.Bulk) (unique bool, err error) {
	txn, err := s.server.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return false, err
	}
	defer txn.Rollback()
	if err := s.lockFor(ctx, txn, table, kv.LockKeyShare); err != nil {
		return false, err
	}
	snap, err := s.server.catalog.Snapshot(ctx, s.database.ID)
	if err != nil {
		return false, err
	}
	if err := txn.Refresh(ctx); err != nil {
		return false, err
	}
	t, ix := snap.IndexByID(index)
	if ix == nil || t.ID != table {
		return false, pgerror.New(pgerror.UndefinedObject, "index with OID %d was dropped", index)
	}
	r := &running{account: executor.NewAccount("query", s.server.config.QueryMemoryLimit, s.memory)}
	defer r.account.Close()
	s.prepareEnv(r, txn, snap, nil, 64)
	return ix.Unique, ddl.Backfill(ctx, &r.env, s.planOptions(snap, nil), t, ix, bulk)
}

// setIndexState commits a new state of an index.
func (s *Session) setIndexState(ctx context.Context, table, index catalog.OID, state catalog.IndexState) error {
	txn, err := s.server.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	editor, err := s.server.catalog.BeginEdit(ctx, txn, catalog.EditOptions{Database: s.database.ID, Refresh: true})
	if err != nil {
		return err
	}
	t, ix := editor.Snapshot().IndexByID(index)
	if ix == nil || t.ID != table {
		editor.RolledBack()
		return pgerror.New(pgerror.UndefinedObject, "index with OID %d was dropped", index)
	}
	next := t.Clone()
	for i := range next.Indexes {
		if next.Indexes[i].ID == index {
			next.Indexes[i].State = state
		}
	}
	if err := editor.UpdateTable(next); err != nil {
		txn.Rollback()
		editor.RolledBack()
		return err
	}
	_, err = editor.Commit(ctx, false)
	return err
}

// discard is a kv.Bulk for looking at what would be written.
type discard struct{}

// Put implements kv.Bulk.
func (discard) Put(kv.Key, []byte) error { return nil }

// Flush implements kv.Bulk.
func (discard) Flush() error { return nil }

// Close implements kv.Bulk.
func (discard) Close() {}
