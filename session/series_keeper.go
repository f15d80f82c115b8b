package session

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
)

// newSeriesKeeper makes what packs the server's time-series tables.
func newSeriesKeeper(srv *Server) *executor.SeriesKeeper {
	return executor.NewSeriesKeeper(executor.SeriesKeeperConfig{
		Packer: srv.seriesPacker(), Tables: srv.seriesTables, Clock: srv.config.Clock, Logger: srv.config.Logger,
	})
}

// RunSeriesKeeper packs time-series tables until ctx ends.
func (srv *Server) RunSeriesKeeper(ctx context.Context) { srv.series.Run(ctx) }

// seriesPacker packs time-series tables in transactions of its own.
func (srv *Server) seriesPacker() executor.SeriesPacker {
	return executor.SeriesPacker{Store: srv.store, Alloc: srv.config.Alloc, Current: srv.seriesCurrent, Cache: srv.blocks}
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
