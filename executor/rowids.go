package executor

import "github.com/tidemarkdb/tidemark/rowstore"

// RowIDs gives the rows of tables without a primary key their ids; a store has one.
type RowIDs = rowstore.RowIDs

// NewRowIDs makes the allocator of a store.
func NewRowIDs() *RowIDs { return rowstore.NewRowIDs() }
