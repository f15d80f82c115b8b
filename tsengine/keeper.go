package tsengine

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// The defaults of KeeperConfig.
const (
	DefaultFlushPoints   = 5000
	DefaultFlushInterval = time.Minute
	DefaultMaxUnpacked   = 4_000_000
)

const (
	// While a partition is written to, it is packed when it has burstFlushes times
	// as many rows as it must have: many at once are merged less often.
	burstFlushes = 16
	// settleTime is after what time without a write a burst is over.
	settleTime = 250 * time.Millisecond
)

// KeeperConfig says when the keeper of a process packs.
type KeeperConfig struct {
	Packer Packer
	// Tables lists the time-series tables there are.
	Tables func(ctx context.Context) ([]*catalog.Table, error)
	// FlushPoints is how many rows in deltas a partition has when it is packed.
	FlushPoints int
	// FlushInterval is after what time it is packed even if it has fewer.
	FlushInterval time.Duration
	// MaxUnpacked is how many rows may lie in deltas before writers wait for the packer.
	MaxUnpacked int
	Clock       func() time.Time
	Logger      *slog.Logger
}

// Keeper packs in the background what the sessions of a process write, and
// frees the space of expired slices. It counts rows in memory only: what a
// process that was killed left in deltas is found when the next one starts, or by
// one that shares the store.
type Keeper struct {
	config KeeperConfig
	wake   chan struct{}

	packed keeperCounts

	mu      sync.Mutex
	running bool
	pending map[string]*backlog // by prefix
	rows    int
	less    chan struct{} // closed when rows become fewer

	shared    sharing                   // Run's own
	missed    bool                      // takeOver failed
	unindexed map[uint64]*catalog.Table // Run's own: see indexTags
}

// backlog is what a partition has in deltas, as far as is known.
type backlog struct {
	table *catalog.Table
	rows  int
	since time.Time
	last  time.Time // of a write
	full  bool      // found at the start: to be packed whatever it has
}

// NewKeeper makes the keeper of a process; Run works.
func NewKeeper(c KeeperConfig) *Keeper {
	if c.FlushPoints == 0 {
		c.FlushPoints = DefaultFlushPoints
	}
	if c.FlushInterval == 0 {
		c.FlushInterval = DefaultFlushInterval
	}
	if c.MaxUnpacked == 0 {
		c.MaxUnpacked = DefaultMaxUnpacked
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	k := &Keeper{config: c, wake: make(chan struct{}, 1), pending: map[string]*backlog{}, less: make(chan struct{})}
	k.shared.store, _ = c.Packer.Store.(kv.SharedStore)
	return k
}

// Wrote notes that rows were written to a partition. If too much is unpacked it
// waits until that is less: the packer gets the processor, and reading stays fast.
func (k *Keeper) Wrote(ctx context.Context, t *catalog.Table, prefix kv.Key, rows int) error {
	k.mu.Lock()
	b := k.pending[string(prefix)]
	if b == nil {
		b = &backlog{table: t, since: k.config.Clock()}
		k.pending[string(prefix)] = b
	}
	b.table, b.last = t, k.config.Clock()
	b.rows += rows
	k.rows += rows
	due := b.rows >= k.config.FlushPoints
	wait := k.running && k.rows > k.config.MaxUnpacked
	less := k.less
	k.mu.Unlock()
	if due {
		select {
		case k.wake <- struct{}{}:
		default:
		}
	}
	if !wait {
		return nil
	}
	select {
	case <-less:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Second): // the writer may itself hold what the packer waits for
		return nil
	}
}

// Run packs until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	k.mu.Lock()
	k.running = true
	k.mu.Unlock()
	k.takeOver(ctx, true)
	tick := time.NewTicker(min(k.config.FlushInterval, 10*time.Second))
	defer tick.Stop()
	settle := time.NewTimer(settleTime)
	defer settle.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.wake:
			settle.Reset(settleTime)
		case <-settle.C:
			if k.unsettled() {
				settle.Reset(settleTime)
			}
		case <-tick.C:
			k.takeOver(ctx, false)
			k.expire(ctx)
		}
		for ctx.Err() == nil && k.packOne(ctx) {
		}
		k.indexTags(ctx)
	}
}

// takeOver looks for deltas that nobody counts: those that earlier processes left, and
// those of one that shared the store and has gone.
func (k *Keeper) takeOver(ctx context.Context, start bool) {
	gone, err := k.shared.meet(ctx)
	if err == nil && (start || gone || k.missed) {
		err = k.recover(ctx)
	}
	if k.missed = err != nil; k.missed && ctx.Err() == nil {
		k.config.Logger.Warn("deltas of time-series tables are not found yet", "error", err)
	}
}

