package ddl

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// drop executes DROP of relations, types and schemas.
func drop(ctx context.Context, env *Env, st *ast.Drop) error {
	if st.Concurrently {
		if err := checkDropConcurrently(env, st); err != nil {
			return err
		}
	}
	if st.Kind == ast.ObjectExtension {
		return dropExtension(env, st)
	}
	var refs []catalog.ObjectRef
	for _, o := range st.Objects {
		ref, err := dropTarget(env, st, o)
		if err != nil {
			return err
		}
		if ref.ID != 0 {
			refs = append(refs, ref)
		}
	}
	return dropObjects(ctx, env, refs, st.Cascade)
}

func checkDropConcurrently(env *Env, st *ast.Drop) error {
	switch {
	case env.InBlock:
		return pgerror.New(pgerror.ActiveSqlTransaction, "DROP INDEX CONCURRENTLY cannot run inside a transaction block")
	case len(st.Objects) > 1:
		return pgerror.Unsupported("DROP INDEX CONCURRENTLY does not support dropping multiple objects")
	case st.Cascade:
		return pgerror.Unsupported("DROP INDEX CONCURRENTLY does not support CASCADE")
	}
	return nil
}

// dropTarget finds an object to drop; the zero ref if it is missing and may be.
func dropTarget(env *Env, st *ast.Drop, o *ast.ObjectRef) (catalog.ObjectRef, error) {
	none := catalog.ObjectRef{}
	switch st.Kind {
	case ast.ObjectTable, ast.ObjectView, ast.ObjectSequence, ast.ObjectIndex, ast.ObjectMaterializedView:
		return dropRelation(env, st, o)
	case ast.ObjectFunction, ast.ObjectProcedure, ast.ObjectRoutine:
		return dropFunction(env, st, o)
	case ast.ObjectType, ast.ObjectDomain:
		return dropType(env, st, o)
	case ast.ObjectSchema:
		name := o.Names[0]
		sch := env.Editor.Snapshot().Schema(name)
		if sch == nil {
			return none, missing(env, st, pgerror.New(pgerror.UndefinedSchema, "schema %q does not exist", name))
		}
		if sch.ID < catalog.OID(16384) && sch.ID != catalog.PublicOID {
			return none, pgerror.New(pgerror.DependentObjectsStillExist, "cannot drop schema %s because it is required by the database system", name)
		}
		return catalog.ObjectRef{Class: catalog.ObjectSchema, ID: sch.ID}, nil
	}
	name := ""
	if len(o.Names) > 0 {
		name = o.Names[len(o.Names)-1]
	}
	if st.IfExists { // there are none of this kind
		env.Notice(pgerror.NewNotice("%s %q does not exist, skipping", kindWord(st.Kind), name))
		return none, nil
	}
	return none, pgerror.Unsupported("DROP %s", string(st.Kind))
}

// missing reports an object that does not exist: an error, or with IF EXISTS a notice.
func missing(env *Env, st *ast.Drop, err *pgerror.Error) error {
	if !st.IfExists {
		return err
	}
	env.Notice(pgerror.NewNotice("%s, skipping", err.Message))
	return nil
}

