package catalog

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// infoSchema registers the row source of an information_schema view.
func infoSchema(name string, rows func(s *Snapshot, emit emitFunc) error) {
	infoSchemaEnv(name, func(v VirtualEnv, emit emitFunc) error { return rows(v.Snapshot, emit) })
}

func infoSchemaEnv(name string, rows func(v VirtualEnv, emit emitFunc) error) {
	virtualTables["information_schema."+name] = &Virtual{Rows: rows}
}

// display shows an expression of the catalog under the session's search path.
func (v VirtualEnv) display(text string) string {
	r, ok := v.Runtime.(SearchPathRuntime)
	if !ok {
		return text
	}
	return DisplayText(v.Snapshot, r.SearchPath(), text)
}

func yesNo(b bool) types.Datum {
	if b {
		return types.NewString("YES")
	}
	return types.NewString("NO")
}

// catalogName is the database's name, the first column of nearly everything.
func (s *Snapshot) catalogName() types.Datum { return dText(s.database.Name) }

func (s *Snapshot) schemaName(id OID) types.Datum {
	if sch := s.SchemaByID(id); sch != nil {
		return dText(sch.Name)
	}
	return types.Null
}

// relations calls fn for system and user relations of the kinds.
func (s *Snapshot) relationsOf(kinds string, fn func(t *Table) error) error {
	for _, list := range [][]*Table{s.SystemTables(), s.Tables()} {
		for _, t := range list {
			for i := range len(kinds) {
				if byte(systemKind(t)) == kinds[i] {
					if err := fn(t); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func init() {
	infoSchema("information_schema_catalog_name", func(s *Snapshot, emit emitFunc) error {
		return emit([]types.Datum{s.catalogName()})
	})
	infoSchema("schemata", func(s *Snapshot, emit emitFunc) error {
		for _, sch := range s.Schemas() {
			err := emit([]types.Datum{
				s.catalogName(), dText(sch.Name), dText(RoleName(s, sch.Owner)), types.Null, types.Null, types.Null, types.Null,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	infoSchema("tables", func(s *Snapshot, emit emitFunc) error {
		return s.relationsOf("rv", func(t *Table) error {
			kind := "BASE TABLE"
			switch {
			case t.Temporary:
				kind = "LOCAL TEMPORARY"
			case systemKind(t) == KindView:
				kind = "VIEW"
			}
			commit := types.Null
			if t.Temporary {
				commit = dText("PRESERVE")
			}
			return emit([]types.Datum{
				s.catalogName(), s.schemaName(t.Schema), dText(t.Name), dText(kind), types.Null, types.Null, types.Null, types.Null, types.Null,
				yesNo(t.UpdatableEvents()&EventInsert != 0), yesNo(false), commit,
			})
		})
	})
	infoSchema("views", func(s *Snapshot, emit emitFunc) error {
		return s.relationsOf("v", func(t *Table) error {
			check := "NONE"
			if t.View != nil && t.View.CheckOption != "" {
				check = strings.ToUpper(t.View.CheckOption)
			}
			no, events := yesNo(false), t.UpdatableEvents()
			return emit([]types.Datum{
				s.catalogName(), s.schemaName(t.Schema), dText(t.Name), viewText(t), dText(check),
				yesNo(events&(EventUpdate|EventDelete) == EventUpdate|EventDelete), yesNo(events&EventInsert != 0), no, no, no,
			})
		})
	})
	infoSchema("view_table_usage", func(s *Snapshot, emit emitFunc) error {
		return s.relationsOf("v", func(t *Table) error {
			if t.View == nil {
				return nil
			}
			for _, id := range t.View.DependsOn {
				r := s.TableByID(id)
				if r == nil {
					continue
				}
				err := emit([]types.Datum{
					s.catalogName(), s.schemaName(t.Schema), dText(t.Name), s.catalogName(), s.schemaName(r.Schema), dText(r.Name),
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
	infoSchema("sequences", func(s *Snapshot, emit emitFunc) error {
		return s.relationsOf("S", func(t *Table) error {
			q := t.Sequence
			if q.OwnerTable != 0 && s.ownershipType(t) == 'i' {
				return nil
			}
			typ := types.Of(q.Type)
			return emit([]types.Datum{
				s.catalogName(), s.schemaName(t.Schema), dText(t.Name), dText(types.Format(typ)), numericPrecision(typ), dInt4(2), dInt4(0),
				dInt8Text(q.Start), dInt8Text(q.Min), dInt8Text(q.Max), dInt8Text(q.Increment), yesNo(q.Cycle),
			})
		})
	})
	infoSchema("character_sets", func(s *Snapshot, emit emitFunc) error {
		return emit([]types.Datum{
			types.Null, types.Null, dText("UTF8"), dText("UCS"), dText("UTF8"), s.catalogName(), dText("pg_catalog"), dText("default"),
		})
	})
	infoSchema("collations", func(s *Snapshot, emit emitFunc) error {
		for _, name := range sortedKeys(collationIDs) {
			if err := emit([]types.Datum{s.catalogName(), dText("pg_catalog"), dText(name), dText("NO PAD")}); err != nil {
				return err
			}
		}
		return nil
	})
	infoSchema("enabled_roles", func(s *Snapshot, emit emitFunc) error {
		return eachRole(VirtualEnv{Snapshot: s}, func(r *Role) error { return emit([]types.Datum{dText(r.Name)}) })
	})
	for _, name := range []string{"applicable_roles", "administrable_role_authorizations"} {
		admin := name != "applicable_roles"
		infoSchema(name, func(s *Snapshot, emit emitFunc) error {
			for _, r := range s.Roles() {
				for _, of := range r.MemberOf {
					if admin {
						continue
					}
					if err := emit([]types.Datum{dText(r.Name), dText(RoleName(s, of)), yesNo(false)}); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	for _, name := range []string{"table_privileges", "role_table_grants"} {
		infoSchema(name, func(s *Snapshot, emit emitFunc) error {
			return s.relationsOf("rv", func(t *Table) error {
				for _, p := range []string{"INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"} {
					owner := dText(RoleName(s, t.Owner))
					err := emit([]types.Datum{
						owner, owner, s.catalogName(), s.schemaName(t.Schema), dText(t.Name), dText(p), yesNo(true), yesNo(p == "SELECT"),
					})
					if err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
}
