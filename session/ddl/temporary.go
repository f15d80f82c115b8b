package ddl

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// registerOnCommit notes what is to happen to a new temporary table at commit.
func registerOnCommit(env *Env, id catalog.OID, what ast.OnCommit) error {
	if what == ast.OnCommitNone {
		return nil
	}
	if t := env.Editor.Snapshot().TableByID(id); !t.Temporary {
		return pgerror.New(pgerror.InvalidTableDefinition, "ON COMMIT can only be used on temporary tables")
	}
	if what != ast.OnCommitPreserve {
		env.OnCommitTable(id, what == ast.OnCommitDrop)
	}
	return nil
}
