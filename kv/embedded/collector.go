package embedded

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"

	"github.com/tidemarkdb/tidemark/kv"
)

// collector removes versions that nobody can read any more, in rounds:
//
//  1. It raises the horizon as far as GCLifetime, open snapshots and barriers
//     allow. Reads below it are refused from then on.
//  2. It destroys the spans that are due (destroy.go).
//  3. It cleans the keys that commits noted as overwritten or deleted, oldest
//     first. This is what keeps rows that are updated all the time short: it
//     is memory only, bounded, and forgets at a restart.
//  4. When tables were written since the last sweep, it sweeps a part of the
//     store for what step 3 does not know. The sweep reads only blocks that
//     have garbage (block_properties.go).
//
// A round is bounded in the keys it cleans, so that it never takes much.
type collector struct {
	store *Store
	done  sync.WaitGroup

	notes noteQueue
	// tables counts flushes and compactions; swept is its value when the last
	// sweep began.
	tables atomic.Uint64

	round   sync.Mutex // one round at a time; guards what follows
	swept   uint64
	at      []byte    // stored key where the sweep goes on; nil: no sweep
	nextAt  time.Time // earliest time of the next sweep
	destroy destroyQueue
}

const (
	// cleanPerRound bounds the noted keys a background round cleans.
	cleanPerRound = 50_000
	// sweepPerRound bounds the keys a background round sweeps.
	sweepPerRound = 20_000
	// sweepPause is the least time between two sweeps.
	sweepPause = time.Minute
	// cleanBatch is the number of keys cleaned by one batch and iterator.
	cleanBatch = 512
	// rangeDeleteFrom is the number of old versions of one key from which one
	// range deletion is cheaper than deleting them one by one.
	rangeDeleteFrom = 64
)

func (c *collector) start(s *Store) error {
	c.store = s
	c.notes.init()
	if err := c.destroy.load(s); err != nil {
		return err
	}
	c.tables.Add(1)
	c.done.Add(1)
	go c.run()
	return nil
}

func (c *collector) stopped() bool {
	select {
	case <-c.store.quit:
		return true
	default:
		return false
	}
}

func (c *collector) run() {
	defer c.done.Done()
	ticker := time.NewTicker(c.store.cfg.GCInterval)
	defer ticker.Stop()
	for {
		select {
		case <-c.store.quit:
			return
		case now := <-ticker.C:
			c.store.iters.trim(now)
			c.store.forgetBatches()
			if err := c.collect(cleanPerRound, sweepPerRound, now); err != nil && !errors.Is(err, kv.ErrClosed) {
				c.store.cfg.Logger.Warn("cleaning of old versions failed", "error", err)
			}
		}
	}
}

// CollectGarbage removes all versions that nobody can read any more and
// destroys the spans that are due, now.
func (s *Store) CollectGarbage(context.Context) error {
	if s.closing.Load() {
		return kv.ErrClosed
	}
	s.collector.round.Lock()
	s.collector.nextAt = time.Time{}
	s.collector.round.Unlock()
	return s.collector.collect(1<<62, 1<<62, time.Now())
}

// collect runs one round.
func (c *collector) collect(cleanLimit, sweepLimit int, now time.Time) error {
	c.round.Lock()
	defer c.round.Unlock()
	s := c.store
	if s.failure.Load() != nil || s.space.low() {
		return nil // deleting needs space, too
	}
	limit := kv.TimestampAt(s.cfg.Clock().Add(-s.cfg.GCLifetime))
	horizon := s.snapshots.raise(limit)
	if err := c.destroy.run(s, horizon); err != nil {
		return err
	}
	if err := c.cleanNotes(horizon, cleanLimit); err != nil {
		return err
	}
	return c.sweep(horizon, sweepLimit, now)
}

// cleanNotes is step 3.
func (c *collector) cleanNotes(horizon kv.Timestamp, limit int) error {
	for limit > 0 && !c.stopped() {
		due := c.notes.take(horizon, min(limit, cleanBatch))
		if len(due) == 0 {
			return nil
		}
		limit -= len(due)
		cl, err := c.newCleaning(horizon)
		if err != nil {
			return err
		}
		for _, n := range due {
			if err = cl.key(n.key); err != nil {
				break
			}
		}
		if err = errors.Join(err, cl.finish()); err != nil {
			return err
		}
	}
	return nil
}

