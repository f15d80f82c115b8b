package executor

import "github.com/tidemarkdb/tidemark/tsengine/block"

// BlockCache keeps decoded blocks of time-series tables; there is one for a store.
type BlockCache = block.Cache

// NewBlockCache makes a cache of about limit bytes, nil for none.
func NewBlockCache(limit int64) *BlockCache { return block.NewCache(limit) }
