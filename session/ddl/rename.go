package ddl

import (
	"context"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// rename executes ALTER ... RENAME, and edits the texts that name the object.
func rename(ctx context.Context, env *Env, st *ast.Rename) error {
	old := env.Editor.Snapshot()
	var err error
	from := st.Name
	switch st.Kind {
	case ast.ObjectColumn, ast.ObjectAttribute:
		err = renameColumn(ctx, env, st)
	case ast.ObjectTableConstraint:
		err = renameConstraint(ctx, env, st)
	case ast.ObjectTable, ast.ObjectView, ast.ObjectSequence, ast.ObjectIndex, ast.ObjectMaterializedView:
		from = st.Relation.Name
		err = renameRelation(ctx, env, st)
	case ast.ObjectSchema:
		if from == "" {
			from = st.Object.Names[0]
		}
		sch := old.Schema(from)
		if sch == nil {
			return pgerror.New(pgerror.UndefinedSchema, "schema %q does not exist", from)
		}
		next := *sch
		next.Name = st.NewName
		err = env.Editor.UpdateSchema(&next)
	case ast.ObjectType, ast.ObjectDomain:
		t, terr := resolveUserType(env, st.Object)
		if terr != nil {
			return terr
		}
		from = t.Name
		next := *t
		next.Name = st.NewName
		err = env.Editor.UpdateType(&next)
	case ast.ObjectFunction, ast.ObjectProcedure, ast.ObjectRoutine:
		f, ferr := findFunction(env, st.Kind, st.Object)
		if ferr != nil {
			return ferr
		}
		from = f.Name
		next := *f
		next.Name = st.NewName
		err = env.Editor.UpdateFunction(&next)
		if pgerror.CodeOf(err) == pgerror.DuplicateFunction {
			return pgerror.New(pgerror.DuplicateFunction, "function %s already exists in schema %q", catalog.FunctionSignature(old, env.PlanOptions().SearchPath, &next), old.SchemaByID(f.Schema).Name)
		}
	case ast.ObjectRole:
		return renameRole(env, st)
	case ast.ObjectDatabase:
		return renameDatabase(env, st)
	default:
		return pgerror.Unsupported("ALTER %s ... RENAME", string(st.Kind))
	}
	if err != nil || env.Editor.Snapshot() == old {
		return err
	}
	return renameEverywhere(ctx, env, old, from)
}

func objectName1(st *ast.Rename) string {
	if st.Name != "" || st.Object == nil || len(st.Object.Names) == 0 {
		return st.Name
	}
	return st.Object.Names[0]
}

func renameRole(env *Env, st *ast.Rename) error {
	name := objectName1(st)
	r := env.Editor.Snapshot().Role(name)
	if r == nil {
		return pgerror.New(pgerror.UndefinedObject, "role %q does not exist", name)
	}
	if r.Name == env.User {
		return pgerror.New(pgerror.FeatureNotSupported, "session user cannot be renamed")
	}
	next := *r
	next.Name = st.NewName
	return env.Editor.UpdateRole(&next)
}

func renameDatabase(env *Env, st *ast.Rename) error {
	name := objectName1(st)
	d := env.Editor.Snapshot().DatabaseByName(name)
	switch {
	case d == nil:
		return pgerror.New(pgerror.UndefinedDatabase, "database %q does not exist", name)
	case d.ID == env.Editor.Snapshot().Database().ID:
		return pgerror.New(pgerror.FeatureNotSupported, "current database cannot be renamed")
	case env.Connected(d.ID) > 0:
		return pgerror.New(pgerror.ObjectInUse, "database %q is being accessed by other users", name)
	}
	next := *d
	next.Name = st.NewName
	return env.Editor.UpdateDatabase(&next)
}

// relationToAlter finds the relation of ALTER; nil and no error if it is
// missing and may be. For an index ix is set and t is its table.
func relationToAlter(env *Env, rv *ast.RangeVar, ifExists bool) (t *catalog.Table, ix *catalog.Index, kind catalog.RelKind, err error) {
	id, kind := findRelation(env, rv)
	if id == 0 {
		if ifExists {
			env.Notice(pgerror.NewNotice("relation %q does not exist, skipping", rv.Name))
			return nil, nil, 0, nil
		}
		return nil, nil, 0, undefinedRelation(env, rv)
	}
	snap := env.Editor.Snapshot()
	if kind == catalog.KindIndex {
		t, ix = snap.IndexByID(id)
		return t, ix, kind, nil
	}
	t = snap.TableByID(id)
	if t == nil {
		return nil, nil, kind, pgerror.Unsupported("ALTER of a composite type")
	}
	if t.Kind == catalog.KindVirtual {
		return nil, nil, kind, pgerror.New(pgerror.InsufficientPrivilege, "permission denied: %q is a system catalog", t.Name)
	}
	return t, nil, kind, nil
}

// lockRelation keeps users of a table out; other relations need no lock.
func lockRelation(ctx context.Context, env *Env, t *catalog.Table) error {
	if t.Kind != catalog.KindTable && t.Kind != catalog.KindMaterializedView {
		return nil
	}
	return env.Lock(ctx, t.ID, kv.LockUpdate)
}

func checkKind(want ast.ObjectKind, t *catalog.Table, kind catalog.RelKind, name string) error {
	if isContinuousAs(t, relKinds[want]) {
		return nil
	}
	if w := relKinds[want]; want != ast.ObjectTable && want != ast.ObjectIndex && w != kind {
		article, word, _ := relationWord(w)
		return pgerror.New(pgerror.WrongObjectType, "%q is not %s %s", name, article, word)
	}
	return nil
}

func renameRelation(ctx context.Context, env *Env, st *ast.Rename) error {
	t, ix, kind, err := relationToAlter(env, st.Relation, st.IfExists)
	if err != nil || t == nil {
		return err
	}
	if err := checkKind(st.Kind, t, kind, st.Relation.Name); err != nil {
		return err
	}
	if err := lockRelation(ctx, env, t); err != nil {
		return err
	}
	next := env.Editor.Snapshot().TableByID(t.ID).Clone()
	if ix == nil {
		if next.Name == st.NewName {
			return pgerror.New(pgerror.DuplicateTable, "relation %q already exists", st.NewName)
		}
		next.Name = st.NewName
		return env.Editor.UpdateTable(next)
	}
	if relationTaken(env, t.Schema, nil)(st.NewName) {
		return pgerror.New(pgerror.DuplicateTable, "relation %q already exists", st.NewName)
	}
	indexByID(next, ix.ID).Name = st.NewName
	return env.Editor.UpdateTable(next)
}

func renameColumn(ctx context.Context, env *Env, st *ast.Rename) error {
	if st.Relation == nil {
		return pgerror.Unsupported("ALTER TYPE ... RENAME ATTRIBUTE")
	}
	if done, err := renameField(env, st); done {
		return err
	}
	t, ix, kind, err := relationToAlter(env, st.Relation, st.IfExists)
	if err != nil || t == nil {
		return err
	}
	if ix != nil || kind == catalog.KindSequence {
		return pgerror.New(pgerror.WrongObjectType, "cannot rename columns of relation %q", st.Relation.Name).
			WithDetail("This operation is not supported for %s.", map[bool]string{true: "indexes", false: "sequences"}[ix != nil])
	}
	if err := checkKind(st.RelationKind, t, kind, st.Relation.Name); err != nil {
		return err
	}
	if err := lockRelation(ctx, env, t); err != nil {
		return err
	}
	next := env.Editor.Snapshot().TableByID(t.ID).Clone()
	if isSystemColumn(st.Name) {
		return pgerror.New(pgerror.FeatureNotSupported, "cannot rename system column %q", st.Name)
	}
	col := columnByName(next, st.Name)
	if col == nil {
		return pgerror.New(pgerror.UndefinedColumn, "column %q does not exist", st.Name)
	}
	if isSystemColumn(st.NewName) {
		return pgerror.New(pgerror.DuplicateColumn, "column name %q conflicts with a system column name", st.NewName)
	}
	if columnByName(next, st.NewName) != nil {
		return pgerror.New(pgerror.DuplicateColumn, "column %q of relation %q already exists", st.NewName, t.Name)
	}
	col.Name = st.NewName
	return env.Editor.UpdateTable(next)
}

func renameConstraint(ctx context.Context, env *Env, st *ast.Rename) error {
	t, _, _, err := relationToAlter(env, st.Relation, st.IfExists)
	if err != nil || t == nil {
		return err
	}
	if err := lockRelation(ctx, env, t); err != nil {
		return err
	}
	next := env.Editor.Snapshot().TableByID(t.ID).Clone()
	ref, typ := next.Constraint(st.Name)
	if typ == 0 {
		return pgerror.New(pgerror.UndefinedObject, "constraint %q for table %q does not exist", st.Name, t.Name)
	}
	if _, taken := next.Constraint(st.NewName); taken != 0 {
		return pgerror.New(pgerror.DuplicateObject, "constraint %q for relation %q already exists", st.NewName, t.Name)
	}
	for i := range next.Indexes {
		if next.Indexes[i].Constraint == ref.ID {
			if relationTaken(env, t.Schema, nil)(st.NewName) {
				return pgerror.New(pgerror.DuplicateTable, "relation %q already exists", st.NewName)
			}
			next.Indexes[i].Name = st.NewName
		}
	}
	for i := range next.Checks {
		if next.Checks[i].ID == ref.ID {
			next.Checks[i].Name = st.NewName
		}
	}
	for i := range next.ForeignKeys {
		if next.ForeignKeys[i].ID == ref.ID {
			next.ForeignKeys[i].Name = st.NewName
		}
	}
	return env.Editor.UpdateTable(next)
}

// alterSchema executes ALTER ... SET SCHEMA.
func alterSchema(ctx context.Context, env *Env, st *ast.AlterObjectSchema) error {
	old := env.Editor.Snapshot()
	switch st.Kind {
	case ast.ObjectFunction, ast.ObjectProcedure, ast.ObjectRoutine:
		f, err := findFunction(env, st.Kind, st.Object)
		if err != nil {
			return err
		}
		schema, err := schemaFor(env, st.NewSchema, -1)
		if err != nil || schema.ID == f.Schema {
			return err
		}
		next := *f
		next.Schema = schema.ID
		err = env.Editor.UpdateFunction(&next)
		if pgerror.CodeOf(err) == pgerror.DuplicateFunction {
			return pgerror.New(pgerror.DuplicateFunction, "function %s already exists in schema %q", catalog.FunctionSignature(old, env.PlanOptions().SearchPath, f), schema.Name)
		}
		if err != nil {
			return err
		}
		return renameEverywhere(ctx, env, old, f.Name)
	case ast.ObjectType, ast.ObjectDomain:
		t, err := resolveUserType(env, st.Object)
		if err != nil {
			return err
		}
		schema, err := schemaFor(env, st.NewSchema, -1)
		if err != nil {
			return err
		}
		if schema.ID == t.Schema {
			return nil
		}
		next := *t
		next.Schema = schema.ID
		if old.TypeByName(schema.ID, t.Name) != nil {
			return pgerror.New(pgerror.DuplicateObject, "type %q already exists in schema %q", t.Name, schema.Name)
		}
		if err := env.Editor.UpdateType(&next); err != nil {
			return err
		}
		return renameEverywhere(ctx, env, old, t.Name)
	case ast.ObjectTable, ast.ObjectView, ast.ObjectSequence, ast.ObjectMaterializedView:
	default:
		return pgerror.Unsupported("ALTER %s ... SET SCHEMA", string(st.Kind))
	}
	t, ix, kind, err := relationToAlter(env, st.Relation, st.IfExists)
	if err != nil || t == nil {
		return err
	}
	if ix != nil {
		return pgerror.New(pgerror.WrongObjectType, "cannot change schema of index %q", ix.Name).
			WithHint("Change the schema of the table instead.")
	}
	if err := checkKind(st.Kind, t, kind, st.Relation.Name); err != nil {
		return err
	}
	if s := t.Sequence; s != nil && s.OwnerTable != 0 {
		return pgerror.New(pgerror.FeatureNotSupported, "cannot move an owned sequence into another schema").
			WithDetail("Sequence %q is linked to table %q.", t.Name, old.TableByID(s.OwnerTable).Name)
	}
	schema, err := schemaFor(env, st.NewSchema, -1)
	if err != nil {
		return err
	}
	if schema.ID == t.Schema {
		return nil
	}
	if t.Temporary || strings.HasPrefix(schema.Name, "pg_temp") {
		return pgerror.New(pgerror.FeatureNotSupported, "cannot move objects into or out of temporary schemas")
	}
	if err := lockRelation(ctx, env, t); err != nil {
		return err
	}
	if err := moveRelation(env, t, schema); err != nil {
		return err
	}
	for _, seq := range old.Tables() {
		if seq.Sequence != nil && seq.Sequence.OwnerTable == t.ID {
			if err := moveRelation(env, seq, schema); err != nil {
				return err
			}
		}
	}
	return renameEverywhere(ctx, env, old, old.SchemaByID(t.Schema).Name)
}

func moveRelation(env *Env, t *catalog.Table, schema *catalog.Schema) error {
	if relationTaken(env, schema.ID, nil)(t.Name) {
		return pgerror.New(pgerror.DuplicateTable, "relation %q already exists in schema %q", t.Name, schema.Name)
	}
	next := env.Editor.Snapshot().TableByID(t.ID).Clone()
	next.Schema = schema.ID
	return env.Editor.UpdateTable(next)
}

// alterOwner executes ALTER ... OWNER TO of what is no relation.
func alterOwner(env *Env, st *ast.AlterOwnerTo) error {
	owner, err := resolveRole(env, st.Owner)
	if err != nil {
		return err
	}
	snap := env.Editor.Snapshot()
	switch st.Kind {
	case ast.ObjectSchema:
		sch := snap.Schema(st.Object.Names[0])
		if sch == nil {
			return pgerror.New(pgerror.UndefinedSchema, "schema %q does not exist", st.Object.Names[0])
		}
		next := *sch
		next.Owner = owner.ID
		return env.Editor.UpdateSchema(&next)
	case ast.ObjectDatabase:
		d := snap.DatabaseByName(st.Object.Names[0])
		if d == nil {
			return pgerror.New(pgerror.UndefinedDatabase, "database %q does not exist", st.Object.Names[0])
		}
		next := *d
		next.Owner = owner.ID
		return env.Editor.UpdateDatabase(&next)
	case ast.ObjectType, ast.ObjectDomain:
		t, err := resolveUserType(env, st.Object)
		if err != nil {
			return err
		}
		next := *t
		next.Owner = owner.ID
		return env.Editor.UpdateType(&next)
	case ast.ObjectFunction, ast.ObjectProcedure, ast.ObjectRoutine:
		f, err := findFunction(env, st.Kind, st.Object)
		if err != nil {
			return err
		}
		next := *f
		next.Owner = owner.ID
		return env.Editor.UpdateFunction(&next)
	}
	return pgerror.Unsupported("ALTER %s ... OWNER TO", string(st.Kind))
}
