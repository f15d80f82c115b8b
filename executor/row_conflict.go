package executor

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// errDeletedConflict is a kv.ErrWriteConflict of a row that is gone.
var errDeletedConflict = pgerror.Wrap(kv.ErrWriteConflict, pgerror.SerializationFailure, "could not serialize access due to concurrent delete")

// rowConflict is lockError for rows that are to be written. At REPEATABLE READ,
// where a conflict reaches the client, it says as PostgreSQL does what became of the
// first of the rows that changed. A row whose primary key changed counts as deleted.
func rowConflict(ctx context.Context, env *Env, t *catalog.Table, keys []kv.Key, cause error) error {
	if env.ReadCommitted || t.TimeSeries != nil || !errors.Is(cause, kv.ErrWriteConflict) {
		return lockError(cause, t)
	}
	now := make([]bool, len(keys))
	if err := eachLatest(ctx, env.Txn, keys, func(i int) { now[i] = true }); err != nil {
		return err
	}
	gone := slices.Index(now, false)
	if gone < 0 {
		return cause
	}
	// The rows before it may have been changed.
	before := make([][]byte, gone)
	get := func(fn func(i int, value []byte) error) error { return env.Txn.GetMany(ctx, keys[:gone], fn) }
	if err := get(func(i int, value []byte) error {
		before[i] = bytes.Clone(value)
		return nil
	}); err != nil {
		return err
	}
	changed := false
	err := AtLatest(env.Txn, func() error {
		return get(func(i int, value []byte) error {
			changed = changed || !bytes.Equal(value, before[i])
			return nil
		})
	})
	switch {
	case err != nil:
		return err
	case changed:
		return cause
	}
	return errDeletedConflict
}
