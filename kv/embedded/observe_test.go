package embedded

import (
	"context"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

type recordedWrites struct {
	store *Store
	keys  map[string]kv.Timestamp
	early bool // told before the commit was visible
	wrong bool // about what was deleted
}

func (r *recordedWrites) Committing(ts kv.Timestamp) bool {
	r.early = kv.Timestamp(r.store.oracle.visible.Load()) < ts
	return true
}

func (r *recordedWrites) Wrote(ts kv.Timestamp, key kv.Key, deleted bool) {
	r.keys[string(key)] = ts
	r.wrong = r.wrong || deleted != (string(key) == "d")
}

func TestObserve(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // in memory
	r := &recordedWrites{store: s, keys: map[string]kv.Timestamp{}}
	since, ok := s.Observe(r)
	if !ok {
		t.Fatal("refused")
	}
	second := &recordedWrites{store: s, keys: map[string]kv.Timestamp{}}
	if _, ok := s.Observe(second); !ok {
		t.Error("a second observer was refused")
	}
	txn, err := s.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	own := txn.(kv.OwnWriter)
	all := kv.Span{Start: kv.Key("a")}
	if own.WroteIn(all) {
		t.Error("wrote before it wrote")
	}
	_ = txn.Put(kv.Key("b"), nil)
	_ = txn.Delete(kv.Key("d"))
	for _, c := range []struct {
		start, end string
		want       bool
	}{{"a", "", true}, {"a", "b", false}, {"b", "c", true}, {"c", "d", false}, {"d", "", true}, {"e", "", false}} {
		if got := own.WroteIn(kv.Span{Start: kv.Key(c.start), End: kv.Key(c.end)}); got != c.want {
			t.Errorf("[%s, %s): %v", c.start, c.end, got)
		}
	}
	ts, err := txn.Commit(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	if ts <= since || r.keys["b"] != ts || r.keys["d"] != ts || !r.early || r.wrong {
		t.Errorf("commit at %d since %d: %v, early %v", ts, since, r.keys, r.early)
	}
	if len(second.keys) != 2 {
		t.Errorf("the second observer: %v", second.keys)
	}
	bulk, err := s.Bulk(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer bulk.Close()
	_ = bulk.Put(kv.Key("x"), nil)
	if err := bulk.Flush(); err != nil || r.keys["x"] <= ts {
		t.Errorf("bulk: %v %v", err, r.keys)
	}
}

type recordedSpans struct {
	recordedWrites
	spans chan kv.Span
}

func (r *recordedSpans) Destroyed(span kv.Span) { r.spans <- span }

// TestObserveDestroyed: of a span that is destroyed observers hear when it is gone.
func TestObserveDestroyed(t *testing.T) {
	s := openTest(t, Config{GCLifetime: -1, GCInterval: time.Millisecond})
	put(t, s, "k", "1")
	r := &recordedSpans{recordedWrites{store: s, keys: map[string]kv.Timestamp{}}, make(chan kv.Span, 1)}
	if _, ok := s.Observe(r); !ok {
		t.Fatal("refused")
	}
	before := begin(t, s)
	if err := s.DestroyRange(context.Background(), kv.Span{Start: kv.Key("k"), End: kv.Key("l")}); err != nil {
		t.Fatal(err)
	}
	select {
	case span := <-r.spans:
		t.Fatalf("%s is gone while a snapshot needs it", span.Start)
	case <-time.After(50 * time.Millisecond):
	}
	before.Rollback()
	select {
	case span := <-r.spans:
		if string(span.Start) != "k" || string(span.End) != "l" {
			t.Errorf("destroyed %s to %s", span.Start, span.End)
		}
	case <-time.After(time.Minute):
		t.Fatal("nothing was destroyed")
	}
	after := begin(t, s)
	defer after.Rollback()
	readAt(t, after, "k", "-")
}
