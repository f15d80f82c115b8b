package embedded

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

// cached is what the row cache has of a key.
func cached(s *Store, key string) string {
	_, v, ok := s.rows.get(nil, kv.Key(key), kv.Timestamp(s.oracle.visible.Load()))
	if !ok {
		return "-"
	}
	return string(v)
}

func readAt(t testing.TB, r kv.Reader, key, want string) {
	t.Helper()
	v, ok, err := r.Get(ctx, kv.Key(key))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(v); ok != (want != "-") || ok && got != want {
		t.Errorf("%s is %q, %v; want %q", key, got, ok, want)
	}
}

func TestRowCache(t *testing.T) {
	s := openTest(t, Config{})
	put(t, s, "a", "1", "b", "1", "big", strings.Repeat("x", 2*maxCachedRow))
	old := begin(t, s)
	defer old.Rollback()
	readAt(t, old, "big", strings.Repeat("x", 2*maxCachedRow))
	if cached(s, "a") != "-" || cached(s, "big") != "-" {
		t.Error("cached what nobody read, or a row that is too large")
	}
	readAt(t, old, "a", "1")
	readAt(t, old, "b", "1")
	if cached(s, "a") != "1" {
		t.Error("a read row is not cached")
	}

	// A commit takes the place of what it replaces; older snapshots do not see it.
	put(t, s, "a", "2", "c", "1")
	if got := cached(s, "a"); got != "2" {
		t.Errorf("after the commit: %q", got)
	}
	if got := cached(s, "c"); got != "-" {
		t.Errorf("a row that nobody read is cached: %q", got)
	}
	readAt(t, old, "a", "1")
	if got := cached(s, "a"); got != "2" {
		t.Errorf("an old snapshot's read replaced the newest version: %q", got)
	}

	// So does a delete, and a value too large to keep.
	txn := begin(t, s)
	if err := txn.Delete(kv.Key("a")); err != nil {
		t.Fatal(err)
	}
	readAt(t, txn, "a", "-")
	commit(t, txn)
	put(t, s, "b", strings.Repeat("y", 2*maxCachedRow))
	fresh := begin(t, s)
	defer fresh.Rollback()
	readAt(t, fresh, "a", "-")
	readAt(t, fresh, "b", strings.Repeat("y", 2*maxCachedRow))
	readAt(t, old, "a", "1")
	readAt(t, old, "b", "1")
	if cached(s, "a") != "-" || cached(s, "b") != "-" {
		t.Error("what was deleted or grew too large is cached")
	}

	// Own writes come first.
	readAt(t, fresh, "c", "1")
	if err := fresh.Put(kv.Key("c"), []byte("mine")); err != nil {
		t.Fatal(err)
	}
	readAt(t, fresh, "c", "mine")
	if got := cached(s, "c"); got != "1" {
		t.Errorf("before the commit: %q", got)
	}
}

// TestRowCacheBulk: a bulk writes below newer commits and above older ones.
func TestRowCacheBulk(t *testing.T) {
	s := openTest(t, Config{})
	put(t, s, "old", "1")
	bulk, err := s.Bulk(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer bulk.Close()
	put(t, s, "new", "committed later")
	before := begin(t, s)
	defer before.Rollback()
	readAt(t, before, "old", "1")
	readAt(t, before, "new", "committed later")
	for _, k := range []string{"old", "new"} {
		if err := bulk.Put(kv.Key(k), []byte("bulk")); err != nil {
			t.Fatal(err)
		}
	}
	if err := bulk.Flush(); err != nil {
		t.Fatal(err)
	}
	after := begin(t, s)
	defer after.Rollback()
	readAt(t, after, "old", "bulk")
	readAt(t, after, "new", "committed later")
}

// TestRowCacheDestroyed: what a destroyed span held is not read from the cache,
// and a reader that began before does not bring it back.
func TestRowCacheDestroyed(t *testing.T) {
	s := openTest(t, Config{GCLifetime: -1, GCInterval: time.Millisecond})
	put(t, s, "k", "1")
	txn := begin(t, s)
	readAt(t, txn, "k", "1")
	at := txn.ReadTS()
	txn.Rollback()
	if cached(s, "k") != "1" {
		t.Fatal("not cached")
	}
	if err := s.DestroyRange(ctx, kv.Span{Start: kv.Key("k"), End: kv.Key("l")}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); cached(s, "k") != "-"; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("still cached")
		}
	}
	s.rows.add(kv.Key("k"), at, []byte("1"), at)
	if cached(s, "k") != "-" {
		t.Error("an old read was added")
	}
	txn = begin(t, s)
	defer txn.Rollback()
	readAt(t, txn, "k", "-")
}

// TestRowCachePast: a read at a timestamp from before the store was opened adds
// nothing, as what was committed after it is not remembered.
func TestRowCachePast(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(ctx, Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	at := put(t, s, "k", "1")
	put(t, s, "k", "2")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, Config{Dir: dir})
	past, err := s.Snapshot(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	defer past.Close()
	readAt(t, past, "k", "1")
	now := begin(t, s)
	defer now.Rollback()
	readAt(t, now, "k", "2")
}

// TestRowCacheConcurrent compares point reads with scans, which do not use the
// cache, while others commit to the same few keys.
func TestRowCacheConcurrent(t *testing.T) {
	s := openTest(t, Config{MemTableBytes: 256 << 10, GCLifetime: -1, GCInterval: time.Millisecond})
	const keys = 40
	name := func(i int) kv.Key { return fmt.Appendf(nil, "k%02d", i) }
	var stop atomic.Bool
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(w), 1))
			for n := 0; !stop.Load(); n++ {
				txn := begin(t, s)
				for range 1 + rnd.IntN(4) {
					k := name(rnd.IntN(keys))
					_, err := txn.Lock(ctx, []kv.Key{k}, kv.LockOptions{Mode: kv.LockUpdate, Timeout: time.Second})
					if err == nil {
						err = txn.Refresh(ctx)
					}
					if err != nil {
						break
					}
					if rnd.IntN(5) == 0 {
						_ = txn.Delete(k)
					} else {
						_ = txn.Put(k, binary.BigEndian.AppendUint64(nil, uint64(n)))
					}
				}
				_, _ = txn.Commit(ctx, rnd.IntN(8) == 0) // a deadlock or a conflict changes nothing
			}
		})
	}
	for r := range 3 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(r), 2))
			for !stop.Load() {
				txn := begin(t, s)
				for range 1 + rnd.IntN(3) {
					compareWithScan(t, txn, keys, name, &stop)
				}
				txn.Rollback()
			}
		})
	}
	time.Sleep(1500 * time.Millisecond)
	stop.Store(true)
	wg.Wait()
}

func compareWithScan(t *testing.T, txn kv.Txn, keys int, name func(int) kv.Key, stop *atomic.Bool) {
	want := map[string]bool{}
	for _, pair := range scanAll(t, txn, kv.Span{Start: kv.Key("k")}, kv.ScanOptions{}) {
		want[pair] = true
	}
	found := 0
	for i := range keys {
		v, ok, err := txn.Get(ctx, name(i))
		if ok {
			found++
		}
		if err != nil || ok && !want[fmt.Sprintf("%s=%s", name(i), v)] {
			t.Errorf("%s at %d: %x %v %v, not what the scan has", name(i), txn.ReadTS(), v, ok, err)
			stop.Store(true)
		}
	}
	if found != len(want) {
		t.Errorf("found %d keys at %d, the scan %d", found, txn.ReadTS(), len(want))
		stop.Store(true)
	}
}
