package session

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// vacuumOptions are the options of VACUUM; the store cleans old versions by
// itself, so that only analyze means anything. The value says whether ANALYZE
// has it too.
var vacuumOptions = map[string]bool{
	"analyze": false, "verbose": true, "full": false, "freeze": false, "disable_page_skipping": false, "skip_locked": true,
	"index_cleanup": false, "process_toast": false, "truncate": false, "parallel": false,
}

// runVacuum executes VACUUM and ANALYZE.
func (s *Session) runVacuum(ctx context.Context, st *ast.Vacuum, many bool) error {
	word, analyze := "VACUUM", false
	if st.Analyze {
		word, analyze = "ANALYZE", true
	}
	for _, o := range st.Options {
		both, known := vacuumOptions[o.Name]
		if !known || st.Analyze && !both {
			return pgerror.New(pgerror.SyntaxError, "unrecognized %s option %q", word, o.Name).At(o.Loc())
		}
		if on, ok := o.Bool(); o.Name == "analyze" && ok {
			analyze = analyze || on
		}
	}
	if !st.Analyze {
		if err := s.preventInBlock("VACUUM", many); err != nil {
			return err
		}
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	targets, err := s.vacuumTargets(snap, st, analyze)
	if err != nil || !analyze {
		return err
	}
	stats := make([]*catalog.TableStats, len(targets))
	for i := range targets {
		if stats[i], err = s.sampleTable(ctx, snap, &targets[i]); err != nil {
			return err
		}
	}
	if len(targets) == 0 {
		return nil
	}
	if s.readOnly() {
		return readOnlyError(word)
	}
	if err := s.startEditing(ctx); err != nil {
		return err
	}
	s.tx.onCommit = append(s.tx.onCommit, func(context.Context) {
		for i := range targets {
			s.server.activity.analyzed(targets[i].table.Storage)
		}
	})
	for i := range targets {
		id := targets[i].table.ID
		now := s.tx.editor.Snapshot()
		if now.TableByID(id) == nil {
			continue // dropped while it was read
		}
		if err := s.tx.editor.SetStats(id, mergeStats(now.Stats(id), stats[i])); err != nil {
			return err
		}
	}
	return nil
}

// vacuumTarget is a table and the columns to analyze, by ordinal.
type vacuumTarget struct {
	table   *catalog.Table
	columns []int
}

// vacuumTargets finds the tables that the statement names, all for none.
func (s *Session) vacuumTargets(snap *catalog.Snapshot, st *ast.Vacuum, analyze bool) ([]vacuumTarget, error) {
	var out []vacuumTarget
	if len(st.Tables) == 0 {
		for _, t := range snap.Tables() {
			if t.Kind == catalog.KindTable || t.Kind == catalog.KindMaterializedView {
				out = append(out, vacuumTarget{table: t})
			}
		}
	}
	for _, vt := range st.Tables {
		if len(vt.Columns) > 0 && !analyze {
			return nil, pgerror.New(pgerror.FeatureNotSupported, "ANALYZE option must be specified when a column list is provided")
		}
		t := snap.Resolve(s.searchPath(), vt.Table.Schema, vt.Table.Name)
		if t == nil {
			rv := *vt.Table
			rv.Pos = ast.At(-1)
			return nil, undefinedTable(snap, &rv)
		}
		if t.Kind == catalog.KindVirtual {
			continue // nothing is stored
		}
		if t.Kind != catalog.KindTable && t.Kind != catalog.KindMaterializedView {
			what := "vacuum"
			if st.Analyze {
				what = "analyze"
			}
			s.warn(pgerror.Warning, "skipping %q --- cannot %s non-tables or special system tables", t.Name, what)
			continue
		}
		target := vacuumTarget{table: t}
		for _, name := range vt.Columns {
			c := t.Column(name)
			if c == nil {
				return nil, pgerror.New(pgerror.UndefinedColumn, "column %q of relation %q does not exist", name, t.Name)
			}
			target.columns = append(target.columns, int(c.Num)-1)
		}
		out = append(out, target)
	}
	for i := range out {
		if len(out[i].columns) > 0 {
			continue
		}
		for k := range out[i].table.Columns {
			if !out[i].table.Columns[k].Dropped {
				out[i].columns = append(out[i].columns, k)
			}
		}
	}
	return out, nil
}

// mergeStats keeps what is known of columns that were not analyzed now.
func mergeStats(old, now *catalog.TableStats) *catalog.TableStats {
	if old == nil {
		return now
	}
	for num, c := range old.Columns {
		if now.Columns[num] == nil {
			now.Columns[num] = c
		}
	}
	return now
}
