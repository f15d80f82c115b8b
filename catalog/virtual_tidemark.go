package catalog

import "github.com/tidemarkdb/tidemark/sql/types"

// StoredSlice is a slice of a bucket of a time-series table as it lies in the store.
type StoredSlice struct {
	Bucket     int
	Start, End int64
	Bytes      int64 // about
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
	return eachSeriesTable(v, func(r StoredSeriesRuntime, t *Table, head []types.Datum) error {
		slices, err := r.StoredSlices(v.Ctx, t)
		if err != nil {
			return err
		}
		at := timeText(t)
		for _, s := range slices {
			if err := emit(append(head, dInt4(s.Bucket), at(s.Start), at(s.End), dInt8(s.Bytes))); err != nil {
				return err
			}
		}
		return nil
	})
}
