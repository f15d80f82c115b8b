package binder

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

const (
	leftJoin = plan.LeftJoin
	fullJoin = plan.FullJoin
)

var lockStrengths = map[ast.LockStrength]plan.LockStrength{
	ast.ForKeyShare: plan.LockForKeyShare, ast.ForShare: plan.LockForShare,
	ast.ForNoKeyUpdate: plan.LockForNoKeyUpdate, ast.ForUpdate: plan.LockForUpdate,
}

// lockName is the clause as errors call it.
func lockName(s ast.LockStrength) string {
	switch s {
	case ast.ForKeyShare:
		return "FOR KEY SHARE"
	case ast.ForShare:
		return "FOR SHARE"
	case ast.ForNoKeyUpdate:
		return "FOR NO KEY UPDATE"
	}
	return "FOR UPDATE"
}

// handleColumn makes the column of a scan's row handle.
func (b *Binder) handleColumn(alias string) expr.ColumnID {
	return b.MD.Add(logical.ColumnInfo{Name: "ctid", Rel: alias, Type: types.Of(types.Bytea), NotNull: true})
}
