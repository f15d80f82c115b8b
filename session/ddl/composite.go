package ddl

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// createComposite executes CREATE TYPE ... AS (...).
func createComposite(env *Env, st *ast.CreateComposite) error {
	schema, err := schemaFor(env, st.Name.Schema, st.Name.Loc())
	if err != nil {
		return err
	}
	t := &catalog.UserType{Name: st.Name.Name, Schema: schema.ID, Owner: roleID(env, env.User), Kind: 'c'}
	for _, def := range st.Columns {
		if err := addField(env, t, def); err != nil {
			return err
		}
	}
	return env.Editor.CreateType(t)
}

// addField adds a field to a composite type.
func addField(env *Env, t *catalog.UserType, def *ast.ColumnDef) error {
	typ, err := planner.ResolveType(def.Type, env.PlanOptions())
	if err != nil {
		return err
	}
	if slices.ContainsFunc(t.Fields, func(c catalog.Column) bool { return c.Name == def.Name && !c.Dropped }) {
		return pgerror.New(pgerror.DuplicateColumn, "column %q specified more than once", def.Name)
	}
	if isPseudo(env, typ.OID) {
		return pgerror.New(pgerror.InvalidTableDefinition, "column %q has pseudo-type %s", def.Name, formatType(env, typ.OID))
	}
	snap := env.Editor.Snapshot()
	if err := planner.RefuseDomain(snap, typ); err != nil {
		return err
	}
	if t.ID != 0 && containsType(snap, typ.OID, t.ID) {
		return pgerror.New(pgerror.InvalidTableDefinition, "composite type %s cannot be made a member of itself", t.Name)
	}
	t.Fields = append(t.Fields, catalog.Column{Num: int16(len(t.Fields) + 1), Name: def.Name, Type: typ})
	return nil
}

// containsType reports whether a type is another one, an array of it or made of it.
func containsType(snap *catalog.Snapshot, typ, of types.OID) bool {
	u, _ := snap.TypeOrRow(typ)
	if u == nil {
		return false
	}
	if u.ID == of {
		return true
	}
	for i := range u.Fields {
		if f := &u.Fields[i]; !f.Dropped && containsType(snap, f.Type.OID, of) {
			return true
		}
	}
	return false
}

// refuseStored fails where a table's column holds values of a composite type whose
// fields are to change: they lie in rows by their position.
func refuseStored(env *Env, kind, name string, typ types.OID) error {
	snap := env.Editor.Snapshot()
	if typ == 0 {
		return nil
	}
	for _, t := range snap.Tables() {
		if t.Kind != catalog.KindTable && t.Kind != catalog.KindMaterializedView {
			continue
		}
		for i := range t.Columns {
			c := &t.Columns[i]
			if c.Dropped || !containsType(snap, c.Type.OID, typ) {
				continue
			}
			uses := "uses it"
			if kind == "table" {
				uses = "uses its row type"
			}
			return pgerror.New(pgerror.FeatureNotSupported, "cannot alter %s %q because column \"%s.%s\" %s", kind, name, t.Name, c.Name, uses)
		}
	}
	return nil
}

// checkStoredFields refuses to drop fields of composite types, and columns of relations,
// of which other tables keep values.
func checkStoredFields(env *Env, d *catalog.Drop) error {
	snap := env.Editor.Snapshot()
	for _, ref := range d.Objects {
		if ref.Class != catalog.ObjectRelation || ref.Sub == 0 {
			continue
		}
		kind, name, typ, whole := "type", "", types.OID(0), catalog.ObjectRef{Class: ref.Class, ID: ref.ID}
		if t := snap.TableByID(ref.ID); t != nil {
			kind, name, typ = "table", t.Name, t.RowType
		} else if u := snap.CompositeByRelation(ref.ID); u != nil {
			name, typ, whole = u.Name, u.ID, catalog.ObjectRef{Class: catalog.ObjectType, ID: u.ID}
		}
		if slices.Contains(d.Objects, whole) {
			continue
		}
		if err := refuseStored(env, kind, name, typ); err != nil {
			return err
		}
	}
	return nil
}

