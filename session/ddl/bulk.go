package ddl

import (
	"context"

	"github.com/tidemarkdb/tidemark/kv"
)

// openBulk opens the writer of a new storage. What a kv.Bulk writes is newer
// than the transaction's snapshot: at READ COMMITTED finishBulk moves the
// snapshot on; a snapshot that must stay gets the pairs into its own writes.
func openBulk(ctx context.Context, env *Env) (kv.Bulk, error) {
	if !env.Exec().ReadCommitted {
		return txnBulk{env.Txn}, nil
	}
	return env.Store.Bulk(ctx)
}

// finishBulk makes what was written visible to the transaction.
func finishBulk(ctx context.Context, env *Env) error {
	if !env.Exec().ReadCommitted {
		return nil
	}
	return env.Txn.Refresh(ctx)
}

// txnBulk writes into a transaction.
type txnBulk struct{ txn kv.Txn }

// Put implements kv.Bulk.
func (b txnBulk) Put(key kv.Key, value []byte) error { return b.txn.PutUnchecked(key, value) }

// Flush implements kv.Bulk.
func (b txnBulk) Flush() error { return nil }

// Close implements kv.Bulk.
func (b txnBulk) Close() {}
