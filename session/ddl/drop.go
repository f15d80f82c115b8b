package ddl

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// drop executes DROP TABLE.
func drop(ctx context.Context, env *Env, st *ast.Drop) error {
	if st.Kind != ast.ObjectTable {
		return pgerror.Unsupported("DROP %s", string(st.Kind))
	}
	for _, o := range st.Objects {
		rv := &ast.RangeVar{Pos: o.Pos, Name: o.Names[len(o.Names)-1]}
		if len(o.Names) > 1 {
			rv.Schema = o.Names[len(o.Names)-2]
		}
		t := findTable(env, rv)
		if t == nil {
			if st.IfExists {
				env.Notice(pgerror.NewNotice("table %q does not exist, skipping", qualified(rv)))
				continue
			}
			return pgerror.New(pgerror.UndefinedTable, "table %q does not exist", qualified(rv))
		}
		if err := dropTable(ctx, env, t, st.Cascade); err != nil {
			return err
		}
	}
	return nil
}

func dropTable(ctx context.Context, env *Env, t *catalog.Table, _ bool) error {
	if err := env.Lock(ctx, t.ID, kv.LockUpdate); err != nil {
		return err
	}
	for i := range t.Columns {
		if seq := t.Columns[i].Sequence; seq != 0 && env.Editor.Snapshot().TableByID(seq) != nil {
			if err := env.Editor.DropTable(seq); err != nil {
				return err
			}
		}
	}
	return env.Editor.DropTable(t.ID)
}

// truncate executes TRUNCATE: the tables get new, empty storage.
func truncate(ctx context.Context, env *Env, st *ast.Truncate) error {
	for _, rv := range st.Tables {
		t, err := needTable(env, rv)
		if err != nil {
			return err
		}
		if t.Kind != catalog.KindTable {
			return pgerror.New(pgerror.WrongObjectType, "%q is not a table", t.Name)
		}
		if err := env.Lock(ctx, t.ID, kv.LockUpdate); err != nil {
			return err
		}
		next := copyTable(env.Editor.Snapshot().TableByID(t.ID))
		if next.Storage, err = env.Editor.NewStorage(); err != nil {
			return err
		}
		for i := range next.Indexes {
			next.Indexes[i].Storage = 0
		}
		if err := env.Editor.UpdateTable(next); err != nil {
			return err
		}
	}
	return nil
}
