package rowstore

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
)

// The hidden row ids of a table with the storage parameter row_id_shards = n are
// spread over n parts of its key space, so that not all that is inserted goes to
// the region at its end: what is taken at once, which has ids in a row, goes to one
// of them by chance.
//
//	bit 63   0
//	bits 55  the shard
//	bits 0   a number that counts up, over all shards
//
// The number alone tells rows apart, so the parameter may change at any time.
const (
	rowIDShardBit = 55 // shards are numbers below catalog.MaxRowIDShards
	rowIDNumber   = 1<<rowIDShardBit - 1
)

// RowIDShards is over how many parts the new rows of a table are spread, at least 1.
func RowIDShards(t *catalog.Table) int {
	n, err := strconv.Atoi(t.Options[catalog.OptionRowIDShards])
	if err != nil || n < 1 || n > catalog.MaxRowIDShards || t.Clustered && len(t.Indexes) > 0 && t.Indexes[0].Primary {
		return 1
	}
	return n
}

// shardStart is where a shard's ids begin. Shards lie at equal distances, so that
// regions that were cut for n of them suit fewer too.
func shardStart(shard, shards int) int64 {
	return int64(shard*catalog.MaxRowIDShards/shards) << rowIDShardBit
}

// sharded puts ids that begin at first into a shard.
func (l *Layout) sharded(first int64) int64 {
	if l.rowIDShards <= 1 {
		return first
	}
	return shardStart(rand.IntN(l.rowIDShards), l.rowIDShards) | first
}

// RowIDShardKeys returns keys that cut a table between its shards, none if it has
// only one.
func RowIDShardKeys(t *catalog.Table) (keys []kv.Key) {
	n := RowIDShards(t)
	if n == 1 {
		return nil
	}
	span := TableSpan(t)
	keys = append(keys, span.Start)
	for i := 1; i < n; i++ {
		keys = append(keys, IntHandle(append(kv.Key(nil), span.Start...), shardStart(i, n)))
	}
	return keys
}

// highestRowID returns the highest number of a table's ids over all shards that
// have rows, 0 if there is none. It reads the end of each.
func highestRowID(ctx context.Context, r kv.Reader, l *Layout) (highest int64, err error) {
	span := TableSpan(l.Table)
	for {
		id, found, err := lastRowID(ctx, r, span)
		if err != nil || !found || id <= 0 {
			return highest, err
		}
		highest = max(highest, id&rowIDNumber)
		if id <= rowIDNumber {
			return highest, nil
		}
		span.End = IntHandle(append(kv.Key(nil), span.Start...), id&^rowIDNumber)
	}
}

// lastRowID returns the last id in a span of rows.
func lastRowID(ctx context.Context, r kv.Reader, span kv.Span) (id int64, found bool, err error) {
	it, err := r.Scan(ctx, span, kv.ScanOptions{Reverse: true, KeysOnly: true, BatchSize: 1})
	if err != nil {
		return 0, false, err
	}
	defer it.Close()
	pairs, err := it.NextBatch(ctx)
	if errors.Is(err, io.EOF) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	id, rest, err := keycodec.DecodeInt(HandleOfRowKey(pairs[0].Key))
	if err != nil || len(rest) > 0 || id == math.MaxInt64 {
		return 0, false, errInvalidHandle
	}
	return id, true, nil
}
