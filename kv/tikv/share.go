package tikv

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/pingcap/kvproto/pkg/kvrpcpb"
	"github.com/tikv/client-go/v2/config/retry"
	tikverr "github.com/tikv/client-go/v2/error"
	"github.com/tikv/client-go/v2/tikvrpc"
	"github.com/tikv/client-go/v2/txnkv/txnlock"

	"github.com/tidemarkdb/tidemark/kv"
)

// The servers have exclusive locks only. The other modes are made of locks on
// keys that never have a value, which lie just behind the row's key K:
//
//	K                     NO KEY UPDATE and UPDATE
//	K \0 ~ U              UPDATE, beside K
//	K \0 ~ s {begin u64}  SHARE, one for each transaction
//	K \0 ~ k {begin u64}  KEY SHARE, one for each transaction
//
// Everybody takes its own lock first and looks at the others' after that, so of
// two that exclude each other one at least sees the other:
//
//   - an exclusive locker keeps its lock, which lets no new sharer in, and waits
//     for the sharers it sees;
//   - a sharer that sees an exclusive locker gives its own lock up, waits, and
//     begins anew.
//
// So nobody waits in a circle but where PostgreSQL's lockers would, and the
// servers' deadlock detector sees every wait, as all are waits for a lock.
const (
	shareMark     = "\x00~"
	kindUpdate    = 'U'
	kindShare     = 's'
	kindKeyShare  = 'k'
	shareKeyExtra = len(shareMark) + 1 + 8
)

func updateKey(key []byte) []byte {
	return append(append(slices.Clip(key), shareMark...), kindUpdate)
}

func sharedKey(key []byte, mode kv.LockMode, begin kv.Timestamp) []byte {
	kind := byte(kindShare)
	if mode == kv.LockKeyShare {
		kind = kindKeyShare
	}
	out := append(append(slices.Clip(key), shareMark...), kind)
	return binary.BigEndian.AppendUint64(out, uint64(begin))
}

// splitShareKey returns the row's key and the kind of a lock; 0 is the row's own.
func splitShareKey(locked []byte) (key []byte, kind byte) {
	if n := len(locked) - len(shareMark) - 1; n > 0 && locked[len(locked)-1] == kindUpdate && bytes.Equal(locked[n:n+len(shareMark)], []byte(shareMark)) {
		return locked[:n], kindUpdate
	}
	if n := len(locked) - shareKeyExtra; n > 0 && bytes.Equal(locked[n:n+len(shareMark)], []byte(shareMark)) {
		if k := locked[n+len(shareMark)]; k == kindShare || k == kindKeyShare {
			return locked[:n], k
		}
	}
	return locked, 0
}

// excludes says which kinds of locks somebody with a mode waits for.
func excludes(mode kv.LockMode, kind byte) bool {
	switch mode {
	case kv.LockKeyShare:
		return kind == kindUpdate
	case kv.LockShare:
		return kind == kindUpdate || kind == 0
	case kv.LockNoKeyUpdate:
		return kind == kindShare
	}
	return kind == kindShare || kind == kindKeyShare
}

// lockShared takes shared locks.
func (t *txn) lockShared(ctx context.Context, keys []kv.Key, opts kv.LockOptions, w waiting, at kv.Timestamp) (skipped map[string]bool, err error) {
	skipped = map[string]bool{}
	var rows [][]byte
	for _, key := range keys {
		stored := t.keys.stored(key)
		mark := len(t.remote.taken)
		if err := t.share(ctx, stored, opts.Mode, w, at); err != nil {
			if opts.Wait == kv.LockSkipLocked && isNotAvailable(err) {
				t.releaseRemote(mark)
				skipped[string(key)] = true
				continue
			}
			return nil, err
		}
		rows = append(rows, stored)
	}
	if opts.NoConflictCheck || len(rows) == 0 {
		return skipped, nil
	}
	return skipped, t.checkUnchanged(ctx, rows, at)
}

// share takes a shared lock on one stored key.
func (t *txn) share(ctx context.Context, key []byte, mode kv.LockMode, w waiting, at kv.Timestamp) error {
	if t.holdsFor(key, mode) {
		return nil
	}
	for {
		mark := len(t.remote.taken)
		own := sharedKey(key, mode, t.beginTS)
		if _, err := t.acquire(ctx, own, max(at, t.beginTS), w); err != nil {
			return err
		}
		others, err := t.othersLocks(ctx, [][]byte{key}, mode)
		if err != nil || len(others) == 0 {
			return err
		}
		t.releaseRemote(mark)
		if err := t.waitFor(ctx, others[0], w); err != nil {
			return err
		}
	}
}

// holdsFor reports whether the transaction has a lock on key that is as good.
func (t *txn) holdsFor(key []byte, mode kv.LockMode) bool {
	has := func(k []byte) bool {
		_, ok := t.remote.held[string(k)]
		return ok
	}
	return has(key) || has(sharedKey(key, kv.LockShare, t.beginTS)) ||
		mode == kv.LockKeyShare && has(sharedKey(key, kv.LockKeyShare, t.beginTS))
}

