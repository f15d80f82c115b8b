package tikv

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Nobody else moves a cluster's GC safe point, so the nodes do. Below it old
// versions may be gone. What they agree by are records of the driver:
//
//	g            the safe point, and when it was set
//	n {node u64} the oldest timestamp a node may read at, and until when that counts
//	d {ts u64} {random u64}  a span to destroy once the safe point has passed ts
//	a, b                     see announce.go
//	w {node u64}             see deadlock.go
//
// Whoever moves the safe point, and whoever wants to read at a timestamp older
// than its node's record, locks g first. So either the mover sees the record,
// or the reader sees the new safe point. A node that could not renew its record
// takes its old snapshots for gone.
type collector struct {
	store *Store
	node  [8]byte

	mu        sync.Mutex
	snapshots map[*openSnapshot]struct{}
	// published is the oldest timestamp that may be read without asking.
	published kv.Timestamp
	// kept is how long versions stay readable without asking: as old as stale
	// transactions were so far.
	kept time.Duration
	// renewed is when the node's record was written last, by the local clock.
	renewed atomic.Pointer[time.Time]
	// seen is the safe point as it was read or set last.
	seen  atomic.Uint64
	lease lease
	// running makes rounds one at a time.
	running sync.Mutex
}

// openSnapshot is a timestamp whose versions are to stay.
type openSnapshot struct{ ts kv.Timestamp }

const (
	// nodeLease is how long a node's record counts.
	nodeLease = 30 * time.Second
	// renewEvery is how often it is written.
	renewEvery = 5 * time.Second
)

var (
	safePointKey = kv.Key{'g'}
	nodeSpan     = kv.Span{Start: kv.Key{'n'}, End: kv.Key{'n' + 1}}
	destroySpan  = kv.Span{Start: kv.Key{'d'}, End: kv.Key{'d' + 1}}
)

func (c *collector) start(ctx context.Context, s *Store) error {
	c.store, c.snapshots = s, map[*openSnapshot]struct{}{}
	if _, err := rand.Read(c.node[:]); err != nil {
		return err
	}
	now, err := s.Now(ctx)
	if err != nil {
		return err
	}
	c.published = now
	begun := time.Now()
	c.renewed.Store(&begun)
	return c.publish(ctx)
}

func (c *collector) nodeKey() kv.Key { return append(kv.Key{'n'}, c.node[:]...) }

// open keeps the versions of a new snapshot.
func (c *collector) open(h *openSnapshot, ts kv.Timestamp) {
	h.ts = ts
	c.mu.Lock()
	c.snapshots[h] = struct{}{}
	c.mu.Unlock()
}

func (c *collector) move(h *openSnapshot, ts kv.Timestamp) {
	c.mu.Lock()
	h.ts = ts
	c.mu.Unlock()
}

func (c *collector) close(h *openSnapshot) {
	c.mu.Lock()
	delete(c.snapshots, h)
	c.mu.Unlock()
}

// openAt keeps the versions of a past snapshot, or fails if they may be gone.
func (c *collector) openAt(ctx context.Context, h *openSnapshot, ts kv.Timestamp) error {
	c.open(h, ts)
	c.mu.Lock()
	safe := ts >= c.published
	c.mu.Unlock()
	if safe {
		return nil
	}
	err := c.protect(ctx, ts)
	if err != nil {
		c.close(h)
	}
	return err
}

// Barrier implements kv.Store.
func (s *Store) Barrier(ts kv.Timestamp) (release func()) {
	h := &openSnapshot{}
	s.gc.open(h, ts)
	return sync.OnceFunc(func() { s.gc.close(h) })
}

// oldest raises published to the oldest open snapshot, at most to latest. It
// never goes down but by protect.
func (c *collector) oldest(latest kv.Timestamp) kv.Timestamp {
	now := latest
	c.mu.Lock()
	defer c.mu.Unlock()
	for h := range c.snapshots {
		now = min(now, h.ts)
	}
	if c.kept > 0 {
		now = min(now, kv.TimestampAt(latest.Time().Add(-c.kept-renewEvery)))
	}
	c.published = max(c.published, now)
	return c.published
}

// keepFor has versions of an age stay readable without asking from the next time
// on that the node's record is written.
func (c *collector) keepFor(age time.Duration) {
	c.mu.Lock()
	c.kept = max(c.kept, age)
	c.mu.Unlock()
}

