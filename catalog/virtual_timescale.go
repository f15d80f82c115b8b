package catalog

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Slice is a slice of a time-series table that holds points: Start <= time < End in
// the unit of the time column.
type Slice struct {
	Start, End int64
	// Schema and Name are what TimescaleDB's clients see of it.
	Schema, Name string
}

// SeriesRuntime is what views over time-series tables ask the session for.
type SeriesRuntime interface {
	// SeriesSlices lists the slices that hold points in the order of time.
	SeriesSlices(ctx context.Context, t *Table) ([]Slice, error)
	// SeriesJob is the number of a table's retention or compression policy.
	SeriesJob(t *Table, compression bool) int32
}

// eachHypertable calls fn for every hypertable.
func eachHypertable(v VirtualEnv, fn func(t *Table, schema types.Datum) error) error {
	for _, t := range v.Snapshot.Tables() {
		if t.TimeSeries == nil || !t.TimeSeries.Hypertable {
			continue
		}
		if err := fn(t, dText(v.Snapshot.SchemaByID(t.Schema).Name)); err != nil {
			return err
		}
	}
	return nil
}

// slices asks the session; without one no table has any.
func (v VirtualEnv) slices(t *Table) ([]Slice, error) {
	if r, ok := v.Runtime.(SeriesRuntime); ok {
		return r.SeriesSlices(v.context(), t)
	}
	return nil, nil
}

func init() {
	name, text, boolean, int2, int4, int8 := OID(types.Name), OID(types.Text), OID(types.Bool), OID(types.Int2), OID(types.Int4), OID(types.Int8)
	tz, interval, regtype := OID(types.Timestamptz), OID(types.Interval), OID(types.Regtype)
	table := []viewColumn{{"hypertable_schema", name}, {"hypertable_name", name}}
	view := func(id OID, n string, cols []viewColumn, rows func(v VirtualEnv, emit emitFunc) error) {
		addOwnView(id, TimescaleInformationOID, n, cols, rows)
	}
	view(8920, "hypertables", append(table[:2:2], []viewColumn{
		{"owner", name},
		{"num_dimensions", int2},
		{"num_chunks", int8},
		{"compression_enabled", boolean},
		{"tablespaces", types.NameArray},
		{"primary_dimension", name},
		{"primary_dimension_type", regtype},
	}...), hypertableRows)
	view(8921, "chunks", append(table[:2:2], []viewColumn{
		{"chunk_schema", name},
		{"chunk_name", name},
		{"primary_dimension", name},
		{"primary_dimension_type", regtype},
		{"range_start", tz},
		{"range_end", tz},
		{"range_start_integer", int8},
		{"range_end_integer", int8},
		{"is_compressed", boolean},
		{"chunk_tablespace", name},
		{"chunk_creation_time", tz},
	}...), chunkRows)
	view(8922, "dimensions", append(table[:2:2], []viewColumn{
		{"dimension_number", int8},
		{"column_name", name},
		{"column_type", regtype},
		{"dimension_type", text},
		{"time_interval", interval},
		{"integer_interval", int8},
		{"integer_now_func", name},
		{"num_partitions", int2},
	}...), dimensionRows)
	view(8923, "jobs", []viewColumn{
		{"job_id", int4},
		{"application_name", name},
		{"schedule_interval", interval},
		{"max_runtime", interval},
		{"max_retries", int4},
		{"retry_period", interval},
		{"proc_schema", name},
		{"proc_name", name},
		{"owner", name},
		{"scheduled", boolean},
		{"fixed_schedule", boolean},
		{"config", types.JSONB},
		{"next_start", tz},
		{"initial_start", tz},
		{"hypertable_schema", name},
		{"hypertable_name", name},
		{"check_schema", name},
		{"check_name", name},
	}, jobRows)
	view(8924, "compression_settings", append(table[:2:2], []viewColumn{
		{"attname", name}, {"segmentby_column_index", int2}, {"orderby_column_index", int2}, {"orderby_asc", boolean}, {"orderby_nullsfirst", boolean},
	}...), compressionRows)
	none := func(VirtualEnv, emitFunc) error { return nil }
	view(8925, "job_stats", append(table[:2:2], []viewColumn{
		{"job_id", int4},
		{"last_run_started_at", tz},
		{"last_successful_finish", tz},
		{"last_run_status", text},
		{"job_status", text},
		{"last_run_duration", interval},
		{"next_start", tz},
		{"total_runs", int8},
		{"total_successes", int8},
		{"total_failures", int8},
	}...), none)
	// Policies have no runs that could fail: expired points disappear at once, packing is no job.
	view(8927, "job_errors", []viewColumn{
		{"job_id", int4},
		{"proc_schema", text},
		{"proc_name", text},
		{"pid", int4},
		{"start_time", tz},
		{"finish_time", tz},
		{"sqlerrcode", text},
		{"err_message", text},
	}, none)
	view(8928, "job_history", []viewColumn{
		{"id", int8},
		{"job_id", int4},
		{"succeeded", boolean},
		{"proc_schema", text},
		{"proc_name", text},
		{"pid", int4},
		{"start_time", tz},
		{"finish_time", tz},
		{"config", types.JSONB},
		{"sqlerrcode", text},
		{"err_message", text},
	}, none)
	view(8929, "hypertable_compression_settings", []viewColumn{
		{"hypertable", OID(types.Regclass)}, {"segmentby", text}, {"orderby", text}, {"compress_interval_length", text},
	}, compressionSettingRows)
	view(8938, "hypertable_columnstore_settings", []viewColumn{
		{"hypertable", OID(types.Regclass)}, {"segmentby", text}, {"orderby", text}, {"compress_interval_length", text},
	}, compressionSettingRows)
	ofChunk := []viewColumn{{"hypertable", OID(types.Regclass)}, {"chunk", text}, {"segmentby", text}, {"orderby", text}}
	view(8937, "chunk_compression_settings", ofChunk, chunkSettingRows)
	view(8939, "chunk_columnstore_settings", ofChunk, chunkSettingRows)
	view(8926, "continuous_aggregates", append(table[:2:2], []viewColumn{
		{"view_schema", name},
		{"view_name", name},
		{"view_owner", name},
		{"materialized_only", boolean},
		{"compression_enabled", boolean},
		{"materialization_hypertable_schema", name},
		{"materialization_hypertable_name", name},
		{"view_definition", text},
		{"finalized", boolean},
	}...), continuousRows)
}

