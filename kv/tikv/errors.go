package tikv

import (
	"context"
	"errors"
	"strings"

	tikverr "github.com/tikv/client-go/v2/error"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

var (
	errReadOnly       = pgerror.New(pgerror.ReadOnlySqlTransaction, "cannot write in a read-only transaction")
	errSnapshotTooOld = pgerror.New(pgerror.SnapshotTooOld, "snapshot too old")
	errFuture         = pgerror.New(pgerror.InvalidParameterValue, "cannot read at a timestamp in the future")
	errEmptyKey       = pgerror.New(pgerror.InternalError, "empty key in a write")
	errLocksLost      = pgerror.New(pgerror.SerializationFailure, "could not serialize access: the transaction's locks were lost").
				WithDetail("The node was cut off from the cluster for longer than its locks live.")
)

// translate gives an error of the cluster its SQLSTATE.
func (s *Store) translate(ctx context.Context, err error) error {
	var known *pgerror.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, tikverr.ErrResultUndetermined): // also when it was cancelled, or out of time
		return pgerror.Wrap(err, pgerror.StatementCompletionUnknown, "the outcome of the commit is unknown").
			WithDetail("The connection to the cluster was lost while it committed.")
	case s.closed.Load():
		return kv.ErrClosed
	case ctx.Err() != nil:
		return kv.Cancelled(ctx)
	}
	if code, msg := classify(err); code != "" {
		return pgerror.Wrap(err, code, "%s", msg)
	}
	return pgerror.Wrap(err, pgerror.IoError, "storage error: %s", err.Error())
}

// abortedByServer begins the errors of servers that found a transaction rolled
// back, or its locks gone, which client-go gives no type.
const abortedByServer = "tikv aborts txn: "

// regionUnknown begins the error of a PD that did not answer, which has no type
// either.
const regionUnknown = "loadRegion from PD failed"

// otherAPI begins the error of stores whose storage.api-version is not what the
// node speaks.
const otherAPI = "Api version in request does not match"

// classify knows the errors of client-go by their type.
func classify(err error) (code pgerror.Code, msg string) {
	var (
		conflict  *tikverr.ErrWriteConflict
		retry     *tikverr.ErrRetryable
		deadlock  *tikverr.ErrDeadlock
		tooEarly  *tikverr.ErrGCTooEarly
		aborted   *tikverr.ErrTxnAbortedByGC
		large     *tikverr.ErrTxnTooLarge
		entry     *tikverr.ErrEntryTooLarge
		key       *tikverr.ErrKeyTooLarge
		pdTimeout *tikverr.ErrPDServerTimeout
		token     *tikverr.ErrTokenLimit
	)
	switch {
	case errors.As(err, &conflict):
		return kv.ErrWriteConflict.Code, kv.ErrWriteConflict.Message
	case strings.Contains(err.Error(), otherAPI):
		return pgerror.ObjectNotInPrerequisiteState, "the stores speak the other version of the API: version 2 needs a keyspace, version 1 has none"
	case errors.As(err, &retry), strings.Contains(err.Error(), abortedByServer):
		return errLocksLost.Code, errLocksLost.Message
	case errors.As(err, &deadlock):
		return pgerror.DeadlockDetected, "deadlock detected"
	case errors.As(err, &tooEarly), errors.As(err, &aborted):
		return pgerror.SnapshotTooOld, errSnapshotTooOld.Message
	case errors.As(err, &large), errors.As(err, &entry), errors.As(err, &key):
		return pgerror.ProgramLimitExceeded, "transaction is too large: " + err.Error()
	case errors.Is(err, tikverr.ErrLockWaitTimeout), errors.Is(err, tikverr.ErrResolveLockTimeout):
		return pgerror.LockNotAvailable, "canceling statement due to lock timeout"
	case errors.Is(err, tikverr.ErrTiKVDiskFull):
		return pgerror.DiskFull, "a store of the cluster has no disk space left"
	case errors.As(err, &pdTimeout), errors.As(err, &token), unreachable(err), strings.Contains(err.Error(), regionUnknown):
		return pgerror.ConnectionFailure, "the cluster cannot be reached: " + err.Error()
	}
	return "", ""
}

func unreachable(err error) bool {
	for _, e := range []error{
		tikverr.ErrTiKVServerTimeout, tikverr.ErrTiKVServerBusy, tikverr.ErrRegionUnavailable,
		tikverr.ErrTiKVStaleCommand, tikverr.ErrTiKVMaxTimestampNotSynced, tikverr.ErrRegionDataNotReady,
		tikverr.ErrRegionNotInitialized, context.DeadlineExceeded,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	switch status.Code(errors.Unwrap(err)) {
	case codes.Unavailable, codes.DeadlineExceeded:
		return true
	}
	return false
}
