package ddl

import (
	"context"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// seriesOptions executes SET and RESET of storage parameters of a time-series table.
func (a *alteration) seriesOptions() error {
	b := &seriesBuilder{env: a.env, t: a.t, ts: a.t.TimeSeries}
	for _, def := range seriesOptions {
		for _, o := range a.cmd.Options {
			if o.Namespace == "" && o.Name == def.name && def.fixed && (!def.copies || a.cmd.Kind == ast.AlterResetOptions) {
				return pgerror.Unsupported("changing parameter %q of a time-series table", o.Name).At(o.Loc())
			}
		}
	}
	if slices.ContainsFunc(a.cmd.Options, isTimescale) && a.cmd.Kind == ast.AlterSetOptions {
		return a.timescaleOptions(b)
	}
	if a.cmd.Kind == ast.AlterResetOptions {
		if err := b.reset(a.cmd.Options); err != nil {
			return err
		}
		return a.update()
	}
	lengths := b.ts.Slices
	if err := b.take(a.cmd.Options); err != nil {
		return err
	}
	if err := b.apply(); err != nil {
		return err
	}
	if b.given["partition_interval"] != nil {
		length := b.ts.Slices[0].Length
		b.ts.Slices = lengths
		if err := setSliceLength(a.ctx, a.env, a.old, a.t, length); err != nil {
			return err
		}
	}
	if err := b.checkRetention(); err != nil {
		return err
	}
	if b.given["tags"] == nil && b.given["hash_buckets"] == nil {
		return a.update()
	}
	if err := checkSeriesKeys(a.t); err != nil {
		return err
	}
	return refill(a.ctx, a.env, a.old, a.t)
}

// timescaleOptions executes SET of TimescaleDB's parameters, and of others beside them.
func (a *alteration) timescaleOptions(b *seriesBuilder) error {
	var others []*ast.Option
	for _, o := range a.cmd.Options {
		if !isTimescale(o) {
			others = append(others, o)
		} else if err := b.setTimescale(a.env, o); err != nil {
			return err
		}
	}
	if err := b.take(others); err != nil {
		return err
	}
	if len(b.given) > 0 {
		return pgerror.Unsupported("SET of parameters of timescaledb together with parameter %q", others[0].Name)
	}
	return retag(&seriesChange{ctx: a.ctx, env: a.env}, a.t)
}

// reset takes parameters back to their defaults.
func (b *seriesBuilder) reset(opts []*ast.Option) error {
	for _, o := range opts {
		switch {
		case o.Name == "retention":
			b.ts.Retention = 0
		case o.Name == "time_unit":
			if b.ts.Retention != 0 {
				return pgerror.New(pgerror.InvalidParameterValue, "parameter %q is needed by retention", o.Name)
			}
			b.ts.Unit = 0
		case o.Name == "on_duplicate":
			b.ts.OnDuplicate = catalog.DuplicateOverwrite
			if b.ts.Hypertable {
				b.ts.OnDuplicate = catalog.DuplicateError
			}
		case o.Name == "partition_interval":
			return pgerror.Unsupported("RESET of parameter %q: set the interval that new partitions are to have", o.Name)
		default:
			delete(b.t.Options, o.Name)
		}
	}
	return nil
}

// setSliceLength changes the length of slices to come of t, a copy of old. Slices that
// hold points stay: the change holds from the end of the last one on, and not before now.
func setSliceLength(ctx context.Context, env *Env, old, t *catalog.Table, length int64) error {
	ts := t.TimeSeries
	last := &ts.Slices[len(ts.Slices)-1]
	if last.Length == length {
		return nil
	}
	newest, found, err := newestPoint(ctx, env, old)
	if err != nil {
		return err
	}
	if !found { // no point lies anywhere
		ts.Slices = []catalog.SliceInterval{{From: math.MinInt64, Length: length}}
		return nil
	}
	if now, ok := clockIn(t, env.Exec().Functions.TxnStart.UnixNano()); ok {
		newest = max(newest, now)
	}
	_, from := ts.SliceAt(newest)
	switch {
	case from == math.MaxInt64:
		return pgerror.New(pgerror.ObjectNotInPrerequisiteState, "the partition interval cannot change: the last partition of table %q has a point", t.Name)
	case newest < last.From: // the interval before has not come to its end yet
		last.Length = length
	default:
		ts.Slices = append(slices.Clone(ts.Slices), catalog.SliceInterval{From: from, Length: length})
	}
	return nil
}

// newestPoint is the greatest time of a table.
func newestPoint(ctx context.Context, env *Env, t *catalog.Table) (at int64, found bool, err error) {
	col := t.Columns[t.TimeSeries.Time-1]
	stmt, err := parseQuery("SELECT max(" + catalog.QuoteIdent(col.Name) + ") FROM " + qualifiedName(env, t))
	if err != nil {
		return 0, false, err
	}
	err = env.Query(ctx, stmt, func(batch arrow.RecordBatch) error {
		if d := types.DatumAt(batch.Column(0), 0); !d.IsNull() {
			at, found = d.Int(), true
		}
		return nil
	})
	return at, found, err
}

// clockIn is a time, in nanoseconds since 1970, in the unit of a table's time column.
func clockIn(t *catalog.Table, nanos int64) (int64, bool) {
	const epochDays = 10957 // 1970-01-01 to 2000-01-01
	ts := t.TimeSeries
	switch t.Columns[ts.Time-1].Type.OID {
	case types.Date:
		return nanos/1000/types.MicrosPerDay - epochDays, true
	case types.Timestamp, types.Timestamptz:
		return nanos/1000 - epochDays*types.MicrosPerDay, true
	}
	if ts.Unit == 0 {
		return 0, false
	}
	return nanos / ts.Unit, true
}

// untag takes a column that is going to be dropped out of the tags of a time-series
// table, which copies the points. The unique keys that it is part of go first.
func (a *alteration) untag(num int16) error {
	ts := a.t.TimeSeries
	if ts == nil || !slices.Contains(ts.Tags, num) {
		return nil
	}
	inDimension := slices.ContainsFunc(ts.Dimensions, func(d catalog.SpaceDimension) bool { return d.Column == num })
	switch {
	case inDimension:
		return errPartitionColumn()
	case ts.Compression != nil && slices.Contains(ts.Compression.SegmentBy, num):
		return pgerror.New(pgerror.FeatureNotSupported, "cannot drop orderby or segmentby column from a hypertable with compression enabled")
	}
	var keys []catalog.ObjectRef
	for i := range a.t.Indexes {
		ix := &a.t.Indexes[i]
		switch {
		case !ix.Unique || !indexHas(ix, num):
		case ix.Constraint != 0:
			keys = append(keys, catalog.ObjectRef{Class: catalog.ObjectConstraint, ID: ix.Constraint})
		default:
			keys = append(keys, catalog.ObjectRef{Class: catalog.ObjectRelation, ID: ix.ID})
		}
	}
	if err := dropObjects(a.ctx, a.env, keys, a.cmd.Cascade); err != nil {
		return err
	}
	old := a.env.Editor.Snapshot().TableByID(a.t.ID)
	next := old.Clone()
	next.TimeSeries.Tags = slices.DeleteFunc(next.TimeSeries.Tags, func(n int16) bool { return n == num })
	return refill(a.ctx, a.env, old, next)
}

func errPartitionColumn() *pgerror.Error {
	return pgerror.New(pgerror.FeatureNotSupported, "cannot drop column named in partition key").
		WithDetail("Cannot drop column that is a hypertable partitioning (space or time) dimension.")
}

// checkSeriesColumns refuses to drop the time column and the tags of a time-series
// table that stays.
func checkSeriesColumns(snap *catalog.Snapshot, d *catalog.Drop) error {
	for _, ref := range d.Objects {
		if ref.Class != catalog.ObjectRelation || ref.Sub == 0 {
			continue
		}
		t := snap.TableByID(ref.ID)
		if t == nil || t.TimeSeries == nil || slices.Contains(d.Objects, catalog.ObjectRef{Class: ref.Class, ID: ref.ID}) {
			continue
		}
		name := t.Columns[ref.Sub-1].Name
		switch {
		case ref.Sub == t.TimeSeries.Time && t.TimeSeries.Hypertable:
			return errPartitionColumn()
		case ref.Sub == t.TimeSeries.Time:
			return pgerror.New(pgerror.InvalidTableDefinition, "cannot drop column %q: it is the time column of table %q", name, t.Name)
		case slices.Contains(t.TimeSeries.Tags, ref.Sub):
			return pgerror.Unsupported("dropping column %q, a tag of time-series table %q,", name, t.Name)
		}
	}
	return nil
}
