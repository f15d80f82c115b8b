package embedded

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestRowCacheFill: a missed read takes along the rows behind it, as they are at
// its snapshot, while the cache has room.
func TestRowCacheFill(t *testing.T) {
	s := openTest(t, Config{GCLifetime: -1})
	name := func(i int) string { return fmt.Sprintf("k%03d", i) }
	for i := range 200 {
		put(t, s, name(i), "1")
	}
	put(t, s, name(12), strings.Repeat("x", 2*maxCachedRow))
	txn := begin(t, s)
	if err := txn.Delete(kv.Key(name(11))); err != nil {
		t.Fatal(err)
	}
	commit(t, txn)
	old := begin(t, s)
	defer old.Rollback()
	put(t, s, name(13), "2", name(14), "2")

	readAt(t, old, name(10), "1")
	for i, want := range map[int]string{9: "-", 10: "1", 11: "-", 12: "-", 13: "-", 14: "-", 15: "1", 60: "1", 100: "-"} {
		if got := cached(s, name(i)); got != want {
			t.Errorf("%s: %q is cached, want %q", name(i), got, want)
		}
	}
	for i := range 200 {
		want := "1"
		switch i {
		case 11:
			want = "-"
		case 12:
			want = strings.Repeat("x", 2*maxCachedRow)
		}
		readAt(t, old, name(i), want)
	}
	fresh := begin(t, s)
	defer fresh.Rollback()
	readAt(t, fresh, name(13), "2")

	s.rows.clear(0)
	readAt(t, fresh, name(12), strings.Repeat("x", 2*maxCachedRow))
	if got := cached(s, name(13)); got != "-" {
		t.Errorf("a read of a large value took along %q", got)
	}
	s.rows.clear(0)
	s.rows.filled.Store(s.rows.bytes)
	readAt(t, fresh, name(20), "1")
	if got := cached(s, name(21)); got != "-" {
		t.Errorf("a full cache took along %q", got)
	}
	if cached(s, name(20)) != "1" {
		t.Error("a full cache does not take what is read")
	}
}
