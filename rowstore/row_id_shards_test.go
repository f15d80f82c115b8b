package rowstore

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestRowIDShards has rows spread over the shards, with numbers that a new
// allocator goes on from, whatever number of shards the table has by then.
func TestRowIDShards(t *testing.T) {
	ctx := context.Background()
	txn := newFakeTxn()
	table := &catalog.Table{Storage: 7, Columns: []catalog.Column{testColumn(1, "a", types.Int4)}}
	numbers := map[int64]bool{}
	shards := map[int64]bool{}
	for _, n := range []string{"16", "4", "", "256"} {
		table.Options = map[string]string{catalog.OptionRowIDShards: n}
		l := NewLayout(table)
		ids := NewRowIDs()
		for range 100 {
			first, err := ids.Take(ctx, txn, l, 3)
			if err != nil {
				t.Fatal(err)
			}
			for id := first; id < first+3; id++ {
				if id < 0 || numbers[id&rowIDNumber] {
					t.Fatalf("with %s shards id %x has a number that is there already", n, id)
				}
				numbers[id&rowIDNumber] = true
				if n == "16" {
					shards[id>>rowIDShardBit] = true
				}
				if err := txn.Put(IntHandle(slices.Clone(TableSpan(table).Start), id), nil); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if len(shards) != 16 {
		t.Errorf("100 statements went to %d of 16 shards", len(shards))
	}
	table.Options = map[string]string{catalog.OptionRowIDShards: "4"}
	keys := RowIDShardKeys(table)
	if len(keys) != 4 || !slices.IsSortedFunc(keys, func(a, b kv.Key) int { return bytes.Compare(a, b) }) {
		t.Errorf("4 shards are cut at %x", keys)
	}
	for i, key := range keys[1:] {
		if id, _, err := keycodec.DecodeInt(HandleOfRowKey(key)); err != nil || id != shardStart(i+1, 4) {
			t.Errorf("the cut %x lies before id %x, %v", key, id, err)
		}
	}
}
