package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine"
)

// insertPoints writes a batch of new points:
//
//  1. Where all rows are kept, or a new one replaces the old one, they are
//     written as they are: of two transactions the newer write wins.
//  2. Else, and at REPEATABLE READ, their points are locked; a point that
//     somebody changed since the snapshot is a write conflict.
//  3. Rows at points that exist are an error, left out, or update the row
//     there, as ON CONFLICT or else the table's policy says.
func (ins *Inserter) insertPoints(ctx context.Context, im *rowImages) (arrow.RecordBatch, error) {
	p := ins.w.points
	rows := im
	if p.layout.Unique && (ins.conflict != nil || p.table.TimeSeries.OnDuplicate != catalog.DuplicateOverwrite || !p.env.ReadCommitted) {
		var err error
		if rows, err = ins.claimPoints(ctx, im); err != nil {
			return nil, storedError(err)
		}
		if rows == nil {
			return nil, nil
		}
		if rows != im {
			defer rows.releaseOwned()
		}
	} else if err := p.writer.Insert(ctx, im.cols, im.n); err != nil {
		return nil, err
	}
	if err := ins.w.checkParents(ctx, rows, nil); err != nil {
		return nil, err
	}
	ins.wrote(int64(rows.n))
	if len(ins.returning) == 0 {
		return nil, nil
	}
	return returning(ins.w.env, ins.returning, ins.schema, rows.cols, rows.n)
}

// releaseOwned releases images together with their columns.
func (im *rowImages) releaseOwned() {
	releaseAll(im.cols)
	im.release()
}

// lockPlaces computes the places of rows and locks those that hold one row at most.
func (p *pointWriter) lockPlaces(ctx context.Context, cols []arrow.Array, n int) ([]tsengine.Place, error) {
	series, times, err := p.writer.Points(ctx, cols, n)
	if err != nil {
		return nil, err
	}
	places, keys := make([]tsengine.Place, n), make([]kv.Key, 0, n)
	for i := range places {
		places[i] = tsengine.Place{Series: series[i], Time: times[i]}
		if p.layout.Single(places[i]) {
			keys = append(keys, p.layout.LockKey(places[i]))
		}
	}
	sortKeys(keys)
	_, err = p.env.Txn.Lock(ctx, keys, kv.LockOptions{Mode: kv.LockUpdate, Timeout: p.env.LockTimeout})
	return places, lockError(err, p.table)
}

// claimPoints locks the points of new rows, deals with those that exist, and
// writes. It returns the rows as they were written: im itself, images that the
// caller owns, or nil if there are none.
func (ins *Inserter) claimPoints(ctx context.Context, im *rowImages) (*rowImages, error) {
	p := ins.w.points
	places, err := p.lockPlaces(ctx, im.cols, im.n)
	if err != nil {
		return nil, err
	}
	if err := p.writer.Flush(ctx); err != nil { // rows of earlier batches count as existing
		return nil, err
	}
	var action *plan.OnConflict
	policy := p.table.TimeSeries.OnDuplicate
	if ins.conflict != nil {
		action, policy = ins.conflict.spec, catalog.DuplicateKeep
		ins.conflict.rows = &ins.node.Rows
		if len(action.Update) > 0 {
			policy = catalog.DuplicateOverwrite
		}
	}
	if err := p.verifyPlaces(ctx, im.at, places, policy); err != nil {
		return nil, err
	}
	if policy == catalog.DuplicateOverwrite && action == nil {
		return im, p.writer.Insert(ctx, im.cols, im.n)
	}
	existing, err := p.layout.Lookup(ctx, p.env.Alloc, p.env.Txn, p.env.Blocks, places, action != nil && len(action.Update) > 0)
	if err != nil {
		return nil, err
	}
	if action != nil && len(action.Update) > 0 {
		return ins.upsert(ctx, im, places, existing)
	}
	fresh := make([]int32, 0, im.n)
	seen := make(map[tsengine.Place]struct{}, im.n)
	for i, at := range places {
		_, exists := existing[at]
		if _, twice := seen[at]; !exists && !twice || !p.layout.Single(at) {
			seen[at] = struct{}{}
			fresh = append(fresh, int32(i))
			continue
		}
		if policy == catalog.DuplicateError {
			return nil, p.duplicate(im.at(i))
		}
	}
	if len(fresh) == im.n {
		return im, p.writer.Insert(ctx, im.cols, im.n)
	}
	if len(fresh) == 0 {
		return nil, nil
	}
	return ins.writePart(ctx, im, fresh)
}

// writePart writes some of the rows.
func (ins *Inserter) writePart(ctx context.Context, im *rowImages, sel []int32) (*rowImages, error) {
	cols := make([]arrow.Array, len(im.cols))
	for o, a := range im.cols {
		if a == nil {
			continue
		}
		var err error
		if cols[o], err = take(ins.w.env.Alloc, a, sel); err != nil {
			releaseAll(cols)
			return nil, err
		}
	}
	return ins.ownedImages(cols, len(sel), func(out *rowImages) error {
		return ins.w.points.writer.Insert(ctx, out.cols, out.n)
	})
}

// ownedImages makes images of columns, which it takes over, and writes them.
func (ins *Inserter) ownedImages(cols []arrow.Array, n int, write func(*rowImages) error) (*rowImages, error) {
	out, err := ins.w.images(cols, n)
	if err != nil {
		releaseAll(cols)
		return nil, err
	}
	if err := write(out); err != nil {
		out.releaseOwned()
		return nil, err
	}
	return out, nil
}

