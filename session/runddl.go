package session

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/session/ddl"
	"github.com/tidemarkdb/tidemark/sql/ast"
)

// runDDL executes a statement that changes the catalog.
func (s *Session) runDDL(ctx context.Context, raw *ast.RawStmt, out *outcome, many bool) error {
	if s.readOnly() {
		return readOnlyError(ast.Tag(raw.Stmt))
	}
	if st, ok := raw.Stmt.(*ast.CreateIndex); ok && st.Concurrently {
		return s.createIndexConcurrently(ctx, raw, st, many)
	}
	env, err := s.ddlEnv(ctx, raw.Text, many)
	if err != nil {
		return err
	}
	env.Start = raw.Start
	out.tag, err = ddl.Run(ctx, env, raw.Stmt)
	return err
}

// startEditing takes the catalog lock and opens the editor of this transaction.
func (s *Session) startEditing(ctx context.Context) error {
	if s.tx.editor != nil {
		return nil
	}
	if s.tx.txn == nil || !s.tx.canWrite {
		if err := s.upgrade(ctx); err != nil {
			return err
		}
		if _, err := s.openTxn(ctx, true); err != nil {
			return err
		}
	}
	editor, err := s.server.catalog.BeginEdit(ctx, s.tx.txn, catalog.EditOptions{
		Database: s.database.ID, Refresh: s.isolation() != repeatableRead, LockTimeout: s.settings.lockTimeout,
	})
	if err != nil {
		return err
	}
	s.tx.editor = editor
	return nil
}

// ddlEnv is what DDL of a statement's text may use.
func (s *Session) ddlEnv(ctx context.Context, text string, many bool) (*ddl.Env, error) {
	if err := s.startEditing(ctx); err != nil {
		return nil, err
	}
	if s.isolation() != repeatableRead {
		if err := s.tx.txn.Refresh(ctx); err != nil {
			return nil, err
		}
	}
	editor := s.tx.editor
	return &ddl.Env{
		Store: s.server.store, Catalog: s.server.catalog, Txn: s.tx.txn, Editor: editor,
		PlanOptions: func() planner.Options { return s.planOptions(editor.Snapshot(), nil) },
		Exec: func() *executor.Env {
			r := &running{account: executor.NewAccount("query", s.server.config.QueryMemoryLimit, s.memory)}
			s.prepareEnv(r, s.tx.txn, editor.Snapshot(), nil, 64)
			return &r.env
		},
		CreationSchema: func() string {
			return s.creationSchema(func(name string) bool { return editor.Snapshot().Schema(name) != nil })
		},
		TempSchema: s.tempSchema,
		User:       s.role,

		DefaultAccess: s.settings.get(settingsByName["default_table_access_method"]),
		CheckBodies:   s.settings.get(settingsByName["check_function_bodies"]) != "off",
		InBlock:       s.tx.block || many,
		Notice:        s.notice,
		Lock:          s.lockChanged,
		Query: func(ctx context.Context, stmt ast.Statement, fn func(arrow.RecordBatch) error) error {
			return s.queryBatches(ctx, stmt, text, fn)
		},
		OnCommit:  func(fn func(context.Context)) { s.tx.onCommit = append(s.tx.onCommit, fn) },
		Connected: s.server.connected,

		OnCommitTable: s.registerOnCommit,
		Text:          text,
	}, nil
}

// lockChanged locks a table that DDL changes. What was committed while it waited
// for the lock is newer than its snapshot, and belongs to what it reads next; at
// REPEATABLE READ the executor looks past the snapshot itself.
func (s *Session) lockChanged(ctx context.Context, id catalog.OID, mode kv.LockMode) error {
	if err := s.lockTable(ctx, id, mode); err != nil || s.isolation() == repeatableRead {
		return err
	}
	return s.tx.txn.Refresh(ctx)
}

// queryBatches runs a query for CREATE TABLE AS and hands its batches over.
func (s *Session) queryBatches(ctx context.Context, stmt ast.Statement, text string, fn func(arrow.RecordBatch) error) error {
	p, err := s.plan(ctx, stmt, text, nil)
	if err != nil {
		return err
	}
	r, err := s.start(ctx, p, nil, nil)
	if err != nil {
		return err
	}
	defer r.close()
	for {
		if err := r.nextPlain(ctx); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := fn(r.batch); err != nil {
			return err
		}
		r.pos = int(r.batch.NumRows())
	}
}
