package executor

import (
	"context"
	"errors"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/tsengine"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// pointWriter writes the rows of a time-series table for INSERT, UPDATE and
// DELETE, where tableWriter's rowstore writer writes those of others.
type pointWriter struct {
	w      *tableWriter
	env    *Env
	table  *catalog.Table
	layout *tsengine.Layout
	writer *tsengine.Writer
	// touched are the points that ON CONFLICT DO UPDATE has inserted or updated.
	touched map[tsengine.Place]struct{}
}

func newPointWriter(w *tableWriter) *pointWriter {
	env, t := w.env, w.table
	p := &pointWriter{w: w, env: env, table: t, layout: seriesLayoutOf(t)}
	p.writer = tsengine.NewWriter(env.Alloc, p.layout, env.Txn, env.Store.Now)
	if env.Series != nil {
		p.writer.OnWrite = func(ctx context.Context, prefix kv.Key, rows int) error {
			return env.Series.Wrote(ctx, t, prefix, rows)
		}
	}
	return p
}

// update writes the new versions of rows, whose points are locked. One that
// moves to another point must be alone there.
func (p *pointWriter) update(ctx context.Context, handles arrow.Array, after *rowImages) error {
	if p.layout.Unique {
		if err := p.claimMoved(ctx, handles, after); err != nil {
			return err
		}
	}
	return p.writer.Update(ctx, handles, after.cols, after.n)
}

// seriesLayouts keeps prepared layouts as layouts does.
var seriesLayouts struct {
	sync.RWMutex
	byTable map[*catalog.Table]*tsengine.Layout
}

// seriesLayoutOf is the prepared layout of a time-series table of a snapshot.
func seriesLayoutOf(t *catalog.Table) *tsengine.Layout {
	seriesLayouts.RLock()
	l := seriesLayouts.byTable[t]
	seriesLayouts.RUnlock()
	if l != nil {
		return l
	}
	l = tsengine.NewLayout(t)
	seriesLayouts.Lock()
	defer seriesLayouts.Unlock()
	if seriesLayouts.byTable == nil || len(seriesLayouts.byTable) >= maxLayouts {
		seriesLayouts.byTable = map[*catalog.Table]*tsengine.Layout{}
	}
	seriesLayouts.byTable[t] = l
	return l
}

// handleKey is the key that is locked for the row of a handle.
func handleKey(t *catalog.Table, handle []byte) kv.Key {
	if t.TimeSeries == nil {
		return rowstore.RowKey(nil, t, handle)
	}
	return tsengine.LockKey(t.Storage, handle)
}

// storedError gives stored bytes that cannot be read their SQLSTATE.
func storedError(err error) error {
	if errors.Is(err, block.ErrCorrupt) {
		return pgerror.New(pgerror.DataCorrupted, "%s", err.Error())
	}
	return err
}

// verifyPoints fails with kv.ErrWriteConflict if one of the rows, whose points
// are locked by now, was changed since the snapshot.
func verifyPoints(ctx context.Context, env *Env, t *catalog.Table, handles arrow.Array, refs []rowRef) error {
	if t.TimeSeries == nil {
		return nil
	}
	rows := make([]int, len(refs))
	for i, r := range refs {
		rows[i] = r.row()
	}
	c, err := tsengine.NewComparison(ctx, env.Alloc, env.Store, env.Blocks, seriesLayoutOf(t), env.Txn.ReadTS())
	if err != nil {
		return err
	}
	defer c.Close()
	changed, err := c.Rows(ctx, handles, rows)
	if err != nil {
		return storedError(err)
	}
	if changed {
		return kv.ErrWriteConflict
	}
	return nil
}
