package executor

import (
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore"
)

// RowIDs gives the rows of tables without a primary key their ids; a store has one.
type RowIDs = rowstore.RowIDs

// NewRowIDs makes the allocator of a store.
func NewRowIDs(store kv.Store) *RowIDs {
	if shared, ok := store.(kv.SharedStore); ok {
		return rowstore.NewSharedRowIDs(shared)
	}
	return rowstore.NewRowIDs()
}