// kindWord is how messages call a kind of object.
func kindWord(k ast.ObjectKind) string {
	b := []byte(k)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// relationWord is how messages call a relation.
func relationWord(k catalog.RelKind) (article, word, command string) {
	switch k {
	case catalog.KindView:
		return "a", "view", "VIEW"
	case catalog.KindSequence:
		return "a", "sequence", "SEQUENCE"
	case catalog.KindIndex:
		return "an", "index", "INDEX"
	case catalog.KindMaterializedView:
		return "a", "materialized view", "MATERIALIZED VIEW"
	case catalog.KindCompositeType:
		return "a", "type", "TYPE"
	}
	return "a", "table", "TABLE"
}

var relKinds = map[ast.ObjectKind]catalog.RelKind{
	ast.ObjectTable: catalog.KindTable, ast.ObjectView: catalog.KindView, ast.ObjectSequence: catalog.KindSequence,
	ast.ObjectIndex: catalog.KindIndex, ast.ObjectMaterializedView: catalog.KindMaterializedView,
}

// rangeVar makes a RangeVar of an object's names.
func rangeVar(pos ast.Pos, names []string) *ast.RangeVar {
	rv := &ast.RangeVar{Pos: pos, Name: names[len(names)-1]}
	if len(names) > 1 {
		rv.Schema = names[len(names)-2]
	}
	return rv
}

func dropRelation(env *Env, st *ast.Drop, o *ast.ObjectRef) (catalog.ObjectRef, error) {
	none := catalog.ObjectRef{}
	rv := rangeVar(o.Pos, o.Names)
	want := relKinds[st.Kind]
	id, kind := findRelation(env, rv)
	if id == 0 {
		if rv.Schema != "" && env.Editor.Snapshot().Schema(rv.Schema) == nil {
			return none, missing(env, st, pgerror.New(pgerror.UndefinedSchema, "schema %q does not exist", rv.Schema))
		}
		code := pgerror.UndefinedTable
		if want == catalog.KindIndex {
			code = pgerror.UndefinedObject
		}
		return none, missing(env, st, pgerror.New(code, "%s %q does not exist", kindWord(st.Kind), rv.Name))
	}
	t := env.Editor.Snapshot().TableByID(id)
	if t != nil && t.Kind == catalog.KindVirtual {
		return none, pgerror.New(pgerror.InsufficientPrivilege, "permission denied: %q is a system catalog", t.Name)
	}
	if want == catalog.KindView && IsContinuous(t) {
		return none, pgerror.New(pgerror.WrongObjectType, "cannot drop continuous aggregate using DROP VIEW").
			WithHint("Use DROP MATERIALIZED VIEW to drop a continuous aggregate.")
	}
	if kind != want && !isContinuousAs(t, want) {
		article, word, _ := relationWord(want)
		a, w, command := relationWord(kind)
		return none, pgerror.New(pgerror.WrongObjectType, "%q is not %s %s", rv.Name, article, word).
			WithHint("Use DROP %s to remove %s %s.", command, a, w)
	}
	return catalog.ObjectRef{Class: catalog.ObjectRelation, ID: id}, nil
}

// findRelation finds what has a name in the name space of relations: tables,
// views, sequences, indexes, composite types. id is 0 if nothing does.
func findRelation(env *Env, rv *ast.RangeVar) (id catalog.OID, kind catalog.RelKind) {
	snap := env.Editor.Snapshot()
	path := []string{rv.Schema}
	if rv.Schema == "" {
		path = env.PlanOptions().SearchPath
	}
	for _, name := range path {
		if sch := snap.Schema(name); sch != nil {
			if id, kind := snap.RelationByName(sch.ID, rv.Name); id != 0 {
				return id, kind
			}
		}
	}
	return 0, 0
}

func dropType(env *Env, st *ast.Drop, o *ast.ObjectRef) (catalog.ObjectRef, error) {
	none := catalog.ObjectRef{}
	t, err := findType(env, o)
	if err != nil {
		e := pgerror.From(err)
		if e.Code == pgerror.UndefinedObject || e.Code == pgerror.UndefinedSchema {
			c := pgerror.New(e.Code, "%s", e.Message)
			return none, missing(env, st, c)
		}
		return none, err
	}
	if st.Kind == ast.ObjectDomain && t.Kind != 'd' {
		return none, pgerror.New(pgerror.WrongObjectType, "%q is not a domain", catalog.FormatType(env.Editor.Snapshot(), env.PlanOptions().SearchPath, typeOf(t.ID)))
	}
	return catalog.ObjectRef{Class: catalog.ObjectType, ID: t.ID}, nil
}

// findType finds a user-defined type that a statement names.
func findType(env *Env, o *ast.ObjectRef) (*catalog.UserType, error) {
	tn := o.Type
	if tn == nil {
		tn = &ast.TypeName{Names: o.Names}
	}
	typ, err := planner.ResolveType(tn, env.PlanOptions())
	if err != nil {
		return nil, err
	}
	t := env.Editor.Snapshot().Type(typ.OID)
	if t == nil {
		return nil, pgerror.New(pgerror.DependentObjectsStillExist, "cannot drop type %s because it is required by the database system",
			catalog.FormatType(env.Editor.Snapshot(), env.PlanOptions().SearchPath, typ))
	}
	return t, nil
}

// dropObjects drops objects and what depends on them.
func dropObjects(ctx context.Context, env *Env, refs []catalog.ObjectRef, cascade bool) error {
	if len(refs) == 0 {
		return nil
	}
	plan, err := env.Editor.Snapshot().PlanDrop(env.PlanOptions().SearchPath, refs, cascade)
	if err != nil {
		return err
	}
	if err := checkSeriesColumns(env.Editor.Snapshot(), plan); err != nil {
		return err
	}
	if err := checkStoredFields(env, plan); err != nil {
		return err
	}
	for _, id := range droppedTables(env.Editor.Snapshot(), plan) {
		if err := env.Lock(ctx, id, kv.LockUpdate); err != nil {
			return err
		}
	}
	if plan.Notice != nil {
		env.Notice(plan.Notice)
	}
	return env.Editor.ExecuteDrop(plan, func(old, t *catalog.Table) error { return rewrite(ctx, env, old, t, nil) })
}

// droppedTables lists the tables that a drop removes or changes, and those whose
// foreign keys it takes the other end from.
func droppedTables(snap *catalog.Snapshot, plan *catalog.Drop) []catalog.OID {
	var out []catalog.OID
	seen := map[catalog.OID]bool{}
	add := func(t *catalog.Table) {
		if t != nil && !seen[t.ID] && (t.Kind == catalog.KindTable || t.Kind == catalog.KindMaterializedView) {
			seen[t.ID] = true
			out = append(out, t.ID)
		}
	}
	constraints := map[catalog.OID]bool{}
	for _, ref := range plan.Objects {
		switch ref.Class {
		case catalog.ObjectRelation, catalog.ObjectDefault:
			add(snap.TableByID(ref.ID))
			t, _ := snap.IndexByID(ref.ID)
			add(t)
		case catalog.ObjectConstraint:
			constraints[ref.ID] = true
		}
	}
	for _, t := range snap.Tables() {
		for i := range t.ForeignKeys {
			if fk := &t.ForeignKeys[i]; constraints[fk.ID] {
				add(t)
				add(snap.TableByID(fk.RefTable))
			}
		}
		for i := range t.Checks {
			if constraints[t.Checks[i].ID] {
				add(t)
			}
		}
		for i := range t.Indexes {
			if constraints[t.Indexes[i].Constraint] {
				add(t)
			}
		}
	}
	return out
}
