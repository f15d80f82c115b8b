package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore"
)

// sampleBytes is how large a table is for each row wanted of it when a sample is
// taken by places. Fetching a row takes about 50 µs of CPU, a block to decompress
// included; reading 8 KiB of rows in order takes that too.
const sampleBytes = 8 << 10

// SampleRows hands about n rows from everywhere in a table to fn, in the table's
// order, and estimates how many it has. ok is false, and nothing is handed out, for a
// table that is better read whole: a small one, one of rows that the transaction
// changed itself or whose store cannot sample.
func SampleRows(ctx context.Context, env *Env, t *catalog.Table, columns []int, n int, fn func(arrow.RecordBatch)) (total float64, ok bool, err error) {
	if t.TimeSeries != nil {
		s := seriesSample{env: env, columns: columns, wanted: n, fn: fn}
		return s.take(ctx, t)
	}
	sampler, can := env.Txn.(kv.Sampler)
	if !can || env.Txn.HasWrites() {
		return 0, false, nil
	}
	span := rowstore.TableSpan(t)
	size, err := env.Store.ApproximateSize(ctx, span)
	if err != nil || size < uint64(n)*sampleBytes {
		return 0, false, err
	}
	keys, total, err := sampler.Sample(ctx, span, n)
	if err != nil || len(keys) == 0 {
		return 0, false, err
	}
	s, err := rowstore.NewScanner(env.Alloc, env.Txn, rowstore.ScanSpec{Table: t, Layout: layoutOf(t), Output: columns, Keys: keys, BatchRows: env.batchRows()})
	if err != nil {
		return 0, false, err
	}
	defer s.Close()
	for {
		if err := checkContext(ctx); err != nil {
			return 0, false, err
		}
		batch, err := s.Next(ctx)
		if err == io.EOF { //nolint:errorlint // the contract says io.EOF itself
			return max(total, float64(len(keys))), true, nil
		}
		if err != nil {
			return 0, false, err
		}
		fn(batch)
		batch.Release()
	}
}
