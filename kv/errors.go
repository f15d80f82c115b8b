package kv

import "github.com/tidemarkdb/tidemark/sql/pgerror"

// ErrWriteConflict is what Txn.Lock and Txn.Commit return when another
// transaction committed a newer version of a key (SQLSTATE 40001). Test with
// errors.Is.
var ErrWriteConflict = pgerror.New(pgerror.SerializationFailure, "could not serialize access due to concurrent update")

// ErrClosed is returned by a store, transaction or iterator after its end.
var ErrClosed = pgerror.New(pgerror.AdminShutdown, "the store is closed")
