package catalog

import (
	"time"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// What only a running session or node knows reaches virtual tables through
// VirtualEnv.Runtime. It implements those of the interfaces below that it can
// answer; the others' relations are empty. All are called from the statement's
// goroutine.

// SettingsRuntime feeds pg_settings.
type SettingsRuntime interface{ Settings() []Setting }

// Setting is a row of pg_settings.
type Setting struct {
	Name, Value, Unit, Category, ShortDesc, ExtraDesc string
	Context                                           string // "user", "superuser", "postmaster", ...
	VarType                                           string // "bool", "string", "integer", "real", "enum"
	Source                                            string // "default", "session", ...
	Min, Max                                          string
	EnumValues                                        []string
	Boot, Reset                                       string
}

// SearchPathRuntime tells the schemas whose relations are shown without them.
type SearchPathRuntime interface{ SearchPath() []string }

// ActivityRuntime feeds pg_stat_activity.
type ActivityRuntime interface{ Activity() []Activity }

// Activity is a session in pg_stat_activity. Zero times and empty strings are NULL.
type Activity struct {
	Database                                         OID
	DatabaseName                                     string
	PID                                              int
	User                                             OID
	UserName, Application                            string
	ClientAddr                                       string
	ClientPort                                       int
	BackendStart, XactStart, QueryStart, StateChange time.Time
	WaitEventType, WaitEvent, State, Query           string
	Xid                                              uint32
	BackendType                                      string
}

// TableActivityRuntime feeds the counts of pg_stat_user_tables.
type TableActivityRuntime interface {
	TableActivity(t *Table) TableActivity
}

// TableActivity is what has been done to a table since the server was started.
type TableActivity struct {
	Inserted, Updated, Deleted int64
	Live                       int64 // rows there are, about
	Modified                   int64 // rows changed since the last ANALYZE
}

// LocksRuntime feeds pg_locks.
type LocksRuntime interface{ Locks() []Lock }

// Lock is a row of pg_locks.
type Lock struct {
	Type               string // "relation", "tuple", "transactionid", "advisory"
	Database, Relation OID
	Xid                uint32
	ClassID, ObjID     OID // advisory locks
	ObjSub             int
	VirtualTransaction string
	PID                int
	Mode               string
	Granted            bool
	WaitStart          time.Time
}

// PreparedRuntime feeds pg_prepared_statements.
type PreparedRuntime interface{ PreparedStatements() []Prepared }

// Prepared is a row of pg_prepared_statements.
type Prepared struct {
	Name, Statement string
	Prepared        time.Time
	Params          []OID
	FromSQL         bool
	Generic, Custom int64
}

// CursorsRuntime feeds pg_cursors.
type CursorsRuntime interface{ Cursors() []Cursor }

// Cursor is a row of pg_cursors.
type Cursor struct {
	Name, Statement          string
	Hold, Binary, Scrollable bool
	Created                  time.Time
}

func init() {
	virtual("pg_settings", func(v VirtualEnv, emit emitFunc) error {
		rt, ok := v.Runtime.(SettingsRuntime)
		if !ok {
			return nil
		}
		for _, s := range rt.Settings() {
			err := emit([]types.Datum{
				dText(s.Name), dText(s.Value), dNullText(s.Unit), dText(s.Category), dText(s.ShortDesc), dNullText(s.ExtraDesc), dText(s.Context), dText(s.VarType),
				dText(s.Source), dNullText(s.Min), dNullText(s.Max), texts(s.EnumValues), dText(s.Boot), dText(s.Reset), types.Null, types.Null, dBool(false),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	virtual("pg_stat_activity", func(v VirtualEnv, emit emitFunc) error {
		rt, ok := v.Runtime.(ActivityRuntime)
		if !ok {
			return nil
		}
		for _, a := range rt.Activity() {
			if err := emit(activityRow(&a)); err != nil {
				return err
			}
		}
		return nil
	})
	virtual("pg_locks", func(v VirtualEnv, emit emitFunc) error {
		rt, ok := v.Runtime.(LocksRuntime)
		if !ok {
			return nil
		}
		for _, l := range rt.Locks() {
			if err := emit(lockRow(&l)); err != nil {
				return err
			}
		}
		return nil
	})
	virtual("pg_prepared_statements", func(v VirtualEnv, emit emitFunc) error {
		rt, ok := v.Runtime.(PreparedRuntime)
		if !ok {
			return nil
		}
		for _, p := range rt.PreparedStatements() {
			params := types.BuildArray(types.Regtype, integers(types.Regtype, p.Params))
			err := emit([]types.Datum{
				dText(p.Name), dText(p.Statement), dTime(p.Prepared), params, dBool(p.FromSQL), dInt8(p.Generic), dInt8(p.Custom),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	virtual("pg_cursors", func(v VirtualEnv, emit emitFunc) error {
		rt, ok := v.Runtime.(CursorsRuntime)
		if !ok {
			return nil
		}
		for _, c := range rt.Cursors() {
			err := emit([]types.Datum{dText(c.Name), dText(c.Statement), dBool(c.Hold), dBool(c.Binary), dBool(c.Scrollable), dTime(c.Created)})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// postgresEpoch is timestamptz's zero.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// dTime is a timestamptz, NULL for the zero time.
func dTime(t time.Time) types.Datum {
	if t.IsZero() {
		return types.Null
	}
	return types.NewInt8(t.Sub(postgresEpoch).Microseconds())
}

func dNullOid(id OID) types.Datum {
	if id == 0 {
		return types.Null
	}
	return dOid(id)
}

func dNullXid(x uint32) types.Datum {
	if x == 0 {
		return types.Null
	}
	return dXid(x)
}

func activityRow(a *Activity) []types.Datum {
	addr, port := types.Null, types.Null
	if a.ClientAddr != "" {
		addr, port = parsed(types.Inet, a.ClientAddr), dInt4(a.ClientPort)
	}
	return []types.Datum{
		dNullOid(a.Database), dNullText(a.DatabaseName), dInt4(a.PID), types.Null, dNullOid(a.User), dNullText(a.UserName), dText(a.Application),
		addr, types.Null, port, dTime(a.BackendStart), dTime(a.XactStart), dTime(a.QueryStart), dTime(a.StateChange),
		dNullText(a.WaitEventType), dNullText(a.WaitEvent), dNullText(a.State), dNullXid(a.Xid), types.Null, types.Null, dText(a.Query), dText(a.BackendType),
	}
}

func lockRow(l *Lock) []types.Datum {
	class, obj, sub := types.Null, types.Null, types.Null
	if l.Type == "advisory" || l.ClassID != 0 {
		class, obj, sub = dOid(l.ClassID), dOid(l.ObjID), dInt2(l.ObjSub)
	}
	return []types.Datum{
		dText(l.Type), dNullOid(l.Database), dNullOid(l.Relation), types.Null, types.Null, types.Null, dNullXid(l.Xid), class, obj, sub,
		dText(l.VirtualTransaction), dInt4(l.PID), dText(l.Mode), dBool(l.Granted), dBool(false), dTime(l.WaitStart),
	}
}
