package kv

import (
	"context"
	"errors"
	"io"
)

// EdgeKey returns the first key of a span that has a value, or the last one; nil if
// there is none. The key is the caller's.
func EdgeKey(ctx context.Context, r Reader, span Span, last bool) (Key, error) {
	it, err := r.Scan(ctx, span, ScanOptions{KeysOnly: true, Reverse: last, BatchSize: 1})
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
	return append(Key(nil), pairs[0].Key...), nil
}
