package executor

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

type RowValidation struct {
	NotNull     []int
	Checks      []plan.NamedCheck
	ForeignKeys []plan.ForeignKeyCheck
}
type Rewrite struct {
	Old, New *catalog.Table
	Exprs    []expr.Expr
	Indexes  []plan.IndexExprs
	Bulk     kv.Bulk
}

func CheckRows(ctx context.Context, env *Env, t *catalog.Table, v RowValidation) error {
	return pgerror.Unsupported("this kind of ALTER TABLE or CREATE INDEX")
}
func RewriteTable(ctx context.Context, env *Env, r Rewrite) error {
	return pgerror.Unsupported("this kind of ALTER TABLE or CREATE INDEX")
}

func BuildIndex(ctx context.Context, env *Env, t *catalog.Table, pos int, exprs plan.IndexExprs, bulk kv.Bulk) error {
	return pgerror.Unsupported("this kind of ALTER TABLE or CREATE INDEX")
}
