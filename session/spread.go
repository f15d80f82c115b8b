package session

import (
	"context"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
)

// spreadTime is how long DDL waits for stores to cut new tables.
const spreadTime = 5 * time.Second

// toSpread returns those of new tables whose layout spreads what is written, if the
// store has regions to spread it over.
func (s *Session) toSpread(made []*catalog.Table) (out []*catalog.Table) {
	if _, ok := s.server.store.(kv.PlacedStore); !ok || s.settings.noSpread {
		return nil
	}
	for _, t := range made {
		if len(executor.SpreadKeys(t)) > 0 {
			out = append(out, t)
		}
	}
	return out
}

// spreadRegions cuts tables that a transaction has made between their buckets or
// shards and spreads these over the stores, so that they take what is written side
// by side from the first row on. A cut that is not made is one that stores make
// when there is much in the region: it fails nothing.
func (s *Session) spreadRegions(ctx context.Context, tables []*catalog.Table) {
	if len(tables) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, spreadTime)
	defer cancel()
	store := s.server.store.(kv.PlacedStore) // toSpread has looked
	for _, t := range tables {
		if err := store.SplitRegions(ctx, executor.SpreadKeys(t), 0); err != nil {
			s.server.config.Logger.Warn("a new table was not cut into regions", "table", t.Name, "error", err)
		}
	}
}

// spreadSettings say whether new tables are cut into regions.
func spreadSettings() []*setting {
	return []*setting{{
		name: "tidemark.presplit", kind: settingBool, def: "on", category: "Replication",
		doc: "Has a cluster's stores cut new tables between their hash_buckets or row_id_shards, each a region of its own, and spread these.",
		apply: func(s *Session, v string) error {
			s.settings.noSpread = v == "off"
			return nil
		},
	}}
}
