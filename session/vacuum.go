package session

import (
	"context"

	"github.com/tidemarkdb/tidemark/sql/ast"
)

// runVacuum executes VACUUM and ANALYZE.
func (s *Session) runVacuum(ctx context.Context, st *ast.Vacuum, many bool) error {
	if !st.Analyze {
		if err := s.preventInBlock("VACUUM", many); err != nil {
			return err
		}
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	for _, vt := range st.Tables {
		if snap.Resolve(s.searchPath(), vt.Table.Schema, vt.Table.Name) == nil {
			return undefinedTable(vt.Table)
		}
	}
	return nil
}
