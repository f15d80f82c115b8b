package session

import (
	"context"
	"strconv"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
)

// readFrom is tidemark.read_from: which replicas of a cluster answer statements
// that only read. It means nothing to a store without replicas, nor to statements
// that write or lock, which read what the leaders have.
type readFrom uint8

const (
	fromLeader readFrom = iota
	// fromClosest: replicas near by, with the leader's answers.
	fromClosest
	// fromStale: replicas near by, which ask nobody, at a timestamp of the past.
	// For transactions that cannot write: statements outside of a block, and blocks
	// that are READ ONLY, which keep their first statement's snapshot. Others read
	// from leaders.
	fromStale
)

var readFromNames = []string{"leader", "closest", "stale"}

// replicaSettings say which replicas of a cluster are read.
func replicaSettings() []*setting {
	const category = "Replication"
	return []*setting{
		{
			name: "tidemark.read_from", kind: settingEnum, def: "leader", options: readFromNames, category: category,
			doc: "Sets which replicas of a cluster answer statements that only read: leader; closest, with the same answers; stale, which may be as old as tidemark.read_staleness, in transactions that cannot write.",
			apply: func(s *Session, v string) error {
				for i, name := range readFromNames {
					if name == v {
						s.settings.readFrom = readFrom(i)
					}
				}
				return nil
			},
		},
		{
			name: "tidemark.read_staleness", kind: settingInt, def: "5000", unit: "ms", min: 1000, max: 300_000, category: category,
			doc: "Sets how old what tidemark.read_from = stale reads may be.",
			apply: func(s *Session, v string) error {
				n, _ := strconv.Atoi(v) // checked as a number
				s.settings.staleness = time.Duration(n) * time.Millisecond
				return nil
			},
		},
	}
}

// openTxnFor is openTxn for a planned statement, which may read from replicas.
//
// A stale snapshot is never older than the catalog's newest version: what DDL
// made or replaced since would be empty or gone.
func (s *Session) openTxnFor(ctx context.Context, q *plan.Query) (kv.Txn, error) {
	tx := &s.tx
	if s.settings.readFrom == fromLeader && !tx.elsewhere {
		return s.openTxn(ctx, !q.ReadOnly)
	}
	if tx.stale && !q.ReadOnly {
		if err := s.upgrade(ctx); err != nil {
			return nil, err
		}
		return tx.txn, nil
	}
	if store := s.staleStore(q); store != nil {
		if tx.start.IsZero() {
			tx.start = s.server.config.Clock()
		}
		txn, err := store.BeginStale(ctx, s.settings.staleness, s.server.catalog.UnchangedSince())
		if err != nil {
			return nil, err
		}
		tx.txn, tx.used, tx.stale, tx.elsewhere = txn, true, true, true
		return txn, nil
	}
	txn, err := s.openTxn(ctx, !q.ReadOnly)
	if err != nil {
		return nil, err
	}
	if r, ok := txn.(kv.ReplicaReader); ok {
		tx.elsewhere = q.ReadOnly && s.settings.readFrom == fromClosest || tx.stale
		r.ReadClosest(tx.elsewhere)
	}
	return txn, nil
}

// staleStore is the store if the statement is to begin a stale transaction.
func (s *Session) staleStore(q *plan.Query) kv.ReplicaStore {
	if s.settings.readFrom != fromStale || !q.ReadOnly || s.tx.txn != nil || s.tx.block && !s.readOnly() {
		return nil
	}
	store, _ := s.server.store.(kv.ReplicaStore)
	return store
}

// readingFrom says for EXPLAIN where a statement reads; empty if from leaders
// because nothing else was asked for.
func (s *Session) readingFrom(q *plan.Query) string {
	if _, ok := s.server.store.(kv.ReplicaStore); !ok || s.settings.readFrom == fromLeader && !s.tx.stale {
		return ""
	}
	switch {
	case s.tx.stale && q.ReadOnly || s.staleStore(q) != nil:
		return "replicas near by, up to " + s.settings.staleness.String() + " old"
	case s.settings.readFrom == fromStale:
		return "leaders, as the transaction may write"
	case q.ReadOnly:
		return "replicas near by"
	}
	return "leaders, as the statement writes or locks"
}
