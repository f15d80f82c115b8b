package session

import (
	"context"
	"errors"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
)

// SeriesSettings are the settings of the background job that packs time-series tables.
type SeriesSettings struct {
	// FlushPoints is how many rows in deltas a slice of a bucket has when it is packed
	// (timeseries.flush_points, default 5000).
	FlushPoints int
	// FlushInterval is after what time it is packed even if it has fewer
	// (timeseries.flush_interval, default 1min).
	FlushInterval time.Duration
	// Compression is a second stage over packed columns: none, s2 or zstd
	// (timeseries.compression, default none).
	Compression string
}

func (c *SeriesSettings) setDefaults() {
	if c.FlushPoints == 0 {
		c.FlushPoints = executor.DefaultFlushPoints
	}
	if c.FlushInterval == 0 {
		c.FlushInterval = executor.DefaultFlushInterval
	}
	if c.Compression == "" {
		c.Compression = "none"
	}
}

// Validate reports a setting that cannot be.
func (c *SeriesSettings) Validate() error {
	if c.FlushPoints < 0 || c.FlushInterval < 0 {
		return errors.New("the --timeseries settings must not be negative")
	}
	_, err := executor.ParseSeriesCompression(c.Compression)
	return err
}

// newSeriesKeeper makes what packs the server's time-series tables.
func newSeriesKeeper(srv *Server) *executor.SeriesKeeper {
	return executor.NewSeriesKeeper(executor.SeriesKeeperConfig{
		Packer: srv.seriesPacker(), Tables: srv.seriesTables, Clock: srv.config.Clock, Logger: srv.config.Logger,
		FlushPoints: srv.config.Series.FlushPoints, FlushInterval: srv.config.Series.FlushInterval,
	})
}

// RunSeriesKeeper packs time-series tables until ctx ends.
func (srv *Server) RunSeriesKeeper(ctx context.Context) { srv.series.Run(ctx) }

// seriesPacker packs time-series tables in transactions of its own.
func (srv *Server) seriesPacker() executor.SeriesPacker {
	compression, _ := executor.ParseSeriesCompression(srv.config.Series.Compression) // Validate has seen it
	return executor.SeriesPacker{Store: srv.store, Alloc: srv.config.Alloc, Current: srv.seriesCurrent, Cache: srv.blocks, Compression: compression}
}

// seriesTables are the time-series tables of all databases.
func (srv *Server) seriesTables(ctx context.Context) ([]*catalog.Table, error) {
	var out []*catalog.Table
	for _, db := range srv.catalog.Databases() {
		snap, err := srv.catalog.Snapshot(ctx, db.ID)
		if err != nil {
			return nil, err
		}
		for _, t := range snap.Tables() {
			if t.TimeSeries != nil {
				out = append(out, t)
			}
		}
	}
	return out, nil
}

// seriesCurrent is the present descriptor of a table with the storage that t
// says, nil if it is gone.
func (srv *Server) seriesCurrent(ctx context.Context, t *catalog.Table) (*catalog.Table, error) {
	tables, err := srv.seriesTables(ctx)
	for _, x := range tables {
		if x.Storage == t.Storage {
			return x, err
		}
	}
	return nil, err
}
