package tsengine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
)

// fellows is a store whose processes a test names.
type fellows struct {
	sharedStore
	self string
	all  []string
}

func (f *fellows) Members(context.Context) (string, []string, error) { return f.self, f.all, nil }

// TestMine: each partition is the work of one process, all have about as many, and
// when one goes nothing moves but what it had.
func TestMine(t *testing.T) {
	const partitions = 3000
	names := []string{"5f2a", "77b0", "c09e"}
	who := func(prefix kv.Key, all []string) string {
		owner := ""
		for _, self := range all {
			s := sharing{store: &fellows{}, self: self, members: all}
			if s.mine(prefix) {
				if owner != "" {
					t.Errorf("%x is the work of %s and %s", prefix, owner, self)
				}
				owner = self
			}
		}
		if owner == "" {
			t.Errorf("%x is nobody's work", prefix)
		}
		return owner
	}
	l := NewLayout(seriesTable(false))
	counts := map[string]int{}
	for i := range partitions {
		prefix := l.prefix(uint16(i%4), int64(i/4))
		before, after := who(prefix, names), who(prefix, names[:2])
		counts[before]++
		if before != names[2] && after != before {
			t.Errorf("%x moves from %s to %s, though %s is the one that has gone", prefix, before, after, names[2])
		}
	}
	for _, name := range names {
		if n := counts[name]; n < partitions/4 || n > partitions/2 {
			t.Errorf("%s has %d of %d partitions", name, n, partitions)
		}
	}
}

// TestTakeOver: what a process that has gone left in deltas is found by those that
// live, each its part, once.
func TestTakeOver(t *testing.T) {
	ctx := context.Background()
	k := newKept(t, embedded.Config{}, KeeperConfig{})
	var rows []modelRow
	for slice := range 40 { // by somebody whose keeper does not know
		rows = append(rows, modelRow{1, int64(slice * 100), 1, fmt.Sprint(slice)})
	}
	k.write(ctx, rows)
	found := map[string]int{}
	look := func(self string, before, now []string) {
		keeper := NewKeeper(k.keeper.config)
		f := &fellows{sharedStore: sharedStore{Store: k.store}, self: self, all: before}
		keeper.shared = sharing{store: f, self: self, members: before}
		f.all = now
		keeper.takeOver(ctx, false)
		for prefix := range keeper.pending {
			found[prefix]++
		}
	}
	look("a", []string{"a", "b", "c"}, []string{"a", "b", "c"})
	if len(found) > 0 {
		t.Errorf("%d partitions are taken over though all live", len(found))
	}
	look("a", []string{"a", "b", "c"}, []string{"a", "b"})
	if len(found) == 0 || len(found) == 40 {
		t.Errorf("one of two takes over %d of 40 partitions", len(found))
	}
	look("b", []string{"a", "b", "c"}, []string{"a", "b"})
	if len(found) != 40 {
		t.Errorf("two take over %d of 40 partitions", len(found))
	}
	for prefix, n := range found {
		if n > 1 {
			t.Errorf("%x is taken over twice", prefix)
		}
	}
}

// TestExpireOnce: the space of an expired partition, which stays seen until no
// snapshot needs it, is given up once, by one of the processes.
func TestExpireOnce(t *testing.T) {
	ctx := context.Background()
	k := newKept(t, embedded.Config{}, KeeperConfig{})
	ts := k.layout.Table.TimeSeries
	ts.Unit, ts.Retention = int64(time.Millisecond), time.Hour.Milliseconds()
	k.write(ctx, []modelRow{{1, time.Now().Add(-3 * time.Hour).UnixMilli(), 1, "a"}})
	given := 0
	for _, self := range []string{"a", "b", "c"} {
		f := &keptRanges{fellows: fellows{sharedStore: sharedStore{Store: k.store}, self: self, all: []string{"a", "b", "c"}}}
		config := k.keeper.config
		config.Packer.Store = f
		keeper := NewKeeper(config)
		keeper.takeOver(ctx, true)
		for range 3 {
			if err := keeper.Expire(ctx, k.layout.Table); err != nil {
				t.Fatal(err)
			}
		}
		given += f.destroyed
	}
	if given != 1 {
		t.Errorf("one partition was given up %d times", given)
	}
}

// keptRanges is a store that frees nothing yet.
type keptRanges struct{ fellows }

func (k *keptRanges) DestroyRange(context.Context, kv.Span) error {
	k.destroyed++
	return nil
}
