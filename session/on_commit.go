package session

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
)

// registerOnCommit notes ON COMMIT DELETE ROWS or DROP of a new temporary table.
func (s *Session) registerOnCommit(id catalog.OID, drop bool) {
	if drop {
		s.tx.dropAtCommit = append(s.tx.dropAtCommit, id)
	} else {
		s.tx.truncate = append(s.tx.truncate, id)
	}
}

// onCommit empties and drops temporary tables as their ON COMMIT says, inside of
// the transaction that is about to commit.
func (s *Session) onCommit(ctx context.Context) error {
	tables := append(append([]catalog.OID(nil), s.emptied...), s.tx.truncate...)
	if len(tables)+len(s.tx.dropAtCommit) == 0 || s.tx.editor == nil && !s.tx.txn.HasWrites() {
		return nil
	}
	if err := s.startEditing(ctx); err != nil {
		return err
	}
	editor := s.tx.editor
	var keep []catalog.OID
	for _, id := range tables {
		t := editor.Snapshot().TableByID(id)
		if t == nil {
			continue
		}
		keep = append(keep, id)
		next := t.Clone()
		next.Storage = 0
		for i := range next.Indexes {
			next.Indexes[i].Storage = 0
		}
		if err := editor.UpdateTable(next); err != nil {
			return err
		}
	}
	for _, id := range s.tx.dropAtCommit {
		if editor.Snapshot().TableByID(id) == nil {
			continue
		}
		drop, err := editor.Snapshot().PlanDrop(s.searchPath(), []catalog.ObjectRef{{Class: catalog.ObjectRelation, ID: id}}, true)
		if err != nil {
			return err
		}
		if err := editor.ExecuteDrop(drop, nil); err != nil {
			return err
		}
	}
	s.tx.onCommit = append(s.tx.onCommit, func(context.Context) { s.emptied = keep })
	return nil
}
