package embedded

import (
	"context"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
)

type recordedWrites struct {
	store *Store
	keys  map[string]kv.Timestamp
	early bool // told before the commit was visible
}

func (r *recordedWrites) Committing(ts kv.Timestamp) bool {
	r.early = kv.Timestamp(r.store.oracle.visible.Load()) < ts
	return true
}

func (r *recordedWrites) Wrote(ts kv.Timestamp, key kv.Key) { r.keys[string(key)] = ts }

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
	if ts <= since || r.keys["b"] != ts || r.keys["d"] != ts || !r.early {
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