// recover finds the deltas that are this process's to pack, though it wrote none of them.
func (k *Keeper) recover(ctx context.Context) error {
	tables, err := k.config.Tables(ctx)
	if err != nil {
		return err
	}
	txn, err := k.config.Packer.Store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	for _, t := range tables {
		k.noteUnindexed(t)
		parts, err := NewLayout(t).Partitions(ctx, txn, nil, nil, math.MinInt64, math.MaxInt64)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if !k.shared.mine(p.Prefix) {
				continue
			}
			key, err := kv.EdgeKey(ctx, txn, kv.Span{Start: p.Prefix, End: append(p.Prefix[:len(p.Prefix):len(p.Prefix)], 1)}, false)
			if err != nil {
				return err
			}
			if key != nil {
				k.mu.Lock()
				if k.pending[string(p.Prefix)] == nil {
					k.pending[string(p.Prefix)] = &backlog{table: t, since: k.config.Clock(), full: true}
				}
				k.mu.Unlock()
			}
		}
	}
	select {
	case k.wake <- struct{}{}:
	default:
	}
	return nil
}

// inBurst reports whether a partition had better wait, as more rows are coming.
func (k *Keeper) inBurst(b *backlog, now time.Time) bool {
	return b.rows < burstFlushes*k.config.FlushPoints && now.Sub(b.last) < settleTime && k.rows <= k.config.MaxUnpacked/2
}

// unsettled reports whether a partition waits for the end of a burst.
func (k *Keeper) unsettled() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, b := range k.pending {
		if b.rows >= k.config.FlushPoints {
			return true
		}
	}
	return false
}

// packOne packs the partition that has the most in deltas, of those that are
// due; false if none is.
func (k *Keeper) packOne(ctx context.Context) bool {
	now := k.config.Clock()
	k.mu.Lock()
	var prefix string
	var most *backlog
	for p, b := range k.pending {
		due := b.full || b.rows >= k.config.FlushPoints && !k.inBurst(b, now) || now.Sub(b.since) >= k.config.FlushInterval
		if due && (most == nil || b.rows > most.rows) {
			prefix, most = p, b
		}
	}
	if most == nil {
		k.mu.Unlock()
		return false
	}
	delete(k.pending, prefix)
	k.mu.Unlock()
	done, err := k.config.Packer.Partition(ctx, NewLayout(most.table), kv.Key(prefix), false)
	k.noteUnindexed(most.table)
	k.packed.add(done, err)
	k.mu.Lock()
	k.rows = max(0, k.rows-most.rows)
	close(k.less)
	k.less = make(chan struct{})
	k.mu.Unlock()
	if err != nil && ctx.Err() == nil {
		k.failed(prefix, most, err)
	}
	return true
}

// failed notes a partition that could not be packed for later. A table that is
// being changed is locked; what is left of it will be found again.
func (k *Keeper) failed(prefix string, b *backlog, err error) {
	var e *pgerror.Error
	if !errors.As(err, &e) || e.Code != pgerror.LockNotAvailable {
		k.config.Logger.Warn("a time-series partition is not packed", "table", b.table.Name, "error", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pending[prefix] == nil {
		k.pending[prefix] = &backlog{table: b.table, since: k.config.Clock()}
	}
}

// expire frees the slices whose points are all older than their table's retention.
func (k *Keeper) expire(ctx context.Context) {
	k.shared.forgetGiven(time.Now())
	tables, err := k.config.Tables(ctx)
	for _, t := range tables {
		if err == nil && t.TimeSeries.Retention > 0 {
			err = k.Expire(ctx, t)
		}
	}
	if err != nil && ctx.Err() == nil {
		k.config.Logger.Warn("expired slices of time-series tables are not freed yet", "error", err)
	}
}

// Expire frees the expired slices of a table. Their points are invisible
// already, whoever reads. What is gone cannot come back when a wrong clock is set
// right, so processes that share a store go by the store's.
func (k *Keeper) Expire(ctx context.Context, t *catalog.Table) error {
	l := NewLayout(t)
	store := k.config.Packer.Store
	txn, err := store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	clock := k.config.Clock()
	if _, shared := store.(kv.SharedStore); shared {
		clock = txn.ReadTS().Time()
	}
	now, ok := t.TimeSeries.Now(t.Columns[t.TimeSeries.Time-1].Type, clock)
	if !ok {
		return nil
	}
	oldest := now - t.TimeSeries.Retention
	parts, err := l.Partitions(ctx, txn, nil, nil, math.MinInt64, oldest)
	txn.Rollback() // or what is destroyed would wait for it
	if err != nil {
		return err
	}
	for _, p := range parts {
		if p.Slice >= l.slice(oldest) || !k.shared.mine(p.Prefix) || !k.shared.giveUp(p.Prefix, time.Now()) {
			continue
		}
		if err := store.DestroyRange(ctx, prefixSpan(p.Prefix)); err != nil {
			return err
		}
	}
	return nil
}
