package tikv

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/pingcap/kvproto/pkg/kvrpcpb"
	"github.com/tikv/client-go/v2/config/retry"
	tikverr "github.com/tikv/client-go/v2/error"
	"github.com/tikv/client-go/v2/tikv"
	"github.com/tikv/client-go/v2/tikvrpc"
	"github.com/tikv/client-go/v2/txnkv/txnlock"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Requests for locks are made here and not by client-go's LockKeys, which gives
// up a lock behind its caller's back when it failed once, so that the same
// transaction could not ask again; it cannot give up single locks either.

const (
	// lockTTL is how long a lock lives without a heartbeat, in milliseconds.
	lockTTL = 20_000
	// lockPatience bounds the retries of one request, in milliseconds.
	lockPatience = 20_000
	// requestTimeout bounds a request that does not wait.
	requestTimeout = 10 * time.Second
	// serverWait is how long a server lets a request wait, in milliseconds.
	serverWait = 1000
	noWait     = -1 // the protocol's number for it
)

var (
	errLockNoWait  = pgerror.New(pgerror.LockNotAvailable, "could not obtain lock on row")
	errLockTimeout = pgerror.New(pgerror.LockNotAvailable, "canceling statement due to lock timeout")
)

// lockAnswer is what a request for locks brought.
type lockAnswer struct {
	conflict   bool
	conflictTS kv.Timestamp
	holders    []*txnlock.Lock
	inTheWay   [][]byte // keys that have a newer version, or a holder
	waited     time.Duration
}

func (a *lockAnswer) locked() bool { return !a.conflict && len(a.holders) == 0 }

// firstOf is the first of keys that is in the way, -1 if none is named.
func (a *lockAnswer) firstOf(keys [][]byte) int {
	return slices.IndexFunc(keys, func(key []byte) bool {
		return slices.ContainsFunc(a.inTheWay, func(k []byte) bool { return bytes.Equal(k, key) })
	})
}

func (s *Store) groupByRegion(ctx context.Context, keys [][]byte) ([][][]byte, error) {
	bo := retry.NewBackofferWithVars(ctx, lockPatience, nil)
	groups, first, err := s.client.GetRegionCache().GroupKeysByRegion(bo, keys, nil)
	if err != nil {
		return nil, s.translate(ctx, err)
	}
	out := [][][]byte{groups[first]}
	for region, group := range groups {
		if region != first {
			out = append(out, group)
		}
	}
	return out, nil
}

// requestLocks asks for the locks of keys in one request, which the server
// grants all or none. The keys are of one region; if that was split meanwhile
// they are asked for one after another.
func (t *txn) requestLocks(ctx context.Context, keys [][]byte, at kv.Timestamp, wait int64) (lockAnswer, error) {
	s := t.store
	primary := t.remote.getPrimary()
	if primary == nil {
		primary = keys[0]
		t.remote.setPrimary(primary)
	}
	bo := retry.NewBackofferWithVars(ctx, lockPatience, nil)
	begun := time.Now()
	for {
		if s.closed.Load() {
			return lockAnswer{}, kv.ErrClosed
		}
		loc, err := s.client.GetRegionCache().LocateKey(bo, keys[0])
		if err != nil {
			return lockAnswer{}, t.lockFailed(ctx, keys, at, err)
		}
		if !loc.Contains(keys[len(keys)-1]) {
			return t.requestEach(ctx, keys, at, wait)
		}
		resp, err := s.client.SendReq(bo, t.lockRequest(keys, primary, at, wait), loc.Region, requestTimeout+time.Duration(max(wait, 0))*time.Millisecond)
		if err != nil {
			return lockAnswer{}, t.lockFailed(ctx, keys, at, err)
		}
		if retried, err := backoffRegionError(bo, resp); retried || err != nil {
			if err != nil {
				return lockAnswer{}, t.lockFailed(ctx, keys, at, err)
			}
			continue
		}
		answer, err := readLockAnswer(resp)
		answer.waited = time.Since(begun)
		switch {
		case err != nil:
			return answer, t.lockFailed(ctx, keys, at, err)
		case answer.locked():
			s.hearts.add(t)
		default:
			t.forgetPrimary()
		}
		return answer, nil
	}
}

