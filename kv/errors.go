package kv

import (
	"context"
	"fmt"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// ErrWriteConflict is what Txn.Lock and Txn.Commit return when another
// transaction committed a newer version of a key (SQLSTATE 40001). Test with
// errors.Is.
var ErrWriteConflict = pgerror.New(pgerror.SerializationFailure, "could not serialize access due to concurrent update")

// ErrClosed is returned by a store, transaction or iterator after its end.
var ErrClosed = pgerror.New(pgerror.AdminShutdown, "the store is closed")

// Cancelled returns why ctx ended: its cause if that is an error for clients,
// else 57014.
func Cancelled(ctx context.Context) error {
	cause := context.Cause(ctx)
	if cause != context.Canceled && cause != context.DeadlineExceeded { //nolint:errorlint // the plain ones exactly
		return fmt.Errorf("wait for lock: %w", cause)
	}
	return pgerror.Wrap(cause, pgerror.QueryCanceled, "canceling statement due to user request")
}
