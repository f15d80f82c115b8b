package ddl

import (
	"context"
	"math"
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// rewritePoints copies old's points into new storage laid out as t says, in the
// transaction. exprs compute t's columns from old's.
//
//  1. A time column with another type has its intervals in another unit.
//  2. Points that would get one unique key are 23505.
//  3. The points are copied.
func rewritePoints(ctx context.Context, env *Env, old, t *catalog.Table, exprs []expr.Expr) error {
	if err := convertTime(old, t); err != nil {
		return err
	}
	text := make([]string, len(exprs))
	for i, e := range exprs {
		if e != nil { // with a cast, as implicit ones are not written
			typ := catalog.FormatType(env.Editor.Snapshot(), []string{"pg_catalog"}, t.Columns[i].Type)
			text[i] = "(" + deparse(env, e, old) + ")::" + typ
		}
	}
	for i := range t.Indexes {
		if ix := &t.Indexes[i]; ix.Unique && keyChanges(ix, exprs) {
			if err := checkUniquePoints(ctx, env, t, ix, text); err != nil {
				return err
			}
		}
	}
	var err error
	if t.Storage, err = env.Editor.NewStorage(); err != nil {
		return err
	}
	t.TimeSeries.MarksNulls = true
	if err := env.Editor.UpdateTable(t); err != nil {
		return err
	}
	now := env.Editor.Snapshot().TableByID(t.ID)
	if err := env.Editor.Protect(ctx, catalog.StorageSpan(now.Storage)); err != nil {
		return err
	}
	return executor.RewritePoints(ctx, env.Exec(), old, now, exprs)
}

// keyChanges reports whether a column of a key is computed anew.
func keyChanges(ix *catalog.Index, exprs []expr.Expr) bool {
	return slices.ContainsFunc(ix.Columns, func(c catalog.IndexColumn) bool {
		o, ok := exprs[c.Num-1].(*expr.Ordinal)
		return !ok || o.Index != int(c.Num)-1
	})
}

// convertTime counts the intervals of t, a copy of old, in the unit of a time column
// whose type changes. The copy has slices of the newest length only.
func convertTime(old, t *catalog.Table) error {
	ts := t.TimeSeries
	col := &t.Columns[ts.Time-1]
	from, to := old.Columns[ts.Time-1].Type.OID, col.Type.OID
	if from == to {
		return nil
	}
	if !isTimeType(to) {
		return notTimeType(col)
	}
	for _, d := range ts.Dimensions {
		if d.Partitions > 0 && d.Column == ts.Time {
			return pgerror.New(pgerror.FeatureNotSupported, "cannot change the type of a hash-partitioned column")
		}
	}
	if isIntegerType(from) != isIntegerType(to) {
		return pgerror.Unsupported("changing time column %q from %s to %s", col.Name, types.Format(old.Columns[ts.Time-1].Type), types.Format(col.Type))
	}
	lengths := []*int64{&ts.Retention}
	if c := ts.Compression; c != nil {
		lengths = append(lengths, &c.After)
	}
	ts.Slices = []catalog.SliceInterval{{From: math.MinInt64, Length: ts.Slices[len(ts.Slices)-1].Length}}
	lengths = append(lengths, &ts.Slices[0].Length)
	for _, n := range lengths {
		switch {
		case from == types.Date:
			*n *= types.MicrosPerDay
		case to == types.Date && *n%types.MicrosPerDay != 0:
			return pgerror.New(pgerror.InvalidParameterValue, "partition_interval must be a multiple of what column %q can tell apart", col.Name)
		case to == types.Date:
			*n /= types.MicrosPerDay
		}
	}
	return nil
}

// notTimeType is the error for a time column of a type that is no time.
func notTimeType(col *catalog.Column) *pgerror.Error {
	return pgerror.New(pgerror.DatatypeMismatch, "column %q of type %s cannot be the time column", col.Name, types.Format(col.Type)).
		WithHint("Use date, timestamp, timestamptz or an integer type.")
}
