package catalog

import (
	"encoding/base64"
	"encoding/json"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// TableStats is what ANALYZE knows of a table. Fields that an older build did
// not write read as zero, which means unknown.
type TableStats struct {
	Rows    float64
	Columns map[int16]*ColumnStats
	// Bytes is the table's size in the store when it was analyzed.
	Bytes int64 `json:",omitempty"`
	// Sampled is how many rows were looked at.
	Sampled int64 `json:",omitempty"`
}

// ColumnStats is what ANALYZE knows of a column, as a row of pg_statistic.
// Frequencies are parts of all rows, NULLs included.
type ColumnStats struct {
	NullFraction float64
	Width        int32
	Distinct     float64 // > 0 a count, < 0 minus a fraction of the rows (pg_stats.n_distinct)
	// Common are the most common values, the most common one first, and
	// Frequencies their parts of the rows.
	Common      StatValues `json:",omitempty"`
	Frequencies []float64  `json:",omitempty"`
	// Bounds divide the rows whose value is neither NULL nor in Common into
	// groups of about equal size; the first is the least value, the last the greatest.
	Bounds StatValues `json:",omitempty"`
	// Correlation of the values' order with the order of the rows in the
	// store, from -1 to 1; nil if the type has no order.
	Correlation *float64 `json:",omitempty"`
}

// DistinctCount is the number of distinct values in a table of rows rows.
func (c *ColumnStats) DistinctCount(rows float64) float64 {
	if c.Distinct < 0 {
		return -c.Distinct * rows
	}
	return c.Distinct
}

// StatValues are values of one column.
type StatValues []types.Datum

// statValuesRecord is the stored form of StatValues, in columns: text need not
// be UTF-8, so it is base64.
type statValuesRecord struct {
	Phys  types.Phys
	Ints  []int64  `json:",omitempty"`
	Bytes []string `json:",omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (v StatValues) MarshalJSON() ([]byte, error) {
	var r statValuesRecord
	for _, d := range v {
		r.Phys = d.P
		if d.P == types.PhysString || d.P == types.PhysBinary {
			r.Bytes = append(r.Bytes, base64.StdEncoding.EncodeToString(d.Bytes()))
		} else {
			r.Ints = append(r.Ints, d.I)
		}
	}
	return json.Marshal(r)
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *StatValues) UnmarshalJSON(b []byte) error {
	var r statValuesRecord
	if err := json.Unmarshal(b, &r); err != nil {
		return err
	}
	out := make(StatValues, 0, len(r.Ints)+len(r.Bytes))
	for _, i := range r.Ints {
		out = append(out, types.Datum{P: r.Phys, I: i})
	}
	for _, text := range r.Bytes {
		s, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return err
		}
		out = append(out, types.Datum{P: r.Phys, S: string(s)})
	}
	*v = out
	return nil
}
