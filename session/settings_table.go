package session

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ServerVersion is what clients are told; its first part is the PostgreSQL
// version whose behaviour Tidemark follows.
const (
	ServerVersion    = "15.12 (Tidemark 0.1)"
	ServerVersionNum = "150012"
)

var settingsByName = map[string]*setting{}

func init() {
	for _, def := range settingsTable {
		settingsByName[strings.ToLower(def.name)] = def
	}
}

const maxMillis = math.MaxInt32

// settingsTable is every setting there is, by PostgreSQL's name where it has one.
var settingsTable = withMethodSettings([]*setting{
	{
		name: "application_name", kind: settingString, report: true, category: "Reporting and Logging / What to Log",
		doc: "Sets the application name to be reported in statistics and logs.", normalize: asciiName,
		apply: func(s *Session, v string) error {
			s.settings.application = v
			return nil
		},
	},
	{name: "autovacuum", kind: settingBool, internal: true, doc: "Starts the autovacuum subprocess.", category: "Autovacuum", compute: func(s *Session) string { return onOff(!s.server.config.AutoAnalyze.Off) }},
	{
		name: "autovacuum_analyze_scale_factor", kind: settingReal, internal: true, category: "Autovacuum",
		doc: "Number of tuple inserts, updates, or deletes prior to analyze as a fraction of reltuples.",
		compute: func(s *Session) string {
			return strconv.FormatFloat(s.server.config.AutoAnalyze.ScaleFactor, 'g', -1, 64)
		},
	},
	{
		name: "autovacuum_analyze_threshold", kind: settingInt, internal: true, category: "Autovacuum",
		doc:     "Minimum number of tuple inserts, updates, or deletes prior to analyze.",
		compute: func(s *Session) string { return strconv.FormatInt(s.server.config.AutoAnalyze.Threshold, 10) },
	},
	{
		name: "autovacuum_naptime", kind: settingInt, unit: "s", internal: true, category: "Autovacuum", doc: "Time to sleep between autovacuum runs.",
		compute: func(s *Session) string { return strconv.Itoa(int(s.server.config.AutoAnalyze.NapTime / time.Second)) },
	},
	{
		name: "bytea_output", kind: settingEnum, def: "hex", options: []string{"escape", "hex"}, category: "Client Connection Defaults / Statement Behavior",
		doc: "Sets the output format for bytea.", apply: changeIO(func(io *types.IO, v string) error { io.ByteaOutput = v; return nil }),
	},
	{name: "check_function_bodies", kind: settingBool, def: "on", doc: "Check routine bodies during CREATE FUNCTION and CREATE PROCEDURE."},
	{
		name: "client_encoding", kind: settingString, def: "UTF8", report: true, category: "Client Connection Defaults / Locale and Formatting",
		doc: "Sets the client's character set encoding.", normalize: clientEncoding,
	},
	{
		name: "client_min_messages", kind: settingEnum, def: "notice", options: messageLevels, category: "Client Connection Defaults / Statement Behavior",
		doc: "Sets the message levels that are sent to the client.", apply: func(s *Session, v string) error {
			s.settings.minMessages = messageRank(v)
			return nil
		},
	},
	{
		name: "DateStyle", kind: settingString, def: "ISO, MDY", report: true, category: "Client Connection Defaults / Locale and Formatting",
		doc: "Sets the display format for date and time values.", normalize: dateStyle, apply: changeIO(applyDateStyle),
	},
	{
		name: "default_statistics_target", kind: settingInt, def: "100", min: 1, max: 10000, category: "Query Tuning / Other Planner Options",
		doc: "Sets the default statistics target.", apply: func(s *Session, v string) error {
			n, err := strconv.Atoi(v)
			s.settings.statisticsTarget = n
			return err
		},
	},
	{
		name: "default_table_access_method", kind: settingString, def: "heap", category: "Client Connection Defaults / Statement Behavior",
		doc: "Sets the default table access method for new tables.", normalize: tableAccessMethod,
	},
	{name: "default_tablespace", kind: settingString, def: "", fixed: true, doc: "Sets the default tablespace to create tables and indexes in."},
	{name: "default_transaction_deferrable", kind: settingBool, def: "off", doc: "Sets the default deferrable status of new transactions."},
	{
		name: "default_transaction_isolation", kind: settingEnum, def: "read committed", options: isolationNames, normalize: nil,
		doc: "Sets the transaction isolation level of each new transaction.", apply: func(s *Session, v string) error {
			if err := refuseSerializable(s, v); err != nil {
				return err
			}
			s.settings.isolation = isolationByName(v)
			return nil
		},
	},
	{
		name: "default_transaction_read_only", kind: settingBool, def: "off", report: true,
		doc: "Sets the default read-only status of new transactions.",
		apply: func(s *Session, v string) error {
			s.settings.readOnly = v == "on"
			return nil
		},
	},
	{name: "escape_string_warning", kind: settingBool, def: "on", doc: "Warn about backslash escapes in ordinary string literals."},
	{
		name: "extra_float_digits", kind: settingInt, def: "1", min: -15, max: 3, category: "Client Connection Defaults / Locale and Formatting",
		doc: "Sets the number of digits displayed for floating-point values.", apply: changeIO(func(io *types.IO, v string) error {
			io.ExtraFloatDigits, _ = strconv.Atoi(v)
			return nil
		}),
	},
	{
		name: "idle_in_transaction_session_timeout", kind: settingInt, def: "0", unit: "ms", max: maxMillis,
		doc: "Sets the maximum allowed idle time between queries, when in a transaction.", apply: setDuration(func(s *Session) *time.Duration { return &s.settings.idleInTransaction }),
	},
	{
		name: "idle_session_timeout", kind: settingInt, def: "0", unit: "ms", max: maxMillis,
		doc: "Sets the maximum allowed idle time between queries, when not in a transaction.", apply: setDuration(func(s *Session) *time.Duration { return &s.settings.idleSession }),
	},
	{
		name: "hash_mem_multiplier", kind: settingReal, def: "2", min: 1, max: 1000, category: "Resource Usage / Memory",
		doc: "Multiple of work_mem to use for hash tables.", apply: func(s *Session, v string) (err error) {
			s.settings.hashMemMultiplier, err = strconv.ParseFloat(v, 64)
			s.planEnv = 0
			return err
		},
	},
	{name: "in_hot_standby", kind: settingBool, def: "off", internal: true, report: true, doc: "Shows whether hot standby is currently active."},
	{name: "integer_datetimes", kind: settingBool, def: "on", internal: true, report: true, doc: "Shows whether datetimes are integer based."},
	{
		name: "IntervalStyle", kind: settingEnum, def: "postgres", options: []string{"postgres", "postgres_verbose", "sql_standard", "iso_8601"}, report: true,
		doc: "Sets the display format for interval values.", apply: changeIO(func(io *types.IO, v string) error { io.IntervalStyle = v; return nil }),
	},
	{name: "is_superuser", kind: settingBool, def: "on", internal: true, report: true, doc: "Shows whether the current user is a superuser."},
	{name: "jit", kind: settingBool, def: "off", fixed: true, doc: "Allow JIT compilation."},
	{
		name: "jit_above_cost", kind: settingReal, def: "100000", min: -1, max: math.MaxInt64, category: "Query Tuning / Planner Cost Constants",
		doc: "Perform JIT compilation if query is more expensive; nothing is compiled, as jit is off.",
	},
	{
		name: "jit_inline_above_cost", kind: settingReal, def: "500000", min: -1, max: math.MaxInt64, category: "Query Tuning / Planner Cost Constants",
		doc: "Perform JIT inlining if query is more expensive; nothing is compiled, as jit is off.",
	},
	{
		name: "jit_optimize_above_cost", kind: settingReal, def: "500000", min: -1, max: math.MaxInt64, category: "Query Tuning / Planner Cost Constants",
		doc: "Optimize JIT-compiled functions if query is more expensive; nothing is compiled, as jit is off.",
	},
	{name: "lc_collate", kind: settingString, def: "C.UTF-8", internal: true, doc: "Shows the collation order locale."},
	{name: "lc_ctype", kind: settingString, def: "C.UTF-8", internal: true, doc: "Shows the character classification and case conversion locale."},
	{name: "lc_messages", kind: settingString, def: "C.UTF-8", fixed: true, doc: "Sets the language in which messages are displayed."},
	{name: "lc_monetary", kind: settingString, def: "C.UTF-8", fixed: true, doc: "Sets the locale for formatting monetary amounts."},
	{name: "lc_numeric", kind: settingString, def: "C.UTF-8", fixed: true, doc: "Sets the locale for formatting numbers."},
	{name: "lc_time", kind: settingString, def: "C.UTF-8", fixed: true, doc: "Sets the locale for formatting date and time values."},
	{
		name: "lock_timeout", kind: settingInt, def: "0", unit: "ms", max: maxMillis, doc: "Sets the maximum allowed duration of any wait for a lock.",
		apply: setDuration(func(s *Session) *time.Duration { return &s.settings.lockTimeout }),
	},
	{
		name: "max_connections", kind: settingInt, internal: true, doc: "Sets the maximum number of concurrent connections.",
		compute: func(s *Session) string { return strconv.Itoa(s.server.config.MaxConnections) },
	},
	{name: "max_identifier_length", kind: settingInt, def: "63", internal: true, doc: "Shows the maximum identifier length."},
	{name: "max_index_keys", kind: settingInt, def: "32", internal: true, doc: "Shows the maximum number of index keys."},
	{name: "quote_all_identifiers", kind: settingBool, def: "off", fixed: true, doc: "When generating SQL fragments, quote all identifiers."},
	{name: "role", kind: settingString, def: "none", noResetAll: true, doc: "Sets the current role.", apply: setRole},
	{name: "row_security", kind: settingBool, def: "on", doc: "Enable row security."},
	{
		name: "search_path", kind: settingString, def: `"$user", public`, category: "Client Connection Defaults / Statement Behavior",
		doc: "Sets the schema search order for names that are not schema-qualified.", apply: applySearchPath,
	},
	{name: "server_encoding", kind: settingString, def: "UTF8", internal: true, report: true, doc: "Shows the server (database) character set encoding."},
	{name: "server_version", kind: settingString, def: ServerVersion, internal: true, report: true, doc: "Shows the server version."},
	{name: "server_version_num", kind: settingInt, def: ServerVersionNum, internal: true, doc: "Shows the server version as an integer."},
	{
		name: "session_authorization", kind: settingString, report: true, noResetAll: true, doc: "Sets the session user name.",
		compute: func(s *Session) string { return s.login }, apply: setSessionAuthorization,
	},
	{name: "standard_conforming_strings", kind: settingBool, def: "on", fixed: true, report: true, doc: "Causes '...' strings to treat backslashes literally."},
	{
		name: "statement_timeout", kind: settingInt, def: "0", unit: "ms", max: maxMillis, doc: "Sets the maximum allowed duration of any statement.",
		apply: setDuration(func(s *Session) *time.Duration { return &s.settings.statementTimeout }),
	},
	{name: "synchronize_seqscans", kind: settingBool, def: "off", fixed: true, doc: "Enable synchronized sequential scans."},
	{
		name: "synchronous_commit", kind: settingEnum, def: "on", options: []string{"local", "remote_write", "remote_apply", "on", "off"},
		doc: "Sets the current transaction's synchronization level.", apply: func(s *Session, v string) error {
			s.settings.asyncCommit = v == "off"
			return nil
		},
	},
	{
		name: "temp_file_limit", kind: settingInt, def: "-1", unit: "kB", min: -1, max: math.MaxInt32, category: "Resource Usage / Disk",
		doc: "Limits the total size of all temporary files used by each process.", apply: func(s *Session, v string) error {
			n, err := strconv.ParseInt(v, 10, 64)
			s.temp.SetLimit(n << 10)
			return err
		},
	},
	{
		name: "timescaledb.license", kind: settingString, def: "timescale", category: "Customized Options",
		doc: "Says to clients of TimescaleDB which of its functions there are; has no effect.",
	},
	{
		name: "timeseries.compression", kind: settingString, internal: true, category: "Time Series",
		doc:     "Second stage of compression of packed points: none, s2 or zstd (--timeseries-compression).",
		compute: func(s *Session) string { return s.server.config.Series.Compression },
	},
	{
		name: "timeseries.flush_interval", kind: settingInt, unit: "s", internal: true, category: "Time Series",
		doc:     "Time after which the points of a slice are packed however few there are (--timeseries-flush-interval).",
		compute: func(s *Session) string { return strconv.Itoa(int(s.server.config.Series.FlushInterval / time.Second)) },
	},
	{
		name: "timeseries.flush_points", kind: settingInt, internal: true, category: "Time Series",
		doc:     "Number of new points of a slice from which on they are packed (--timeseries-flush-points).",
		compute: func(s *Session) string { return strconv.Itoa(s.server.config.Series.FlushPoints) },
	},
	{
		name: "TimeZone", kind: settingString, def: "UTC", report: true, category: "Client Connection Defaults / Locale and Formatting",
		doc: "Sets the time zone for displaying and interpreting time stamps.", normalize: timeZoneName, apply: changeIO(applyTimeZone),
	},
	{
		name: "transaction_deferrable", kind: settingBool, def: "off", noResetAll: true, doc: "Whether to defer a read-only serializable transaction until it can be executed with no possible serialization failures.",
		compute: func(s *Session) string { return onOff(s.tx.deferrable) }, apply: setTransactionDeferrable,
	},
	{
		name: "transaction_isolation", kind: settingEnum, def: "read committed", options: isolationNames, noResetAll: true,
		doc: "Sets the current transaction's isolation level.", compute: func(s *Session) string { return s.isolation().String() }, apply: setTransactionIsolation,
	},
	{
		name: "transaction_read_only", kind: settingBool, def: "off", noResetAll: true, doc: "Sets the current transaction's read-only status.",
		compute: func(s *Session) string { return onOff(s.readOnly()) }, apply: setTransactionReadOnly,
	},
	{
		name: "work_mem", kind: settingInt, def: "4096", unit: "kB", min: 64, max: math.MaxInt32, category: "Resource Usage / Memory",
		doc: "Sets the maximum memory to be used for query workspaces.",
		apply: func(s *Session, v string) error {
			n, _ := strconv.ParseInt(v, 10, 64)
			s.settings.workMem = n << 10
			if limit := s.server.config.WorkMemLimit; limit > 0 {
				s.settings.workMem = min(s.settings.workMem, limit)
			}
			s.planEnv = 0
			return nil
		},
	},
	{name: "xmloption", kind: settingEnum, def: "content", options: []string{"content", "document"}, doc: "Sets whether XML data in implicit parsing and serialization operations is to be considered as documents or content fragments."},
})

