package tsengine

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/tidemarkdb/tidemark/kv"
)

// Partition is a bucket's slice that has data.
type Partition struct {
	Bucket uint16
	Slice  int64
	Prefix kv.Key
}

// Partitions lists the partitions that may hold points of the series (all if
// nil, else ascending) between two times, both included: bucket by bucket, by time.
func (l *Layout) Partitions(ctx context.Context, r kv.Reader, series []uint64, lower, upper int64) ([]Partition, error) {
	var out []Partition
	if lower > upper {
		return nil, nil
	}
	for b := range l.buckets {
		if series != nil {
			for len(series) > 0 && uint64(l.bucket(series[0])) < b {
				series = series[1:]
			}
			if len(series) == 0 || uint64(l.bucket(series[0])) != b {
				continue
			}
		}
		var err error
		if out, err = l.bucketPartitions(ctx, r, out, uint16(b), l.slice(lower), upper); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// SeriesOf is the part of some series (ascending) that lies in a bucket.
func (l *Layout) SeriesOf(bucket uint16, series []uint64) []uint64 {
	from, _ := slices.BinarySearchFunc(series, bucket, func(id uint64, b uint16) int { return cmp.Compare(l.bucket(id), b) })
	n := from
	for n < len(series) && l.bucket(series[n]) == bucket {
		n++
	}
	return series[from:n]
}

// bucketPartitions hops from slice to slice of a bucket.
func (l *Layout) bucketPartitions(ctx context.Context, r kv.Reader, out []Partition, bucket uint16, first, upper int64) ([]Partition, error) {
	end := l.prefix(bucket+1, first)[:11]
	start := l.prefix(bucket, first)
	for {
		key, err := firstKey(ctx, r, kv.Span{Start: start, End: end})
		if err != nil || key == nil {
			return out, err
		}
		_, slice, ok := splitPrefix(key)
		if !ok || slice > upper {
			return out, nil
		}
		p := l.prefix(bucket, slice)
		out = append(out, Partition{bucket, slice, p})
		start = append(p[:len(p):len(p)], 0xff) // behind all kinds of keys
	}
}

// firstKey is the first key of a span, nil if it is empty.
func firstKey(ctx context.Context, r kv.Reader, span kv.Span) (kv.Key, error) {
	it, err := r.Scan(ctx, span, kv.ScanOptions{KeysOnly: true, BatchSize: 1})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	pairs, err := it.NextBatch(ctx)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return append(kv.Key(nil), pairs[0].Key...), nil
}
