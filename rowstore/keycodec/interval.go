package keycodec

import "github.com/tidemarkdb/tidemark/sql/types"

// appendInterval appends an interval's length with months of 30 days and days
// of 24 hours, as PostgreSQL compares it: whole days, then the microseconds
// over. '1 month' and '30 days' have one key.
func appendInterval(dst []byte, d types.Datum) []byte {
	v := d.Interval()
	days, micros := types.SplitDay(v.Micros)
	days += int64(v.Months)*30 + int64(v.Days)
	return AppendInt(AppendInt(dst, days), micros)
}

// appendTimetz appends the point of time in UTC, then the zone (seconds west).
func appendTimetz(dst []byte, d types.Datum) []byte {
	micros, east := d.Timetz()
	return AppendInt(AppendInt(dst, micros-int64(east)*types.MicrosPerSecond), int64(-east))
}
