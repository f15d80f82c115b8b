package block

import (
	"context"
	"fmt"

	"github.com/tidemarkdb/tidemark/kv"
)

// Extent says how many rows a partition has and between what positions they
// are, of those deltas and runs that the spec does not exclude as a whole; rows
// that are removed count.
func Extent(ctx context.Context, reader kv.Reader, spec Spec, prefix kv.Key) (rows int, lower, upper int64, err error) {
	r := &reading{spec: &spec, reader: reader, figures: &Figures{}}
	var all extent
	add := func(e *extent) {
		if spec.touches(e) {
			all.add(*e)
		}
	}
	l := spec.Cache.directory().lookup(reader, prefix)
	span, runs, nothing := l.span(prefix)
	err = r.eachStored(ctx, span, nothing, func(pair kv.KeyValue) error {
		if pair.Key[len(prefix)] == kindRun {
			run, err := r.readRun(prefix, pair)
			runs = append(runs, run)
			return err
		}
		c, err := readContainer(pair.Value)
		if err == nil {
			if _, ok := c.find(entryRange); ok {
				return nil
			}
			var e extent
			if e, err = deltaExtent(&c); err == nil {
				add(&e)
			}
		}
		if err != nil {
			return fmt.Errorf("table %q, delta %x: %w", spec.Name, pair.Key, err)
		}
		return nil
	})
	if err != nil {
		return 0, 0, 0, err
	}
	for _, run := range runs {
		add(&run.extent)
	}
	return all.rows, all.minPos, all.maxPos, nil
}

// largestRun is the run with the most rows of those that may hold wanted ones.
func (r *reading) largestRun(ctx context.Context, prefix kv.Key) (largest *run, err error) {
	l := r.spec.Cache.directory().lookup(r.reader, prefix)
	_, runs, _ := l.span(prefix)
	err = r.eachStored(ctx, kindSpan(prefix, kindRun), l.state != nil, func(pair kv.KeyValue) error {
		run, err := r.readRun(prefix, pair)
		runs = append(runs, run)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		if r.spec.touches(&run.extent) && (largest == nil || run.rows > largest.rows) {
			largest = run
		}
	}
	return largest, nil
}
