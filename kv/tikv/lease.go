package tikv

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/tikv/client-go/v2/txnkv/transaction"

	"github.com/tidemarkdb/tidemark/kv"
)

// lease is how long other nodes count on this one, by the cluster's timestamps.
// Who finds the node's record ended does not wait for its fast locks
// (announce.go), and reads at a later timestamp than the record's end.
//
// A timer of the node cannot keep it from committing after that: the node, or
// its whole machine, may stand still between a look at the timer and the commit.
// So a commit under a fast lock has to have a timestamp before the lease's end:
// its locks lay in the stores when it got that, where a later reader meets them.
// And a transaction that is older than a lapse commits nothing, though the lease
// was renewed since.
type lease struct {
	until  atomic.Uint64 // the end of the record that was written last
	lapsed atomic.Uint64 // what began before may have lost its fast locks; written before until
}

// renewed is called when a record that ends at until is in the cluster, before
// the time now.
func (l *lease) renewed(until, now kv.Timestamp) {
	if before := l.until.Load(); before != 0 && uint64(now) > before {
		l.lapsed.Store(uint64(now))
	}
	l.until.Store(uint64(until))
}

// holds reports whether a transaction that began at a timestamp may commit
// at another under fast locks.
func (l *lease) holds(beginTS, commitTS kv.Timestamp) bool {
	until := l.until.Load() // first: a lapse is told before its end
	return uint64(commitTS) < until && uint64(beginTS) >= l.lapsed.Load()
}

// commitWindow is how much later than the timestamp that client-go asks about a
// commit of one phase may be (its AsyncCommit.SafeWindow).
const commitWindow = 2 * time.Second

// leaseCheck is asked by client-go with the timestamp of a commit.
type leaseCheck struct {
	lease   *lease
	beginTS kv.Timestamp
}

// CheckBySchemaVer implements transaction.SchemaLeaseChecker.
func (c leaseCheck) CheckBySchemaVer(ts uint64, _ transaction.SchemaVer) (*transaction.RelatedSchemaChange, error) {
	at := kv.Timestamp(ts)
	if !c.lease.holds(c.beginTS, max(at, kv.TimestampAt(at.Time().Add(commitWindow)))) {
		return nil, errLocksLost
	}
	return nil, nil
}

// publish writes the node's record anew.
func (c *collector) publish(ctx context.Context) error {
	begun := time.Now()
	var until kv.Timestamp
	err := c.update(ctx, false, func(t *txn) error {
		until = leaseEnd(t)
		return c.putNode(t, c.oldest(t.readTS))
	})
	if err != nil {
		return err
	}
	now, err := c.store.Now(ctx)
	if err != nil {
		return err
	}
	c.lease.renewed(until, now)
	c.renewed.Store(&begun)
	return nil
}

// leaseEnd is the end of a record that a transaction writes.
func leaseEnd(t *txn) kv.Timestamp { return kv.TimestampAt(t.readTS.Time().Add(nodeLease)) }
