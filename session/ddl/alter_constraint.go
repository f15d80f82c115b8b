package ddl

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// addConstraint executes ADD CONSTRAINT on t, a copy; column is set for a
// constraint of ADD COLUMN.
func addConstraint(ctx context.Context, env *Env, t *catalog.Table, def *ast.Constraint, column string) error {
	old := env.Editor.Snapshot().TableByID(t.ID)
	b := &tableBuilder{ctx: ctx, env: env, table: t}
	p := pendingConstraint{def: def, column: column}
	switch def.Kind {
	case ast.ConstraintPrimary:
		if def.UsingIndex != "" {
			return pgerror.Unsupported("a constraint USING INDEX")
		}
		if _, err := b.key(p); err != nil {
			return err
		}
		return addPrimaryKey(ctx, env, old, t)
	case ast.ConstraintUnique:
		if def.UsingIndex != "" {
			return b.uniqueUsingIndex(def)
		}
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
		return checkForeignKey(ctx, env, t.ID, len(t.ForeignKeys)-1)
	}
	return pgerror.Unsupported("this constraint")
}

// checkForeignKey verifies that all rows satisfy a foreign key.
func checkForeignKey(ctx context.Context, env *Env, id catalog.OID, pos int) error {
	now := env.Editor.Snapshot().TableByID(id)
	fk := &now.ForeignKeys[pos]
	return executor.CheckRows(ctx, env.Exec(), now, executor.RowTest{
		ForeignKeys: []plan.ForeignKeyCheck{{Key: fk, Table: env.Editor.Snapshot().TableByID(fk.RefTable)}},
	})
}

// uniqueUsingIndex makes an existing unique index a constraint.
func (b *tableBuilder) uniqueUsingIndex(def *ast.Constraint) error {
	for i := range b.table.Indexes {
		ix := &b.table.Indexes[i]
		if ix.Name != def.UsingIndex {
			continue
		}
		switch {
		case ix.Constraint != 0:
			return pgerror.New(pgerror.ObjectNotInPrerequisiteState, "index %q is already associated with a constraint", ix.Name).At(def.Loc())
		case ix.State != catalog.IndexPublic:
			return pgerror.New(pgerror.ObjectNotInPrerequisiteState, "index %q is not valid", ix.Name).At(def.Loc())
		case !ix.Unique:
			return pgerror.New(pgerror.WrongObjectType, "%q is not a unique index", ix.Name).
				WithDetail("Cannot create a primary key or unique constraint using such an index.").At(def.Loc())
		case ix.Predicate != "":
			return pgerror.New(pgerror.WrongObjectType, "%q is a partial index", ix.Name).
				WithDetail("Cannot create a primary key or unique constraint using such an index.").At(def.Loc())
		}
		for _, c := range ix.Columns {
			if c.Num == 0 {
				return pgerror.New(pgerror.WrongObjectType, "index %q contains expressions", ix.Name).
					WithDetail("Cannot create a primary key or unique constraint using such an index.").At(def.Loc())
			}
			if c.Desc || c.NullsFirst {
				return pgerror.New(pgerror.WrongObjectType, "index %q column number 1 does not have default sorting behavior", ix.Name).
					WithDetail("Cannot create a primary key or unique constraint using such an index.").At(def.Loc())
			}
		}
		if def.Name != "" && def.Name != ix.Name {
			b.env.Notice(pgerror.NewNotice("ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index %q to %q", ix.Name, def.Name))
			ix.Name = def.Name
		}
		var err error
		if ix.Constraint, err = b.env.Editor.NewOID(); err != nil {
			return err
		}
		return b.env.Editor.UpdateTable(b.table)
	}
	return pgerror.New(pgerror.UndefinedObject, "index %q does not exist", def.UsingIndex).At(def.Loc())
}

func (a *alteration) dropConstraint() error {
	ref, typ := a.old.Constraint(a.cmd.Name)
	if typ == 0 {
		if a.cmd.IfExists {
			a.env.Notice(pgerror.NewNotice("constraint %q of relation %q does not exist, skipping", a.cmd.Name, a.old.Name))
			return nil
		}
		return pgerror.New(pgerror.UndefinedObject, "constraint %q of relation %q does not exist", a.cmd.Name, a.old.Name)
	}
	return dropObjects(a.ctx, a.env, []catalog.ObjectRef{ref}, a.cmd.Cascade)
}

func (a *alteration) validateConstraint() error {
	t := a.t
	for i := range t.Checks {
		c := &t.Checks[i]
		if c.Name != a.cmd.Name {
			continue
		}
		if !c.NotValid {
			return nil
		}
		e, err := planner.BindTableText(a.ctx, c.Expr, planner.UseCheck, t, nil, a.env.PlanOptions())
		if err != nil {
			return err
		}
		if err := executor.CheckRows(a.ctx, a.env.Exec(), a.old, executor.RowTest{Checks: []plan.NamedCheck{{Name: c.Name, Expr: e}}}); err != nil {
			return err
		}
		c.NotValid = false
		return a.update()
	}
	for i := range t.ForeignKeys {
		fk := &t.ForeignKeys[i]
		if fk.Name != a.cmd.Name {
			continue
		}
		if !fk.NotValid {
			return nil
		}
		if err := a.env.Lock(a.ctx, fk.RefTable, kv.LockNoKeyUpdate); err != nil {
			return err
		}
		fk.NotValid = false
		if err := a.update(); err != nil {
			return err
		}
		return checkForeignKey(a.ctx, a.env, t.ID, i)
	}
	if _, typ := t.Constraint(a.cmd.Name); typ != 0 {
		return pgerror.New(pgerror.WrongObjectType, "constraint %q of relation %q is not a foreign key or check constraint", a.cmd.Name, t.Name)
	}
	return pgerror.New(pgerror.UndefinedObject, "constraint %q of relation %q does not exist", a.cmd.Name, t.Name)
}

func (a *alteration) alterConstraint() error {
	c := a.cmd.Constraint
	_, typ := a.old.Constraint(c.Name)
	switch {
	case typ == 0:
		return pgerror.New(pgerror.UndefinedObject, "constraint %q of relation %q does not exist", c.Name, a.old.Name)
	case typ != 'f':
		return pgerror.New(pgerror.WrongObjectType, "constraint %q of relation %q is not a foreign key constraint", c.Name, a.old.Name)
	case c.Deferrable || c.InitiallyDeferred:
		return pgerror.Unsupported("a DEFERRABLE foreign key")
	}
	return nil
}
