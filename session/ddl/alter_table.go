package ddl

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// alterTable executes ALTER TABLE: its subcommands in the order written.
func alterTable(ctx context.Context, env *Env, st *ast.AlterTable) error {
	t := findTable(env, st.Table)
	if t == nil && st.IfExists {
		env.Notice(pgerror.NewNotice("relation %q does not exist, skipping", st.Table.Name))
		return nil
	}
	t, err := needTable(env, st.Table)
	if err != nil {
		return err
	}
	if st.Kind != ast.ObjectTable || t.Kind != catalog.KindTable {
		return pgerror.Unsupported("%s", ast.Tag(st))
	}
	if err := env.Lock(ctx, t.ID, kv.LockUpdate); err != nil {
		return err
	}
	for _, cmd := range st.Cmds {
		if err := alterCmd(ctx, env, t.ID, cmd); err != nil {
			return err
		}
	}
	return nil
}

func alterCmd(ctx context.Context, env *Env, id catalog.OID, cmd *ast.AlterCmd) error {
	t := copyTable(env.Editor.Snapshot().TableByID(id))
	switch cmd.Kind {
	case ast.AlterAddConstraint:
		return addConstraint(ctx, env, t, cmd.Constraint)
	}
	return pgerror.Unsupported("ALTER TABLE ... %s", string(cmd.Kind))
}

// addConstraint executes ADD CONSTRAINT.
func addConstraint(ctx context.Context, env *Env, t *catalog.Table, def *ast.Constraint) error {
	old := env.Editor.Snapshot().TableByID(t.ID)
	b := &tableBuilder{ctx: ctx, env: env, table: t}
	p := pendingConstraint{def: def}
	switch def.Kind {
	case ast.ConstraintPrimary:
		if _, err := b.key(p); err != nil {
			return err
		}
		return addPrimaryKey(ctx, env, old, t)
	case ast.ConstraintUnique:
		pos, err := b.key(p)
		if err != nil {
			return err
		}
		return buildIndex(ctx, env, t, pos)
	case ast.ConstraintCheck:
		e, err := b.check(p)
		if err != nil {
			return err
		}
		if err := env.Editor.UpdateTable(t); err != nil || def.NotValid {
			return err
		}
		c := t.Checks[len(t.Checks)-1]
		return executor.CheckRows(ctx, env.Exec(), old, executor.RowTest{Checks: []plan.NamedCheck{{Name: c.Name, Expr: e}}})
	case ast.ConstraintForeign:
		ref, err := b.foreignKey(p)
		if err != nil {
			return err
		}
		if err := env.Lock(ctx, ref.ID, kv.LockNoKeyUpdate); err != nil {
			return err
		}
		if err := env.Editor.UpdateTable(t); err != nil || def.NotValid {
			return err
		}
		now := env.Editor.Snapshot().TableByID(t.ID)
		fk := &now.ForeignKeys[len(now.ForeignKeys)-1]
		return executor.CheckRows(ctx, env.Exec(), now, executor.RowTest{
			ForeignKeys: []plan.ForeignKeyCheck{{Key: fk, Table: env.Editor.Snapshot().TableByID(ref.ID)}},
		})
	}
	return pgerror.Unsupported("this constraint")
}

// addPrimaryKey makes the primary key the key of the rows: the table is copied
// into a new storage.
func addPrimaryKey(ctx context.Context, env *Env, old, t *catalog.Table) error {
	var notNull []int
	for i := range t.Columns {
		if t.Columns[i].NotNull && !old.Columns[i].NotNull {
			notNull = append(notNull, i)
		}
	}
	if len(notNull) > 0 {
		if err := executor.CheckRows(ctx, env.Exec(), old, executor.RowTest{NotNull: notNull}); err != nil {
			return err
		}
	}
	return rewrite(ctx, env, old, t, nil)
}

// rewrite copies old's rows into new storage laid out as t says. exprs compute
// t's columns from old's; nil copies them.
func rewrite(ctx context.Context, env *Env, old, t *catalog.Table, exprs []expr.Expr) error {
	var err error
	if t.Storage, err = env.Editor.NewStorage(); err != nil {
		return err
	}
	for i := range t.Indexes {
		t.Indexes[i].Storage = 0
	}
	if err := env.Editor.UpdateTable(t); err != nil {
		return err
	}
	now := env.Editor.Snapshot().TableByID(t.ID)
	if err := env.Editor.Protect(ctx, catalog.StorageSpan(now.Storage)); err != nil {
		return err
	}
	checks := plan.RowChecks{Indexes: make([]plan.IndexExprs, len(now.Indexes))}
	for i := range now.Indexes {
		if checks.Indexes[i], err = indexExprs(ctx, env, now, &now.Indexes[i]); err != nil {
			return err
		}
	}
	if exprs == nil {
		exprs = columnsOf(old)
	}
	bulk, err := env.Store.Bulk(ctx)
	if err != nil {
		return err
	}
	defer bulk.Close()
	return executor.RewriteTable(ctx, env.Exec(), old, now, exprs, &checks, bulk)
}

// columnsOf passes each living column on.
func columnsOf(t *catalog.Table) []expr.Expr {
	out := make([]expr.Expr, len(t.Columns))
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped {
			out[i] = &expr.Ordinal{Index: i, Name: c.Name, Typ: c.Type}
		}
	}
	return out
}