func hypertableRows(v VirtualEnv, emit emitFunc) error {
	return eachHypertable(v, func(t *Table, schema types.Datum) error {
		ts := t.TimeSeries
		slices, err := v.slices(t)
		if err != nil {
			return err
		}
		owner := types.Null
		if r := v.Snapshot.RoleByID(t.Owner); r != nil {
			owner = dText(r.Name)
		}
		time := &t.Columns[ts.Time-1]
		return emit([]types.Datum{
			schema, dText(t.Name), owner, dInt2(1 + len(ts.Dimensions)), dInt8(int64(len(slices))), dBool(ts.Compression != nil), types.Null,
			dText(time.Name), dOid(time.Type.OID),
		})
	})
}

func chunkRows(v VirtualEnv, emit emitFunc) error {
	return eachHypertable(v, func(t *Table, schema types.Datum) error {
		slices, err := v.slices(t)
		if err != nil {
			return err
		}
		time := &t.Columns[t.TimeSeries.Time-1]
		for _, s := range slices {
			row := []types.Datum{
				schema, dText(t.Name), dText(s.Schema), dText(s.Name), dText(time.Name), dOid(time.Type.OID),
				types.Null, types.Null, types.Null, types.Null, dBool(true), types.Null, types.Null,
			}
			if scale := timestampScale(time.Type.OID); scale != 0 {
				row[6], row[7] = timestampOf(s.Start, scale), timestampOf(s.End, scale)
			} else {
				row[8], row[9] = dInt8(s.Start), dInt8(s.End)
			}
			if err := emit(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// timestampScale is the microseconds that 1 stands for in a time column of a type, 0
// for integers.
func timestampScale(oid OID) int64 {
	switch oid {
	case types.Date:
		return types.MicrosPerDay
	case types.Timestamp, types.Timestamptz:
		return 1
	}
	return 0
}

// timestampOf is a bound of a slice as a timestamptz, infinite at the ends of time.
func timestampOf(v, scale int64) types.Datum {
	switch {
	case v == math.MaxInt64 || v > math.MaxInt64/scale:
		return dInt8(types.TimestampInfinity)
	case v == math.MinInt64 || v < math.MinInt64/scale:
		return dInt8(types.TimestampNegInfinity)
	}
	return dInt8(v * scale)
}

// spanDatum is a length as an interval, or as a number of a column of integers.
func spanDatum(oid OID, n int64) (interval, integer types.Datum) {
	if scale := timestampScale(oid); scale != 0 {
		return SpanInterval(n * scale).Datum(), types.Null
	}
	return types.Null, dInt8(n)
}

func dimensionRows(v VirtualEnv, emit emitFunc) error {
	return eachHypertable(v, func(t *Table, schema types.Datum) error {
		ts := t.TimeSeries
		dims := append([]SpaceDimension{{Column: ts.Time, Interval: ts.Slices[len(ts.Slices)-1].Length}}, ts.Dimensions...)
		for i, d := range dims {
			col := &t.Columns[d.Column-1]
			row := []types.Datum{
				schema, dText(t.Name), dInt8(int64(i + 1)), dText(col.Name), dOid(col.Type.OID), dText("Time"), types.Null, types.Null, types.Null, types.Null,
			}
			if d.Partitions > 0 {
				row[5], row[9] = dText("Space"), dInt2(d.Partitions)
			} else {
				row[6], row[7] = spanDatum(col.Type.OID, d.Interval)
			}
			if err := emit(row); err != nil {
				return err
			}
		}
		return nil
	})
}

func jobRows(v VirtualEnv, emit emitFunc) error {
	r, ok := v.Runtime.(SeriesRuntime)
	if !ok {
		return nil
	}
	return eachHypertable(v, func(t *Table, schema types.Datum) error {
		owner := types.Null
		if r := v.Snapshot.RoleByID(t.Owner); r != nil {
			owner = dText(r.Name)
		}
		job := func(compression bool, title, proc, param string, after int64) error {
			id := r.SeriesJob(t, compression)
			setting := t.SpanText(after)
			if timestampScale(t.Columns[t.TimeSeries.Time-1].Type.OID) != 0 {
				setting = `"` + setting + `"`
			}
			config := fmt.Sprintf(`{"%s": %s, "hypertable_id": %d}`, param, setting, int32(t.ID))
			return emit([]types.Datum{
				dInt4(int(id)), dText(fmt.Sprintf("%s Policy [%d]", title, id)), types.Null, types.Null, dInt4(-1), types.Null,
				dText("_timescaledb_functions"), dText(proc), owner, dBool(true), dBool(false), parsed(types.JSONB, config),
				types.Null, types.Null, schema, dText(t.Name), types.Null, types.Null,
			})
		}
		if n := t.TimeSeries.Retention; n != 0 {
			if err := job(false, "Retention", "policy_retention", "drop_after", n); err != nil {
				return err
			}
		}
		if c := t.TimeSeries.Compression; c != nil && c.After != 0 {
			return job(true, "Columnstore", "policy_compression", "compress_after", c.After)
		}
		return nil
	})
}

func compressionRows(v VirtualEnv, emit emitFunc) error {
	return eachHypertable(v, func(t *Table, schema types.Datum) error {
		c := t.TimeSeries.Compression
		if c == nil {
			return nil
		}
		row := func(column string, segment, order, asc, nullsFirst types.Datum) error {
			return emit([]types.Datum{schema, dText(t.Name), dText(column), segment, order, asc, nullsFirst})
		}
		for i, n := range c.SegmentBy {
			if err := row(t.Columns[n-1].Name, dInt2(i+1), types.Null, types.Null, types.Null); err != nil {
				return err
			}
		}
		for i, part := range strings.Split(c.OrderBy, ",") {
			words := strings.Fields(part)
			if len(words) == 0 {
				continue
			}
			upper := strings.ToUpper(part)
			desc := strings.Contains(upper, " DESC")
			nulls := desc && !strings.Contains(upper, "NULLS LAST") || strings.Contains(upper, "NULLS FIRST")
			if err := row(strings.Trim(words[0], `"`), types.Null, dInt2(i+1), dBool(!desc), dBool(nulls)); err != nil {
				return err
			}
		}
		return nil
	})
}

// compressionSettingRows are the settings of compressionRows as they were said.
func compressionSettingRows(v VirtualEnv, emit emitFunc) error {
	return eachHypertable(v, func(t *Table, _ types.Datum) error {
		c := t.TimeSeries.Compression
		if c == nil {
			return nil
		}
		return emit([]types.Datum{dOid(OID(t.ID)), segmentBy(t), dNullText(c.OrderBy), types.Null})
	})
}

// segmentBy lists the columns of compress_segmentby.
func segmentBy(t *Table) types.Datum {
	var names []string
	for _, n := range t.TimeSeries.Compression.SegmentBy {
		names = append(names, t.Columns[n-1].Name)
	}
	return dNullText(strings.Join(names, ","))
}

// chunkSettingRows are those settings for each chunk. A chunk is no relation here: its
// name stands in the place of a regclass.
func chunkSettingRows(v VirtualEnv, emit emitFunc) error {
	return eachHypertable(v, func(t *Table, _ types.Datum) error {
		c := t.TimeSeries.Compression
		if c == nil {
			return nil
		}
		slices, err := v.slices(t)
		if err != nil {
			return err
		}
		for _, s := range slices {
			if err := emit([]types.Datum{dOid(OID(t.ID)), dText(s.Schema + "." + s.Name), segmentBy(t), dNullText(c.OrderBy)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// continuousRows lists the continuous aggregates, which are views with a mark.
func continuousRows(v VirtualEnv, emit emitFunc) error {
	for _, t := range v.Snapshot.Tables() {
		if t.Kind != KindView || t.Options["continuous"] != "true" {
			continue
		}
		owner := types.Null
		if r := v.Snapshot.RoleByID(t.Owner); r != nil {
			owner = dText(r.Name)
		}
		of := []types.Datum{types.Null, types.Null}
		for _, id := range t.View.DependsOn {
			if h := v.Snapshot.TableByID(id); h != nil && h.TimeSeries != nil {
				of = []types.Datum{dText(v.Snapshot.SchemaByID(h.Schema).Name), dText(h.Name)}
			}
		}
		err := emit(append(of, dText(v.Snapshot.SchemaByID(t.Schema).Name), dText(t.Name), owner, dBool(false), dBool(false), types.Null, types.Null,
			dText(" "+t.View.Query+";"), dBool(true)))
		if err != nil {
			return err
		}
	}
	return nil
}
