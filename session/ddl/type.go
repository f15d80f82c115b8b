package ddl

import (
	"context"
	"slices"
	"sort"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// typeSchema finds where a new type of a name goes.
func typeSchema(env *Env, names []string) (*catalog.Schema, string, error) {
	schema := ""
	if len(names) > 1 {
		schema = names[len(names)-2]
	}
	s, err := schemaFor(env, schema, -1)
	return s, names[len(names)-1], err
}

// createEnum executes CREATE TYPE ... AS ENUM.
func createEnum(env *Env, st *ast.CreateEnum) error {
	schema, name, err := typeSchema(env, st.Name)
	if err != nil {
		return err
	}
	t := &catalog.UserType{Name: name, Schema: schema.ID, Owner: roleID(env, env.User), Kind: 'e'}
	for i, label := range st.Labels {
		if err := checkLabel(label); err != nil {
			return err
		}
		if slices.Contains(st.Labels[:i], label) {
			return pgerror.New(pgerror.UniqueViolation, "duplicate key value violates unique constraint \"pg_enum_typid_label_index\"")
		}
		t.Labels = append(t.Labels, catalog.EnumLabel{Label: label, Sort: float32(i + 1)})
	}
	return env.Editor.CreateType(t)
}

func checkLabel(label string) error {
	if len(label) > maxName {
		return pgerror.New(pgerror.InvalidName, "invalid enum label %q", label).
			WithDetail("Labels must be %d bytes or less.", maxName)
	}
	return nil
}

// alterEnum executes ALTER TYPE ... ADD VALUE and RENAME VALUE.
func alterEnum(env *Env, st *ast.AlterEnum) error {
	old, err := resolveUserType(env, &ast.ObjectRef{Names: st.Name})
	if err != nil {
		return err
	}
	if old.Kind != 'e' {
		return pgerror.New(pgerror.WrongObjectType, "%s is not an enum", old.Name)
	}
	t := *old
	t.Labels = slices.Clone(old.Labels)
	find := func(label string) int {
		return slices.IndexFunc(t.Labels, func(l catalog.EnumLabel) bool { return l.Label == label })
	}
	if err := checkLabel(st.Value); err != nil {
		return err
	}
	if st.OldValue != "" {
		i := find(st.OldValue)
		if i < 0 {
			return pgerror.New(pgerror.InvalidParameterValue, "%q is not an existing enum label", st.OldValue)
		}
		if find(st.Value) >= 0 {
			return pgerror.New(pgerror.DuplicateObject, "enum label %q already exists", st.Value)
		}
		t.Labels[i].Label = st.Value
		return env.Editor.UpdateType(&t)
	}
	if find(st.Value) >= 0 {
		if st.IfNotExists {
			env.Notice(pgerror.NewNotice("enum label %q already exists, skipping", st.Value).WithCode(pgerror.DuplicateObject))
			return nil
		}
		return pgerror.New(pgerror.DuplicateObject, "enum label %q already exists", st.Value)
	}
	sort.Slice(t.Labels, func(i, j int) bool { return t.Labels[i].Sort < t.Labels[j].Sort })
	at := len(t.Labels)
	if st.Neighbor != "" {
		if at = find(st.Neighbor); at < 0 {
			return pgerror.New(pgerror.InvalidParameterValue, "%q is not an existing enum label", st.Neighbor)
		}
		if st.After {
			at++
		}
	}
	var order float32
	switch {
	case len(t.Labels) == 0:
		order = 1
	case at == len(t.Labels):
		order = t.Labels[at-1].Sort + 1
	case at == 0:
		order = t.Labels[0].Sort - 1
	default:
		order = (t.Labels[at-1].Sort + t.Labels[at].Sort) / 2
	}
	if at > 0 && order == t.Labels[at-1].Sort || at < len(t.Labels) && order == t.Labels[at].Sort {
		// Rows hold the order, so that it cannot be renumbered as PostgreSQL does.
		return pgerror.New(pgerror.ProgramLimitExceeded, "no room for another label beside %q of enum %s", st.Neighbor, t.Name)
	}
	t.Labels = slices.Insert(t.Labels, at, catalog.EnumLabel{Label: st.Value, Sort: order})
	return env.Editor.UpdateType(&t)
}

// createDomain executes CREATE DOMAIN.
func createDomain(ctx context.Context, env *Env, st *ast.CreateDomain) error {
	schema, name, err := typeSchema(env, st.Name)
	if err != nil {
		return err
	}
	base, err := planner.ResolveType(st.Type, env.PlanOptions())
	if err != nil {
		return err
	}
	if info := types.Lookup(base.OID); info != nil && info.Type == 'p' {
		return pgerror.New(pgerror.DatatypeMismatch, "%q is not a valid base type for a domain", types.Format(base))
	}
	t := &catalog.UserType{Name: name, Schema: schema.ID, Owner: roleID(env, env.User), Kind: 'd', Base: base}
	nullSeen := false
	for _, c := range st.Constraints {
		switch c.Kind {
		case ast.ConstraintNotNull:
			if nullSeen {
				return pgerror.New(pgerror.SyntaxError, "conflicting NULL/NOT NULL constraints")
			}
			t.NotNull = true
		case ast.ConstraintNull:
			if t.NotNull {
				return pgerror.New(pgerror.SyntaxError, "conflicting NULL/NOT NULL constraints")
			}
			nullSeen = true
		case ast.ConstraintDefault:
			if t.Default != "" {
				return pgerror.New(pgerror.SyntaxError, "multiple default expressions")
			}
			if _, t.Default, err = bindDefault(ctx, env, c.Expr, &catalog.Column{Name: name, Type: base}); err != nil {
				return err
			}
		case ast.ConstraintCheck:
			if err := domainCheck(ctx, env, t, c); err != nil {
				return err
			}
		case ast.ConstraintUnique:
			return pgerror.New(pgerror.SyntaxError, "unique constraints not possible for domains")
		case ast.ConstraintPrimary:
			return pgerror.New(pgerror.SyntaxError, "primary key constraints not possible for domains")
		case ast.ConstraintExclusion:
			return pgerror.New(pgerror.SyntaxError, "exclusion constraints not possible for domains")
		case ast.ConstraintForeign:
			return pgerror.New(pgerror.SyntaxError, "foreign key constraints not possible for domains")
		default:
			return pgerror.Unsupported("specifying constraint deferrability for domains")
		}
	}
	return env.Editor.CreateType(t)
}

// domainCheck adds a CHECK whose VALUE is the only column of a table that is not one.
func domainCheck(ctx context.Context, env *Env, t *catalog.UserType, def *ast.Constraint) error {
	value := &catalog.Table{Name: t.Name, Columns: []catalog.Column{{Num: 1, Name: "value", Type: t.Base}}}
	e, err := planner.BindTableExpr(ctx, def.Expr, planner.UseCheck, value, nil, env.PlanOptions())
	if err != nil {
		return err
	}
	c := catalog.Check{Name: def.Name, DependsOn: functionDependencies(env, e)}
	c.Expr = expr.Deparse(e, expr.DeparseOptions{
		IO:     &types.IO{Resolve: &catalog.RegResolver{Snapshot: env.Editor.Snapshot(), Path: []string{"pg_catalog"}}},
		Column: func(expr.Expr) string { return "VALUE" },
	})
	taken := func(name string) bool {
		return slices.ContainsFunc(t.Checks, func(c catalog.Check) bool { return c.Name == name })
	}
	if c.Name == "" {
		c.Name = chooseName(t.Name, "", "check", taken)
	} else if taken(c.Name) {
		return pgerror.New(pgerror.DuplicateObject, "constraint %q for domain %q already exists", c.Name, t.Name)
	}
	t.Checks = append(t.Checks, c)
	return nil
}
