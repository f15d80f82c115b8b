package tsengine

import (
	"context"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
)

// sharedStore is a store that other processes use as well.
type sharedStore struct {
	kv.Store
	destroyed int
}

func (*sharedStore) Alone(context.Context) (bool, error) { return false, nil }
func (*sharedStore) Members(context.Context) (string, []string, error) {
	return "a", []string{"a"}, nil
}
func (*sharedStore) Watch(kv.Key) (uint64, bool) { return 0, false }

func (s *sharedStore) DestroyRange(ctx context.Context, span kv.Span) error {
	s.destroyed++
	return s.Store.DestroyRange(ctx, span)
}

// TestExpireWrongClock: where others share the store, what a process destroys does
// not depend on its own clock.
func TestExpireWrongClock(t *testing.T) {
	ctx := context.Background()
	k := newKept(t, embedded.Config{}, KeeperConfig{})
	ts := k.layout.Table.TimeSeries
	ts.Unit, ts.Retention = int64(time.Millisecond), time.Hour.Milliseconds()
	store := &sharedStore{Store: k.store}
	k.keeper.config.Packer.Store = store
	now := time.Now()
	k.write(ctx, []modelRow{{1, now.Add(-time.Minute).UnixMilli(), 1, "a"}, {2, now.UnixMilli(), 2, "b"}})
	k.now = now.Add(24 * time.Hour)
	if err := k.keeper.Expire(ctx, k.layout.Table); err != nil {
		t.Fatal(err)
	}
	if store.destroyed > 0 {
		t.Errorf("a process whose clock is a day ahead destroyed %d slices that have not expired", store.destroyed)
	}
	k.write(ctx, []modelRow{{1, now.Add(-3 * time.Hour).UnixMilli(), 3, "c"}})
	k.now = now.Add(-24 * time.Hour)
	if err := k.keeper.Expire(ctx, k.layout.Table); err != nil {
		t.Fatal(err)
	}
	if store.destroyed != 1 {
		t.Errorf("%d slices were destroyed, want the one that has expired by the store's clock", store.destroyed)
	}
}