// requestEach asks for the locks of keys one by one.
func (t *txn) requestEach(ctx context.Context, keys [][]byte, at kv.Timestamp, wait int64) (lockAnswer, error) {
	for i, key := range keys {
		answer, err := t.requestLocks(ctx, [][]byte{key}, at, wait)
		if err != nil {
			return answer, err
		}
		if !answer.locked() {
			// All or none.
			t.rollbackLocks(keys[:i], at)
			t.forgetPrimary()
			return answer, nil
		}
	}
	return lockAnswer{}, nil
}

// forgetPrimary takes back the choice of a primary that is not locked.
func (t *txn) forgetPrimary() {
	if t.remote.empty() {
		t.remote.setPrimary(nil)
		t.store.hearts.remove(t)
	}
}

// lockFailed ends a request of which nobody knows whether it took effect: the
// locks count as held, so that they are given up with the others.
func (t *txn) lockFailed(ctx context.Context, keys [][]byte, at kv.Timestamp, err error) error {
	for _, key := range keys {
		t.remote.add(key, heldLock{clean: at})
	}
	return t.store.translate(ctx, err)
}

func (t *txn) lockRequest(keys [][]byte, primary []byte, at kv.Timestamp, wait int64) *tikvrpc.Request {
	mutations := make([]*kvrpcpb.Mutation, len(keys))
	for i, key := range keys {
		mutations[i] = &kvrpcpb.Mutation{Op: kvrpcpb.Op_PessimisticLock, Key: key}
	}
	return tikvrpc.NewRequest(tikvrpc.CmdPessimisticLock, &kvrpcpb.PessimisticLockRequest{
		Mutations:    mutations,
		PrimaryLock:  primary,
		StartVersion: uint64(t.beginTS),
		ForUpdateTs:  uint64(at),
		LockTtl:      t.ttl(),
		WaitTimeout:  wait,
		MinCommitTs:  uint64(at) + 1,
	}, kvrpcpb.Context{})
}

// ttl is for how long after its begin the transaction's locks shall live, in
// milliseconds.
func (t *txn) ttl() uint64 { return uint64(time.Since(t.begun).Milliseconds()) + lockTTL }

// backoffRegionError reports whether the request has to be sent again because
// the region moved or its store has too much to do.
func backoffRegionError(bo *retry.Backoffer, resp *tikvrpc.Response) (bool, error) {
	regionErr, err := resp.GetRegionError()
	if err != nil || regionErr == nil {
		return false, err
	}
	return true, retry.MayBackoffForRegionError(regionErr, bo)
}

func readLockAnswer(resp *tikvrpc.Response) (lockAnswer, error) {
	body, ok := resp.Resp.(*kvrpcpb.PessimisticLockResponse)
	if !ok {
		return lockAnswer{}, tikverr.ErrBodyMissing
	}
	var a lockAnswer
	for _, e := range body.GetErrors() {
		switch {
		case e.GetDeadlock() != nil:
			return a, deadlockError(e.GetDeadlock())
		case e.GetConflict() != nil:
			a.conflict = true
			a.conflictTS = max(a.conflictTS, kv.Timestamp(e.GetConflict().GetConflictCommitTs()))
			a.inTheWay = append(a.inTheWay, e.GetConflict().GetKey())
		default:
			lock, err := txnlock.ExtractLockFromKeyErr(e)
			if err != nil {
				return a, err
			}
			a.holders = append(a.holders, lock)
			a.inTheWay = append(a.inTheWay, lock.Key)
		}
	}
	return a, nil
}

