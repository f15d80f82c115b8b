package embedded

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidemarkdb/tidemark/kv"
)

// bulkPuts writes n keys of a prefix in some order, each padded to more than
// bulkTableBytes in all, some of them twice, and flushes them.
func bulkPuts(t *testing.T, b kv.Bulk, prefix string, n int, value string) {
	t.Helper()
	pad := strings.Repeat("p", 2*bulkTableBytes/n)
	for i, k := range rand.Perm(n) {
		key := fmt.Appendf(nil, "%s%07d", prefix, k)
		if i%10 == 0 {
			if err := b.Put(key, []byte("replaced")); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Put(key, []byte(value+pad)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
}

// bulkPairs are all keys with their values, without the padding, sorted as text.
func bulkPairs(t *testing.T, s *Store) []string {
	t.Helper()
	txn := begin(t, s)
	defer txn.Rollback()
	pairs := scanAll(t, txn, kv.Span{}, kv.ScanOptions{})
	for i, p := range pairs {
		pairs[i] = strings.TrimRight(p, "p")
	}
	slices.Sort(pairs)
	return pairs
}

// TestBulkTables: runs become tables, which are durable without the log, below
// what was committed meanwhile and not seen by snapshots from before.
func TestBulkTables(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s := openTest(t, Config{Dir: "data", FS: mem, GCInterval: time.Hour})
	before := begin(t, s)
	defer before.Rollback()
	b, err := s.Bulk(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	put(t, s, "k0000003", "newer")
	bulkPuts(t, b, "k", 1000, "one")
	bulkPuts(t, b, "k0000", 10, "two") // k00000000000: between those of the first run
	bulkPuts(t, b, "a", 2000, "ay")
	if got := s.db.Metrics().Ingest.Count; got != 3 {
		t.Errorf("%d tables were ingested", got)
	}
	if got := scanAll(t, before, kv.Span{}, kv.ScanOptions{}); len(got) != 0 {
		t.Errorf("an older snapshot sees %d pairs", len(got))
	}
	var want []string
	for i := range 2000 {
		want = append(want, fmt.Sprintf("a%07d=ay", i))
	}
	for i := range 10 {
		want = append(want, fmt.Sprintf("k0000%07d=two", i))
	}
	for i := range 1000 {
		want = append(want, fmt.Sprintf("k%07d=one", i))
	}
	slices.Sort(want)
	at := slices.Index(want, "k0000003=one")
	want[at] = "k0000003=newer"
	if got := bulkPairs(t, s); !slices.Equal(got, want) {
		t.Errorf("%d pairs, want %d", len(got), len(want))
	}
	crashed := openTest(t, Config{Dir: "data", FS: mem.CrashClone(vfs.CrashCloneCfg{}), GCInterval: time.Hour})
	if got := bulkPairs(t, crashed); !slices.Equal(got, want) {
		t.Errorf("after a crash: %d pairs, want %d", len(got), len(want))
	}
}

// TestBulkDestroyedSpan: the log may have the deletion of the span and is applied
// anew after a crash. It must not delete what was written later.
func TestBulkDestroyedSpan(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s := openTest(t, Config{Dir: "data", FS: mem, GCLifetime: -1, GCInterval: time.Millisecond})
	put(t, s, "k0000003", "old")
	if err := s.DestroyRange(ctx, kv.Span{Start: kv.Key("k"), End: kv.Key("l")}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		s.destroying.RLock()
		n := len(s.destroyed.spans)
		s.destroying.RUnlock()
		if n > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the span is still there")
		}
	}
	b, err := s.Bulk(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	bulkPuts(t, b, "k", 1000, "one")
	crashed := openTest(t, Config{Dir: "data", FS: mem.CrashClone(vfs.CrashCloneCfg{}), GCInterval: time.Hour})
	if got := bulkPairs(t, crashed); len(got) != 1000 {
		t.Errorf("after a crash: %d pairs", len(got))
	}
}

// TestDestroyedSpans: a list that is too long is one span, of all.
func TestDestroyedSpans(t *testing.T) {
	var d destroyedSpans
	for i := range maxDestroyedSpans + 1 {
		d.add(fmt.Appendf(nil, "%06d", 2*i+10), fmt.Appendf(nil, "%06d", 2*i+11))
		if i == 100 && (d.overlaps([]byte("000011"), []byte("000011")) || !d.overlaps([]byte("000009"), []byte("000010"))) {
			t.Error("of few")
		}
	}
	if d.overlaps([]byte("000001"), []byte("000009")) || !d.overlaps([]byte("000011"), []byte("000011")) {
		t.Error("of many")
	}
}

func BenchmarkBulk(b *testing.B) {
	for _, order := range []string{"ascending", "random"} {
		b.Run(order, func(b *testing.B) {
			s := openTest(b, Config{Dir: b.TempDir(), GCInterval: time.Hour})
			bulk, err := s.Bulk(ctx)
			if err != nil {
				b.Fatal(err)
			}
			defer bulk.Close()
			b.SetBytes(40)
			for i := 0; b.Loop(); i++ {
				n := uint64(i)
				if order == "random" {
					n *= 0x9e3779b97f4a7c15 // all numbers, far apart
				}
				if err := bulk.Put(fmt.Appendf(nil, "index of a table %016x", n), []byte("0")); err != nil {
					b.Fatal(err)
				}
			}
			if err := bulk.Flush(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
