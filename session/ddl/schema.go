package ddl

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// createSchema executes CREATE SCHEMA.
func createSchema(ctx context.Context, env *Env, st *ast.CreateSchema) error {
	name, owner := st.Name, env.User
	if st.Owner != nil && st.Owner.Kind == ast.RoleName {
		owner = st.Owner.Name
		if env.Editor.Snapshot().Role(owner) == nil {
			return pgerror.New(pgerror.UndefinedObject, "role %q does not exist", owner)
		}
	}
	if name == "" {
		name = owner
	}
	if len(name) >= 3 && name[:3] == "pg_" {
		return pgerror.New(pgerror.ReservedName, "unacceptable schema name %q", name).
			WithDetail(`The prefix "pg_" is reserved for system schemas.`)
	}
	if env.Editor.Snapshot().Schema(name) != nil && st.IfNotExists {
		env.Notice(pgerror.NewNotice("schema %q already exists, skipping", name).WithCode(pgerror.DuplicateSchema))
		return nil
	}
	if err := env.Editor.CreateSchema(&catalog.Schema{Name: name, Owner: roleID(env, owner)}); err != nil {
		return err
	}
	// Unqualified names of the elements are looked for, and made, in the new schema first.
	inner := *env
	inner.CreationSchema = func() string { return name }
	inner.PlanOptions = func() planner.Options {
		opts := env.PlanOptions()
		opts.SearchPath = append([]string{"pg_catalog", name}, opts.SearchPath...)
		return opts
	}
	for _, el := range st.Elements {
		if _, err := Run(ctx, &inner, el); err != nil {
			return err
		}
	}
	return nil
}
