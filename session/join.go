package session

import (
	"context"
	"errors"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// joinable reports whether a statement of the short path, being the whole of a
// transaction, may be written together with those of other sessions.
func (s *Session) joinable(p *planned) bool {
	tx := &s.tx
	return !tx.block && tx.txn == nil && tx.editor == nil && len(s.settings.undo) == 0 && !s.settings.asyncCommit &&
		p.point.Joinable(s.isolation() != repeatableRead)
}

// runJoined runs such a statement; its transaction is over when it returns. done
// is false if it is to be run in a transaction of its own after all.
func (s *Session) runJoined(ctx context.Context, p *planned, params []types.Datum, out *outcome) (done bool, err error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return true, err
	}
	if !p.validOn(snap) {
		return true, errPlanStale
	}
	r := s.pointRun()
	defer r.account.Close()
	s.tx.start = s.server.config.Clock()
	s.prepareEnv(r, nil, snap, params, p.query.ExecSlots)
	j := &s.scratch.joined
	j.Schema = snap.SchemaVersion()
	if j.Begin == nil {
		j.Begin = s.beginJoined
	}
	s.scratch.table = p.query.Writes[0]
	err = p.point.Join(ctx, &r.env, j)
	if errors.Is(err, executor.ErrAlone) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	s.tx.used = true // there is something to end
	s.noteWrites(p.query, &r.env)
	s.countWrites()
	out.tag = commandTag(p.query.Tag, 0, r.env.Affected)
	return true, nil
}

// beginJoined begins the transaction in which this session writes its row and
// those of others that were checked against the same version of the catalog. If
// somebody changes the table, each waits for its lock by itself.
func (s *Session) beginJoined(ctx context.Context) (kv.Txn, error) {
	txn, err := s.server.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return nil, err
	}
	key := []kv.Key{catalog.TableLockKey(s.scratch.table.ID)}
	_, err = txn.Lock(ctx, key, kv.LockOptions{Mode: kv.LockShare, Wait: kv.LockNoWait, NoConflictCheck: true})
	if err == nil {
		var snap *catalog.Snapshot
		if snap, err = s.snapshot(ctx); err == nil && snap.SchemaVersion() != s.scratch.joined.Schema {
			err = errPlanStale
		}
	}
	if err != nil {
		txn.Rollback()
		return nil, err
	}
	return txn, nil
}
