package block

import (
	"context"
	"fmt"
	"math"

	"github.com/tidemarkdb/tidemark/kv"
)

// Held is how many rows deltas and runs hold, InDeltas of them in deltas, and
// between what positions these are; removed rows count. Lower is above Upper for none.
type Held struct {
	Rows, InDeltas int
	Lower, Upper   int64
}

// HeldNone is what nothing holds.
var HeldNone = Held{Lower: math.MaxInt64, Upper: math.MinInt64}

// Add adds what others hold.
func (h *Held) Add(o Held) {
	h.Rows, h.InDeltas = h.Rows+o.Rows, h.InDeltas+o.InDeltas
	h.Lower, h.Upper = min(h.Lower, o.Lower), max(h.Upper, o.Upper)
}

// Extent says what a partition holds in those deltas and runs that the spec does
// not exclude as a whole.
func Extent(ctx context.Context, reader kv.Reader, spec Spec, prefix kv.Key) (Held, error) {
	r := &reading{spec: &spec, reader: reader, figures: &Figures{}}
	held := HeldNone
	add := func(e *extent, delta bool) {
		if !spec.touches(e) {
			return
		}
		in := 0
		if delta {
			in = e.rows
		}
		held.Add(Held{e.rows, in, e.minPos, e.maxPos})
	}
	l := spec.Cache.directory().lookup(reader, prefix)
	span, runs, nothing := l.span(prefix)
	err := r.eachStored(ctx, span, nothing, func(pair kv.KeyValue) error {
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
				add(&e, true)
			}
		}
		if err != nil {
			return fmt.Errorf("table %q, delta %x: %w", spec.Name, pair.Key, err)
		}
		return nil
	})
	if err != nil {
		return HeldNone, err
	}
	for _, run := range runs {
		add(&run.extent, false)
	}
	return held, nil
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
