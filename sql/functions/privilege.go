package functions

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// The has_..._privilege functions: (user, object, privileges) with user by
// name, by number or left out, object by name or by number. Privileges is a
// list; one of them suffices.

type privilegeFamily struct {
	name    string
	what    string
	class   ObjectClass
	allowed []string
	byName  func(c *Context, s CatalogSession, name string) (uint32, error)
	example string
}

func namedObject(class ObjectClass, code pgerror.Code, what string) func(*Context, CatalogSession, string) (uint32, error) {
	return func(_ *Context, s CatalogSession, name string) (uint32, error) {
		if oid, ok := s.ByName(class, name); ok {
			return oid, nil
		}
		return 0, pgerror.New(code, "%s \"%s\" does not exist", what, name)
	}
}

func regObject(reg types.OID) func(*Context, CatalogSession, string) (uint32, error) {
	return func(c *Context, _ CatalogSession, name string) (uint32, error) {
		if c.IO.Resolve == nil {
			return 0, pgerror.Unsupported("%s input without a catalog", types.Format(types.Of(reg)))
		}
		return c.IO.Resolve.RegIn(reg, name)
	}
}

func namedRelation(_ *Context, s CatalogSession, name string) (uint32, error) {
	return s.RelationByName(name)
}

var columnPrivileges = []string{"SELECT", "INSERT", "UPDATE", "REFERENCES"}

var (
	_ = privileges(privilegeFamily{
		"has_table_privilege", "table", ClassRelation,
		[]string{"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "RULE"},
		namedRelation, "('pg_class', 'select')",
	})
	_ = privileges(privilegeFamily{
		"has_any_column_privilege", "any column of a table", ClassRelation, columnPrivileges, namedRelation, "('pg_class', 'select')",
	})
	_ = privileges(privilegeFamily{
		"has_sequence_privilege", "sequence", ClassRelation, []string{"USAGE", "SELECT", "UPDATE"}, namedRelation, "(NULL, 'usage')",
	})
	_ = privileges(privilegeFamily{
		"has_database_privilege", "database", ClassDatabase,
		[]string{"CREATE", "TEMPORARY", "TEMP", "CONNECT"},
		namedObject(ClassDatabase, pgerror.InvalidCatalogName, "database"), "('postgres', 'connect')",
	})
	_ = privileges(privilegeFamily{
		"has_schema_privilege", "schema", ClassNamespace,
		[]string{"CREATE", "USAGE"},
		namedObject(ClassNamespace, pgerror.InvalidSchemaName, "schema"), "('pg_catalog', 'usage')",
	})
	_ = privileges(privilegeFamily{
		"has_function_privilege", "function", ClassProc, []string{"EXECUTE"}, regObject(types.Regprocedure), "(871::oid, 'execute')",
	})
	_ = privileges(privilegeFamily{
		"has_type_privilege", "type", ClassType, []string{"USAGE"}, regObject(types.Regtype), "(23::oid, 'usage')",
	})
	_ = privileges(privilegeFamily{
		"has_language_privilege", "language", ClassLanguage,
		[]string{"USAGE"},
		namedObject(ClassLanguage, pgerror.UndefinedObject, "language"), "('sql', 'usage')",
	})
	_ = privileges(privilegeFamily{
		"has_tablespace_privilege", "tablespace", ClassTablespace,
		[]string{"CREATE"},
		namedObject(ClassTablespace, pgerror.UndefinedObject, "tablespace"), "('pg_default', 'create')",
	})
	_ = privileges(privilegeFamily{
		"has_foreign_data_wrapper_privilege", "foreign-data wrapper", ClassForeign,
		[]string{"USAGE"},
		namedObject(ClassForeign, pgerror.UndefinedObject, "foreign-data wrapper"), "(0::oid, 'usage')",
	})
	_ = privileges(privilegeFamily{
		"has_server_privilege", "foreign server", ClassServer,
		[]string{"USAGE"},
		namedObject(ClassServer, pgerror.UndefinedObject, "server"), "(0::oid, 'usage')",
	})
)

// wanted is one privilege of a list.
type wanted struct {
	word  string
	grant bool
}

func parsePrivileges(list string, allowed []string) ([]wanted, error) {
	var out []wanted
next:
	for part := range strings.SplitSeq(list, ",") {
		text := strings.TrimSpace(part)
		w := wanted{word: strings.ToUpper(text)}
		if word, ok := strings.CutSuffix(w.word, " WITH GRANT OPTION"); ok {
			w = wanted{word, true}
		}
		for _, a := range allowed {
			if a == w.word {
				if w.word == "TEMP" {
					w.word = "TEMPORARY"
				}
				out = append(out, w)
				continue next
			}
		}
		return nil, pgerror.New(pgerror.InvalidParameterValue, "unrecognized privilege type: \"%s\"", text)
	}
	return out, nil
}

// privilegeSession is what the privilege functions need.
type privilegeSession interface {
	CatalogSession
	PrivilegeSession
	IdentitySession
}

// roleOf reads the user argument: a name, a number, or (nil) the current role.
func roleOf(s privilegeSession, user *types.Datum, public bool) (uint32, error) {
	name := s.CurrentUser()
	if user != nil {
		if user.P != types.PhysString {
			return uint32(user.I), nil
		}
		if name = user.S; public && name == "public" {
			return 0, nil
		}
	}
	if oid, ok := s.ByName(ClassRole, name); ok {
		return oid, nil
	}
	return 0, pgerror.New(pgerror.UndefinedObject, "role \"%s\" does not exist", name)
}

// objectOf reads the object argument; ok is false if a number is of no object.
func (f *privilegeFamily) objectOf(c *Context, s privilegeSession, d types.Datum) (oid uint32, ok bool, err error) {
	if d.P == types.PhysString {
		oid, err = f.byName(c, s, d.S)
		ok = true
	} else {
		oid = uint32(d.I)
		ok = s.Exists(f.class, oid)
	}
	if err == nil && ok && f.name == "has_sequence_privilege" && s.RelationKind(oid) != 'S' {
		name := d.S
		if d.P != types.PhysString {
			name, _ = s.Name(ClassRelation, oid)
		}
		return 0, false, pgerror.New(pgerror.WrongObjectType, "\"%s\" is not a sequence", name)
	}
	return oid, ok, err
}

func privileges(f privilegeFamily) *Scalar {
	eval := evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		s, err := asSession[privilegeSession](c, f.name)
		if err != nil {
			return types.Null, err
		}
		var user *types.Datum
		if len(args) == 3 {
			user = &args[0]
			args = args[1:]
		}
		role, err := roleOf(s, user, true)
		if err != nil {
			return types.Null, err
		}
		object, ok, err := f.objectOf(c, s, args[0])
		if err != nil {
			return types.Null, err
		}
		list, err := parsePrivileges(args[1].S, f.allowed)
		if err != nil || !ok {
			return types.Null, err
		}
		return types.NewBool(hasAny(s, role, f.class, object, 0, list)), nil
	})
	var sigs []string
	for _, user := range []string{"", "name,", "oid,"} {
		for _, object := range []string{"text", "oid"} {
			sigs = append(sigs, f.name+"("+user+object+",text)")
		}
	}
	want := "t"
	if strings.HasPrefix(f.example, "(NULL") || strings.HasPrefix(f.example, "(0") {
		want = "NULL"
	}
	return define(strings.Join(sigs, " "), "Says whether a role (by default the current one) has a privilege on a "+f.what+".",
		eval, ex(f.name+f.example, want))
}