// alterComposite executes ALTER TYPE ... ADD, DROP and ALTER ATTRIBUTE; done is false
// when the name is no composite type's.
func alterComposite(env *Env, st *ast.AlterTable) (done bool, err error) {
	u := compositeNamed(env, st.Table)
	if u == nil {
		return false, nil
	}
	if err := refuseStored(env, "type", u.Name, u.ID); err != nil {
		return true, err
	}
	if err := refuseQueried(env, u); err != nil {
		return true, err
	}
	next := *u
	next.Fields = slices.Clone(u.Fields)
	for _, cmd := range st.Cmds {
		at := slices.IndexFunc(next.Fields, func(c catalog.Column) bool { return c.Name == cmd.Name && !c.Dropped })
		switch cmd.Kind {
		case ast.AlterAddColumn:
			if slices.ContainsFunc(next.Fields, func(c catalog.Column) bool { return c.Name == cmd.Column.Name && !c.Dropped }) {
				return true, pgerror.New(pgerror.DuplicateColumn, "column %q of relation %q already exists", cmd.Column.Name, u.Name)
			}
			if err := addField(env, &next, cmd.Column); err != nil {
				return true, err
			}
		case ast.AlterDropColumn:
			if at < 0 {
				if cmd.IfExists {
					env.Notice(pgerror.NewNotice("column %q of relation %q does not exist, skipping", cmd.Name, u.Name))
					continue
				}
				return true, pgerror.New(pgerror.UndefinedColumn, "column %q of relation %q does not exist", cmd.Name, u.Name)
			}
			next.Fields[at].Dropped = true
		case ast.AlterColumnType:
			if at < 0 {
				return true, pgerror.New(pgerror.UndefinedColumn, "column %q of relation %q does not exist", cmd.Name, u.Name)
			}
			typ, err := planner.ResolveType(cmd.Column.Type, env.PlanOptions())
			if err != nil {
				return true, err
			}
			if containsType(env.Editor.Snapshot(), typ.OID, u.ID) {
				return true, pgerror.New(pgerror.InvalidTableDefinition, "composite type %s cannot be made a member of itself", u.Name)
			}
			next.Fields[at].Type = typ
		default:
			return true, pgerror.Unsupported("ALTER TYPE ... %s", strings.ToUpper(string(cmd.Kind)))
		}
	}
	return true, env.Editor.UpdateType(&next)
}

// compositeNamed finds a composite type by name, nil if there is none.
func compositeNamed(env *Env, rv *ast.RangeVar) *catalog.UserType {
	snap := env.Editor.Snapshot()
	path := []string{rv.Schema}
	if rv.Schema == "" {
		path = env.PlanOptions().SearchPath
	}
	for _, name := range path {
		if sch := snap.Schema(name); sch != nil {
			if id, kind := snap.RelationByName(sch.ID, rv.Name); id != 0 {
				if kind != catalog.KindCompositeType {
					return nil
				}
				return snap.TypeByName(sch.ID, rv.Name)
			}
		}
	}
	return nil
}

// renameField executes ALTER TYPE ... RENAME ATTRIBUTE; done is false when the name is no
// composite type's.
func renameField(env *Env, st *ast.Rename) (done bool, err error) {
	u := compositeNamed(env, st.Relation)
	if u == nil {
		return false, nil
	}
	next := *u
	next.Fields = slices.Clone(u.Fields)
	at := slices.IndexFunc(next.Fields, func(c catalog.Column) bool { return c.Name == st.Name && !c.Dropped })
	switch {
	case at < 0:
		return true, pgerror.New(pgerror.UndefinedColumn, "column %q does not exist", st.Name)
	case slices.ContainsFunc(next.Fields, func(c catalog.Column) bool { return c.Name == st.NewName && !c.Dropped }):
		return true, pgerror.New(pgerror.DuplicateColumn, "column %q of relation %q already exists", st.NewName, u.Name)
	}
	if err := refuseQueried(env, u); err != nil {
		return true, err
	}
	next.Fields[at].Name = st.NewName
	return true, env.Editor.UpdateType(&next)
}

// hasExpressions reports whether a table keeps expressions over its columns.
func hasExpressions(t *catalog.Table) bool {
	return len(t.Checks) > 0 ||
		slices.ContainsFunc(t.Columns, func(c catalog.Column) bool { return c.Generated && !c.Dropped }) ||
		slices.ContainsFunc(t.Indexes, func(ix catalog.Index) bool {
			return ix.Predicate != "" || slices.ContainsFunc(ix.Columns, func(c catalog.IndexColumn) bool { return c.Expr != "" })
		})
}

// refuseQueried fails where a stored query or an expression of a table may name the
// attributes of a composite type that are to change: it names the type, or reads a column
// of it.
func refuseQueried(env *Env, u *catalog.UserType) error {
	snap := env.Editor.Snapshot()
	reads := func(ids []catalog.OID) bool {
		return slices.ContainsFunc(ids, func(id catalog.OID) bool {
			t := snap.TableByID(id)
			return id == u.ID || t != nil && slices.ContainsFunc(t.Columns, func(c catalog.Column) bool {
				return !c.Dropped && containsType(snap, c.Type.OID, u.ID)
			})
		})
	}
	for _, t := range snap.Tables() {
		if t.View != nil && reads(t.View.DependsOn) {
			return pgerror.Unsupported("ALTER TYPE of type %q, which view %q reads,", u.Name, t.Name)
		}
		if hasExpressions(t) && reads([]catalog.OID{t.ID}) {
			return pgerror.Unsupported("ALTER TYPE of type %q, which expressions of table %q may read,", u.Name, t.Name)
		}
	}
	for _, f := range snap.Functions() {
		if f.Standard() && reads(f.DependsOn) {
			return pgerror.Unsupported("ALTER TYPE of type %q, which function %q reads,", u.Name, f.Name)
		}
	}
	return nil
}
