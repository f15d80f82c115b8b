package ddl

import (
	"context"
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// truncate executes TRUNCATE: the tables get new, empty storage.
func truncate(ctx context.Context, env *Env, st *ast.Truncate) error {
	var ids []catalog.OID
	for _, rv := range st.Tables {
		t, err := needTable(env, rv)
		if err != nil {
			return err
		}
		if t.Kind != catalog.KindTable {
			return pgerror.New(pgerror.WrongObjectType, "%q is not a table", t.Name)
		}
		if !slices.Contains(ids, t.ID) {
			ids = append(ids, t.ID)
		}
	}
	ids, err := truncated(env, ids, st.Cascade)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := env.Lock(ctx, id, kv.LockUpdate); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if err := emptyTable(env, id, st.RestartIdentity); err != nil {
			return err
		}
	}
	return nil
}

// truncated checks that no foreign key points at a table to be emptied from
// outside, or with CASCADE adds the tables that have such keys.
func truncated(env *Env, ids []catalog.OID, cascade bool) ([]catalog.OID, error) {
	snap := env.Editor.Snapshot()
	for i := 0; i < len(ids); i++ {
		t := snap.TableByID(ids[i])
		for _, by := range t.ReferencedBy {
			if slices.Contains(ids, by) {
				continue
			}
			u := snap.TableByID(by)
			if !cascade {
				return nil, pgerror.New(pgerror.FeatureNotSupported, "cannot truncate a table referenced in a foreign key constraint").
					WithDetail("Table %q references %q.", u.Name, t.Name).
					WithHint("Truncate table %q at the same time, or use TRUNCATE ... CASCADE.", u.Name)
			}
			env.Notice(pgerror.NewNotice("truncate cascades to table %q", u.Name))
			ids = append(ids, by)
		}
	}
	return ids, nil
}

// emptyTable gives a table new storage.
func emptyTable(env *Env, id catalog.OID, restart bool) error {
	next := env.Editor.Snapshot().TableByID(id).Clone()
	next.Storage = 0
	for i := range next.Indexes {
		next.Indexes[i].Storage = 0
	}
	if err := env.Editor.UpdateTable(next); err != nil {
		return err
	}
	if !restart {
		return nil
	}
	for _, seq := range env.Editor.Snapshot().Tables() {
		if seq.Sequence != nil && seq.Sequence.OwnerTable == id {
			if err := restartSequence(env, seq.Clone(), seq.Sequence.Start); err != nil {
				return err
			}
		}
	}
	return nil
}

// restartSequence gives a sequence a new state, which only this transaction
// sees until it commits.
func restartSequence(env *Env, seq *catalog.Table, value int64) error {
	seq.Storage = 0
	seq.Sequence.Initial, seq.Sequence.InitialCalled = value, false
	return env.Editor.UpdateTable(seq)
}
