package executor

import (
	"github.com/tidemarkdb/tidemark/tsengine"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// SeriesKeeper packs the time-series tables of a process; a store has one.
type SeriesKeeper = tsengine.Keeper

// SeriesKeeperConfig says when and how.
type SeriesKeeperConfig = tsengine.KeeperConfig

// SeriesPacker packs a time-series table at once (CALL tidemark.flush, compact).
type SeriesPacker = tsengine.Packer

// SeriesPacked is what a SeriesPacker did.
type SeriesPacked = block.Packed

// NewSeriesKeeper makes the keeper of a store.
func NewSeriesKeeper(c SeriesKeeperConfig) *SeriesKeeper { return tsengine.NewKeeper(c) }
