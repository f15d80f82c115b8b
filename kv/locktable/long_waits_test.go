package locktable

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestLongWaits checks what is reported of waits, and that one can be ended.
func TestLongWaits(t *testing.T) {
	table := New()
	key := kv.Key("k")
	hash := table.Hash(key)
	opts := kv.LockOptions{Mode: kv.LockUpdate}
	var owners []*Owner
	var ends []chan error
	for id := range uint64(3) {
		o := table.NewOwner(id + 1)
		end := make(chan error, 1)
		go func() {
			_, err := table.Lock(context.Background(), o, key, hash, opts, time.Time{})
			end <- err
		}()
		for table.Waiters() < int(id) {
			time.Sleep(time.Millisecond)
		}
		if id == 0 {
			if err := <-end; err != nil {
				t.Fatal(err)
			}
		}
		owners, ends = append(owners, o), append(ends, end)
	}
	if got := table.Holders(hash); !slices.Equal(got, []uint64{1}) {
		t.Errorf("holders %v", got)
	}
	if got := table.LongWaits(time.Now().Add(-time.Hour)); len(got) > 0 {
		t.Errorf("waits of an hour: %v", got)
	}
	waits := table.LongWaits(time.Now().Add(time.Hour))
	slices.SortFunc(waits, func(a, b LongWait) int { return int(a.Owner) - int(b.Owner) })
	if len(waits) != 2 || waits[0].Owner != 2 || waits[1].Owner != 3 {
		t.Fatalf("waits %v", waits)
	}
	for _, w := range waits {
		// The third waits for the second, too, but for nothing that the first does not tell.
		if !slices.Equal(w.For, []uint64{1}) {
			t.Errorf("%d waits for %v", w.Owner, w.For)
		}
	}
	failure := errors.New("no")
	table.Fail(waits[0], failure)
	if err := <-ends[1]; !errors.Is(err, failure) {
		t.Error(err)
	}
	table.Fail(waits[0], failure) // it has ended
	table.End(owners[1])
	table.End(owners[0])
	if err := <-ends[2]; err != nil {
		t.Error(err)
	}
	table.End(owners[2])
}
