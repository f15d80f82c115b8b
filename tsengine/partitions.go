package tsengine

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// NewCache makes the cache of a store that keeps about limit bytes of what was
// read, and knows the partitions.
func NewCache(store kv.Store, limit int64) *block.Cache {
	c := block.NewCache(limit)
	c.Know(block.NewDirectory(store, len(tablePrefix(0)), prefixLen, []byte{metaBucket >> 8, metaBucket & 0xff}))
	return c
}

// Partition is a bucket's slice that has data.
type Partition struct {
	Bucket uint16
	Slice  int64
	Prefix kv.Key
}

// Partitions lists the partitions that may hold points of the series (all if
// nil, else ascending) between two times, both included: bucket by bucket, by
// time. The cache (nil for none) may know them.
func (l *Layout) Partitions(ctx context.Context, r kv.Reader, c *block.Cache, series []uint64, lower, upper int64) ([]Partition, error) {
	var out []Partition
	if lower > upper {
		return nil, nil
	}
	prefixes, known, err := c.Prefixes(r, tablePrefix(l.Table.Storage), func() ([]kv.Key, error) { return l.prefixes(ctx, r) })
	if err != nil {
		return nil, err
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
		if known {
			out = l.ofPrefixes(out, prefixes, uint16(b), l.slice(lower), upper)
			continue
		}
		if out, err = l.bucketPartitions(ctx, r, out, uint16(b), l.slice(lower), upper); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// prefixes lists all partitions.
func (l *Layout) prefixes(ctx context.Context, r kv.Reader) (out []kv.Key, err error) {
	var parts []Partition
	for b := range l.buckets {
		if parts, err = l.bucketPartitions(ctx, r, parts, uint16(b), math.MinInt64, math.MaxInt64); err != nil {
			return nil, err
		}
	}
	for _, p := range parts {
		out = append(out, p.Prefix)
	}
	return out, nil
}

// ofPrefixes appends the partitions of a bucket whose slices are from first to upper.
func (l *Layout) ofPrefixes(out []Partition, prefixes []kv.Key, bucket uint16, first, upper int64) []Partition {
	from, _ := slices.BinarySearchFunc(prefixes, l.prefix(bucket, first), bytes.Compare)
	for _, p := range prefixes[from:] {
		b, slice, ok := splitPrefix(p)
		if !ok || b != bucket || slice > upper {
			break
		}
		out = append(out, Partition{bucket, slice, p})
	}
	return out
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
		key, err := kv.EdgeKey(ctx, r, kv.Span{Start: start, End: end}, false)
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
