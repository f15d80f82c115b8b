package tikv

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/tikv/client-go/v2/config/retry"

	"github.com/tidemarkdb/tidemark/kv"
)

// sizeSample is how many pairs are counted one by one; what comes after them is
// extrapolated.
const sizeSample = 1024

// ApproximateSize implements kv.Store. The placement driver knows regions only,
// which are much larger than most tables.
func (s *Store) ApproximateSize(ctx context.Context, span kv.Span) (uint64, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return 0, err
	}
	return s.newTxn(&s.keys, now).size(ctx, span)
}

// size estimates the bytes of a span.
func (t *txn) size(ctx context.Context, span kv.Span) (uint64, error) {
	first, here, bytes, done, err := t.sample(ctx, span)
	if err != nil || done {
		return bytes, err
	}
	last, err := t.edge(ctx, span, true)
	if err != nil || last == nil {
		return bytes, err
	}
	return uint64(float64(bytes) * kv.Spread(first, here, last)), nil
}

// sample counts the first pairs of a span; done says that these were all.
func (t *txn) sample(ctx context.Context, span kv.Span) (first, last kv.Key, total uint64, done bool, err error) {
	it, err := t.Scan(ctx, span, kv.ScanOptions{BatchSize: sizeSample})
	if err != nil {
		return nil, nil, 0, false, err
	}
	defer it.Close()
	batch, err := it.NextBatch(ctx)
	if isEnd(err) {
		return nil, nil, 0, true, nil
	}
	if err != nil {
		return nil, nil, 0, false, err
	}
	for _, p := range batch {
		total += uint64(len(p.Key) + len(p.Value))
	}
	return bytes.Clone(batch[0].Key), bytes.Clone(batch[len(batch)-1].Key), total, len(batch) < sizeSample, nil
}

func isEnd(err error) bool { return errors.Is(err, io.EOF) }

// edge returns the first or the last key of a span, nil if it is empty.
func (t *txn) edge(ctx context.Context, span kv.Span, back bool) (kv.Key, error) {
	it, err := t.Scan(ctx, span, kv.ScanOptions{KeysOnly: true, Reverse: back, BatchSize: 1})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	batch, err := it.NextBatch(ctx)
	if isEnd(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return bytes.Clone(batch[0].Key), nil
}

var _ kv.ParallelReader = (*txn)(nil)

// splitFan bounds into how many pieces a span is cut within a region.
const splitFan = 64

// Split implements kv.ParallelReader: at the bounds of regions, and between them
// in pieces of about the same share of the key space.
func (t *txn) Split(ctx context.Context, span kv.Span, size uint64) ([]kv.Span, error) {
	if t.ended {
		return nil, kv.ErrClosed
	}
	stored, err := t.size(ctx, span)
	if err != nil {
		return nil, err
	}
	if parts := int(min(stored/max(size, 1)+1, splitFan)); parts > 1 {
		cuts, err := t.cuts(ctx, span, parts)
		if err != nil {
			return nil, err
		}
		return cutSpan(span, cuts), nil
	}
	return []kv.Span{span}, nil
}

// cuts returns ascending keys within a span.
func (t *txn) cuts(ctx context.Context, span kv.Span, parts int) ([]kv.Key, error) {
	first, err := t.edge(ctx, span, false)
	if err != nil || first == nil {
		return nil, err
	}
	last, err := t.edge(ctx, span, true)
	if err != nil || last == nil {
		return nil, err
	}
	cuts := kv.CutPoints(first, last, parts)
	bo := retry.NewBackofferWithVars(ctx, lockPatience, nil)
	stored := t.keys.storedSpan(span)
	regions, err := t.store.client.GetRegionCache().LocateKeyRange(bo, stored.Start, stored.End)
	if err != nil {
		return nil, t.store.translate(ctx, err)
	}
	for _, r := range regions[1:] {
		cuts = append(cuts, bytes.Clone(t.keys.user(r.StartKey)))
	}
	return cuts, nil
}

// cutSpan cuts a span at keys, which may be in any order and outside of it.
func cutSpan(span kv.Span, cuts []kv.Key) []kv.Span {
	slices.SortFunc(cuts, bytes.Compare)
	var out []kv.Span
	rest := span
	for _, key := range cuts {
		if bytes.Compare(key, rest.Start) > 0 && (len(rest.End) == 0 || bytes.Compare(key, rest.End) < 0) {
			out = append(out, kv.Span{Start: rest.Start, End: key})
			rest.Start = key
		}
	}
	return append(out, rest)
}
