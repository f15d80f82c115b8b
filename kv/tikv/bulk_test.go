package tikv

import (
	"fmt"
	"testing"

	"github.com/tikv/client-go/v2/tikv"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/kv"
)

// TestBulkInTheWay writes many keys in bulk of which others have written some since
// it began: these keep what they are, and finding them takes few requests. Each key
// was locked by a request of its own, a replicated write, so that an index of some
// thousand rows that were being written took longer than anyone waits.
func TestBulkInTheWay(t *testing.T) {
	t.Run("model", func(t *testing.T) { bulkInTheWay(t, newMock(t)(t)) })
	t.Run("cluster", func(t *testing.T) {
		client, err := connect(ctx, Config{PDs: testcluster.PDs(t), Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		bulkInTheWay(t, client)
	})
}

func bulkInTheWay(t *testing.T, client *tikv.KVStore) {
	s, err := newStore(ctx, client, Config{Prefix: t.Name() + "/", GCInterval: -1, Logger: quiet}.withDefaults(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the end of a test
	const n = 500
	key := func(i int) kv.Key { return kv.Key(fmt.Sprintf("k%03d", i)) }
	var traffic kv.Traffic
	counted := kv.WithTraffic(ctx, &traffic)
	bulk, err := s.Bulk(counted)
	if err != nil {
		t.Fatal(err)
	}
	defer bulk.Close()
	taken := map[int]bool{0: true, 77: true, 78: true, 300: true, n - 1: true}
	for i := range taken {
		other := begin(t, s)
		if err := other.txn.Put(key(i), []byte("other")); err != nil {
			t.Fatal(err)
		}
		if _, err := other.txn.Commit(ctx, false); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		if err := bulk.Put(key(i), []byte("bulk")); err != nil {
			t.Fatal(err)
		}
	}
	before := traffic.Counts().Requests["PessimisticLock"]
	if err := bulk.Flush(); err != nil {
		t.Fatal(err)
	}
	if asked := traffic.Counts().Requests["PessimisticLock"] - before; asked > 6*int64(len(taken)) {
		t.Errorf("%d requests for locks with %d keys in the way", asked, len(taken))
	}
	r := begin(t, s)
	defer r.txn.Rollback()
	for i := range n {
		want := map[bool]string{false: "bulk", true: "other"}[taken[i]]
		if v, _, err := r.txn.Get(ctx, key(i)); err != nil || string(v) != want {
			t.Errorf("key %d is %q (%v), want %q", i, v, err, want)
		}
	}
}
