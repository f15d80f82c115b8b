package ddl

import (
	"cmp"
	"context"
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// alterTable executes ALTER TABLE: its subcommands pass by pass, as
// PostgreSQL orders them, and within a pass in the order written.
func alterTable(ctx context.Context, env *Env, st *ast.AlterTable) error {
	if st.Kind == ast.ObjectIndex {
		return alterIndex(ctx, env, st)
	}
	if st.Kind == ast.ObjectType {
		if done, err := alterComposite(env, st); done {
			return err
		}
		return undefinedRelation(env, st.Table)
	}
	id, kind := findRelation(env, st.Table)
	if id == 0 && st.IfExists {
		env.Notice(pgerror.NewNotice("relation %q does not exist, skipping", st.Table.Name))
		return nil
	}
	if kind == catalog.KindIndex && st.Kind == ast.ObjectTable {
		return alterIndex(ctx, env, st)
	}
	if kind == catalog.KindCompositeType {
		return pgerror.New(pgerror.WrongObjectType, "%q is a composite type", st.Table.Name).WithHint("Use ALTER TYPE instead.")
	}
	t, err := needTable(env, st.Table)
	if err != nil {
		return err
	}
	if want := relKinds[st.Kind]; st.Kind != ast.ObjectTable && want != t.Kind && !isContinuousAs(t, want) {
		article, word, _ := relationWord(want)
		return pgerror.New(pgerror.WrongObjectType, "%q is not %s %s", t.Name, article, word)
	}
	if t.Kind == catalog.KindTable || t.Kind == catalog.KindMaterializedView {
		if err := env.Lock(ctx, t.ID, kv.LockUpdate); err != nil {
			return err
		}
	}
	cmds := slices.Clone(st.Cmds)
	slices.SortStableFunc(cmds, func(a, b *ast.AlterCmd) int { return cmp.Compare(alterPass(a), alterPass(b)) })
	for _, cmd := range cmds {
		a := &alteration{ctx: ctx, env: env, old: env.Editor.Snapshot().TableByID(t.ID), cmd: cmd}
		a.t = a.old.Clone()
		if err := a.run(); err != nil {
			return err
		}
	}
	return nil
}

// alterPass is PostgreSQL's AlterTablePass of a subcommand.
func alterPass(c *ast.AlterCmd) int {
	switch c.Kind {
	case ast.AlterDropColumn, ast.AlterDropConstraint, ast.AlterDropNotNull, ast.AlterDropDefault, ast.AlterDropIdentity, ast.AlterDropExpression:
		return 0
	case ast.AlterColumnType:
		return 1
	case ast.AlterAddColumn:
		return 4
	case ast.AlterSetNotNull, ast.AlterSetIdentity, ast.AlterSetStatistics, ast.AlterResetColumnOptions:
		return 6
	case ast.AlterAddConstraint:
		if c.Constraint.Kind == ast.ConstraintPrimary || c.Constraint.Kind == ast.ConstraintUnique {
			return 7
		}
		return 9
	case ast.AlterSetDefault, ast.AlterAddIdentity:
		return 9
	}
	return 10
}

// alteration is one subcommand: old is the table as it is, t the copy to change.
type alteration struct {
	ctx    context.Context
	env    *Env
	old, t *catalog.Table
	cmd    *ast.AlterCmd
}

func (a *alteration) run() error {
	if a.old.Kind == catalog.KindView && (a.cmd.Kind == ast.AlterSetDefault || a.cmd.Kind == ast.AlterDropDefault) {
		return a.setDefault()
	}
	if a.old.Kind != catalog.KindTable {
		return a.runOther()
	}
	switch a.cmd.Kind {
	case ast.AlterAddColumn, ast.AlterDropColumn, ast.AlterColumnType:
		if err := refuseStored(a.env, "table", a.t.Name, a.t.RowType); err != nil {
			return err
		}
	}
	switch a.cmd.Kind {
	case ast.AlterAddColumn:
		return a.addColumn()
	case ast.AlterDropColumn:
		return a.dropColumn()
	case ast.AlterColumnType:
		return a.columnType()
	case ast.AlterSetDefault, ast.AlterDropDefault:
		return a.setDefault()
	case ast.AlterSetNotNull:
		return a.setNotNull()
	case ast.AlterDropNotNull:
		return a.dropNotNull()
	case ast.AlterDropExpression:
		return a.dropExpression()
	case ast.AlterAddIdentity:
		return a.addIdentity()
	case ast.AlterSetIdentity:
		return a.setIdentity()
	case ast.AlterDropIdentity:
		return a.dropIdentity()
	case ast.AlterAddConstraint:
		return addConstraint(a.ctx, a.env, a.t, a.cmd.Constraint, "")
	case ast.AlterDropConstraint:
		return a.dropConstraint()
	case ast.AlterValidateConstraint:
		return a.validateConstraint()
	case ast.AlterAlterConstraint:
		return a.alterConstraint()
	}
	return a.runOther()
}

// update stores the changed table.
func (a *alteration) update() error { return a.env.Editor.UpdateTable(a.t) }

// column finds the column that the subcommand names, in the copy.
func (a *alteration) column() (*catalog.Column, error) {
	if isSystemColumn(a.cmd.Name) {
		return nil, pgerror.New(pgerror.FeatureNotSupported, "cannot alter system column %q", a.cmd.Name)
	}
	return needColumn(a.t, a.cmd.Name)
}

// addPrimaryKey makes the primary key the key of the rows: the table is copied
// into a new storage.
func addPrimaryKey(ctx context.Context, env *Env, old, t *catalog.Table) error {
	var notNull []int
	for i := range old.Columns {
		if t.Columns[i].NotNull && !old.Columns[i].NotNull {
			notNull = append(notNull, i)
		}
	}
	if len(notNull) > 0 {
		if err := executor.CheckRows(ctx, env.Exec(), old, executor.RowTest{NotNull: notNull}); err != nil {
			return err
		}
	}
	if t.TimeSeries != nil {
		return addSeriesIndex(ctx, env, t, 0)
	}
	return rewrite(ctx, env, old, t, nil)
}

// rewrite copies old's rows into new storage laid out as t says. exprs compute
// t's columns from old's; nil copies them.
func rewrite(ctx context.Context, env *Env, old, t *catalog.Table, exprs []expr.Expr) error {
	if t.TimeSeries != nil {
		return rewritePoints(ctx, env, old, t, exprs)
	}
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
		exprs = columnsOf(old, now)
	}
	bulk, err := openBulk(ctx, env)
	if err != nil {
		return err
	}
	defer bulk.Close()
	if err := executor.RewriteTable(ctx, env.Exec(), old, now, exprs, &checks, bulk); err != nil {
		return err
	}
	return finishBulk(ctx, env)
}

// columnsOf passes each column of old on that lives in t.
func columnsOf(old, t *catalog.Table) []expr.Expr {
	out := make([]expr.Expr, len(t.Columns))
	for i := range old.Columns {
		if c := &old.Columns[i]; !c.Dropped && !t.Columns[i].Dropped {
			out[i] = &expr.Ordinal{Index: i, Name: c.Name, Typ: c.Type}
		}
	}
	return out
}
