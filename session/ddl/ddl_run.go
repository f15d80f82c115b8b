package ddl

import (
	"context"

	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Run executes stmt and returns its command tag. Statements it does not know
// are 0A000 by name.
func Run(ctx context.Context, env *Env, stmt ast.Statement) (string, error) {
	tag := ast.Tag(stmt)
	switch st := stmt.(type) {
	case *ast.CreateTable:
		return tag, createTable(ctx, env, st)
	case *ast.CreateIndex:
		return tag, createIndex(ctx, env, st)
	case *ast.Drop:
		return tag, drop(ctx, env, st)
	case *ast.Truncate:
		return tag, truncate(ctx, env, st)
	case *ast.AlterTable:
		return tag, alterTable(ctx, env, st)
	case *ast.CreateSequence:
		return tag, createSequence(env, st)
	case *ast.Comment:
		return tag, comment(env, st)
	case *ast.CreateEnum:
		return tag, createEnum(env, st)
	case *ast.AlterEnum:
		return tag, alterEnum(env, st)
	case *ast.CreateFunction:
		return tag, createFunction(ctx, env, st)
	case *ast.AlterFunction:
		return tag, alterFunction(env, st)
	case *ast.CreateComposite:
		return tag, createComposite(env, st)
	case *ast.CreateDomain:
		return tag, createDomain(ctx, env, st)
	case *ast.CreateRole:
		return tag, createRole(env, st)
	case *ast.AlterRole:
		return tag, alterRole(env, st)
	case *ast.AlterRoleSet:
		return tag, alterRoleSet(env, st)
	case *ast.DropRole:
		return tag, dropRole(env, st)
	case *ast.GrantRole:
		return tag, grantRole(env, st)
	case *ast.CreateDatabase:
		return tag, createDatabase(env, st)
	case *ast.DropDatabase:
		return tag, dropDatabase(env, st)
	case *ast.AlterDatabase:
		return tag, alterDatabase(env, st)
	case *ast.CreateView:
		return tag, createView(ctx, env, st)
	case *ast.CreateTableAs:
		return createTableAs(ctx, env, st)
	case *ast.Select: // SELECT INTO
		query := *st
		query.Into = nil
		return createTableAs(ctx, env, &ast.CreateTableAs{Into: st.Into, Query: &query})
	case *ast.RefreshMaterializedView:
		return tag, refreshMaterializedView(ctx, env, st)
	case *ast.Rename:
		return tag, rename(ctx, env, st)
	case *ast.AlterObjectSchema:
		return tag, alterSchema(ctx, env, st)
	case *ast.AlterOwnerTo:
		return tag, alterOwner(env, st)
	case *ast.Reindex:
		return tag, reindex(ctx, env, st)
	case *ast.AlterSequence:
		return tag, alterSequence(env, st)
	case *ast.AlterExtension:
		return tag, updateExtension(env, st)
	case *ast.CreateExtension:
		return tag, createExtension(env, st)
	case *ast.CreateSchema:
		return tag, createSchema(ctx, env, st)
	}
	return "", pgerror.Unsupported("%s", tag)
}
