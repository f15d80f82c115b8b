package block

import (
	"slices"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestDerivedExtended: what was derived is extended by the keys that were written since,
// as long as all of them are remembered, and nobody puts something older in its place.
func TestDerivedExtended(t *testing.T) {
	d := &Directory{tableLen: 2, prefixLen: 4, others: []byte{0xff}, tables: map[string]*knownTable{}, maxKept: 100}
	c := NewCache(100)
	c.Know(d)
	table := kv.Key("aa")
	write := func(at kv.Timestamp, key string) {
		d.Committing(at)
		d.Wrote(at, kv.Key(key), false)
	}
	var reads int
	var extended []kv.Key
	ask := func(at kv.Timestamp) (any, bool) {
		t.Helper()
		extended = nil
		v, ok, err := c.DerivedAtTimes(t.Context(), snapshot{at: at}, table, AtTimes{
			Read:   func() (Sized, error) { reads++; return sizedValue(1), nil },
			Extend: func(before any, keys []kv.Key) (Sized, error) { extended = keys; return before.(sizedValue) + 1, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		return v, ok
	}
	if v, ok := ask(5); !ok || v != sizedValue(1) || reads != 1 {
		t.Fatal(v, ok, reads)
	}
	write(6, "aa\xffone67")
	write(8, "aa\xfftwo67")
	if _, ok := ask(7); ok {
		t.Error("a snapshot that sees one of two commits")
	}
	if v, ok := ask(8); !ok || v != sizedValue(2) || len(extended) != 2 || string(extended[1]) != "aa\xfftwo67" {
		t.Fatal(v, ok, extended)
	}
	if v, ok := ask(9); !ok || v != sizedValue(2) || extended != nil {
		t.Fatal(v, ok, extended)
	}
	entry := d.table("aa")
	d.keep(table, entry, &entry.atTimes, derived{v: sizedValue(7), bytes: 7, at: 6})
	if v, _ := ask(9); v != sizedValue(2) {
		t.Errorf("an older value is kept: %v", v)
	}
	if keys, known := entry.written.between(5, 9); known {
		t.Errorf("keys that were forgotten: %q", keys)
	}
	// What is too much is read anew, in its time.
	for i := range maxWritten + 1 {
		write(kv.Timestamp(10+i), "aa\xffmore67")
	}
	if _, ok := ask(1 << 30); ok && reads == 1 {
		t.Error("extended by keys that are not all known")
	}
	entry.atTimes.when = entry.atTimes.when.Add(-1 << 40)
	if v, ok := ask(1<<30 + 1); !ok || v != sizedValue(1) {
		t.Error(v, ok)
	}
	write(1<<30+2, "aa\xffnew567")
	if v, ok := ask(1<<30 + 2); !ok || v != sizedValue(2) || !slices.EqualFunc(extended, []kv.Key{kv.Key("aa\xffnew567")}, func(a, b kv.Key) bool { return string(a) == string(b) }) {
		t.Error(v, ok, extended)
	}
}
