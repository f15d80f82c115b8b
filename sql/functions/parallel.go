package functions

import "strings"

// stableAnywhere are the stable functions that read nothing but their
// arguments, the statement's clock and its print settings: those that ask the
// session or the catalog belong to the session's goroutine.
var stableAnywhere = map[string]bool{}

func init() {
	for _, name := range []string{
		"age", "array_to_string", "concat", "concat_ws", "date", "date_part", "date_trunc", "extract", "format", "interval_pl_timestamptz",
		"make_timestamptz", "now", "overlaps", "quote_literal", "quote_nullable", "statement_timestamp", "time", "timestamp", "timestamptz",
		"timestamptz_mi_interval", "timestamptz_pl_interval", "timetz", "timezone", "to_char", "to_date", "to_number", "to_timestamp",
		"transaction_timestamp",
	} {
		stableAnywhere[name] = true
	}
	for _, pair := range []string{"date_%_timestamptz", "timestamp_%_timestamptz", "timestamptz_%_date", "timestamptz_%_timestamp"} {
		for _, op := range []string{"cmp", "eq", "ge", "gt", "le", "lt", "ne"} {
			stableAnywhere[strings.Replace(pair, "%", op, 1)] = true
		}
	}
}

// ParallelSafe reports whether calls of f may run in several goroutines at
// once, each with its own copy of the Context. Volatile functions may not, by
// their nature (nextval) or because their sequence of results means something
// (random after setseed).
func (f *Scalar) ParallelSafe() bool {
	if f.Routine {
		return false // the session's goroutine runs it
	}
	switch f.Volatility {
	case Volatile:
		return false
	case Stable:
		return stableAnywhere[f.Name]
	}
	return true
}