func deadlockError(d *kvrpcpb.Deadlock) error {
	e := pgerror.New(pgerror.DeadlockDetected, "deadlock detected").WithHint("See server log for query details.")
	if len(d.GetWaitChain()) == 0 {
		return e.WithDetail("Blocked by transaction %d on key %x.", d.GetLockTs(), d.GetLockKey())
	}
	detail := ""
	for i, w := range d.GetWaitChain() {
		if i > 0 {
			detail += "\n"
		}
		detail += pgerror.New(pgerror.DeadlockDetected, "Transaction %d waits for lock on key %x; blocked by transaction %d.",
			w.GetTxn(), w.GetKey(), w.GetWaitForTxn()).Message
	}
	return e.WithDetail("%s", detail)
}

// awaitHolder waits while somebody holds the lock on key, and reports whether
// the wait brought the lock. Locks of the dead are cleared away.
func (t *txn) awaitHolder(ctx context.Context, key []byte, at kv.Timestamp, w waiting, seen lockAnswer) (locked bool, err error) {
	alive, err := t.resolve(ctx, seen.holders)
	switch {
	case err != nil:
		return false, err
	case !alive:
		return false, nil
	case w.wait != kv.LockBlock:
		return false, errLockNoWait
	}
	wait := int64(serverWait)
	if !w.deadline.IsZero() {
		wait = min(wait, time.Until(w.deadline).Milliseconds())
		if wait <= 0 {
			return false, errLockTimeout
		}
	}
	got, err := t.requestLocks(ctx, [][]byte{key}, at, wait)
	if err != nil || got.locked() {
		return err == nil, err
	}
	if got.waited < minWait {
		return false, t.store.sleep(ctx, minWait)
	}
	return false, nil
}

// minWait keeps requests apart where a server does not wait itself.
const minWait = 5 * time.Millisecond

// resolve clears away the locks of transactions that ended, and reports whether
// any lives.
func (t *txn) resolve(ctx context.Context, locks []*txnlock.Lock) (alive bool, err error) {
	bo := retry.NewBackofferWithVars(ctx, lockPatience, nil)
	// Not with PessimisticRegionResolve: it sends requests without keys, which
	// older servers answer without doing anything, and the lock would stay for ever.
	result, err := t.store.client.GetLockResolver().ResolveLocksWithOpts(bo, txnlock.ResolveLocksOptions{Locks: locks})
	if err != nil {
		return false, t.store.translate(ctx, err)
	}
	return result.TTL > 0, nil
}

func (s *Store) sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return kv.Cancelled(ctx)
	case <-s.life.Done():
		return kv.ErrClosed
	}
}

// rollbackLocks gives up locks that were asked for at a timestamp up to at.
func (t *txn) rollbackLocks(keys [][]byte, at kv.Timestamp) {
	s := t.store
	ctx, cancel := context.WithTimeout(kv.WithTraffic(context.Background(), t.traffic), requestTimeout)
	defer cancel()
	groups, err := s.groupByRegion(ctx, keys)
	if err != nil {
		return
	}
	for _, group := range groups {
		s.rollbackGroup(retry.NewBackofferWithVars(ctx, lockPatience, nil), group, t.beginTS, at)
	}
}

func (s *Store) rollbackGroup(bo *tikv.Backoffer, keys [][]byte, begin, at kv.Timestamp) {
	for {
		loc, err := s.client.GetRegionCache().LocateKey(bo, keys[0])
		if err != nil {
			return
		}
		n := 0
		for n < len(keys) && loc.Contains(keys[n]) {
			n++
		}
		if n == 0 {
			return
		}
		resp, err := s.client.SendReq(bo, tikvrpc.NewRequest(tikvrpc.CmdPessimisticRollback, &kvrpcpb.PessimisticRollbackRequest{
			StartVersion: uint64(begin), ForUpdateTs: uint64(at), Keys: keys[:n],
		}), loc.Region, requestTimeout)
		if err != nil {
			return
		}
		if again, err := backoffRegionError(bo, resp); err != nil {
			return
		} else if again {
			continue
		}
		if keys = keys[n:]; len(keys) == 0 {
			return
		}
	}
}