// update runs fn in a transaction over the records, with the safe point locked
// if asked.
func (c *collector) update(ctx context.Context, lock bool, fn func(t *txn) error) error {
	for {
		now, err := c.store.Now(ctx)
		if err != nil {
			return err
		}
		t := c.store.newTxn(&c.store.records, now)
		err = c.inTxn(ctx, t, lock, fn)
		t.Rollback()
		if !errors.Is(err, kv.ErrWriteConflict) {
			return err
		}
	}
}

func (c *collector) inTxn(ctx context.Context, t *txn, lock bool, fn func(t *txn) error) error {
	if lock {
		// Past the lock table: these keys are no user's.
		if _, _, err := t.acquireAll(ctx, [][]byte{t.keys.stored(safePointKey)}, t.readTS, 0, waiting{}); err != nil {
			return err
		}
		if err := t.Refresh(ctx); err != nil {
			return err
		}
	}
	if err := fn(t); err != nil {
		return err
	}
	_, err := t.Commit(ctx, false)
	return err
}

// protect lowers the node's record to ts.
func (c *collector) protect(ctx context.Context, ts kv.Timestamp) error {
	return c.update(ctx, true, func(t *txn) error {
		safe, _, err := readPair(ctx, t, safePointKey)
		if err != nil {
			return err
		}
		c.seen.Store(safe)
		if ts < kv.Timestamp(safe) {
			return errSnapshotTooOld
		}
		c.mu.Lock()
		c.published = min(c.published, ts)
		low := c.published
		c.mu.Unlock()
		return c.putNode(t, low)
	})
}

func (c *collector) putNode(t *txn, low kv.Timestamp) error {
	return t.PutUnchecked(c.nodeKey(), pair(uint64(low), uint64(leaseEnd(t))))
}

func pair(a, b uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, a), b)
}

func splitPair(v []byte) (a, b uint64, err error) {
	if len(v) != 16 {
		return 0, 0, pgerror.New(pgerror.DataCorrupted, "data is corrupted: a record of the store has %d bytes", len(v))
	}
	return binary.BigEndian.Uint64(v), binary.BigEndian.Uint64(v[8:]), nil
}

// readPair reads a record of two numbers, zeros if there is none.
func readPair(ctx context.Context, t *txn, key kv.Key) (a, b uint64, err error) {
	v, found, err := t.Get(ctx, key)
	if err != nil || !found {
		return 0, 0, err
	}
	return splitPair(v)
}

// lost reports whether the versions of a snapshot taken at a time (by the local
// clock, and the cluster's) may be gone because the node could not renew its record,
// or could only after that had ended.
func (c *collector) lost(at time.Time, taken kv.Timestamp) bool {
	if c.store.cfg.GCInterval < 0 {
		return false
	}
	if lapsed := kv.Timestamp(c.lease.lapsed.Load()); taken < lapsed && lapsed.Time().Sub(taken.Time()) > nodeLease-renewEvery {
		return true
	}
	renewed := c.renewed.Load()
	return time.Since(*renewed) > nodeLease-renewEvery && time.Since(at) > nodeLease-renewEvery
}

// leased reports whether other nodes still count on this one.
func (c *collector) leased() bool {
	return c.store.cfg.GCInterval > 0 && time.Since(*c.renewed.Load()) < nodeLease-2*renewEvery
}

// leaseLeft is how long a commit under a fast lock may take.
func (c *collector) leaseLeft() time.Duration {
	return nodeLease - renewEvery - time.Since(*c.renewed.Load())
}

// CollectGarbage moves the safe point as far as lifetime and open snapshots let
// it, and destroys what was given up before it.
func (s *Store) CollectGarbage(ctx context.Context) error { return s.gc.round(ctx, 0) }

