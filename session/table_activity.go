package session

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// tableActivity counts the committed changes of a table since the server was
// started. The counts are approximate: rows that ROLLBACK TO takes back, and
// rows that foreign keys and CTEs change, are not told apart.
type tableActivity struct {
	inserted, updated, deleted atomic.Int64
	// modified counts the changes since the last ANALYZE, and grown the rows that
	// came (or went) since then.
	modified, grown atomic.Int64
	// sized is when the store was last asked for the table's size, in Unix
	// nanoseconds, and rows what followed from it.
	sized, rows atomic.Int64
}

// activities are the tables' counts by storage: a table that TRUNCATE or a
// rewrite gives a new storage starts anew.
type activities struct{ tables sync.Map }

func (a *activities) of(storage uint64) *tableActivity {
	if v, ok := a.tables.Load(storage); ok {
		return v.(*tableActivity)
	}
	v, _ := a.tables.LoadOrStore(storage, &tableActivity{})
	return v.(*tableActivity)
}

// find is of without making an entry.
func (a *activities) find(storage uint64) *tableActivity {
	if v, ok := a.tables.Load(storage); ok {
		return v.(*tableActivity)
	}
	return nil
}

// tableWrites are the rows a transaction wrote into a table.
type tableWrites struct {
	storage                    uint64
	inserted, updated, deleted int64
}

// noteWrites remembers what a statement wrote until the transaction commits.
func (s *Session) noteWrites(q *plan.Query, env *executor.Env) {
	rows := env.Affected
	if rows == 0 || len(q.Writes) == 0 {
		return
	}
	storage := q.Writes[0].Storage
	at := -1
	for i := range s.writes {
		if s.writes[i].storage == storage {
			at = i
		}
	}
	if at < 0 {
		at = len(s.writes)
		s.writes = append(s.writes, tableWrites{storage: storage})
	}
	w := &s.writes[at]
	switch q.Tag {
	case "INSERT":
		w.inserted += rows
	case "UPDATE":
		w.updated += rows
	case "DELETE":
		w.deleted += rows
	case "MERGE":
		w.inserted += env.Merged.Inserted
		w.updated += env.Merged.Updated
		w.deleted += env.Merged.Deleted
	}
}

// countWrites makes the transaction's writes known, after its commit.
func (s *Session) countWrites() {
	for i := range s.writes {
		w := &s.writes[i]
		t := s.server.activity.of(w.storage)
		t.inserted.Add(w.inserted)
		t.updated.Add(w.updated)
		t.deleted.Add(w.deleted)
		t.modified.Add(w.inserted + w.updated + w.deleted)
		t.grown.Add(w.inserted - w.deleted)
	}
}

// analyzed starts the counts since the last ANALYZE anew.
func (a *activities) analyzed(storage uint64) {
	if t := a.find(storage); t != nil {
		t.modified.Store(0)
		t.grown.Store(0)
	}
}

const (
	// unknownRows is taken for a table of which nothing is known, and is the
	// least that is taken for one that was never analyzed: a plan for an empty
	// table would soon be a bad one (as PostgreSQL takes such a table for ten pages).
	unknownRows = 1000
	// sizeFor is how long a table's size in the store is good for estimates.
	sizeFor = 10 * time.Second
)

// estimateRows is the planner's idea of a table's rows: what ANALYZE counted and
// what was inserted and deleted since, or, before the first ANALYZE, what the
// table's size in the store suggests.
func (srv *Server) estimateRows(t *catalog.Table, stats *catalog.TableStats) float64 {
	a := srv.activity.find(t.Storage)
	if stats != nil {
		if a == nil {
			return max(stats.Rows, 1)
		}
		return max(stats.Rows+float64(a.grown.Load()), 1)
	}
	if t.Storage == 0 || t.Kind != catalog.KindTable && t.Kind != catalog.KindMaterializedView {
		return unknownRows
	}
	if a == nil {
		a = srv.activity.of(t.Storage)
	}
	now := srv.config.Clock().UnixNano()
	if last := a.sized.Load(); (last == 0 || now-last > int64(sizeFor)) && a.sized.CompareAndSwap(last, now) {
		a.rows.Store(srv.rowsBySize(t))
	}
	rows, counted := a.rows.Load(), a.grown.Load()
	if rows < 4*counted {
		rows = counted // all of the table came while the server ran: the count is exact
	}
	return float64(max(rows, unknownRows))
}

// rowsBySize divides the size of a table's rows by the width of one.
func (srv *Server) rowsBySize(t *catalog.Table) int64 {
	ctx := context.Background()
	total, err := srv.store.ApproximateSize(ctx, catalog.TableSpan(t))
	if err != nil || total == 0 {
		return 0
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		if ix.Primary && t.Clustered {
			continue
		}
		n, err := srv.store.ApproximateSize(ctx, catalog.IndexSpan(t.Storage, ix.Storage))
		if err != nil {
			return 0
		}
		total -= min(n, total)
	}
	const keyAndVersion, variable = 16, 16 // of a compressed row; of a value without a fixed width
	width := int64(keyAndVersion)
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped {
			if n := fixedWidth(c.Type); n > 0 {
				width += int64(n)/2 + 1 // integers lie in the bytes they need
			} else {
				width += variable
			}
		}
	}
	return int64(total) / width
}

// fixedWidth is the bytes of a value in a batch, 0 if they vary.
func fixedWidth(t types.Type) int {
	if w, ok := types.ArrowType(t).(arrow.FixedWidthDataType); ok {
		return w.BitWidth() / 8
	}
	return 0
}
