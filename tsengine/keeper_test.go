package tsengine

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// kept is a table with a keeper whose clock the test moves.
type kept struct {
	*metamorphic
	keeper *Keeper
	now    time.Time
}

func newKept(t *testing.T, c embedded.Config, k KeeperConfig) *kept {
	c.Logger = slog.New(slog.DiscardHandler)
	store, err := embedded.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() }) // a store whose disk was full says so
	m := &metamorphic{t: t, alloc: memory.NewCheckedAllocator(memory.DefaultAllocator), store: store, layout: NewLayout(seriesTable(false)), rng: rand.New(rand.NewPCG(1, 1))}
	t.Cleanup(func() { m.alloc.AssertSize(t, 0) })
	m.cache = NewCache(store, 1<<20)
	m.packer = &Packer{Store: store, Alloc: m.alloc, Cache: m.cache}
	out := &kept{metamorphic: m, now: time.UnixMilli(1000)}
	k.Packer, k.Clock, k.Logger = *m.packer, func() time.Time { return out.now }, slog.New(slog.NewTextHandler(io.Discard, nil))
	k.Tables = func(context.Context) ([]*catalog.Table, error) { return []*catalog.Table{m.layout.Table}, nil }
	out.keeper = NewKeeper(k)
	return out
}

// insert writes n rows at different times of one series and slice.
func (k *kept) insert(n int) {
	rows := make([]modelRow, n)
	for i := range rows {
		k.serial++
		rows[i] = modelRow{1, int64(k.serial % 100), 1, fmt.Sprintf("n%d", k.serial)}
		k.put(rows[i])
	}
	k.write(context.Background(), rows)
	prefix := k.layout.prefix(k.layout.bucket(k.series(1)), 0)
	if err := k.keeper.Wrote(context.Background(), k.layout.Table, prefix, n); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kept) series(tag int64) uint64 {
	d := modelRow{tag: tag}.datums()
	return seriesHash(appendTag(nil, &d[0]))
}

// stored counts the deltas and runs of the table.
func (k *kept) stored() (deltas, runs int) {
	txn, err := k.store.Begin(context.Background(), kv.TxnOptions{ReadOnly: true})
	if err != nil {
		k.t.Fatal(err)
	}
	defer txn.Rollback()
	parts, err := k.layout.Partitions(context.Background(), txn, k.cache, nil, math.MinInt64, math.MaxInt64)
	if err != nil {
		k.t.Fatal(err)
	}
	seen := map[uint64]bool{}
	for i := range parts {
		err := k.layout.EachBlock(context.Background(), txn, &parts[i], func(s *block.Stored) error {
			if s.Delta {
				deltas++
			} else {
				seen[s.Run] = true
			}
			return nil
		})
		if err != nil {
			k.t.Fatal(err)
		}
	}
	return deltas, len(seen)
}

func (k *kept) wantStored(deltas, runs int) {
	k.t.Helper()
	if d, r := k.stored(); d != deltas || r != runs {
		k.t.Errorf("%d deltas and %d runs, want %d and %d", d, r, deltas, runs)
	}
	k.compare()
}

// TestKeeper packs a partition that has enough new rows and is not written to at
// the moment, or some for long enough.
func TestKeeper(t *testing.T) {
	ctx := context.Background()
	k := newKept(t, embedded.Config{}, KeeperConfig{FlushPoints: 50, FlushInterval: time.Minute})
	k.insert(40)
	if k.now = k.now.Add(time.Second); k.keeper.packOne(ctx) {
		t.Error("40 rows were packed")
	}
	k.insert(20)
	if k.keeper.packOne(ctx) {
		t.Error("rows were packed while more were coming")
	}
	k.wantStored(2, 0)
	if k.now = k.now.Add(time.Second); !k.keeper.packOne(ctx) || k.keeper.packOne(ctx) {
		t.Error("60 rows were not packed once")
	}
	k.wantStored(0, 1)
	k.insert(1)
	if k.now = k.now.Add(59 * time.Second); k.keeper.packOne(ctx) {
		t.Error("a row was packed before its time")
	}
	if k.now = k.now.Add(time.Second); !k.keeper.packOne(ctx) {
		t.Error("a row was not packed in time")
	}
	k.wantStored(0, 2)
	k.insert(burstFlushes * 50)
	if !k.keeper.packOne(ctx) {
		t.Error("a burst was not packed")
	}
	k.compare()
}

