package executor

import (
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/tsengine"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// BlockCache keeps decoded blocks of time-series tables; there is one for a store.
type BlockCache = block.Cache

// NewBlockCache makes a cache of about limit bytes.
func NewBlockCache(store kv.Store, limit int64) *BlockCache { return tsengine.NewCache(store, limit) }
