package executor

import (
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore"
)

// ColumnCache keeps the columns of scanned rows; there is one for a store.
type ColumnCache = rowstore.ColumnCache

// NewColumnCache makes a cache of at most limit bytes, nil if the store cannot
// tell what changes.
func NewColumnCache(store kv.Store, limit int64) *ColumnCache {
	return rowstore.NewColumnCache(store, limit)
}
