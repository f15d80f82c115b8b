package executor

import (
	"context"
	"math"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// SeriesPartition is a slice of a bucket that has data, and where it lies.
type SeriesPartition struct {
	Bucket int
	Slice  int64 // its first time
	Span   kv.Span
}

// SeriesPartitions lists the partitions of a time-series table, bucket by bucket, by time.
func SeriesPartitions(ctx context.Context, r kv.Reader, t *catalog.Table) ([]SeriesPartition, error) {
	parts, err := tsengine.NewLayout(t).Partitions(ctx, r, nil, nil, math.MinInt64, math.MaxInt64)
	out := make([]SeriesPartition, len(parts))
	for i, p := range parts {
		end := append(append(kv.Key(nil), p.Prefix...), 0xff)
		out[i] = SeriesPartition{int(p.Bucket), p.Slice, kv.Span{Start: p.Prefix, End: end}}
	}
	return out, err
}

// EachSeries calls fn for each series of a time-series table.
func EachSeries(ctx context.Context, r kv.Reader, t *catalog.Table, fn func(*catalog.StoredSeries) error) error {
	return storedError(tsengine.NewLayout(t).EachSeries(ctx, r, func(id uint64, bucket int, tags []types.Datum) error {
		return fn(&catalog.StoredSeries{ID: int64(id), Bucket: bucket, Tags: tags})
	}))
}

// EachBlock calls fn for each delta and block of a time-series table.
func EachBlock(ctx context.Context, r kv.Reader, t *catalog.Table, fn func(*catalog.StoredBlock) error) error {
	l := tsengine.NewLayout(t)
	parts, err := l.Partitions(ctx, r, nil, nil, math.MinInt64, math.MaxInt64)
	if err != nil {
		return err
	}
	for i := range parts {
		p := &parts[i]
		err := l.EachBlock(ctx, r, p, func(s *block.Stored) error {
			if err := checkContext(ctx); err != nil {
				return err
			}
			out := &catalog.StoredBlock{
				Bucket: int(p.Bucket), Slice: p.Slice, Delta: s.Delta, Range: s.Range, Run: int64(s.Run), Block: int64(s.Block), Rows: int64(s.Rows),
				First: s.First, Last: s.Last, Bytes: s.Bytes, RawBytes: s.RawBytes, Encodings: s.Encodings,
			}
			for _, id := range s.Columns {
				out.Columns = append(out.Columns, int16(id))
			}
			return fn(out)
		})
		if err != nil {
			return storedError(err)
		}
	}
	return nil
}
