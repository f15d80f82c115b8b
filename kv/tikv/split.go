package tikv

import (
	"context"

	"github.com/tidemarkdb/tidemark/kv"
)

// SplitRegions cuts regions at keys and spreads them over the stores.
func (s *Store) SplitRegions(ctx context.Context, keys []kv.Key) error {
	stored := make([][]byte, len(keys))
	for i, k := range keys {
		stored[i] = s.keys.stored(k)
	}
	_, err := s.client.SplitRegions(ctx, stored, true, nil)
	return s.translate(ctx, err)
}
