package session

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
)

// tempSchemaName is the name of the session's schema of temporary objects.
func (s *Session) tempSchemaName() string { return tempSchemaPrefix + itoa(int64(s.pid)) }

// tempSchema returns the session's schema of temporary objects, made on first
// use in the DDL transaction under way.
func (s *Session) tempSchema() (catalog.OID, error) {
	name := s.tempSchemaName()
	if sch := s.tx.editor.Snapshot().Schema(name); sch != nil {
		s.tempID = sch.ID
		s.pathChanged()
		return sch.ID, nil
	}
	owner := catalog.OID(10)
	if r := s.tx.editor.Snapshot().Role(s.role); r != nil {
		owner = r.ID
	}
	sch, err := s.tx.editor.TempSchema(int(s.pid), owner)
	if err != nil {
		return 0, err
	}
	s.tempID = sch.ID
	s.pathChanged()
	return sch.ID, nil
}

// dropTemporary drops the session's temporary objects. It runs in a
// transaction of its own when the session ends or says DISCARD.
func (s *Session) dropTemporary() {
	if s.tempID == 0 {
		return
	}
	ctx := context.Background() // the session's own context may have ended
	if err := s.dropTempObjects(ctx); err != nil {
		s.server.config.Logger.Warn("drop temporary tables", "session", s.pid, "error", err)
	}
	s.tempID = 0
	s.pathChanged()
}

func (s *Session) dropTempObjects(ctx context.Context) error {
	txn, err := s.server.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	editor, err := s.server.catalog.BeginEdit(ctx, txn, catalog.EditOptions{Database: s.database.ID, Refresh: true})
	if err != nil {
		return err
	}
	sch := editor.Snapshot().Schema(s.tempSchemaName())
	if sch == nil {
		editor.RolledBack()
		return nil
	}
	drop, err := editor.Snapshot().PlanDrop(s.searchPath(), []catalog.ObjectRef{{Class: catalog.ObjectSchema, ID: sch.ID}}, true)
	if err != nil {
		return err
	}
	if err := editor.ExecuteDrop(drop, nil); err != nil {
		return err
	}
	_, err = editor.Commit(ctx, true)
	return err
}
