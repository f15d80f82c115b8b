package catalog

import (
	"slices"

	"github.com/tidemarkdb/tidemark/sql/types"
)

func init() {
	virtual("pg_database", func(v VirtualEnv, emit emitFunc) error {
		for _, d := range v.Snapshot.Databases() {
			if err := emit(databaseRow(d)); err != nil {
				return err
			}
		}
		return nil
	})
	virtual("pg_authid", func(v VirtualEnv, emit emitFunc) error {
		return eachRole(v, func(r *Role) error {
			return emit([]types.Datum{
				dOid(r.ID), dText(r.Name), dBool(r.Super), dBool(r.Inherit), dBool(r.CreateRole), dBool(r.CreateDB), dBool(r.Login),
				dBool(r.Replication), dBool(r.BypassRLS), dInt4(r.ConnLimit), dNullText(r.Password), validUntil(r),
			})
		})
	})
	virtual("pg_roles", func(v VirtualEnv, emit emitFunc) error {
		return eachRole(v, func(r *Role) error {
			return emit([]types.Datum{
				dText(r.Name), dBool(r.Super), dBool(r.Inherit), dBool(r.CreateRole), dBool(r.CreateDB), dBool(r.Login),
				dBool(r.Replication), dInt4(r.ConnLimit), dText("********"), validUntil(r), dBool(r.BypassRLS), options(r.Config), dOid(r.ID),
			})
		})
	})
	users := func(password func(*Role) types.Datum) func(v VirtualEnv, emit emitFunc) error {
		return func(v VirtualEnv, emit emitFunc) error {
			return eachRole(v, func(r *Role) error {
				if !r.Login {
					return nil
				}
				return emit([]types.Datum{
					dText(r.Name), dOid(r.ID), dBool(r.CreateDB), dBool(r.Super), dBool(r.Replication), dBool(r.BypassRLS),
					password(r), validUntil(r), options(r.Config),
				})
			})
		}
	}
	virtual("pg_user", users(func(*Role) types.Datum { return dText("********") }))
	virtual("pg_shadow", users(func(r *Role) types.Datum { return dNullText(r.Password) }))
	virtual("pg_group", func(v VirtualEnv, emit emitFunc) error {
		return eachRole(v, func(r *Role) error {
			if r.Login {
				return nil
			}
			var members []OID
			for _, m := range v.Snapshot.Roles() {
				if slices.Contains(m.MemberOf, r.ID) {
					members = append(members, m.ID)
				}
			}
			list := numbers(types.Oid, members)
			if list.IsNull() {
				list = types.BuildArray(types.Oid, nil)
			}
			return emit([]types.Datum{dText(r.Name), dOid(r.ID), list})
		})
	})
	virtual("pg_auth_members", func(v VirtualEnv, emit emitFunc) error {
		return eachRole(v, func(r *Role) error {
			for _, of := range r.MemberOf {
				if err := emit([]types.Datum{dOid(of), dOid(r.ID), dOid(BootstrapRoleOID), dBool(false)}); err != nil {
					return err
				}
			}
			return nil
		})
	})
	virtual("pg_db_role_setting", func(v VirtualEnv, emit emitFunc) error {
		return eachRole(v, func(r *Role) error {
			if len(r.Config) == 0 {
				return nil
			}
			return emit([]types.Datum{dOid(0), dOid(r.ID), options(r.Config)})
		})
	})
}

func databaseRow(d *Database) []types.Datum {
	const utf8 = 6
	return []types.Datum{
		dOid(d.ID), dText(d.Name), dOid(d.Owner), dInt4(utf8), dChar('c'), dBool(d.Template), dBool(d.AllowConnections), dInt4(-1), dXid(0), dXid(1),
		dOid(tablespaceDefault), dText("C.UTF-8"), dText("C.UTF-8"), types.Null, types.Null, types.Null,
	}
}

// predefinedRoles are PostgreSQL's: they have no members here yet and exist so
// that clients find them.
var predefinedRoles = []*Role{
	predefined(3373, "pg_monitor"), predefined(3374, "pg_read_all_settings"), predefined(3375, "pg_read_all_stats"), predefined(3377, "pg_stat_scan_tables"),
	predefined(4200, "pg_signal_backend"), predefined(4544, "pg_checkpoint"), predefined(4569, "pg_read_server_files"),
	predefined(4570, "pg_write_server_files"), predefined(4571, "pg_execute_server_program"),
	predefined(PgDatabaseOwnerOID, "pg_database_owner"), predefined(6181, "pg_read_all_data"), predefined(6182, "pg_write_all_data"),
}

func predefined(id OID, name string) *Role {
	return &Role{ID: id, Name: name, Inherit: true, ConnLimit: -1}
}

func eachRole(v VirtualEnv, fn func(*Role) error) error {
	all := append(slices.Clone(predefinedRoles), v.Snapshot.Roles()...)
	slices.SortFunc(all, func(a, b *Role) int { return compareOID(a.ID, b.ID) })
	for _, r := range all {
		if err := fn(r); err != nil {
			return err
		}
	}
	return nil
}

// RoleName is the name of a role, predefined ones included; "" if there is none.
func RoleName(s *Snapshot, id OID) string {
	if r := s.RoleByID(id); r != nil {
		return r.Name
	}
	for _, r := range predefinedRoles {
		if r.ID == id {
			return r.Name
		}
	}
	return ""
}

func validUntil(r *Role) types.Datum {
	if r.ValidUntil == "" {
		return types.Null
	}
	return parsed(types.Timestamptz, r.ValidUntil)
}
