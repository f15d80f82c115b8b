package ddl

import (
	"context"
	"maps"
	"strconv"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

func namedCheck(name string, e expr.Expr) []plan.NamedCheck {
	return []plan.NamedCheck{{Name: name, Expr: e}}
}

// runOther executes the subcommands that change no rows. Those that choose
// among ways of PostgreSQL's storage that Tidemark has only one of are accepted
// when they choose that.
func (a *alteration) runOther() error {
	t := a.t
	switch a.cmd.Kind {
	case ast.AlterOwner:
		owner, err := resolveRole(a.env, a.cmd.Owner)
		if err != nil {
			return err
		}
		t.Owner = owner.ID
		return a.update()
	case ast.AlterSetOptions, ast.AlterResetOptions:
		if t.TimeSeries != nil {
			return a.seriesOptions()
		}
		if IsContinuous(t) && a.cmd.Kind == ast.AlterSetOptions {
			_, err := continuousOptions(a.env, a.cmd.Options)
			return err
		}
	}
	switch a.cmd.Kind {
	case ast.AlterSetOptions:
		options, err := tableOptions(a.cmd.Options)
		if err != nil {
			return err
		}
		merged := maps.Clone(t.Options)
		if merged == nil {
			merged = map[string]string{}
		}
		maps.Copy(merged, options)
		t.Options = merged
		return a.update()
	case ast.AlterResetOptions:
		t.Options = maps.Clone(t.Options)
		for _, o := range a.cmd.Options {
			delete(t.Options, o.Name)
		}
		return a.update()
	case ast.AlterSetStatistics:
		return a.setStatistics()
	case ast.AlterSetStorage, ast.AlterSetCompression, ast.AlterResetColumnOptions:
		_, err := a.column()
		return err
	case ast.AlterSetLogged, ast.AlterSetUnlogged:
		if t.Kind != catalog.KindTable {
			break
		}
		t.Unlogged = a.cmd.Kind == ast.AlterSetUnlogged
		return a.update()
	case ast.AlterDropCluster, ast.AlterSetWithoutOIDs, ast.AlterDisableRowSecurity, ast.AlterNoForceRowSecurity:
		return nil
	case ast.AlterSetAccessMethod:
		access, err := accessMethod(a.env, a.cmd.Name)
		if err == nil && access != t.Access {
			err = pgerror.Unsupported("ALTER TABLE ... SET ACCESS METHOD from %s to %s", t.Access, access)
		}
		return err
	case ast.AlterSetTablespace:
		if a.cmd.Name != "pg_default" {
			return pgerror.New(pgerror.UndefinedObject, "tablespace %q does not exist", a.cmd.Name)
		}
		return nil
	case ast.AlterReplicaIdentity:
		if a.cmd.Text == "i" {
			return a.needIndex(a.cmd.Name)
		}
		return nil
	case ast.AlterClusterOn:
		return a.needIndex(a.cmd.Name)
	case ast.AlterEnableTrigger, ast.AlterDisableTrigger:
		return a.triggers()
	}
	return pgerror.Unsupported("%s ... %s", "ALTER "+relationCommand(t.Kind), string(a.cmd.Kind))
}

func relationCommand(k catalog.RelKind) string {
	_, _, command := relationWord(k)
	return command
}

func (a *alteration) setStatistics() error {
	col, err := a.column()
	if err != nil {
		return err
	}
	target := -1
	if c, ok := a.cmd.Default.(*ast.Const); ok {
		if target, err = strconv.Atoi(c.Text); err != nil {
			return pgerror.New(pgerror.InvalidParameterValue, "statistics target %s is too high", c.Text)
		}
	}
	if target < -1 {
		return pgerror.New(pgerror.InvalidParameterValue, "statistics target %d is too low", target)
	}
	if target > 10000 {
		a.env.Notice(pgerror.NewWarning(pgerror.InvalidParameterValue, "lowering statistics target to %d", 10000))
		target = 10000
	}
	col.StatsTarget = target
	return a.update()
}

func (a *alteration) needIndex(name string) error {
	for i := range a.t.Indexes {
		if a.t.Indexes[i].Name == name {
			return nil
		}
	}
	return pgerror.New(pgerror.UndefinedObject, "index %q for table %q does not exist", name, a.t.Name)
}

// triggers executes ENABLE and DISABLE TRIGGER: there are no triggers but
// those of foreign keys, which cannot be disabled.
func (a *alteration) triggers() error {
	if a.cmd.Name != "" {
		return pgerror.New(pgerror.UndefinedObject, "trigger %q for table %q does not exist", a.cmd.Name, a.t.Name)
	}
	if a.cmd.Kind == ast.AlterDisableTrigger && len(a.t.ForeignKeys)+len(a.t.ReferencedBy) > 0 {
		return pgerror.Unsupported("DISABLE TRIGGER on a table with foreign keys")
	}
	return nil
}

// alterIndex executes ALTER INDEX with subcommands.
func alterIndex(ctx context.Context, env *Env, st *ast.AlterTable) error {
	id, kind := findRelation(env, st.Table)
	if id == 0 {
		if st.IfExists {
			env.Notice(pgerror.NewNotice("relation %q does not exist, skipping", st.Table.Name))
			return nil
		}
		return undefinedRelation(env, st.Table).At(st.Table.Loc())
	}
	if kind != catalog.KindIndex {
		return pgerror.New(pgerror.WrongObjectType, "%q is not an index", st.Table.Name)
	}
	owner, _ := env.Editor.Snapshot().IndexByID(id)
	if err := env.Lock(ctx, owner.ID, kv.LockNoKeyUpdate); err != nil {
		return err
	}
	for _, cmd := range st.Cmds {
		t := env.Editor.Snapshot().TableByID(owner.ID).Clone()
		ix := indexByID(t, id)
		switch cmd.Kind {
		case ast.AlterSetOptions, ast.AlterResetOptions:
			ix.Options = maps.Clone(ix.Options)
			if ix.Options == nil {
				ix.Options = map[string]string{}
			}
			for _, o := range cmd.Options {
				if o.Name != "fillfactor" && o.Name != "deduplicate_items" {
					return pgerror.New(pgerror.InvalidParameterValue, "unrecognized parameter %q", o.Name)
				}
				if cmd.Kind == ast.AlterSetOptions {
					ix.Options[o.Name] = o.Text()
				} else {
					delete(ix.Options, o.Name)
				}
			}
			if err := env.Editor.UpdateTable(t); err != nil {
				return err
			}
		case ast.AlterSetStatistics, ast.AlterOwner:
		case ast.AlterSetTablespace:
			if cmd.Name != "pg_default" {
				return pgerror.New(pgerror.UndefinedObject, "tablespace %q does not exist", cmd.Name)
			}
		default:
			return pgerror.New(pgerror.WrongObjectType, "ALTER action %s cannot be performed on relation %q", string(cmd.Kind), ix.Name).
				WithDetail("This operation is not supported for indexes.")
		}
	}
	return nil
}

func indexByID(t *catalog.Table, id catalog.OID) *catalog.Index {
	for i := range t.Indexes {
		if t.Indexes[i].ID == id {
			return &t.Indexes[i]
		}
	}
	return nil
}

// resolveRole finds the role a statement names.
func resolveRole(env *Env, r *ast.RoleSpec) (*catalog.Role, error) {
	name := env.User
	if r != nil && r.Kind == ast.RoleName {
		name = r.Name
	} else if r != nil && r.Kind == ast.RolePublic {
		name = "public"
	}
	role := env.Editor.Snapshot().Role(name)
	if role == nil {
		return nil, pgerror.New(pgerror.UndefinedObject, "role %q does not exist", name)
	}
	return role, nil
}
