package session

import (
	"context"
	"strconv"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func readOnlyError(tag string) error {
	return pgerror.New(pgerror.ReadOnlySqlTransaction, "cannot execute %s in a read-only transaction", tag)
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
	if v == "none" || v == "" {
		s.role = s.user
	} else {
		s.role = v
	}
	s.pathChanged()
	return nil
}

// parserText checks that a text parameter is valid UTF-8 without NUL.
func parserText(v []byte) error { return types.CheckUTF8(string(v)) }

// intervalHours is a time zone given as an interval, in hours.
func intervalHours(d types.Datum) string {
	iv := d.Interval()
	return strconv.FormatFloat(float64(iv.Micros)/3_600_000_000, 'g', -1, 64)
}