// sweep is step 4.
func (c *collector) sweep(horizon kv.Timestamp, limit int, now time.Time) error {
	if c.at == nil {
		tables := c.tables.Load()
		if tables == c.swept || now.Before(c.nextAt) {
			return nil
		}
		c.swept, c.at, c.nextAt = tables, []byte{spaceData, 0}, now.Add(sweepPause)
	}
	for limit > 0 && !c.stopped() {
		n, done, err := c.sweepSome(horizon, min(limit, cleanBatch))
		if err != nil {
			return err
		}
		if done {
			c.at = nil
			return nil
		}
		limit -= n
	}
	return nil
}

// sweepSome cleans some of the keys in blocks with garbage, from c.at on.
func (c *collector) sweepSome(horizon kv.Timestamp, limit int) (n int, done bool, err error) {
	it, err := c.store.db.NewIter(&pebble.IterOptions{
		KeyTypes:        pebble.IterKeyTypePointsOnly,
		LowerBound:      c.at,
		UpperBound:      []byte{spaceEnd, 0},
		PointKeyFilters: []pebble.BlockPropertyFilter{sstable.NewBlockIntervalFilter(propGarbage, 0, uint64(horizon)+1, nil)},
	})
	if err != nil {
		return 0, false, storageError(err)
	}
	defer it.Close()
	cl, err := c.newCleaning(horizon)
	if err != nil {
		return 0, false, err
	}
	// A filtered iterator may show versions that are deleted already, so the
	// cleaning looks at the key itself again. It does so only for keys of
	// which something that may be garbage is shown.
	var prefix []byte
	ok := it.First()
	for ; ok && n < limit; n++ {
		k := it.Key()
		v, err := it.ValueAndErr()
		if err != nil {
			return n, false, errors.Join(storageError(err), cl.finish())
		}
		prefix = append(prefix[:0], k[:len(k)-suffixLen]...)
		garbage := len(v) > 0 && v[0] == kindTombstone && versionTimestamp(k) <= horizon
		if ok = it.Next(); ok && bytes.HasPrefix(it.Key(), prefix) && len(it.Key()) == len(prefix)+suffixLen {
			garbage = true
			ok = it.NextPrefix()
		}
		if garbage {
			if err := cl.key(prefix[1 : len(prefix)-1]); err != nil {
				return n, false, errors.Join(err, cl.finish())
			}
		}
	}
	if ok {
		k := it.Key()
		c.at = append([]byte(nil), k[:len(k)-suffixLen]...)
	}
	return n, !ok, errors.Join(storageError(it.Error()), cl.finish())
}

// cleaning removes old versions of single keys in one batch.
type cleaning struct {
	store   *Store
	horizon kv.Timestamp
	it      *pebble.Iterator
	batch   *pebble.Batch
	seek    []byte
	old     [][]byte
}

func (c *collector) newCleaning(horizon kv.Timestamp) (*cleaning, error) {
	it, err := c.store.db.NewIter(&pointIterOptions)
	if err != nil {
		return nil, storageError(err)
	}
	return &cleaning{store: c.store, horizon: horizon, it: it, batch: c.store.db.NewBatch()}, nil
}

// key removes what is older than the newest version at or below the horizon,
// and that version, too, when it is a tombstone.
func (c *cleaning) key(key kv.Key) error {
	c.seek = appendVersion(c.seek[:0], key, c.horizon)
	if !c.it.SeekPrefixGE(c.seek) {
		return storageError(c.it.Error())
	}
	v, err := c.it.ValueAndErr()
	if err != nil {
		return storageError(err)
	}
	ok := true
	if len(v) == 0 || v[0] != kindTombstone {
		ok = c.it.Next()
	}
	c.old = c.old[:0]
	for ; ok; ok = c.it.Next() {
		c.old = append(c.old, append([]byte(nil), c.it.Key()...))
		if len(c.old) == rangeDeleteFrom {
			end := append(appendPrefix(nil, key), 0)
			return storageError(c.batch.DeleteRange(c.old[0], end, nil))
		}
	}
	for _, k := range c.old {
		if err := c.batch.Delete(k, nil); err != nil {
			return storageError(err)
		}
	}
	return storageError(c.it.Error())
}

// finish applies the batch. It does not need to be durable: what comes back
// in a crash is garbage still. The horizon is stored with it, so that reads
// of what is gone are refused after a restart, too.
func (c *cleaning) finish() error {
	err := storageError(c.it.Close())
	if c.batch.Empty() {
		return err
	}
	if err := c.store.putHorizon(c.batch, c.horizon); err != nil {
		return err
	}
	return errors.Join(err, c.store.write(c.batch, false))
}
