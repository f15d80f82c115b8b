package tsengine

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// TestKeeperIndexesTags: the tags of a table that got points are indexed before
// anybody asks, and new series are added.
func TestKeeperIndexesTags(t *testing.T) {
	ctx := context.Background()
	store, err := embedded.Open(ctx, embedded.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	l := NewLayout(taggedTable())
	cache := NewCache(store, 1<<20)
	k := NewKeeper(KeeperConfig{Packer: Packer{Store: store, Cache: cache}})
	for i, list := range [][]taggedSeries{{{"a", 1}, {"b", 2}}, {{"c", 3}}} {
		if _, err := insertTagged(t, store, l, list).Commit(ctx, false); err != nil {
			t.Fatal(err)
		}
		k.noteUnindexed(l.Table)
		k.indexTags(ctx)
		if len(k.unindexed) != 0 {
			t.Error("the table is not indexed")
		}
		r, err := store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		v, ok, err := cache.DerivedAtTimes(ctx, r, tablePrefix(l.Table.Storage), block.AtTimes{Read: func() (block.Sized, error) { return nil, errors.New("read anew") }})
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if _, all, _, err := v.(tagIndexes).match(nil); !all || err != nil || len(v.(tagIndexes)[0].ids) != 2+i {
			t.Errorf("round %d: %d parts, %v", i, len(v.(tagIndexes)), err)
		}
		r.Rollback()
	}
}
