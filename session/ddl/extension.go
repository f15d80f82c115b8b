package ddl

import (
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// createExtension executes CREATE EXTENSION: what extensions bring is built in, so that
// their presence is only noted.
func createExtension(env *Env, st *ast.CreateExtension) error {
	db := env.Editor.Snapshot().Database()
	if db.Extension(st.Name) != nil {
		e := pgerror.New(pgerror.DuplicateObject, "extension %q already exists", st.Name)
		if !st.IfNotExists {
			return e
		}
		env.Notice(pgerror.NewNotice("%s, skipping", e.Message).WithCode(pgerror.DuplicateObject))
		return nil
	}
	cascade, schema, version := false, "", ""
	for _, o := range st.Options {
		switch o.Name {
		case "cascade":
			cascade, _ = o.Bool()
		case "schema":
			schema = o.Text()
		case "new_version":
			version = o.Text()
		}
	}
	if schema == "" {
		schema = env.CreationSchema()
	}
	sch := env.Editor.Snapshot().Schema(schema)
	if sch == nil {
		return pgerror.New(pgerror.UndefinedSchema, "schema %q does not exist", schema)
	}
	return installExtension(env, st.Name, version, sch.ID, cascade)
}

// updateExtension executes ALTER EXTENSION ... UPDATE: each extension has one version.
func updateExtension(env *Env, st *ast.AlterExtension) error {
	x := env.Editor.Snapshot().Database().Extension(st.Name)
	if x == nil {
		return pgerror.New(pgerror.UndefinedObject, "extension %q does not exist", st.Name)
	}
	to := x.Version
	if a := catalog.FindExtension(st.Name); a != nil {
		to = a.Version
	}
	for _, o := range st.Options {
		if o.Name == "new_version" {
			to = o.Text()
		}
	}
	if to != x.Version {
		return pgerror.New(pgerror.InvalidParameterValue, "extension %q has no update path from version %q to version %q", x.Name, x.Version, to)
	}
	env.Notice(pgerror.NewNotice("version %q of extension %q is already installed", to, x.Name))
	return nil
}

// installExtension notes an extension, with cascade after those it requires.
func installExtension(env *Env, name, version string, schema catalog.OID, cascade bool) error {
	x := catalog.FindExtension(name)
	switch {
	case x == nil:
		return pgerror.Unsupported("extension %q", name)
	case version != "" && version != x.Version:
		return pgerror.New(pgerror.InvalidParameterValue, "extension %q has no installation script nor update path for version %q", name, version)
	}
	for _, need := range x.Requires {
		if env.Editor.Snapshot().Database().Extension(need) != nil {
			continue
		}
		if !cascade {
			return pgerror.New(pgerror.UndefinedObject, "required extension %q is not installed", need).
				WithHint("Use CREATE EXTENSION ... CASCADE to install required extensions too.")
		}
		env.Notice(pgerror.NewNotice("installing required extension %q", need))
		if err := installExtension(env, need, "", schema, true); err != nil {
			return err
		}
	}
	id, err := env.Editor.NewOID()
	if err != nil {
		return err
	}
	db := *env.Editor.Snapshot().Database()
	db.Extensions = append(slices.Clone(db.Extensions), catalog.Extension{ID: id, Name: name, Version: x.Version, Schema: schema, Owner: roleID(env, env.User)})
	return env.Editor.UpdateDatabase(&db)
}

// dropExtension executes DROP EXTENSION. Tables that were made hypertables stay.
func dropExtension(env *Env, st *ast.Drop) error {
	for _, o := range st.Objects {
		name := o.Names[len(o.Names)-1]
		db := *env.Editor.Snapshot().Database()
		if db.Extension(name) == nil {
			if err := missing(env, st, pgerror.New(pgerror.UndefinedObject, "extension %q does not exist", name)); err != nil {
				return err
			}
			continue
		}
		dropped := []string{name}
		for _, x := range db.Extensions {
			if a := catalog.FindExtension(x.Name); a == nil || !slices.Contains(a.Requires, name) {
				continue
			}
			if !st.Cascade {
				return pgerror.New(pgerror.DependentObjectsStillExist, "cannot drop extension %s because other objects depend on it", name).
					WithDetail("extension %s depends on extension %s", x.Name, name).
					WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
			}
			env.Notice(pgerror.NewNotice("drop cascades to extension %s", x.Name))
			dropped = append(dropped, x.Name)
		}
		db.Extensions = slices.DeleteFunc(slices.Clone(db.Extensions), func(x catalog.Extension) bool { return slices.Contains(dropped, x.Name) })
		if err := env.Editor.UpdateDatabase(&db); err != nil {
			return err
		}
	}
	return nil
}
