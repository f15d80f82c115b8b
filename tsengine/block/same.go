package block

import (
	"context"
	"errors"
	"hash/maphash"
	"io"

	"github.com/tidemarkdb/tidemark/kv"
)

var sameSeed = maphash.MakeSeed()

// SameContents reports whether a partition has the same rows in two snapshots, of which
// a is the older: keys are never written twice, so that those of its deltas and runs
// tell. A cache may know that it was packed at most.
func SameContents(ctx context.Context, c *Cache, a, b kv.Reader, prefix kv.Key) (bool, error) {
	if c.directory().unwritten(prefix, a.ReadTS()) {
		return true, nil
	}
	x, err := digest(ctx, a, prefix)
	if err != nil {
		return false, err
	}
	y, err := digest(ctx, b, prefix)
	return x == y, err
}

// digest is a hash of the keys of a partition's deltas and runs.
func digest(ctx context.Context, r kv.Reader, prefix kv.Key) (uint64, error) {
	it, err := r.Scan(ctx, kv.Span{Start: prefix, End: kindSpan(prefix, kindRun).End}, kv.ScanOptions{KeysOnly: true})
	if err != nil {
		return 0, err
	}
	defer it.Close()
	var h maphash.Hash
	h.SetSeed(sameSeed)
	for {
		pairs, err := it.NextBatch(ctx)
		if errors.Is(err, io.EOF) {
			return h.Sum64(), nil
		}
		if err != nil {
			return 0, err
		}
		for _, p := range pairs {
			h.Write(p.Key[len(prefix):])
		}
	}
}
