package catalog

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// OptionRowIDShards is the storage parameter of tables without a primary key that
// says over how many parts of the key space new rows are spread.
const OptionRowIDShards = "row_id_shards"

// MaxRowIDShards bounds OptionRowIDShards, which is a power of two.
const MaxRowIDShards = 256

// StorageOptions are a relation's storage parameters as pg_class.reloptions and
// pg_dump show them: those it was given and, of a time-series table, those that
// would make its layout again. Column names and intervals stand as they are now.
func (t *Table) StorageOptions() map[string]string {
	ts := t.TimeSeries
	if ts == nil {
		return t.Options
	}
	out := maps.Clone(t.Options)
	if out == nil {
		out = map[string]string{}
	}
	out["time"] = QuoteIdent(t.Columns[ts.Time-1].Name)
	if len(ts.Tags) > 0 {
		out["tags"] = t.columnList(ts.Tags)
	}
	out["partition_interval"] = t.SpanText(ts.Slices[len(ts.Slices)-1].Length)
	if ts.Retention != 0 {
		out["retention"] = t.SpanText(ts.Retention)
	}
	out["hash_buckets"] = strconv.Itoa(ts.Buckets)
	out["on_duplicate"] = ts.OnDuplicate.String()
	if ts.Unit != 0 {
		out["time_unit"] = timeUnitName(ts.Unit)
	}
	if ts.Hypertable {
		out["hypertable"] = "true"
	}
	if len(ts.Dimensions) > 0 {
		out["dimensions"] = t.dimensionsText()
	}
	if c := ts.Compression; c != nil {
		out["compress_segmentby"], out["compress_orderby"] = t.columnList(c.SegmentBy), c.OrderBy
		if c.After != 0 {
			out["compress_after"] = t.SpanText(c.After)
		}
	}
	return out
}

func (t *Table) columnList(nums []int16) string {
	var names []string
	for _, n := range nums {
		names = append(names, QuoteIdent(t.Columns[n-1].Name))
	}
	return strings.Join(names, ",")
}

// dimensionsText lists the space dimensions: column/partitions for hashes,
// column:interval for ranges.
func (t *Table) dimensionsText() string {
	var out []string
	for _, d := range t.TimeSeries.Dimensions {
		name := QuoteIdent(t.Columns[d.Column-1].Name)
		if d.Partitions > 0 {
			out = append(out, name+"/"+strconv.Itoa(d.Partitions))
		} else {
			out = append(out, name+":"+strconv.FormatInt(d.Interval, 10))
		}
	}
	return strings.Join(out, ",")
}

// SpanText prints a length of time of a time-series table, which is in the time
// column's unit: an interval, or a number for integers.
func (t *Table) SpanText(n int64) string {
	switch t.Columns[t.TimeSeries.Time-1].Type.OID {
	case types.Date:
		return string(types.IntervalValue{Days: int32(n)}.AppendText(nil, "postgres"))
	case types.Timestamp, types.Timestamptz:
		return string(SpanInterval(n).AppendText(nil, "postgres"))
	}
	return strconv.FormatInt(n, 10)
}

// SpanInterval is a length in microseconds as an interval of days and time.
func SpanInterval(micros int64) types.IntervalValue {
	return types.IntervalValue{Days: int32(micros / types.MicrosPerDay), Micros: micros % types.MicrosPerDay}
}

// TimeUnits are the units that an integer time column may count in, in nanoseconds.
var TimeUnits = map[string]int64{"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}

func timeUnitName(unit int64) string {
	for name, n := range TimeUnits {
		if n == unit {
			return name
		}
	}
	return strconv.FormatInt(unit, 10) + "ns"
}

// String is the policy as the option on_duplicate has it.
func (p DuplicatePolicy) String() string {
	switch p {
	case DuplicateOverwrite:
		return "overwrite"
	case DuplicateKeep:
		return "keep"
	}
	return "error"
}

func (ts *TimeSeries) clone() *TimeSeries {
	if ts == nil {
		return nil
	}
	c := *ts
	c.Tags, c.Slices, c.Dimensions = slices.Clone(ts.Tags), slices.Clone(ts.Slices), slices.Clone(ts.Dimensions)
	if ts.Compression != nil {
		comp := *ts.Compression
		c.Compression = &comp
	}
	return &c
}

// SliceAt is the slice that a time falls into: start <= at < end. Slices of an
// interval are aligned to time 0; where a newer interval begins, the last slice of
// the one before ends.
func (ts *TimeSeries) SliceAt(at int64) (start, end int64) {
	i := len(ts.Slices) - 1
	for i > 0 && at < ts.Slices[i].From {
		i--
	}
	s := ts.Slices[i]
	rest := at % s.Length
	if rest < 0 {
		rest += s.Length
	}
	start, end = math.MinInt64, math.MaxInt64
	if at >= math.MinInt64+rest {
		start = at - rest
	}
	if left := s.Length - rest; at <= math.MaxInt64-left {
		end = at + left
	}
	if i+1 < len(ts.Slices) {
		end = min(end, ts.Slices[i+1].From)
	}
	return max(start, s.From), end
}
