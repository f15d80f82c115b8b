package embedded

import (
	"bytes"
	"context"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidemarkdb/tidemark/kv"
)

// ApproximateSize implements kv.Store: the span's share of the tables on disk
// (compressed), and what of it is still in memtables.
func (s *Store) ApproximateSize(_ context.Context, span kv.Span) (uint64, error) {
	if s.closing.Load() {
		return 0, kv.ErrClosed
	}
	if len(span.End) > 0 && bytes.Compare(span.Start, span.End) >= 0 {
		return 0, nil
	}
	start, end := appendPrefix(nil, span.Start), appendSpanEnd(nil, span.End)
	stored, err := s.db.EstimateDiskUsage(start, end)
	if err != nil {
		return 0, storageError(err)
	}
	fresh, err := s.memTableBytes(start, end)
	return stored + fresh, err
}

// sizeSample is how many entries of memtables are counted one by one; what
// comes after them is extrapolated.
const sizeSample = 4096

// memTableBytes estimates the bytes between two stored keys that no table has yet.
func (s *Store) memTableBytes(start, end []byte) (uint64, error) {
	it, err := s.db.NewIter(&pebble.IterOptions{
		LowerBound: start, UpperBound: end, PointKeyFilters: []pebble.BlockPropertyFilter{noTables{}},
	})
	if err != nil {
		return 0, storageError(err)
	}
	defer it.Close()
	var n, total uint64
	ok := it.First()
	first := bytes.Clone(it.Key())
	for ; ok && n < sizeSample; ok = it.Next() {
		n++
		value := it.LazyValue()
		total += uint64(len(it.Key()) + value.Len())
	}
	if !ok {
		return total, storageError(it.Error())
	}
	here := bytes.Clone(it.Key())
	if !it.Last() {
		return total, storageError(it.Error())
	}
	return uint64(float64(total) * kv.Spread(first, here, it.Key())), nil
}

// noTables is a filter that no table passes: an iterator with it sees memtables only.
type noTables struct{}

func (noTables) Name() string { return propVersions }

func (noTables) Intersects([]byte) (bool, error) { return false, nil }

func (noTables) SyntheticSuffixIntersects([]byte, []byte) (bool, error) { return false, nil }
