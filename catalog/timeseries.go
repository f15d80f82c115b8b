package catalog

import (
	"time"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// AccessTimeSeries is the access method (Table.Access, pg_am) of time-series
// tables: CREATE TABLE ... USING timeseries, create_hypertable and their kin.
const AccessTimeSeries = "timeseries"

// TimeSeries says how a time-series table lies in the store: rows with equal
// tags are a series, series are spread over buckets, and time is cut into
// slices. The layout never changes an answer.
type TimeSeries struct {
	// Time is the attnum of the time column: date, timestamp, timestamptz or an
	// integer.
	Time int16
	// Tags are the attnums of the columns that name a series, possibly none.
	Tags []int16 `json:",omitempty"`
	// Slices are the lengths of time slices, the newest last. A changed interval
	// applies to slices that begin later, so that old ones stay where they are.
	Slices []SliceInterval
	// Retention is how long points stay visible, 0 for ever; in the time
	// column's unit.
	Retention int64 `json:",omitempty"`
	// Unit is the nanoseconds that 1 stands for in an integer time column that
	// counts from 1970; 0 when that is not known, then there is no retention.
	Unit int64 `json:",omitempty"`
	// Buckets is over how many parts the series are spread, at least 1; it is
	// fixed when the table gets its storage.
	Buckets int
	// MarksNulls: the lowest bit of a series' id says whether one of its tags is
	// NULL. It is so for tables that got their storage since the bit is known.
	MarksNulls bool `json:",omitempty"`
	// OnDuplicate is what INSERT does with a point whose unique key exists.
	OnDuplicate DuplicatePolicy `json:",omitempty"`
	// Hypertable: the table was made by create_hypertable, and the views of
	// timescaledb_information list it.
	Hypertable bool `json:",omitempty"`
	// Dimensions are the space dimensions that a hypertable was given.
	Dimensions []SpaceDimension `json:",omitempty"`
	// Compression is what clients of TimescaleDB asked for; points are packed
	// whatever it says.
	Compression *SeriesCompression `json:",omitempty"`
	// Dictionary and the like are storage parameters in Table.Options.
}

// SliceInterval is the length of slices from a time on. Its numbers are in the
// time column's unit: days for date, microseconds since 2000-01-01 for
// timestamps (as Datums hold them), the number itself for integers.
type SliceInterval struct {
	From   int64 // the first time it holds for; math.MinInt64 for the first entry
	Length int64 // > 0
}

// SpaceDimension is a further dimension of a hypertable (add_dimension).
type SpaceDimension struct {
	Column     int16
	Partitions int   `json:",omitempty"` // by hash
	Interval   int64 `json:",omitempty"` // by range
}

// SeriesCompression holds the compression settings of a hypertable.
type SeriesCompression struct {
	SegmentBy []int16 `json:",omitempty"`
	OrderBy   string  `json:",omitempty"` // as written
	// After is add_compression_policy's compress_after in the time column's unit, 0 without a policy.
	After int64 `json:",omitempty"`
}

// DuplicatePolicy is what happens to a second point with the same unique key.
type DuplicatePolicy byte

// DefaultBuckets is TimeSeries.Buckets if nobody says otherwise. Each bucket that
// a batch of points touches costs a write, each parallel scan wants several.
const DefaultBuckets = 4

// MaxBuckets bounds TimeSeries.Buckets.
const MaxBuckets = 1024

// The policies. Without a unique key all points are kept whatever the policy.
const (
	DuplicateError     DuplicatePolicy = 0   // 23505, as row tables do
	DuplicateOverwrite DuplicatePolicy = 'o' // the new point replaces the old one
	DuplicateKeep      DuplicatePolicy = 'k' // the old point stays
)

// Now is a moment as the time column counts; ok is false if that is not known.
func (ts *TimeSeries) Now(column types.Type, now time.Time) (v int64, ok bool) {
	switch column.OID {
	case types.Date:
		return floorDiv(now.Unix(), 86400) - epochDays, true
	case types.Timestamp, types.Timestamptz:
		return now.UnixMicro() - epochDays*86400*1e6, true
	}
	if ts.Unit <= 0 {
		return 0, false
	}
	return floorDiv(now.UnixNano(), ts.Unit), true
}

// epochDays is PostgreSQL's epoch, 2000-01-01, in days since 1970.
const epochDays = 10957

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
