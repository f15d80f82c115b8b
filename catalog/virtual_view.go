package catalog

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

func init() {
	virtual("pg_tables", func(v VirtualEnv, emit emitFunc) error {
		return eachRelation(v, func(t *Table, schema, owner types.Datum) error {
			if systemKind(t) != KindTable {
				return nil
			}
			return emit([]types.Datum{
				schema, dText(t.Name), owner, types.Null, dBool(len(t.Indexes) > 0), dBool(false),
				dBool(len(t.ForeignKeys)+len(t.ReferencedBy) > 0), dBool(false),
			})
		})
	})
	virtual("pg_views", func(v VirtualEnv, emit emitFunc) error {
		return eachRelation(v, func(t *Table, schema, owner types.Datum) error {
			if systemKind(t) != KindView {
				return nil
			}
			return emit([]types.Datum{schema, dText(t.Name), owner, viewText(t)})
		})
	})
	virtual("pg_matviews", func(v VirtualEnv, emit emitFunc) error {
		return eachRelation(v, func(t *Table, schema, owner types.Datum) error {
			if t.Kind != KindMaterializedView {
				return nil
			}
			return emit([]types.Datum{schema, dText(t.Name), owner, types.Null, dBool(len(t.Indexes) > 0), dBool(t.View.Populated), viewText(t)})
		})
	})
	virtual("pg_indexes", func(v VirtualEnv, emit emitFunc) error {
		return eachRelation(v, func(t *Table, schema, _ types.Datum) error {
			for i := range t.Indexes {
				def, _ := IndexDef(v.Snapshot, nil, t.Indexes[i].ID, 0, false)
				if err := emit([]types.Datum{schema, dText(t.Name), dText(t.Indexes[i].Name), types.Null, dText(def)}); err != nil {
					return err
				}
			}
			return nil
		})
	})
	virtual("pg_sequences", func(v VirtualEnv, emit emitFunc) error {
		return eachRelation(v, func(t *Table, schema, owner types.Datum) error {
			q := t.Sequence
			if q == nil {
				return nil
			}
			last := types.Null
			err := t.Virtual.Rows(v, func(r []types.Datum) error {
				if r[2].Bool() {
					last = r[0]
				}
				return nil
			})
			if err != nil {
				return err
			}
			return emit([]types.Datum{
				schema, dText(t.Name), owner, dOid(q.Type), dInt8(q.Start), dInt8(q.Min), dInt8(q.Max), dInt8(q.Increment), dBool(q.Cycle), dInt8(q.Cache), last,
			})
		})
	})
	virtual("pg_stats", func(v VirtualEnv, emit emitFunc) error {
		return eachRelation(v, func(t *Table, schema, _ types.Datum) error { return emitStats(v.Snapshot, t, schema, emit) })
	})
	for _, name := range []string{"pg_stat_user_tables", "pg_stat_all_tables", "pg_stat_sys_tables"} {
		system := !strings.Contains(name, "user")
		user := !strings.Contains(name, "sys")
		virtual(name, func(v VirtualEnv, emit emitFunc) error {
			return eachRelation(v, func(t *Table, schema, _ types.Datum) error {
				k := systemKind(t)
				if k != KindTable && k != KindMaterializedView || t.Kind == KindVirtual && !system || t.Kind != KindVirtual && !user {
					return nil
				}
				return emit(tableStatRow(v, t, schema))
			})
		})
	}
}

func init() {
	virtual("pg_stat_database", func(v VirtualEnv, emit emitFunc) error {
		backends := map[OID]int{}
		if rt, ok := v.Runtime.(ActivityRuntime); ok {
			for _, a := range rt.Activity() {
				backends[a.Database]++
			}
		}
		for _, d := range v.Snapshot.Databases() {
			row := []types.Datum{dOid(d.ID), dText(d.Name), dInt4(backends[d.ID])}
			for i := 3; i < 28; i++ {
				switch {
				case i == 16 || i == 17 || i == 27: // checksums are the store's own; no reset
					row = append(row, types.Null)
				case i >= 18 && i <= 22: // times
					row = append(row, types.NewFloat64(0))
				default:
					row = append(row, dInt8(0))
				}
			}
			if err := emit(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachRelation calls fn for system and user relations with the names of their
// schema and owner.
func eachRelation(v VirtualEnv, fn func(t *Table, schema, owner types.Datum) error) error {
	s := v.Snapshot
	for _, list := range [][]*Table{s.SystemTables(), s.Tables()} {
		for _, t := range list {
			sch := s.SchemaByID(t.Schema)
			if sch == nil {
				continue
			}
			if err := fn(t, dText(sch.Name), dText(RoleName(s, t.Owner))); err != nil {
				return err
			}
		}
	}
	return nil
}

func viewText(t *Table) types.Datum {
	if t.View == nil {
		return types.Null
	}
	return dText(" " + t.View.Query + ";")
}

func tableStatRow(v VirtualEnv, t *Table, schema types.Datum) []types.Datum {
	row := make([]types.Datum, 23)
	row[0], row[1], row[2] = dOid(t.ID), schema, dText(t.Name)
	for i := 3; i < len(row); i++ {
		switch {
		case i >= 15 && i <= 18: // timestamps of vacuum and analyze
		case (i == 5 || i == 6) && len(t.Indexes) == 0: // idx_scan, idx_tup_fetch
		default:
			row[i] = dInt8(0)
		}
	}
	if st := v.Snapshot.Stats(t.ID); st != nil {
		row[11] = dInt8(int64(st.Rows))
	}
	if rt, ok := v.Runtime.(TableActivityRuntime); ok && t.Kind != KindVirtual {
		a := rt.TableActivity(t)
		row[7], row[8], row[9] = dInt8(a.Inserted), dInt8(a.Updated), dInt8(a.Deleted)
		row[11], row[13] = dInt8(a.Live), dInt8(a.Modified)
	}
	return row
}
