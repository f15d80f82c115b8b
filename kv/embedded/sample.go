package embedded

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"

	"github.com/tidemarkdb/tidemark/kv"
)

const (
	// samplePieces is into how many pieces of about the same size a span is cut.
	// Neighbouring rows look alike: fewer places would tell less of a table.
	samplePieces = 2048
	// samplePiece is how small such a piece may be: two blocks of a table.
	samplePiece = 64 << 10
	// sampleCounted is how many pieces are counted for the number of keys. Their
	// mean is off by a few percent, as sizes of pieces vary by about half.
	sampleCounted = 256
	// sampleSkip bounds how many keys a place is moved on by. Places are even in
	// the space of keys, and so lie before the first of keys that belong together.
	sampleSkip = 64
)

var _ kv.Sampler = (*txn)(nil)

// Sample implements kv.Sampler.
//
//  1. The span is cut into pieces of about the same size (see Split).
//  2. Pieces are drawn by chance, places in the key space between a piece's first
//     and its last key too, and a key a few keys on from there is taken. Places at
//     even distances would hardly ever take two of the rows that stand together,
//     and make each of their values look unique.
//  3. Some pieces are cut again, down to samplePiece, and one part of each is
//     counted: that times the number of parts and pieces is the number of keys.
func (t *txn) Sample(ctx context.Context, span kv.Span, n int) (keys []kv.Key, total float64, err error) {
	stored, err := t.store.ApproximateSize(ctx, span)
	if err != nil {
		return nil, 0, err
	}
	pieces, err := t.Split(ctx, span, max(samplePiece, stored/samplePieces))
	if err != nil {
		return nil, 0, err
	}
	if total, err = t.countPieces(ctx, pieces); err != nil {
		return nil, 0, err
	}
	wanted := make([]int, len(pieces))
	for range n {
		wanted[rand.IntN(len(pieces))]++
	}
	for i, piece := range pieces {
		if keys, err = t.samplePiece(ctx, keys, piece, wanted[i]); err != nil {
			return nil, 0, err
		}
	}
	slices.SortFunc(keys, bytes.Compare)
	return slices.CompactFunc(keys, bytes.Equal), total, nil
}

// samplePiece adds up to want keys of a piece.
func (t *txn) samplePiece(ctx context.Context, keys []kv.Key, piece kv.Span, want int) ([]kv.Key, error) {
	if want == 0 {
		return keys, nil
	}
	split := splitter{txn: t}
	first, last, err := split.ends(ctx, piece)
	if err != nil || first == nil {
		return keys, err
	}
	for range want {
		span := kv.Span{Start: kv.Between(first, last, rand.Float64()), End: piece.End}
		pairs, err := t.firstKeys(ctx, span, 1+rand.IntN(sampleSkip))
		if err != nil {
			return nil, err
		}
		if len(pairs) > 0 {
			keys = append(keys, bytes.Clone(pairs[len(pairs)-1].Key))
		}
	}
	return keys, nil
}

// firstKeys reads up to n keys of a span. They are valid for a moment: the scan is closed.
func (t *txn) firstKeys(ctx context.Context, span kv.Span, n int) ([]kv.KeyValue, error) {
	it, err := t.Scan(ctx, span, kv.ScanOptions{KeysOnly: true, BatchSize: n})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	pairs, err := it.NextBatch(ctx)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	return pairs, err
}

// countPieces estimates how many keys adjacent pieces have.
func (t *txn) countPieces(ctx context.Context, pieces []kv.Span) (float64, error) {
	counted := min(sampleCounted, len(pieces))
	sum := 0.0
	for i := range counted {
		// One by chance of each run of neighbours.
		from, to := len(pieces)*i/counted, len(pieces)*(i+1)/counted
		parts, err := t.Split(ctx, pieces[from+rand.IntN(to-from)], samplePiece)
		if err != nil {
			return 0, err
		}
		keys, err := t.count(ctx, parts[rand.IntN(len(parts))])
		if err != nil {
			return 0, err
		}
		sum += float64(keys) * float64(len(parts)) * float64(to-from)
	}
	return sum, nil
}

// count counts the keys of a span.
func (t *txn) count(ctx context.Context, span kv.Span) (int, error) {
	it, err := t.Scan(ctx, span, kv.ScanOptions{KeysOnly: true})
	if err != nil {
		return 0, err
	}
	defer it.Close()
	n := 0
	for {
		pairs, err := it.NextBatch(ctx)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
		n += len(pairs)
	}
}