// awaitSharers waits for those that hold shared locks on keys just locked.
func (t *txn) awaitSharers(ctx context.Context, locked [][]byte, mode kv.LockMode, w waiting) error {
	var rows [][]byte
	for _, key := range locked {
		if _, kind := splitShareKey(key); kind == 0 {
			rows = append(rows, key)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	for {
		others, err := t.othersLocks(ctx, rows, mode)
		if err != nil || len(others) == 0 {
			return err
		}
		for _, other := range others {
			if err := t.waitFor(ctx, other, w); err != nil {
				return err
			}
		}
	}
}

// waitFor waits until somebody else's lock is gone, by taking it for a moment.
func (t *txn) waitFor(ctx context.Context, key []byte, w waiting) error {
	now, err := t.store.Now(ctx)
	if err != nil {
		return err
	}
	mark := len(t.remote.taken)
	_, err = t.acquire(ctx, key, now, w)
	t.releaseRemote(mark)
	return err
}

// othersLocks returns the keys of other transactions' locks on rows (stored
// keys, sorted) that exclude a mode.
func (t *txn) othersLocks(ctx context.Context, rows [][]byte, mode kv.LockMode) ([][]byte, error) {
	var out [][]byte
	span := kv.Span{Start: rows[0], End: append(append(slices.Clip(rows[len(rows)-1]), shareMark...), 0xff)}
	err := t.store.scanLocks(ctx, span, func(lock *kvrpcpb.LockInfo) {
		if lock.GetLockVersion() == uint64(t.beginTS) {
			return
		}
		key, kind := splitShareKey(lock.GetKey())
		if _, ok := slices.BinarySearchFunc(rows, key, bytes.Compare); ok && excludes(mode, kind) {
			out = append(out, lock.GetKey())
		}
	})
	return out, err
}

// scanLocksStep is how many locks a server returns at a time.
const scanLocksStep = 1 << 16

// scanLocks calls fn for the locks in a span of stored keys. Some servers answer
// with all locks of the region.
func (s *Store) scanLocks(ctx context.Context, span kv.Span, fn func(*kvrpcpb.LockInfo)) error {
	bo := retry.NewBackofferWithVars(ctx, lockPatience, nil)
	at := span.Start
	for {
		loc, err := s.client.GetRegionCache().LocateKey(bo, at)
		if err != nil {
			return s.translate(ctx, err)
		}
		end := span.End
		if len(loc.EndKey) > 0 && bytes.Compare(loc.EndKey, end) < 0 {
			end = loc.EndKey
		}
		resp, err := s.client.SendReq(bo, tikvrpc.NewRequest(tikvrpc.CmdScanLock, &kvrpcpb.ScanLockRequest{
			MaxVersion: 1<<63 - 1, StartKey: at, EndKey: end, Limit: scanLocksStep,
		}), loc.Region, requestTimeout)
		if err != nil {
			return s.translate(ctx, err)
		}
		if again, err := backoffRegionError(bo, resp); err != nil {
			return s.translate(ctx, err)
		} else if again {
			continue
		}
		body, ok := resp.Resp.(*kvrpcpb.ScanLockResponse)
		if !ok {
			return s.translate(ctx, tikverr.ErrBodyMissing)
		}
		if e := body.GetError(); e != nil {
			lock, err := txnlock.ExtractLockFromKeyErr(e)
			if err != nil {
				return s.translate(ctx, err)
			}
			body.Locks = append(body.Locks, &kvrpcpb.LockInfo{Key: lock.Key, LockVersion: lock.TxnID, PrimaryLock: lock.Primary})
		}
		for _, lock := range body.GetLocks() {
			if bytes.Compare(lock.GetKey(), at) >= 0 && bytes.Compare(lock.GetKey(), end) < 0 {
				fn(lock)
			}
		}
		if n := len(body.GetLocks()); n == scanLocksStep && bytes.Compare(body.Locks[n-1].GetKey(), at) > 0 {
			end = append(slices.Clone(body.Locks[n-1].GetKey()), 0)
		}
		if at = end; bytes.Compare(at, span.End) >= 0 {
			return nil
		}
	}
}

// checkUnchanged fails when a row is not what it was at a timestamp. A shared
// lock is not on the row's key, so no server checks that.
func (t *txn) checkUnchanged(ctx context.Context, rows [][]byte, at kv.Timestamp) error {
	then := txn{store: t.store, keys: t.keys, readTS: at, readAt: t.begun}
	old, err := then.batchGet(ctx, rows)
	if err != nil {
		return err
	}
	now := txn{store: t.store, keys: t.keys, readAt: time.Now()}
	if now.readTS, err = t.store.Now(ctx); err != nil {
		return err
	}
	new, err := now.batchGet(ctx, rows)
	if err != nil {
		return err
	}
	for _, row := range rows {
		a, had := old[string(row)]
		b, has := new[string(row)]
		if had != has || !bytes.Equal(a, b) {
			return kv.ErrWriteConflict
		}
	}
	return nil
}
