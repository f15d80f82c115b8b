package tikv

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	tikvkv "github.com/tikv/client-go/v2/kv"
	"github.com/tikv/client-go/v2/tikv"
	"github.com/tikv/client-go/v2/txnkv/transaction"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Commit implements kv.Txn:
//
//  1. Lock the checked keys that are not locked yet, each as it was when it was
//     first written: a newer version fails the commit.
//  2. Hand all writes to client-go, which commits them in one request if they
//     are in one region (1PC), else in two phases of which the caller waits for
//     the first (async commit).
//  3. Give up the locks on keys that were not written.
//
// Nothing in the cluster is less durable than the rest: async changes nothing.
func (t *txn) Commit(ctx context.Context, _ bool) (kv.Timestamp, error) {
	if t.ended {
		return 0, kv.ErrClosed
	}
	defer t.end()
	if t.writes.len() == 0 {
		return t.readTS, nil
	}
	if t.store.gc.lost(t.begun, t.beginTS) || t.gone.Load() {
		return 0, errLocksLost // and what newer versions are compared with may be gone
	}
	if err := t.certify(ctx); err != nil {
		return 0, err
	}
	return t.publish(ctx)
}

// certify is step 1.
func (t *txn) certify(ctx context.Context) error {
	table := t.store.locks
	byTime := map[kv.Timestamp][]kv.Key{}
	var order []kv.Timestamp
	err := t.writes.each(func(w *write) error {
		if !w.checked {
			return nil
		}
		if _, ok := t.remote.held[string(t.keys.stored(w.key))]; ok {
			return nil // checked when it was locked
		}
		hash := table.Hash(w.key)
		if held, free := table.Certify(t.owner(), hash); !held && !free {
			if _, err := table.Lock(ctx, t.owner(), w.key, hash, kv.LockOptions{Mode: kv.LockUpdate}, time.Time{}); err != nil {
				return err
			}
		}
		if byTime[w.first] == nil {
			order = append(order, w.first)
		}
		byTime[w.first] = append(byTime[w.first], w.key)
		return nil
	})
	if err != nil {
		return err
	}
	for _, at := range order {
		if _, err := t.lockRemote(ctx, byTime[at], kv.LockOptions{Mode: kv.LockUpdate}, waiting{}, at); err != nil {
			return err
		}
	}
	return nil
}

// commitPatience bounds a commit, which is not given up with its statement: its
// outcome would be unknown.
const commitPatience = 90 * time.Second

// publish is step 2.
func (t *txn) publish(ctx context.Context) (ts kv.Timestamp, err error) {
	if ctx.Err() != nil {
		return 0, kv.Cancelled(ctx)
	}
	patience := commitPatience
	if len(t.fast) > 0 {
		// Afterwards nobody waits for this node's fast locks any more.
		if patience = min(patience, t.store.gc.leaseLeft()); patience <= 0 {
			return 0, errLocksLost
		}
		if !t.store.gc.lease.holds(t.beginTS, t.beginTS) {
			return 0, errLocksLost
		}
	}
	kept := context.WithoutCancel(ctx)
	ctx, cancel := context.WithTimeout(kept, patience)
	defer cancel()
	primary, err := t.choosePrimary(ctx)
	if err != nil {
		return 0, err
	}
	client, err := t.store.client.Begin(tikv.WithStartTS(uint64(t.beginTS)))
	if err != nil {
		return 0, t.store.translate(ctx, err)
	}
	client.SetPessimistic(true)
	client.SetEnable1PC(t.store.fastCommit)
	client.SetEnableAsyncCommit(t.store.fastCommit)
	if len(t.fast) > 0 {
		client.SetSchemaLeaseChecker(leaseCheck{lease: &t.store.gc.lease, beginTS: t.beginTS})
	}
	if err := t.fill(client, primary); err != nil {
		return 0, t.store.translate(ctx, err)
	}
	defer func() {
		if r := recover(); r != nil {
			err = pgerror.New(pgerror.StatementCompletionUnknown, "the outcome of the commit is unknown").
				WithDetail("%s", fmt.Sprintf("client-go: %v\n%s", r, debug.Stack()))
		}
	}()
	probe := transaction.TxnProbe{KVTxn: client}
	committer, err := probe.NewCommitter(1)
	if err != nil {
		return 0, t.store.translate(ctx, err)
	}
	probe.SetCommitter(committer)
	defer committer.CloseTTLManager()
	// Not zero: that would be an optimistic commit, which checks every key.
	committer.SetForUpdateTS(uint64(max(t.remote.highest, t.readTS)))
	if primary != nil {
		committer.SetPrimaryKey(primary)
	}
	committer.SetLockTTL(t.ttl())
	if err := committer.Execute(ctx); err != nil {
		return 0, t.store.translate(kept, err) // nobody cancelled it
	}
	t.forgetWritten(primary)
	return kv.Timestamp(client.CommitTS()), nil
}

// fill puts the writes into client-go's buffer and tells which are locked, and
// the primary, which may not be written. A transaction with announced locks, one
// of DDL, names all that it does not write: stores then refuse the commit if one
// was taken away, because the node stood still for longer than it lived.
func (t *txn) fill(client *transaction.KVTxn, primary []byte) error {
	buf := client.GetMemBuffer()
	for _, key := range t.remote.taken {
		if (len(t.announced) > 0 || key == string(primary)) && !t.writesStored(key) {
			buf.UpdateFlags([]byte(key), tikvkv.SetKeyLocked)
		}
	}
	return t.writes.each(func(w *write) error {
		key := t.keys.stored(w.key)
		var flags []tikvkv.FlagsOp
		if _, ok := t.remote.held[string(key)]; ok {
			flags = append(flags, tikvkv.SetKeyLocked)
		}
		if w.deleted {
			return buf.DeleteWithFlags(key, flags...)
		}
		return buf.SetWithFlags(key, encodeValue(w.value), flags...)
	})
}

// forgetWritten takes the locks that were committed out of those to be given up.
func (t *txn) forgetWritten(primary []byte) {
	left := t.remote.taken[:0]
	for _, key := range t.remote.taken {
		if !t.writesStored(key) && key != string(primary) {
			left = append(left, key)
		}
	}
	t.remote.taken = left
	if len(left) == 0 {
		t.store.hearts.remove(t)
	}
}

// writesStored reports whether the transaction writes a stored key.
func (t *txn) writesStored(key string) bool {
	return t.writes.get(t.keys.user([]byte(key))) != nil
}