// TestKeeperRecovers finds what an earlier process left in deltas.
func TestKeeperRecovers(t *testing.T) {
	k := newKept(t, embedded.Config{}, KeeperConfig{})
	k.write(context.Background(), []modelRow{k.newRow(), k.newRow()})
	k.rows = nil
	if err := k.keeper.recover(context.Background()); err != nil {
		t.Fatal(err)
	}
	for k.keeper.packOne(context.Background()) {
	}
	if d, r := k.stored(); d != 0 || r == 0 {
		t.Errorf("%d deltas and %d runs", d, r)
	}
}

// TestBackPressure lets writers wait while too much is unpacked.
func TestBackPressure(t *testing.T) {
	ctx := context.Background()
	k := newKept(t, embedded.Config{}, KeeperConfig{FlushPoints: 10, MaxUnpacked: 100})
	k.keeper.running = true
	k.insert(100)
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		_ = k.keeper.Wrote(ctx, k.layout.Table, k.layout.prefix(0, 0), 1)
	}()
	select {
	case <-waited:
		t.Error("a writer did not wait")
	case <-time.After(50 * time.Millisecond):
	}
	for k.keeper.packOne(ctx) {
	}
	<-waited
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := k.keeper.Wrote(cancelled, k.layout.Table, k.layout.prefix(0, 0), 1000); err == nil {
		t.Error("a cancelled writer waited")
	}
}

// TestExpire frees slices that are past retention as a whole, and shows the
// others as they are, also through a cache that knew them.
func TestExpire(t *testing.T) {
	ctx := context.Background()
	k := newKept(t, embedded.Config{GCLifetime: time.Millisecond}, KeeperConfig{})
	ts := k.layout.Table.TimeSeries
	ts.Unit, ts.Retention = int64(time.Millisecond), 400
	rows := []modelRow{{1, 10, 1, "a"}, {2, 199, 2, "b"}, {1, 260, 3, "c"}, {1, 700, 4, "d"}}
	k.write(ctx, rows)
	k.rows = rows
	k.pack(true)
	k.compare()
	k.now = time.UnixMilli(650) // points from 250 on
	if err := k.keeper.Expire(ctx, k.layout.Table); err != nil {
		t.Fatal(err)
	}
	k.rows = rows[2:]
	for deadline := time.Now().Add(10 * time.Second); k.oldest() < 250; time.Sleep(5 * time.Millisecond) {
		if err := k.store.(*embedded.Store).CollectGarbage(ctx); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing was freed")
		}
	}
	k.compare()
	k.write(ctx, rows[:1]) // into a slice that was freed
	k.rows = append(k.rows, rows[0])
	k.pack(false)
	k.compare()
}

// oldest is the first slice that the store has.
func (k *kept) oldest() int64 {
	txn, err := k.store.Begin(context.Background(), kv.TxnOptions{ReadOnly: true})
	if err != nil {
		k.t.Fatal(err)
	}
	defer txn.Rollback()
	parts, err := k.layout.Partitions(context.Background(), txn, nil, nil, math.MinInt64, math.MaxInt64)
	if err != nil {
		k.t.Fatal(err)
	}
	first := int64(math.MaxInt64)
	for _, p := range parts {
		first = min(first, p.Slice)
	}
	return first
}

// TestDiskFullWhilePacking: what packs waits for space or says that there is none;
// reading goes on, and nothing is lost.
func TestDiskFullWhilePacking(t *testing.T) {
	var full atomic.Bool
	injector := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return &os.PathError{Op: "write", Path: op.Path, Err: syscall.ENOSPC}
		}
		return nil
	})
	k := newKept(t, embedded.Config{Dir: "d", FS: errorfs.Wrap(vfs.NewMem(), injector)}, KeeperConfig{})
	for range 3 {
		k.insert(200)
	}
	full.Store(true)
	packed := make(chan error, 1)
	go func() {
		_, err := k.packer.Flush(context.Background(), k.layout.Table)
		packed <- err
	}()
	select {
	case err := <-packed:
		if e := pgerror.From(err); err == nil || e.Code != pgerror.DiskFull {
			t.Errorf("a full disk gives %v", err)
		}
		packed <- nil
	case <-time.After(100 * time.Millisecond):
	}
	k.compare()
	full.Store(false)
	if err := <-packed; err != nil {
		t.Error(err)
	}
	k.pack(true)
	k.wantStored(0, 1)
}
