package embedded

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/tidemarkdb/tidemark/kv"
)

const (
	// splitFan is how many pieces a span is cut into at once.
	splitFan = 64
	// splitDepth bounds how often a piece is cut again: keys that lie unevenly
	// need it, a single place that holds everything does not end otherwise.
	splitDepth = 8
	// unsizedFan is for spans that may lie in memtables, whose sizes by key are
	// not known.
	unsizedFan = 16
)

// Split implements kv.ParallelReader.
//
//  1. The first and the last key stored in the span are read as numbers: the
//     eight bytes after what they have in common.
//  2. The space between is cut into equal parts, as many as the span's size on
//     disk asks for.
//  3. Parts that are still too large are cut in the same way.
//
// A cut need not be at a key that exists.
func (t *txn) Split(ctx context.Context, span kv.Span, size uint64) ([]kv.Span, error) {
	if t.ended {
		return nil, kv.ErrClosed
	}
	s := splitter{txn: t, size: max(size, 1)}
	s.unsized = t.store.db.Metrics().MemTable.Size > s.size
	if err := s.cut(ctx, span, 0); err != nil {
		return nil, err
	}
	return s.out, nil
}

type splitter struct {
	txn     *txn
	size    uint64
	unsized bool
	out     []kv.Span
}

func (s *splitter) cut(ctx context.Context, span kv.Span, depth int) error {
	if ctx.Err() != nil {
		return kv.Cancelled(ctx)
	}
	stored, err := s.txn.store.ApproximateSize(ctx, span)
	if err != nil {
		return err
	}
	parts := int(min(stored/s.size+1, splitFan))
	if s.unsized && depth == 0 {
		parts = max(parts, unsizedFan)
	}
	if parts < 2 || depth > 0 && stored < 2*s.size || depth == splitDepth {
		s.out = append(s.out, span)
		return nil
	}
	first, last, err := s.ends(ctx, span)
	if err != nil {
		return err
	}
	points := kv.CutPoints(first, last, parts)
	if len(points) == 0 {
		s.out = append(s.out, span)
		return nil
	}
	rest := span
	for _, key := range points {
		if err := s.cut(ctx, kv.Span{Start: rest.Start, End: key}, depth+1); err != nil {
			return err
		}
		rest.Start = key
	}
	return s.cut(ctx, rest, depth+1)
}

// ends returns copies of the first and the last key of a span, nil if it is empty.
func (s *splitter) ends(ctx context.Context, span kv.Span) (first, last kv.Key, err error) {
	for _, back := range []bool{false, true} {
		it, err := s.txn.Scan(ctx, span, kv.ScanOptions{KeysOnly: true, Reverse: back, BatchSize: 1})
		if err != nil {
			return nil, nil, err
		}
		pairs, err := it.NextBatch(ctx)
		switch {
		case errors.Is(err, io.EOF):
		case err != nil:
			it.Close()
			return nil, nil, err
		case back:
			last = bytes.Clone(pairs[0].Key)
		default:
			first = bytes.Clone(pairs[0].Key)
		}
		it.Close()
	}
	return first, last, nil
}
