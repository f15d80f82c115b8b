package executor

import (
	"context"
	"math"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/tsengine"
)

// SeriesPartition is a slice of a bucket that has data, and where it lies.
type SeriesPartition struct {
	Bucket int
	Slice  int64 // its first time
	Span   kv.Span
}

// SeriesPartitions lists the partitions of a time-series table, bucket by bucket, by time.
func SeriesPartitions(ctx context.Context, r kv.Reader, t *catalog.Table) ([]SeriesPartition, error) {
	parts, err := tsengine.NewLayout(t).Partitions(ctx, r, nil, math.MinInt64, math.MaxInt64)
	out := make([]SeriesPartition, len(parts))
	for i, p := range parts {
		end := append(append(kv.Key(nil), p.Prefix...), 0xff)
		out[i] = SeriesPartition{int(p.Bucket), p.Slice, kv.Span{Start: p.Prefix, End: end}}
	}
	return out, err
}
