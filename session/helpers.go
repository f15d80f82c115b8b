package session

import (
	"context"
	"strconv"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func readOnlyError(tag string) error {
	return pgerror.New(pgerror.ReadOnlySqlTransaction, "cannot execute %s in a read-only transaction", tag)
}

// lockingTag is the tag of a statement that does not only read, with its FOR
// UPDATE clause if it is a SELECT.
func lockingTag(q *plan.Query) string {
	var find func(n plan.Node) string
	find = func(n plan.Node) string {
		if lock, ok := n.(*plan.LockRows); ok && len(lock.Rows) > 0 {
			return lockClauses[lock.Rows[0].Locking.Strength]
		}
		for _, in := range n.Inputs() {
			if s := find(in); s != "" {
				return s
			}
		}
		return ""
	}
	if q.Tag != "SELECT" {
		return q.Tag
	}
	return q.Tag + find(q.Root)
}

var lockClauses = map[plan.LockStrength]string{
	plan.LockForKeyShare: " FOR KEY SHARE", plan.LockForShare: " FOR SHARE",
	plan.LockForNoKeyUpdate: " FOR NO KEY UPDATE", plan.LockForUpdate: " FOR UPDATE",
}

// copyLock is the table lock of statements that write rows.
const copyLock = kv.LockShare

// writableTxn opens the transaction for a statement that writes.
func (s *Session) writableTxn(ctx context.Context) error {
	if _, err := s.openTxn(ctx, true); err != nil {
		return err
	}
	if !s.tx.canWrite {
		return s.upgrade(ctx)
	}
	return nil
}

func tableKey(t *catalog.Table) kv.Key { return catalog.TableLockKey(t.ID) }

// setRole puts SET ROLE in force.
func setRole(s *Session, v string) error {
	role := s.user
	if v != "none" && v != "" {
		if err := s.checkRole(v); err != nil {
			return err
		}
		role = v
	}
	s.role = role
	s.pathChanged()
	return nil
}

// setSessionAuthorization puts SET SESSION AUTHORIZATION in force, which ends SET ROLE.
func setSessionAuthorization(s *Session, v string) error {
	if v == s.user {
		return nil
	}
	if err := s.checkRole(v); err != nil {
		return err
	}
	s.user, s.role = v, v
	delete(s.settings.values, "role")
	s.pathChanged()
	return nil
}

func (s *Session) checkRole(name string) error {
	snap, err := s.snapshot(s.ctx)
	if err != nil {
		return err
	}
	if snap.Role(name) == nil {
		return pgerror.New(pgerror.InvalidParameterValue, "role %q does not exist", name)
	}
	return nil
}

// parserText checks that a text parameter is valid UTF-8 without NUL.
func parserText(v []byte) error { return types.CheckUTF8(string(v)) }

// intervalHours is a time zone given as an interval, in hours.
func intervalHours(d types.Datum) string {
	iv := d.Interval()
	return strconv.FormatFloat(float64(iv.Micros)/3_600_000_000, 'g', -1, 64)
}