// duplicate is the error for a row whose point exists.
func (p *pointWriter) duplicate(row rowstore.Row) error {
	for k := range p.table.Indexes {
		if p.table.Indexes[k].Unique {
			return p.w.duplicate(row, k)
		}
	}
	panic("executor: a duplicate point without a unique key")
}

// verifyPlaces fails if somebody has changed one of the points since the
// snapshot: with a conflict, or at once where it cannot end otherwise.
func (p *pointWriter) verifyPlaces(ctx context.Context, row func(i int) rowstore.Row, places []tsengine.Place, policy catalog.DuplicatePolicy) error {
	c, err := tsengine.NewComparison(ctx, p.env.Alloc, p.env.Store, p.env.Blocks, p.layout, p.env.Txn.ReadTS())
	if err != nil {
		return err
	}
	defer c.Close()
	var single []tsengine.Place
	for _, at := range places {
		if p.layout.Single(at) {
			single = append(single, at)
		}
	}
	changed, err := c.Places(ctx, single)
	if err != nil || !changed {
		return err
	}
	if policy == catalog.DuplicateError && !p.env.ReadCommitted {
		latest, err := c.Latest(ctx, places)
		if err != nil {
			return err
		}
		for i, at := range places {
			if _, ok := latest[at]; ok && p.layout.Single(at) {
				return p.duplicate(row(i))
			}
		}
	}
	return kv.ErrWriteConflict
}

// claimMoved locks the points that updated rows move to, and verifies that
// nothing is there.
func (p *pointWriter) claimMoved(ctx context.Context, handles arrow.Array, after *rowImages) error {
	series, times, err := p.writer.Points(ctx, after.cols, after.n)
	if err != nil {
		return err
	}
	var rows []int
	var places []tsengine.Place
	for i := range after.n {
		at := tsengine.Place{Series: series[i], Time: times[i]}
		if p.layout.Single(at) && !tsengine.HandleAt(types.DatumAt(handles, i).Bytes(), at) {
			rows, places = append(rows, i), append(places, at)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	keys := make([]kv.Key, len(places))
	for i := range places {
		keys[i] = p.layout.LockKey(places[i])
	}
	sortKeys(keys)
	if _, err := p.env.Txn.Lock(ctx, keys, kv.LockOptions{Mode: kv.LockUpdate, Timeout: p.env.LockTimeout}); err != nil {
		return lockError(err, p.table)
	}
	if err := p.verifyPlaces(ctx, func(k int) rowstore.Row { return after.at(rows[k]) }, places, catalog.DuplicateError); err != nil {
		return err
	}
	existing, err := p.layout.Lookup(ctx, p.env.Alloc, p.env.Txn, p.env.Blocks, places, false)
	if err != nil {
		return err
	}
	seen := map[tsengine.Place]struct{}{}
	for k, i := range rows {
		_, exists := existing[places[k]]
		if _, twice := seen[places[k]]; exists || twice {
			return p.duplicate(after.at(i))
		}
		seen[places[k]] = struct{}{}
	}
	return nil
}

// upsert is ON CONFLICT DO UPDATE: rows at points that exist update the row
// there, the others are inserted.
func (ins *Inserter) upsert(ctx context.Context, im *rowImages, places []tsengine.Place, existing map[tsengine.Place]tsengine.Row) (*rowImages, error) {
	p, o := ins.w.points, ins.conflict
	if p.touched == nil {
		p.touched = map[tsengine.Place]struct{}{}
	}
	all, updated := newBuilders(p.env, o.liveTypes()), newBuilders(p.env, o.liveTypes())
	defer all.release()
	defer updated.release()
	handles := types.NewBuilder(p.env.Alloc, types.Of(types.Bytea))
	defer handles.Release()
	var fresh []int32
	n, changed := 0, 0
	for i, at := range places {
		single := p.layout.Single(at)
		if _, ok := p.touched[at]; ok && single {
			return nil, errSecondTime
		}
		row := im.at(i).Values
		old, exists := existing[at]
		exists = exists && single
		if exists {
			values, err := o.updatedRow(old.Values, row)
			if err != nil {
				return nil, err
			}
			if values == nil {
				continue
			}
			row = values
			for k, c := range o.w.live {
				types.AppendDatum(updated[k], row[c])
			}
			types.AppendDatum(handles, types.NewBytes(old.Handle))
			changed++
		} else {
			fresh = append(fresh, int32(i))
		}
		p.touched[at] = struct{}{}
		for k, c := range o.w.live {
			types.AppendDatum(all[k], row[c])
		}
		n++
	}
	if n == 0 {
		return nil, nil
	}
	if changed > 0 {
		list := handles.NewArray()
		defer list.Release()
		out, err := ins.ownedImages(o.byOrdinal(updated.arrays()), changed, func(rows *rowImages) error { return p.update(ctx, list, rows) })
		if err != nil {
			return nil, err
		}
		out.releaseOwned()
	}
	if len(fresh) > 0 {
		out, err := ins.writePart(ctx, im, fresh)
		if err != nil {
			return nil, err
		}
		out.releaseOwned()
	}
	return ins.ownedImages(o.byOrdinal(all.arrays()), n, func(*rowImages) error { return nil })
}

// byOrdinal puts the columns that are not dropped to their places.
func (o *onConflict) byOrdinal(live []arrow.Array) []arrow.Array {
	cols := make([]arrow.Array, len(o.w.table.Columns))
	for i, c := range o.w.live {
		cols[c] = live[i]
	}
	return cols
}