// round is one try; it does nothing if somebody moved the safe point less than
// since ago.
func (c *collector) round(ctx context.Context, since time.Duration) error {
	c.running.Lock()
	defer c.running.Unlock()
	var safe kv.Timestamp
	err := c.update(ctx, true, func(t *txn) error {
		old, at, err := readPair(ctx, t, safePointKey)
		if err != nil {
			return err
		}
		safe = kv.Timestamp(old)
		c.seen.Store(old)
		if t.readTS.Time().Sub(kv.Timestamp(at).Time()) < since {
			safe = 0
			return nil
		}
		target := kv.TimestampAt(t.readTS.Time().Add(-c.store.cfg.GCLifetime))
		if c.store.cfg.GCLifetime == 0 {
			target = t.readTS
		}
		if target, err = c.limit(ctx, t, min(target, c.oldest(t.readTS))); err != nil {
			return err
		}
		safe = max(safe, target)
		c.seen.Store(uint64(safe))
		return t.Put(safePointKey, pair(uint64(safe), uint64(t.readTS)))
	})
	if err != nil || safe == 0 {
		return err
	}
	if err := c.destroy(ctx, safe); err != nil {
		return err
	}
	if c.store.cfg.Keyspace != "" {
		return c.store.moveKeyspaceSafePoint(ctx, safe)
	}
	if len(c.store.keys.data) > 0 {
		return nil // a part of a cluster: the rest is somebody else's
	}
	return c.store.moveSafePoint(ctx, safe)
}

// limit lowers target to what other nodes need, and forgets nodes that ended.
func (c *collector) limit(ctx context.Context, t *txn, target kv.Timestamp) (kv.Timestamp, error) {
	err := each(ctx, t, nodeSpan, func(p kv.KeyValue) error {
		low, until, err := splitPair(p.Value)
		switch {
		case err != nil:
			return err
		case string(p.Key[1:]) == string(c.node[:]):
		case kv.Timestamp(until) < t.readTS:
			return c.store.forgetNode(t, p.Key[1:])
		default:
			target = min(target, kv.Timestamp(low))
		}
		return nil
	})
	return target, err
}

// forgetNode takes the records of a node away that ended.
func (s *Store) forgetNode(t *txn, node []byte) error {
	if err := t.DeleteUnchecked(waitsKey(node)); err != nil {
		return err
	}
	return t.DeleteUnchecked(append(kv.Key{'n'}, node...))
}

var _ kv.SharedStore = (*Store)(nil)

// Alone implements kv.SharedStore.
func (s *Store) Alone(ctx context.Context) (bool, error) {
	self, all, err := s.Members(ctx)
	return err == nil && !slices.ContainsFunc(all, func(node string) bool { return node != self }), err
}

// Members implements kv.SharedStore.
func (s *Store) Members(ctx context.Context) (self string, all []string, err error) {
	now, err := s.Now(ctx)
	if err != nil {
		return "", nil, err
	}
	records := s.newTxn(&s.records, now)
	defer records.Rollback()
	err = each(ctx, records, nodeSpan, func(p kv.KeyValue) error {
		_, until, err := splitPair(p.Value)
		if err == nil && kv.Timestamp(until) >= now {
			all = append(all, hex.EncodeToString(p.Key[1:]))
		}
		return err
	})
	return hex.EncodeToString(s.gc.node[:]), all, err
}

// each calls fn for the pairs of a span.
func each(ctx context.Context, r kv.Reader, span kv.Span, fn func(kv.KeyValue) error) error {
	it, err := r.Scan(ctx, span, kv.ScanOptions{})
	if err != nil {
		return err
	}
	defer it.Close()
	for {
		batch, err := it.NextBatch(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, p := range batch {
			if err := fn(p); err != nil {
				return err
			}
		}
	}
}

// leave forgets the node, so that nobody waits for its lease to end.
func (c *collector) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	err := c.update(ctx, false, func(t *txn) error { return c.store.forgetNode(t, c.node[:]) })
	if err != nil {
		c.store.cfg.Logger.Warn("the node's record stays until its lease ends", "error", err)
	}
}

func (s *Store) runCollector() {
	if s.cfg.GCInterval < 0 {
		return
	}
	renew, collect := time.NewTicker(renewEvery), time.NewTicker(s.cfg.GCInterval)
	defer renew.Stop()
	defer collect.Stop()
	for {
		var err error
		select {
		case <-s.life.Done():
			return
		case <-renew.C:
			err = s.gc.publish(s.life)
		case <-collect.C:
			err = s.gc.round(s.life, s.cfg.GCInterval)
		}
		if err != nil && s.life.Err() == nil {
			s.cfg.Logger.Warn("garbage collection failed", "error", err)
		}
	}
}
