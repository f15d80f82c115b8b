package catalog

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// StoredSeries is a series of a time-series table.
type StoredSeries struct {
	ID     int64
	Bucket int
	Tags   []types.Datum // by TimeSeries.Tags
}

// StoredBlock is a delta or a packed block of a time-series table.
type StoredBlock struct {
	Bucket          int
	Slice           int64
	Delta, Range    bool // a range delete is a delta without rows
	Run, Block      int64
	Rows            int64
	First, Last     int64 // time
	Bytes, RawBytes int64
	Columns         []int16
	Encodings       []string // of Columns
}

// StoredSeriesRuntime is what the views tidemark.* ask the session for. What fn gets is
// the session's again when it returns.
type StoredSeriesRuntime interface {
	StoredSlices(ctx context.Context, t *Table) ([]StoredSlice, error)
	EachSeries(ctx context.Context, t *Table, fn func(*StoredSeries) error) error
	EachBlock(ctx context.Context, t *Table, fn func(*StoredBlock) error) error
}

func init() {
	name, text, int4, int8, jsonb := OID(types.Name), OID(types.Text), OID(types.Int4), OID(types.Int8), OID(types.JSONB)
	table := []viewColumn{{"table_schema", name}, {"table_name", name}}
	addOwnView(8931, TidemarkSchemaOID, "series", append(table[:2:2], []viewColumn{
		{"series", int8}, {"bucket", int4}, {"tags", jsonb},
	}...), seriesRows)
	addOwnView(8932, TidemarkSchemaOID, "tag_values", append(table[:2:2], []viewColumn{
		{"tag", name}, {"value", text}, {"series", int8},
	}...), tagValueRows)
	addOwnView(8933, TidemarkSchemaOID, "blocks", append(table[:2:2], []viewColumn{
		{"bucket", int4},
		{"slice_start", text},
		{"kind", text},
		{"run", int8},
		{"block", int4},
		{"rows", int8},
		{"first_time", text},
		{"last_time", text},
		{"bytes", int8},
		{"raw_bytes", int8},
		{"ratio", types.Float8},
		{"encodings", jsonb},
	}...), blockRows)
}

// eachSeriesTable calls fn for the time-series tables; head are the columns that name one.
func eachSeriesTable(v VirtualEnv, fn func(r StoredSeriesRuntime, t *Table, head []types.Datum) error) error {
	r, ok := v.Runtime.(StoredSeriesRuntime)
	if !ok {
		return nil
	}
	for _, t := range v.Snapshot.Tables() {
		if t.TimeSeries == nil {
			continue
		}
		head := []types.Datum{dText(v.Snapshot.SchemaByID(t.Schema).Name), dText(t.Name)}
		if err := fn(r, t, head[:2:2]); err != nil {
			return err
		}
	}
	return nil
}

func datumText(t types.Type, d types.Datum) string {
	return string(types.AppendText(nil, t, d, types.DefaultIO()))
}

// timeText prints times of a table.
func timeText(t *Table) func(int64) types.Datum {
	typ := t.Columns[t.TimeSeries.Time-1].Type
	return func(n int64) types.Datum { return dText(datumText(typ, types.NewInt(typ.Phys(), n))) }
}

// seriesRows are the rows of tidemark.series: what was ever written, as records of series
// are not deleted with their points.
func seriesRows(v VirtualEnv, emit emitFunc) error {
	return eachSeriesTable(v, func(r StoredSeriesRuntime, t *Table, head []types.Datum) error {
		return r.EachSeries(v.Ctx, t, func(s *StoredSeries) error {
			tags, err := tagsJSON(t, s.Tags)
			if err != nil {
				return err
			}
			return emit(append(head, dInt8(s.ID), dInt4(s.Bucket), tags))
		})
	})
}

