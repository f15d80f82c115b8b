package functions

import (
	"time"

	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = define("now() transaction_timestamp()", "When the transaction started.",
		fn0(func(c *Context) (int64, error) { return types.TimestampFromTime(c.TxnStart), nil }), ex("pg_typeof(now())", "timestamp with time zone"))
	_ = define("statement_timestamp()", "When the statement started.",
		fn0(func(c *Context) (int64, error) { return types.TimestampFromTime(c.StatementStart), nil }), ex("statement_timestamp() IS NOT NULL", "t"))
	_ = define("clock_timestamp()", "The time of the clock, also within a statement.",
		fn0(func(c *Context) (int64, error) { return types.TimestampFromTime(clock(c)), nil }), ex("clock_timestamp() IS NOT NULL", "t"))
	_ = define("timeofday()", "The time of the clock as text.",
		fn0(func(c *Context) (string, error) {
			loc := c.IO.TimeZone
			if loc == nil {
				loc = time.UTC
			}
			return clock(c).In(loc).Format("Mon Jan 02 15:04:05.000000 2006 MST"), nil
		}), ex("timeofday() IS NOT NULL", "t"))
)

func clock(c *Context) time.Time {
	if c.Clock != nil {
		return c.Clock()
	}
	return time.Now()
}
