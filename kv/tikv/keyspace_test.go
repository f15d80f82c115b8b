package tikv

import (
	"fmt"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// TestKeyspaces opens two keyspaces of a cluster: neither sees the other's keys,
// locks of one mean nothing to the other, and an unknown one is refused.
func TestKeyspaces(t *testing.T) {
	c := testcluster.Shared(t)
	open := func(keyspace string) (*Store, error) {
		return Open(ctx, Config{PDs: testcluster.PDs(t), Keyspace: keyspace, GCInterval: time.Hour, GCLifetime: -1, Logger: quiet})
	}
	name := fmt.Sprintf("test_%d", time.Now().UnixNano())
	if _, err := open(name); pgerror.CodeOf(err) != pgerror.ConnectionFailure {
		t.Errorf("a keyspace that is not there: %v", err)
	}
	var stores []*Store
	for _, suffix := range []string{"_a", "_b"} {
		if err := c.CreateKeyspace(ctx, name+suffix); err != nil {
			t.Fatal(err)
		}
		s, err := open(name + suffix)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		stores = append(stores, s)
	}
	holders := []locker{begin(t, stores[0]), begin(t, stores[1])}
	for i, h := range holders {
		h.lock("t1", exclusive) // both get it
		for n := range 10 {
			if err := h.txn.Put(kv.Key(fmt.Sprint("t", n)), []byte(fmt.Sprint(i, n))); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, h := range holders {
		if _, err := h.txn.Commit(ctx, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := stores[0].DestroyRange(ctx, kv.Span{Start: kv.Key("t5")}); err != nil {
		t.Fatal(err)
	}
	for _, s := range stores {
		if err := s.CollectGarbage(ctx); err != nil {
			t.Error(err)
		}
	}
	for i, s := range stores {
		var got []string
		err := each(ctx, begin(t, s).txn, kv.Span{Start: kv.Key("t")}, func(p kv.KeyValue) error {
			got = append(got, string(p.Key)+"="+string(p.Value))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want := 10
		if i == 0 {
			want = 5
		}
		if len(got) != want || got[1] != fmt.Sprintf("t1=%d1", i) && got[1] != fmt.Sprint("t1=", i, 1) {
			t.Errorf("keyspace %d has %q", i, got)
		}
	}
}
