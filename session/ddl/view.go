package ddl

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// createView executes CREATE VIEW.
func createView(ctx context.Context, env *Env, st *ast.CreateView) error {
	if err := checkViewQuery(st); err != nil {
		return err
	}
	cols, _, err := planner.ViewColumns(ctx, st.Query, env.PlanOptions())
	if err != nil {
		return err
	}
	q, err := traceQuery(ctx, env, env.PlanOptions().Catalog, nil, st.QueryText)
	if err != nil {
		return err
	}
	rv := *st.View
	if rv.Persistence != ast.Temporary && readsTemporary(q) {
		env.Notice(pgerror.NewNotice("view %q will be a temporary view", rv.Name))
		rv.Persistence = ast.Temporary
	}
	schema, err := creationSchema(env, &rv)
	if err != nil {
		return err
	}
	t := &catalog.Table{
		Name: rv.Name, Schema: schema.ID, Kind: catalog.KindView, Owner: roleID(env, env.User), Temporary: rv.Persistence == ast.Temporary,
	}
	if t.Columns, err = viewColumns(cols, st.Columns, "CREATE VIEW specifies more column names than columns"); err != nil {
		return err
	}
	if t.Options, err = viewOptions(st.Options); err != nil {
		return err
	}
	t.View = storedQuery(env, q)
	t.View.CheckOption = [...]string{"", "local", "cascaded"}[st.CheckOption]
	if v, ok := t.Options["check_option"]; ok {
		t.View.CheckOption = v
		delete(t.Options, "check_option")
	}
	var why string
	if t.View.Updatable, t.View.Deletable, why = planner.ViewWritable(t, env.PlanOptions()); why != "" && t.View.CheckOption != "" {
		return pgerror.New(pgerror.FeatureNotSupported, "WITH CHECK OPTION is supported only on automatically updatable views").WithHint("%s", why)
	}
	old := env.Editor.Snapshot().Table(schema.ID, rv.Name)
	if old == nil || !st.Replace {
		if relationTaken(env, schema.ID, nil)(rv.Name) {
			return pgerror.New(pgerror.DuplicateTable, "relation %q already exists", rv.Name)
		}
		return env.Editor.CreateTable(t)
	}
	return replaceView(env, old, t)
}

func checkViewQuery(st *ast.CreateView) error {
	switch {
	case st.Query.Into != nil:
		return pgerror.New(pgerror.FeatureNotSupported, "views must not contain SELECT INTO")
	case st.View.Persistence == ast.Unlogged:
		return pgerror.New(pgerror.FeatureNotSupported, "views cannot be unlogged because they do not have storage")
	case st.Query.With != nil:
		for _, c := range st.Query.With.CTEs {
			if _, ok := c.Stmt.(*ast.Select); !ok {
				return pgerror.New(pgerror.FeatureNotSupported, "views must not contain data-modifying statements in WITH")
			}
		}
	}
	return nil
}

func readsTemporary(q *tracedQuery) bool {
	for _, t := range q.trace.Tables {
		if t.Temporary {
			return true
		}
	}
	return false
}

// storedQuery is a query as the catalog keeps it.
func storedQuery(env *Env, q *tracedQuery) *catalog.View {
	snap := env.Editor.Snapshot()
	return &catalog.View{
		Query: q.rendered(snap), SearchPath: append([]string(nil), env.PlanOptions().SearchPath...),
		DependsOn: q.direct(), DependsOnColumns: q.columns(),
	}
}

// viewColumns makes the columns of a view or of CREATE TABLE AS.
func viewColumns(cols []plan.Column, names []string, tooMany string) ([]catalog.Column, error) {
	if len(names) > len(cols) {
		return nil, pgerror.New(pgerror.SyntaxError, "%s", tooMany)
	}
	var out []catalog.Column
	seen := map[string]bool{}
	for i := range cols {
		c := catalog.Column{Num: int16(i + 1), Name: cols[i].Name, Type: cols[i].Type}
		if i < len(names) {
			c.Name = names[i]
		}
		if c.Type.OID == types.Unknown {
			c.Type = types.Of(types.Text)
		}
		if info := types.Lookup(c.Type.OID); info != nil && info.Type == 'p' {
			return nil, pgerror.New(pgerror.InvalidTableDefinition, "column %q has pseudo-type %s", c.Name, types.Format(c.Type))
		}
		if seen[c.Name] {
			return nil, pgerror.New(pgerror.DuplicateColumn, "column %q specified more than once", c.Name)
		}
		seen[c.Name] = true
		out = append(out, c)
	}
	return out, nil
}

func viewOptions(opts []*ast.Option) (map[string]string, error) {
	if len(opts) == 0 {
		return nil, nil
	}
	out := map[string]string{}
	for _, o := range opts {
		switch o.Name {
		case "security_barrier", "security_invoker":
			b, ok := o.Bool()
			if !ok {
				return nil, pgerror.New(pgerror.InvalidParameterValue, "invalid value for boolean option %q: %s", o.Name, o.Text())
			}
			out[o.Name] = "false"
			if b {
				out[o.Name] = "true"
			}
			if o.Arg != nil {
				out[o.Name] = o.Text()
			}
		case "check_option":
			if v := o.Text(); v != "local" && v != "cascaded" {
				return nil, pgerror.New(pgerror.InvalidParameterValue, "invalid value for enum option \"check_option\": %s", v).
					WithDetail(`Valid values are "local" and "cascaded".`)
			}
			out[o.Name] = o.Text()
		case continuousOption: // as pg_dump has it of continuous aggregates
			out[o.Name] = o.Text()
		default:
			return nil, pgerror.New(pgerror.InvalidParameterValue, "unrecognized parameter %q", o.Name)
		}
	}
	return out, nil
}

// replaceView executes CREATE OR REPLACE VIEW over an existing relation.
func replaceView(env *Env, old, t *catalog.Table) error {
	if old.Kind != catalog.KindView {
		return pgerror.New(pgerror.WrongObjectType, "%q is not a view", old.Name)
	}
	if len(t.Columns) < len(old.Columns) {
		return pgerror.New(pgerror.InvalidTableDefinition, "cannot drop columns from view")
	}
	snap, path := env.Editor.Snapshot(), env.PlanOptions().SearchPath
	for i := range old.Columns {
		was, is := &old.Columns[i], &t.Columns[i]
		if was.Name != is.Name {
			return pgerror.New(pgerror.InvalidTableDefinition, "cannot change name of view column %q to %q", was.Name, is.Name).
				WithHint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.")
		}
		if was.Type != is.Type {
			return pgerror.New(pgerror.InvalidTableDefinition, "cannot change data type of view column %q from %s to %s", was.Name,
				catalog.FormatType(snap, path, was.Type), catalog.FormatType(snap, path, is.Type))
		}
		is.Default, is.DefaultID, is.Comment = was.Default, was.DefaultID, was.Comment
	}
	for _, id := range t.View.DependsOn {
		if id == old.ID {
			return pgerror.New(pgerror.InvalidObjectDefinition, "infinite recursion detected in rules for relation %q", old.Name)
		}
	}
	next := old.Clone()
	next.Columns, next.View, next.Options = t.Columns, t.View, t.Options
	return env.Editor.UpdateTable(next)
}
