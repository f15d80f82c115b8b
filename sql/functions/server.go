package functions

import (
	"time"

	"github.com/tidemarkdb/tidemark/sql/types"
)

func serverTime(name string, f func(s ServerSession) time.Time) body {
	return fn0(func(c *Context) (int64, error) {
		s, err := asSession[ServerSession](c, name)
		if err != nil {
			return 0, err
		}
		return types.TimestampFromTime(f(s)), nil
	})
}

func signalBackend(name string, f func(s ServerSession, pid int32) (bool, error)) body {
	return evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		s, err := asSession[ServerSession](c, name)
		if err != nil {
			return types.Null, err
		}
		return datumOr(f(s, int32(args[0].I)))
	})
}

var (
	_ = define("pg_postmaster_start_time()", "When the server was started.",
		serverTime("pg_postmaster_start_time", ServerSession.StartTime), ex("pg_postmaster_start_time() IS NOT NULL", "t"))
	_ = define("pg_conf_load_time()", "When the configuration was last read.",
		serverTime("pg_conf_load_time", ServerSession.ReloadTime), ex("pg_conf_load_time() IS NOT NULL", "t"))
	_ = define("pg_cancel_backend(int4)", "Cancels the statement that another session runs.",
		signalBackend("pg_cancel_backend", ServerSession.CancelBackend), ex("pg_cancel_backend(NULL)", "NULL"))
	_ = define("pg_terminate_backend(int4,int8)", "Ends another session; the time to wait for its end is not used.",
		signalBackend("pg_terminate_backend", ServerSession.TerminateBackend), ex("pg_terminate_backend(NULL)", "NULL"))
	_ = define("pg_is_in_recovery()", "Says whether the server only follows another one.",
		always(types.NewBool(false)), ex("pg_is_in_recovery()", "f"))
	_ = define("pg_stat_get_numscans(oid)", "How often a table or index was scanned; not counted.",
		always(types.NewInt8(0)), ex("pg_stat_get_numscans(0)", "0"))
	_ = define("pg_trigger_depth()", "How deep in triggers the statement runs.",
		always(types.NewInt4(0)), ex("pg_trigger_depth()", "0"))
	_ = define("pg_my_temp_schema()", "The number of the session's schema for temporary tables, 0 if there is none.",
		always(types.NewOid(0)), ex("pg_my_temp_schema()", "0"))
	_ = define("pg_is_other_temp_schema(oid)", "Says whether a schema is for another session's temporary tables.",
		always(types.NewBool(false)), ex("pg_is_other_temp_schema(11)", "f"))
	_ = define("row_security_active(oid)", "Says whether row security is in force for a table.",
		always(types.NewBool(false)), ex("row_security_active(1259)", "f"))
	_ = define("pg_tablespace_location(oid)", "The directory of a tablespace; empty for the built-in ones.",
		always(types.NewString("")), ex("pg_tablespace_location(1663)", ""))
)

// sleep waits, at most until the statement is cancelled.
func sleep(c *Context, d time.Duration) (types.Datum, error) {
	if d <= 0 {
		return void, nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return void, nil
	case <-c.Ctx.Done():
		return types.Null, c.Ctx.Err()
	}
}

var (
	_ = define("pg_sleep(float8)", "Waits a number of seconds.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			secs := args[0].Float64()
			if secs > 1e9 {
				secs = 1e9
			}
			return sleep(c, time.Duration(secs*float64(time.Second)))
		}), ex("pg_sleep(0)", ""))
	_ = define("pg_sleep_for(interval)", "Waits an interval.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			v := args[0].Interval()
			days := time.Duration(v.Months)*30 + time.Duration(v.Days)
			return sleep(c, days*24*time.Hour+time.Duration(v.Micros)*time.Microsecond)
		}), ex("pg_sleep_for('0 seconds')", ""))
	_ = define("pg_sleep_until(timestamptz)", "Waits until a time.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			return sleep(c, time.Duration(args[0].I-types.TimestampFromTime(c.Clock()))*time.Microsecond)
		}), ex("pg_sleep_until('2000-01-01')", ""))
)

func transactionID(assign bool) body {
	return evalRow(func(c *Context, _ []types.Datum) (types.Datum, error) {
		s, err := asSession[TransactionSession](c, "transaction identifiers")
		if err != nil {
			return types.Null, err
		}
		id, ok := s.TransactionID(assign)
		return datumOrNull(int64(id), ok, nil)
	})
}

var (
	_ = define("txid_current() pg_current_xact_id()", "The number of the transaction; it gets one if it has none.",
		transactionID(true), ex("pg_current_xact_id() IS NOT NULL", "t"))
	_ = define("txid_current_if_assigned() pg_current_xact_id_if_assigned()", "The number of the transaction, NULL if it has none yet.",
		transactionID(false), ex("pg_current_xact_id_if_assigned()", "NULL"))
)
