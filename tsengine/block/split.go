package block

import (
	"context"
	"math"

	"github.com/tidemarkdb/tidemark/kv"
)

// Split cuts the groups of a partition into ranges of about rows wanted rows
// each, for scans that share the work: it returns the first group of every
// range but the first. It counts the rows of the largest run.
func Split(ctx context.Context, reader kv.Reader, spec Spec, prefix kv.Key, rows int) ([]uint64, error) {
	r := &reading{spec: &spec, reader: reader, figures: &Figures{}}
	run, err := r.largestRun(ctx, prefix)
	if run == nil || err != nil {
		return nil, err
	}
	h := &headers{reading: r, prefix: prefix, run: run}
	defer h.close()
	if err := h.open(ctx); err != nil || !h.listed {
		return nil, err // few groups, which are sought
	}
	var cuts []uint64
	sum := 0
	for i, b := range h.list {
		if !spec.touches(&b.extent) {
			continue
		}
		if sum += b.rows; sum < rows || i == len(h.list)-1 || b.maxGroup == math.MaxUint64 || len(cuts) > 0 && cuts[len(cuts)-1] > b.maxGroup {
			continue
		}
		cuts, sum = append(cuts, b.maxGroup+1), 0
	}
	return cuts, nil
}
