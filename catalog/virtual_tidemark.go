package catalog

import (
	"context"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// StoredSlice is a slice of a bucket of a time-series table as it lies in the store.
type StoredSlice struct {
	Bucket     int
	Start, End int64
	Bytes      int64 // about
}

// StoredSeriesRuntime is what the views tidemark.* ask the session for.
type StoredSeriesRuntime interface {
	StoredSlices(ctx context.Context, t *Table) ([]StoredSlice, error)
}

func init() {
	name, text, int4, int8 := OID(types.Name), OID(types.Text), OID(types.Int4), OID(types.Int8)
	addOwnView(8930, TidemarkSchemaOID, "slices", []viewColumn{
		{"table_schema", name}, {"table_name", name}, {"bucket", int4}, {"slice_start", text}, {"slice_end", text}, {"bytes", int8},
	}, sliceRows)
}

// sliceRows are the rows of tidemark.slices: of every time-series table the slices of
// each bucket that have data, deleted points included until they are packed away.
func sliceRows(v VirtualEnv, emit emitFunc) error {
	r, ok := v.Runtime.(StoredSeriesRuntime)
	if !ok {
		return nil
	}
	for _, t := range v.Snapshot.Tables() {
		if t.TimeSeries == nil {
			continue
		}
		slices, err := r.StoredSlices(v.Ctx, t)
		if err != nil {
			return err
		}
		typ := t.Columns[t.TimeSeries.Time-1].Type
		bound := func(n int64) types.Datum {
			return dText(string(types.AppendText(nil, typ, types.NewInt(typ.Phys(), n), types.DefaultIO())))
		}
		for _, s := range slices {
			err := emit([]types.Datum{
				dText(v.Snapshot.SchemaByID(t.Schema).Name), dText(t.Name), dInt4(s.Bucket), bound(s.Start), bound(s.End), dInt8(s.Bytes),
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
