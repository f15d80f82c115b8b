package embedded

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestReclaim: old versions of a span go at once, but for those that somebody reads;
// the past is refused there and nowhere else, also after a restart.
func TestReclaim(t *testing.T) {
	mem := vfs.NewCrashableMem()
	config := func(fs vfs.FS) Config { return Config{Dir: "data", FS: fs, GCInterval: time.Hour} }
	s := openTest(t, config(mem))
	large := strings.Repeat("x", 10_000)
	for i := range 100 {
		put(t, s, fmt.Sprintf("b%03d", i), large+"1")
	}
	before := put(t, s, "a", "1", "c", "1")
	txn := begin(t, s)
	for i := range 100 {
		if i%10 != 0 {
			_ = txn.Delete(fmt.Appendf(nil, "b%03d", i))
		}
	}
	commit(t, txn)
	reader := begin(t, s)
	put(t, s, "a", "2", "b000", "2", "c", "2")
	span := kv.Span{Start: kv.Key("b"), End: kv.Key("c")}
	reclaim := func() {
		t.Helper()
		if err := s.Reclaim(ctx, span); err != nil {
			t.Fatal(err)
		}
	}
	reclaim()
	// What the reader sees stays: ten values, one of them with two versions, and a and c.
	if n := countVersions(t, s); n != 15 {
		t.Errorf("%d versions while somebody reads", n)
	}
	if v, _, err := reader.Get(ctx, kv.Key("b000")); err != nil || string(v) != large+"1" {
		t.Errorf("the reader finds %.9q, %v", v, err)
	}
	reader.Rollback()
	reclaim()
	if n := countVersions(t, s); n != 14 {
		t.Errorf("%d versions", n)
	}
	if size, err := s.ApproximateSize(ctx, span); err != nil || size > 200_000 {
		t.Errorf("%d bytes, %v", size, err)
	}
	past := func(s *Store, at kv.Timestamp, key, want string) {
		t.Helper()
		r, err := s.Snapshot(ctx, at)
		if err != nil {
			if want != "refused" {
				t.Errorf("%s: %v", key, err)
			}
			return
		}
		defer r.Close()
		v, _, err := r.Get(ctx, kv.Key(key))
		if want == "refused" {
			many := r.GetMany(ctx, []kv.Key{kv.Key(key)}, func(int, []byte) error { return nil })
			view := r.(kv.ParallelReader).View()
			_, viewed := view.Scan(ctx, span, kv.ScanOptions{})
			_, scanned := r.Scan(ctx, kv.Span{Start: kv.Key("a")}, kv.ScanOptions{})
			for _, e := range []error{err, many, viewed, scanned} {
				if !errors.Is(e, errSnapshotTooOld) {
					t.Errorf("%s is not refused: %v", key, e)
				}
			}
		} else if err != nil || string(v) != want {
			t.Errorf("%s: %.9q, %v", key, v, err)
		}
	}
	past(s, before, "b010", "refused")
	past(s, before, "a", "1")
	past(s, before, "c", "1")
	now, err := s.Now(ctx)
	if err != nil {
		t.Fatal(err)
	}
	past(s, now, "b000", "2")
	put(t, s, "z", "1")
	image := mem.CrashClone(vfs.CrashCloneCfg{})
	crashed := openTest(t, config(image))
	past(crashed, before, "b010", "refused")
	if got := scanAll(t, begin(t, crashed), span, kv.ScanOptions{}); len(got) != 10 {
		t.Errorf("%d keys after a crash", len(got))
	}
}

// TestReclaimBarrier: what a barrier keeps stays, and a span is forgotten when the horizon passes.
func TestReclaimBarrier(t *testing.T) {
	clock := &testClock{now: time.Unix(1e9, 0)}
	s := openTest(t, Config{Clock: clock.Now, GCLifetime: 10 * time.Second, GCInterval: time.Hour})
	at := put(t, s, "k", "1")
	release := s.Barrier(at)
	put(t, s, "k", "2")
	all := kv.Span{}
	if err := s.Reclaim(ctx, all); err != nil || countVersions(t, s) != 2 {
		t.Errorf("%d versions, %v", countVersions(t, s), err)
	}
	release()
	if err := s.Reclaim(ctx, all); err != nil || countVersions(t, s) != 1 || !s.snapshots.gone(at, all) {
		t.Errorf("%d versions, %v", countVersions(t, s), err)
	}
	clock.advance(11 * time.Second)
	put(t, s, "l", "1")
	if err := s.CollectGarbage(ctx); err != nil || len(s.snapshots.spans) != 0 {
		t.Errorf("%d spans, %v", len(s.snapshots.spans), err)
	}
	if _, err := s.Snapshot(ctx, at); !errors.Is(err, errSnapshotTooOld) {
		t.Errorf("the past: %v", err)
	}
	if err := s.Reclaim(ctx, kv.Span{Start: kv.Key("b"), End: kv.Key("a")}); err != nil {
		t.Error(err)
	}
}
