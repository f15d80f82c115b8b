package embedded

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidemarkdb/tidemark/kv"
)

type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
}

// countVersions counts what is stored, deleted or not wanted any more included.
func countVersions(t *testing.T, s *Store) int {
	t.Helper()
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{spaceData, 0}, UpperBound: []byte{spaceEnd, 0}})
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	n := 0
	for ok := it.First(); ok; ok = it.Next() {
		n++
	}
	return n
}

func TestCollectNoted(t *testing.T) {
	clock := &testClock{now: time.Unix(1e9, 0)}
	s := openTest(t, Config{Clock: clock.Now, GCLifetime: 10 * time.Second, GCInterval: time.Hour})
	collect := func() {
		t.Helper()
		if err := s.CollectGarbage(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 500 {
		put(t, s, "hot", fmt.Sprint(i), "k"+fmt.Sprint(i%7), "x")
	}
	txn := begin(t, s)
	if err := txn.Delete([]byte("k3")); err != nil {
		t.Fatal(err)
	}
	commit(t, txn)
	if n := countVersions(t, s); n != 1001 {
		t.Fatalf("%d versions", n)
	}
	clock.advance(9 * time.Second)
	collect()
	if n := countVersions(t, s); n != 1001 {
		t.Fatalf("%d versions within the lifetime", n)
	}
	put(t, s, "hot", "new") // renews its note
	clock.advance(2 * time.Second)
	reader := begin(t, s)
	collect()
	// hot: the newest old one and the new one; six of k.
	if n := countVersions(t, s); n != 8 {
		t.Fatalf("%d versions after cleaning", n)
	}
	reader.Rollback()
	clock.advance(time.Minute)
	put(t, s, "z", "1")
	clock.advance(time.Minute)
	collect()
	if n := countVersions(t, s); n != 8 {
		t.Fatalf("%d versions after cleaning the renewed note", n)
	}
	if n := len(s.collector.notes.pending); n != 0 {
		t.Errorf("%d notes are left", n)
	}
}

// What nobody noted, here because the store was opened anew, is found by the
// sweep once it is in one table.
func TestCollectSwept(t *testing.T) {
	clock := &testClock{now: time.Unix(1e9, 0)}
	cfg := Config{Dir: t.TempDir(), Clock: clock.Now, GCLifetime: -1, GCInterval: time.Hour}
	s := openTest(t, cfg)
	large := strings.Repeat("x", 100)
	for i := range 20 {
		txn := begin(t, s)
		for j := range 1000 {
			key := fmt.Appendf(nil, "k%04d", j)
			if i > 0 && j >= 100 {
				break // most keys have one version
			}
			if err := txn.PutUnchecked(key, []byte(large)); err != nil {
				t.Fatal(err)
			}
		}
		commit(t, txn)
	}
	txn := begin(t, s)
	for j := 990; j < 1000; j++ {
		_ = txn.DeleteUnchecked(fmt.Appendf(nil, "k%04d", j))
	}
	commit(t, txn)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, cfg)
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	if n := countVersions(t, s); n != 1000+19*100+10 {
		t.Fatalf("%d versions", n)
	}
	clock.advance(time.Minute)
	put(t, s, "z", "1")
	for range 2 {
		if err := s.CollectGarbage(ctx); err != nil {
			t.Fatal(err)
		}
		if n := countVersions(t, s); n != 990+1 {
			t.Fatalf("%d versions after the sweep", n)
		}
	}
}

func TestDestroyIsDurable(t *testing.T) {
	clock := &testClock{now: time.Unix(1e9, 0)}
	cfg := Config{Dir: t.TempDir(), Clock: clock.Now, GCLifetime: time.Minute, GCInterval: time.Hour}
	s := openTest(t, cfg)
	put(t, s, "a", "1", "b", "1", "c", "1", "d", "1")
	for _, sp := range []kv.Span{{Start: []byte("b"), End: []byte("c")}, {Start: []byte("d")}} {
		if err := s.DestroyRange(ctx, sp); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		if n := countVersions(t, s); n != 4 {
			t.Fatalf("%d versions after %d restarts", n, i)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openTest(t, cfg)
	}
	clock.advance(2 * time.Minute)
	put(t, s, "b", "2")
	if err := s.CollectGarbage(ctx); err != nil {
		t.Fatal(err)
	}
	txn := begin(t, s)
	if got := fmt.Sprint(scanAll(t, txn, kv.Span{}, kv.ScanOptions{})); got != "[a=1 b=2 c=1]" {
		t.Errorf("got %s", got)
	}
	txn.Rollback()
	if n := countVersions(t, s); n != 3 {
		t.Errorf("%d versions", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, cfg)
	if n := len(s.collector.destroy.queue); n != 0 {
		t.Errorf("%d destructions are left", n)
	}
	// The horizon survives, too.
	if _, err := s.Snapshot(ctx, kv.TimestampAt(time.Unix(1e9, 0))); err == nil {
		t.Error("a read of what is gone")
	}
}
