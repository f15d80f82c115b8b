package ddl

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// comment executes COMMENT ON.
func comment(env *Env, st *ast.Comment) error {
	text := ""
	if st.Text != nil {
		text = *st.Text
	}
	names := st.Object.Names
	switch st.Kind {
	case ast.ObjectTable, ast.ObjectView, ast.ObjectSequence, ast.ObjectMaterializedView, ast.ObjectIndex:
		return commentRelation(env, st, text)
	case ast.ObjectColumn:
		t, err := needTable(env, rangeVar(st.Object.Pos, names[:len(names)-1]))
		if err != nil {
			return err
		}
		next := t.Clone()
		col, err := needColumn(next, names[len(names)-1])
		if err != nil {
			return err
		}
		if t.Kind == catalog.KindSequence {
			return pgerror.New(pgerror.WrongObjectType, "cannot set comment on relation %q", t.Name).
				WithDetail("This operation is not supported for sequences.")
		}
		col.Comment = text
		return env.Editor.UpdateTable(next)
	case ast.ObjectTableConstraint:
		return commentConstraint(env, st, text)
	case ast.ObjectSchema:
		sch := env.Editor.Snapshot().Schema(names[0])
		if sch == nil {
			return pgerror.New(pgerror.UndefinedSchema, "schema %q does not exist", names[0])
		}
		next := *sch
		next.Comment = text
		return env.Editor.UpdateSchema(&next)
	case ast.ObjectDatabase:
		d := env.Editor.Snapshot().DatabaseByName(names[0])
		if d == nil {
			return pgerror.New(pgerror.UndefinedDatabase, "database %q does not exist", names[0])
		}
		next := *d
		next.Comment = text
		return env.Editor.UpdateDatabase(&next)
	case ast.ObjectRole:
		r := env.Editor.Snapshot().Role(names[0])
		if r == nil {
			return pgerror.New(pgerror.UndefinedObject, "role %q does not exist", names[0])
		}
		next := *r
		next.Comment = text
		return env.Editor.UpdateRole(&next)
	case ast.ObjectFunction, ast.ObjectProcedure, ast.ObjectRoutine:
		f, err := findFunction(env, st.Kind, st.Object)
		if err != nil {
			return err
		}
		next := *f
		next.Comment = text
		return env.Editor.UpdateFunction(&next)
	case ast.ObjectType, ast.ObjectDomain:
		t, err := resolveUserType(env, st.Object)
		if err != nil {
			return err
		}
		if st.Kind == ast.ObjectDomain && t.Kind != 'd' {
			return pgerror.New(pgerror.WrongObjectType, "%q is not a domain", t.Name)
		}
		next := *t
		next.Comment = text
		return env.Editor.UpdateType(&next)
	}
	return pgerror.Unsupported("COMMENT ON %s", string(st.Kind))
}

func commentRelation(env *Env, st *ast.Comment, text string) error {
	rv := rangeVar(st.Object.Pos, st.Object.Names)
	id, kind := findRelation(env, rv)
	if id == 0 {
		return undefinedRelation(env, rv)
	}
	if want := relKinds[st.Kind]; want != kind {
		article, word, _ := relationWord(want)
		return pgerror.New(pgerror.WrongObjectType, "%q is not %s %s", rv.Name, article, word)
	}
	if kind == catalog.KindIndex {
		owner, _ := env.Editor.Snapshot().IndexByID(id)
		next := owner.Clone()
		indexByID(next, id).Comment = text
		return env.Editor.UpdateTable(next)
	}
	t, err := needTable(env, rv)
	if err != nil {
		return err
	}
	next := t.Clone()
	next.Comment = text
	return env.Editor.UpdateTable(next)
}

func commentConstraint(env *Env, st *ast.Comment, text string) error {
	names := st.Object.Names
	t, err := needTable(env, rangeVar(st.Object.Pos, names[:len(names)-1]))
	if err != nil {
		return err
	}
	name := names[len(names)-1]
	next := t.Clone()
	for i := range next.Checks {
		if next.Checks[i].Name == name {
			next.Checks[i].Comment = text
			return env.Editor.UpdateTable(next)
		}
	}
	for i := range next.ForeignKeys {
		if next.ForeignKeys[i].Name == name {
			next.ForeignKeys[i].Comment = text
			return env.Editor.UpdateTable(next)
		}
	}
	for i := range next.Indexes {
		if next.Indexes[i].Name == name && next.Indexes[i].Constraint != 0 {
			next.Indexes[i].ConstraintComment = text
			return env.Editor.UpdateTable(next)
		}
	}
	return pgerror.New(pgerror.UndefinedObject, "constraint %q for table %q does not exist", name, t.Name)
}

// resolveUserType finds a type made by a user.
func resolveUserType(env *Env, o *ast.ObjectRef) (*catalog.UserType, error) {
	tn := o.Type
	if tn == nil {
		tn = &ast.TypeName{Pos: o.Pos, Names: o.Names}
	}
	typ, err := planner.ResolveType(tn, env.PlanOptions())
	if err != nil {
		return nil, err
	}
	if t := env.Editor.Snapshot().Type(typ.OID); t != nil {
		return t, nil
	}
	return nil, pgerror.New(pgerror.InsufficientPrivilege, "must be owner of type %s", tn.Names[len(tn.Names)-1])
}
