package block

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
)

type sizedValue int64

func (v sizedValue) Bytes() int64 { return int64(v) }

// TestDerivedBounded: what was derived of all tables together keeps its bound, goes when
// its table does, and takes its room from the cache's blocks.
func TestDerivedBounded(t *testing.T) {
	c := NewCache(100)
	d := &Directory{tableLen: 2, prefixLen: 4, others: []byte{0xff}, tables: map[string]*knownTable{}}
	c.Know(d)
	d.maxKept = 100
	reads := 0
	ask := func(table string, bytes int64) {
		t.Helper()
		v, err := c.Derived(snapshot{at: 1}, kv.Key(table), func() (Sized, error) { reads++; return sizedValue(bytes), nil })
		if err != nil || v != sizedValue(bytes) {
			t.Fatalf("%s: %v %v", table, v, err)
		}
	}
	kept := func(want int64) {
		t.Helper()
		sum := int64(0)
		for _, k := range d.tables {
			sum += k.derived.bytes + k.atTimes.bytes
		}
		if sum != want || d.keptBytes() != want {
			t.Fatalf("%d bytes are counted, %d kept, want %d", d.keptBytes(), sum, want)
		}
	}
	ask("aa", 60)
	ask("aa", 60)
	kept(60)
	if !c.hasRoom(runName{}, 0, 1, 40-cacheEntryBytes, 1) || c.hasRoom(runName{}, 0, 1, 41-cacheEntryBytes, 1) {
		t.Error("the cache does not count what was derived")
	}
	ask("bb", 50) // aa goes
	kept(50)
	ask("cc", 30)
	kept(80)
	ask("dd", 101) // too large
	kept(80)
	if reads != 4 {
		t.Errorf("%d reads", reads)
	}
	d.Destroyed(kv.Span{Start: kv.Key("bb"), End: kv.Key("bc")})
	kept(30)

	v, ok, err := c.DerivedAtTimes(t.Context(), snapshot{at: 1}, kv.Key("cc"), AtTimes{Read: func() (Sized, error) { return sizedValue(90), nil }})
	if !ok || err != nil || v != sizedValue(90) {
		t.Fatal(v, ok, err)
	}
	kept(90)
	d.committed.Store(7)
	d.Wrote(7, kv.Key("cc\xff12345"), false)
	if v, ok, _ := c.DerivedAtTimes(t.Context(), snapshot{at: 6}, kv.Key("cc"), AtTimes{}); ok {
		t.Errorf("%v for an older snapshot", v)
	}
}

// TestDerivedOnce: who asks while somebody computes waits for that, unless its context
// ends; where it comes to nothing the next one computes.
func TestDerivedOnce(t *testing.T) {
	c := NewCache(1000)
	c.Know(&Directory{tableLen: 2, prefixLen: 4, others: []byte{0xff}, tables: map[string]*knownTable{}})
	begun, go1 := make(chan struct{}), make(chan error)
	var reads atomic.Int32
	compute := AtTimes{Read: func() (Sized, error) {
		if reads.Add(1) > 2 {
			t.Error("computed again")
		}
		begun <- struct{}{}
		if err := <-go1; err != nil {
			return nil, err
		}
		return sizedValue(1), nil
	}}
	answers := make(chan error)
	ask := func(ctx context.Context) {
		v, ok, err := c.DerivedAtTimes(ctx, snapshot{at: 1}, kv.Key("aa"), compute)
		if err == nil && (!ok || v != sizedValue(1)) {
			err = errors.New("no value")
		}
		answers <- err
	}
	failed := errors.New("failed")
	go ask(t.Context())
	<-begun
	ended, end := context.WithCancel(t.Context())
	end()
	go ask(ended)
	if err := <-answers; !errors.Is(err, context.Canceled) {
		t.Errorf("whose context has ended: %v", err)
	}
	for range 3 {
		go ask(t.Context())
	}
	go1 <- failed
	if err := <-answers; !errors.Is(err, failed) {
		t.Errorf("who computed: %v", err)
	}
	<-begun // one of those that waited
	go1 <- nil
	for range 3 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
}
