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
	case *ast.CreateSchema:
		return tag, createSchema(ctx, env, st)
	}
	return "", pgerror.Unsupported("%s", tag)
}
