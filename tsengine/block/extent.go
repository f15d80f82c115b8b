package block

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/tidemarkdb/tidemark/kv"
)

// Extent says how many rows a partition has and between what positions they
// are, of those deltas and runs that the spec does not exclude as a whole; rows
// that are removed count.
func Extent(ctx context.Context, reader kv.Reader, spec Spec, prefix kv.Key) (rows int, lower, upper int64, err error) {
	r := &reading{spec: &spec, reader: reader, figures: &Figures{}}
	var all extent
	err = r.eachExtent(ctx, prefix, kv.Span{Start: kindSpan(prefix, kindDelta).Start, End: kindSpan(prefix, kindRun).End}, func(_ *run, e *extent) {
		all.add(*e)
	})
	return all.rows, all.minPos, all.maxPos, err
}

// largestRun is the run with the most rows of those that may hold wanted ones.
func (r *reading) largestRun(ctx context.Context, prefix kv.Key) (largest *run, err error) {
	err = r.eachExtent(ctx, prefix, kindSpan(prefix, kindRun), func(run *run, _ *extent) {
		if largest == nil || run.rows > largest.rows {
			largest = run
		}
	})
	return largest, err
}

// eachExtent calls fn for the deltas (with a nil run) and runs of a span that
// may hold wanted rows.
func (r *reading) eachExtent(ctx context.Context, prefix kv.Key, span kv.Span, fn func(run *run, e *extent)) error {
	it, err := r.reader.Scan(ctx, span, kv.ScanOptions{})
	if err != nil {
		return err
	}
	defer it.Close()
	for {
		pairs, err := it.NextBatch(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range pairs {
			run, e, err := r.extentOf(prefix, &pairs[i])
			if errors.Is(err, errNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			if r.spec.touches(&e) {
				fn(run, &e)
			}
		}
	}
}

// extentOf reads the extent of a delta or a run; errNoRows for a range delete.
func (r *reading) extentOf(prefix kv.Key, pair *kv.KeyValue) (*run, extent, error) {
	if pair.Key[len(prefix)] == kindRun {
		if len(pair.Key) != len(prefix)+9 {
			return nil, extent{}, r.corruptKey(pair.Key)
		}
		run, err := readRun(binary.BigEndian.Uint64(pair.Key[len(prefix)+1:]), pair.Value)
		if err != nil {
			return nil, extent{}, fmt.Errorf("table %q, run %x: %w", r.spec.Name, pair.Key, err)
		}
		return run, run.extent, nil
	}
	c, err := readContainer(pair.Value)
	if err != nil {
		return nil, extent{}, fmt.Errorf("table %q, delta %x: %w", r.spec.Name, pair.Key, err)
	}
	if _, ok := c.find(entryRange); ok {
		return nil, extent{}, errNoRows
	}
	e, err := deltaExtent(&c)
	return nil, e, err
}