func hasAny(s PrivilegeSession, role uint32, class ObjectClass, object uint32, column int16, list []wanted) bool {
	for _, w := range list {
		if w.word != "RULE" && s.HasPrivilege(role, class, object, column, w.word, w.grant) {
			return true
		}
	}
	return false
}

var _ = func() *Scalar {
	var sigs []string
	for _, user := range []string{"", "name,", "oid,"} {
		for _, object := range []string{"text,", "oid,"} {
			for _, col := range []string{"text,", "int2,"} {
				sigs = append(sigs, "has_column_privilege("+user+object+col+"text)")
			}
		}
	}
	table := privilegeFamily{name: "has_column_privilege", class: ClassRelation, byName: namedRelation}
	return define(strings.Join(sigs, " "), "Says whether a role (by default the current one) has a privilege on a column.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			s, err := asSession[privilegeSession](c, "has_column_privilege")
			if err != nil {
				return types.Null, err
			}
			var user *types.Datum
			if len(args) == 4 {
				user = &args[0]
				args = args[1:]
			}
			role, err := roleOf(s, user, true)
			if err != nil {
				return types.Null, err
			}
			object, ok, err := table.objectOf(c, s, args[0])
			if err != nil {
				return types.Null, err
			}
			num := int16(args[1].I)
			if args[1].P == types.PhysString && ok {
				if num = s.ColumnNumber(object, args[1].S); num == 0 {
					name, _ := s.Name(ClassRelation, object)
					return types.Null, pgerror.New(pgerror.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", args[1].S, name)
				}
			}
			list, err := parsePrivileges(args[2].S, columnPrivileges)
			if err != nil || !ok || !s.HasColumn(object, num) {
				return types.Null, err
			}
			return types.NewBool(hasAny(s, role, ClassRelation, object, num, list)), nil
		}), ex("has_column_privilege('pg_class', 'relname', 'select')", "t"))
}()

var _ = define("pg_has_role(name,text) pg_has_role(oid,text) pg_has_role(name,name,text) pg_has_role(name,oid,text) pg_has_role(oid,name,text) pg_has_role(oid,oid,text)",
	"Says whether a role (by default the current one) is a member of another (MEMBER), or has its privileges (USAGE).",
	evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		s, err := asSession[privilegeSession](c, "pg_has_role")
		if err != nil {
			return types.Null, err
		}
		var user *types.Datum
		if len(args) == 3 {
			user = &args[0]
			args = args[1:]
		}
		member, err := roleOf(s, user, false)
		if err != nil {
			return types.Null, err
		}
		role, err := roleOf(s, &args[0], false)
		if err != nil {
			return types.Null, err
		}
		for part := range strings.SplitSeq(args[1].S, ",") {
			text := strings.TrimSpace(part)
			word := strings.ToUpper(text)
			admin := false
			for _, suffix := range []string{" WITH GRANT OPTION", " WITH ADMIN OPTION"} {
				if w, ok := strings.CutSuffix(word, suffix); ok {
					word, admin = w, true
				}
			}
			if word != "MEMBER" && word != "USAGE" {
				return types.Null, pgerror.New(pgerror.InvalidParameterValue, "unrecognized privilege type: \"%s\"", text)
			}
			if s.HasRole(role, member, word, admin) {
				return types.NewBool(true), nil
			}
		}
		return types.NewBool(false), nil
	}), ex("pg_has_role('pg_monitor', 'member')", "t"))
