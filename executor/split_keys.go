package executor

import (
	"context"
	"math"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/tsengine"
)

// SplitKeys returns keys that cut the rows of a table, or the entries of one of
// its indexes, into parts of about the same share of the key space: between the
// first key and the last, or, as long as there is none, over all hidden row ids.
// A time-series table is cut between its buckets.
func SplitKeys(ctx context.Context, r kv.Reader, t *catalog.Table, ix *catalog.Index, parts int) ([]kv.Key, error) {
	if t.TimeSeries != nil {
		return tsengine.BucketKeys(t, parts), nil
	}
	span := rowstore.IndexSpan(t, ix)
	first, err := kv.EdgeKey(ctx, r, span, false)
	if err != nil {
		return nil, err
	}
	last, err := kv.EdgeKey(ctx, r, span, true)
	if err != nil {
		return nil, err
	}
	switch {
	case first != nil && last != nil:
	case ix == nil && layoutOf(t).HasHiddenRowID():
		first, last = rowstore.IntHandle(span.Start, math.MinInt64), rowstore.IntHandle(span.Start, math.MaxInt64)
	default:
		return nil, pgerror.New(pgerror.ObjectNotInPrerequisiteState, "relation %q is empty", nameOf(t, ix)).
			WithHint("Regions are cut between its first key and its last.")
	}
	return append([]kv.Key{span.Start}, kv.CutPoints(first, last, parts)...), nil
}

// SpreadKeys returns keys that cut a table where its layout spreads what is written:
// between the buckets of time series and the shards of hidden row ids; none if it
// does not.
func SpreadKeys(t *catalog.Table) []kv.Key {
	if ts := t.TimeSeries; ts == nil {
		return rowstore.RowIDShardKeys(t)
	} else if ts.Buckets <= 1 {
		return nil
	}
	return tsengine.BucketKeys(t, t.TimeSeries.Buckets)
}

func nameOf(t *catalog.Table, ix *catalog.Index) string {
	if ix != nil {
		return ix.Name
	}
	return t.Name
}
