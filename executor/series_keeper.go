package executor

import (
	"github.com/tidemarkdb/tidemark/tsengine"
	"github.com/tidemarkdb/tidemark/tsengine/block"
	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

// SeriesKeeper packs the time-series tables of a process; a store has one.
type SeriesKeeper = tsengine.Keeper

// SeriesKeeperConfig says when and how.
type SeriesKeeperConfig = tsengine.KeeperConfig

// The defaults of SeriesKeeperConfig.
const (
	DefaultFlushPoints   = tsengine.DefaultFlushPoints
	DefaultFlushInterval = tsengine.DefaultFlushInterval
)

// ParseSeriesCompression reads the name of a second stage of compression.
func ParseSeriesCompression(name string) (chunk.Compression, error) {
	return chunk.ParseCompression(name)
}

// SeriesPacker packs a time-series table at once (CALL tidemark.flush, compact).
type SeriesPacker = tsengine.Packer

// SeriesPacked is what a SeriesPacker did.
type SeriesPacked = block.Packed

// NewSeriesKeeper makes the keeper of a store.
func NewSeriesKeeper(c SeriesKeeperConfig) *SeriesKeeper { return tsengine.NewKeeper(c) }
