package session

import (
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
)

var (
	_ catalog.SettingsRuntime      = (*Session)(nil)
	_ catalog.SearchPathRuntime    = (*Session)(nil)
	_ catalog.ActivityRuntime      = (*Session)(nil)
	_ catalog.PreparedRuntime      = (*Session)(nil)
	_ catalog.CursorsRuntime       = (*Session)(nil)
	_ catalog.TableActivityRuntime = (*Session)(nil)
	_ catalog.SeriesRuntime        = (*Session)(nil)
	_ catalog.StoredSeriesRuntime  = (*Session)(nil)
)

// SearchPath implements catalog.SearchPathRuntime.
func (s *Session) SearchPath() []string { return s.searchPath() }

// Settings implements catalog.SettingsRuntime: the rows of pg_settings.
func (s *Session) Settings() []catalog.Setting {
	out := make([]catalog.Setting, 0, len(settingsTable))
	for _, def := range settingsTable {
		boot := def.def
		if def.compute != nil {
			boot = def.compute(s)
		}
		key := strings.ToLower(def.name)
		reset, ok := s.settings.resets[key]
		if !ok {
			reset = boot
		}
		row := catalog.Setting{
			Name: def.name, Value: s.settings.get(def), Unit: def.unit, Category: def.category, ShortDesc: def.doc,
			Context: "user", VarType: def.kind.String(), Source: "default", Boot: boot, Reset: reset, EnumValues: def.options,
		}
		if def.internal {
			row.Context = "internal"
		}
		if _, ok := s.settings.values[key]; ok {
			row.Source = "session"
		}
		if (def.kind == settingInt || def.kind == settingReal) && !def.internal {
			row.Min, row.Max = strconv.FormatInt(def.min, 10), strconv.FormatInt(def.max, 10)
		}
		out = append(out, row)
	}
	return out
}

// String is pg_settings.vartype.
func (k settingKind) String() string {
	return [...]string{"bool", "integer", "real", "string", "enum"}[k]
}

// Activity implements catalog.ActivityRuntime: the node's sessions.
func (s *Session) Activity() []catalog.Activity {
	var out []catalog.Activity
	for _, o := range s.server.list() {
		a := o.currentActivity()
		if a.state == "" {
			continue // it starts
		}
		row := catalog.Activity{
			Database: o.database.ID, DatabaseName: o.database.Name, PID: int(o.pid), UserName: o.user, Application: a.application,
			BackendStart: o.started, QueryStart: a.queryStart, StateChange: a.stateSince, XactStart: a.txnStart,
			State: a.state, Query: a.query, BackendType: "client backend",
		}
		if addr := addrPort(o.remote); addr.IsValid() {
			row.ClientAddr, row.ClientPort = addr.Addr().String(), int(addr.Port())
		}
		out = append(out, row)
	}
	return out
}

// PreparedStatements implements catalog.PreparedRuntime.
func (s *Session) PreparedStatements() []catalog.Prepared {
	var out []catalog.Prepared
	for _, p := range s.prepared {
		if p.name == "" {
			continue
		}
		row := catalog.Prepared{Name: p.name, Statement: p.text, FromSQL: p.fromSQL, Prepared: p.made}
		for _, t := range p.params {
			row.Params = append(row.Params, t.OID)
		}
		out = append(out, row)
	}
	return out
}

// Cursors implements catalog.CursorsRuntime.
func (s *Session) Cursors() []catalog.Cursor {
	var out []catalog.Cursor
	for _, po := range s.portals {
		if po.cursor == nil {
			continue
		}
		out = append(out, catalog.Cursor{
			Name: po.name, Statement: po.stmt.text, Hold: po.cursor.hold, Binary: po.cursor.binary, Scrollable: po.cursor.scroll, Created: po.made,
		})
	}
	return out
}

// TableActivity implements catalog.TableActivityRuntime.
func (s *Session) TableActivity(t *catalog.Table) catalog.TableActivity {
	out := catalog.TableActivity{}
	snap, err := s.snapshot(s.ctx)
	if err != nil {
		return out
	}
	st := snap.Stats(t.ID)
	if st != nil {
		out.Live = int64(st.Rows)
	}
	if a := s.server.activity.find(t.Storage); a != nil {
		out.Inserted, out.Updated, out.Deleted = a.inserted.Load(), a.updated.Load(), a.deleted.Load()
		out.Live = max(out.Live+a.grown.Load(), 0)
		out.Modified = a.modified.Load()
	}
	return out
}