// tagsJSON is an object of the tags: numbers and booleans as such, all else as text.
func tagsJSON(t *Table, tags []types.Datum) (types.Datum, error) {
	b := []byte{'{'}
	for i, num := range t.TimeSeries.Tags {
		if i > 0 {
			b = append(b, ',')
		}
		c := &t.Columns[num-1]
		b = append(types.AppendJSONString(b, c.Name), ':')
		switch {
		case tags[i].IsNull():
			b = append(b, "null"...)
		case c.Type.OID == types.Bool:
			if b = append(b, "false"...); tags[i].Bool() {
				b = append(b[:len(b)-5], "true"...)
			}
		case c.Type.OID == types.Int2 || c.Type.OID == types.Int4 || c.Type.OID == types.Int8:
			b = append(b, datumText(c.Type, tags[i])...)
		default:
			b = types.AppendJSONString(b, datumText(c.Type, tags[i]))
		}
	}
	return types.Parse(types.Of(types.JSONB), string(append(b, '}')), types.DefaultIO())
}

// tagValueRows are the rows of tidemark.tag_values: each value of each tag, with how many
// series have it; sorted.
func tagValueRows(v VirtualEnv, emit emitFunc) error {
	return eachSeriesTable(v, func(r StoredSeriesRuntime, t *Table, head []types.Datum) error {
		counts := make([]map[types.Datum]int64, len(t.TimeSeries.Tags))
		for i := range counts {
			counts[i] = map[types.Datum]int64{}
		}
		err := r.EachSeries(v.Ctx, t, func(s *StoredSeries) error {
			for i, d := range s.Tags {
				counts[i][d]++
			}
			return nil
		})
		if err != nil {
			return err
		}
		for i, num := range t.TimeSeries.Tags {
			c := &t.Columns[num-1]
			values := make([]types.Datum, 0, len(counts[i]))
			for d := range counts[i] {
				values = append(values, d)
			}
			slices.SortFunc(values, func(a, b types.Datum) int {
				if a.IsNull() || b.IsNull() {
					return cmp.Compare(a.P, b.P)
				}
				return types.Compare(c.Type, a, b)
			})
			for _, d := range values {
				value := types.Null
				if !d.IsNull() {
					value = dText(datumText(c.Type, d))
				}
				if err := emit(append(head, dText(c.Name), value, dInt8(counts[i][d]))); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// blockRows are the rows of tidemark.blocks. It reads all that is stored.
func blockRows(v VirtualEnv, emit emitFunc) error {
	return eachSeriesTable(v, func(r StoredSeriesRuntime, t *Table, head []types.Datum) error {
		at := timeText(t)
		return r.EachBlock(v.Ctx, t, func(s *StoredBlock) error {
			kind, run, block := dText("block"), dInt8(s.Run), dInt4(int(s.Block))
			if s.Delta {
				kind, run, block = dText("delta"), types.Null, types.Null
			}
			if s.Range {
				kind = dText("range delete")
			}
			encodings, err := encodingsJSON(t, s)
			if err != nil {
				return err
			}
			return emit(append(head, dInt4(s.Bucket), at(s.Slice), kind, run, block, dInt8(s.Rows), at(s.First), at(s.Last),
				dInt8(s.Bytes), dInt8(s.RawBytes), types.NewFloat64(float64(s.RawBytes)/float64(s.Bytes)), encodings))
		})
	})
}

// encodingsJSON is an object of how the columns of a block are encoded.
func encodingsJSON(t *Table, s *StoredBlock) (types.Datum, error) {
	var fields []string
	for i, num := range s.Columns {
		if int(num) > len(t.Columns) || t.Columns[num-1].Dropped {
			continue
		}
		b := append(types.AppendJSONString(nil, t.Columns[num-1].Name), ':')
		fields = append(fields, string(types.AppendJSONString(b, s.Encodings[i])))
	}
	return types.Parse(types.Of(types.JSONB), "{"+strings.Join(fields, ",")+"}", types.DefaultIO())
}