var (
	isolationNames = []string{"serializable", "repeatable read", "read committed", "read uncommitted"}
	messageLevels  = []string{"debug5", "debug4", "debug3", "debug2", "debug1", "debug", "log", "notice", "warning", "error"}
)

func messageRank(level string) int {
	for i, l := range messageLevels {
		if l == level {
			return i
		}
	}
	return 0
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func setDuration(field func(*Session) *time.Duration) func(*Session, string) error {
	return func(s *Session, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		*field(s) = time.Duration(n) * time.Millisecond
		return err
	}
}

// changeIO puts a changed copy of the session's print settings in force.
func changeIO(change func(io *types.IO, v string) error) func(*Session, string) error {
	return func(s *Session, v string) error {
		next := types.IO{}
		if s.io != nil {
			next = *s.io
		}
		if err := change(&next, v); err != nil {
			return err
		}
		s.io = &next
		s.planEnv = 0
		return nil
	}
}

func asciiName(v string) (string, error) {
	b := []byte(v)
	for i, c := range b {
		if c < 32 || c > 126 {
			b[i] = '?'
		}
	}
	if len(b) > 63 {
		b = b[:63]
	}
	return string(b), nil
}

func clientEncoding(v string) (string, error) {
	switch strings.ToUpper(strings.NewReplacer("-", "", "_", "", "'", "").Replace(v)) {
	case "UTF8", "UNICODE":
		return "UTF8", nil
	case "SQLASCII":
		return "SQL_ASCII", nil
	}
	return "", pgerror.Unsupported("client_encoding %q", v)
}

// tableAccessMethod checks default_table_access_method.
func tableAccessMethod(v string) (string, error) {
	switch v {
	case "heap", catalog.AccessTimeSeries:
		return v, nil
	}
	return "", pgerror.New(pgerror.InvalidParameterValue, "invalid value for parameter %q: %q", "default_table_access_method", v).
		WithDetail("Table access method %q does not exist.", v)
}

func refuseSerializable(_ *Session, v string) error {
	if v == "serializable" {
		return pgerror.Unsupported("transaction isolation level SERIALIZABLE")
	}
	return nil
}
