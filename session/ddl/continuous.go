package ddl

import (
	"context"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Continuous aggregates of TimescaleDB are views here: grouping by time reads columns of
// packed blocks, so that what the query says is computed when it is read, always up to
// date (as there with materialized_only = false), and there is nothing to refresh.

// continuousOption marks such a view in pg_class.reloptions.
const continuousOption = "continuous"

// IsContinuous reports whether a relation is a continuous aggregate.
func IsContinuous(t *catalog.Table) bool {
	return t != nil && t.Kind == catalog.KindView && t.Options[continuousOption] == "true"
}

// isContinuousAs reports whether a statement means a continuous aggregate by MATERIALIZED VIEW.
func isContinuousAs(t *catalog.Table, want catalog.RelKind) bool {
	return want == catalog.KindMaterializedView && IsContinuous(t)
}

// asksContinuous reports whether the options of CREATE MATERIALIZED VIEW say continuous.
func asksContinuous(opts []*ast.Option) bool {
	for _, o := range opts {
		if isTimescale(o) && o.Name == continuousOption {
			return isTrue(o)
		}
	}
	return false
}

// createContinuous executes CREATE MATERIALIZED VIEW ... WITH (timescaledb.continuous).
func createContinuous(ctx context.Context, env *Env, st *ast.CreateTableAs, sel *ast.Select) error {
	options, err := continuousOptions(env, st.Into.Options)
	if err != nil {
		return err
	}
	if len(sel.GroupBy) == 0 {
		return invalidContinuous("The query must group by a bucket of time.")
	}
	view := &ast.CreateView{View: st.Into.Table, Columns: st.Into.Columns, Query: sel, QueryText: st.QueryText}
	if err := createView(ctx, env, view); err != nil {
		return err
	}
	id, _ := findRelation(env, st.Into.Table)
	t := env.Editor.Snapshot().TableByID(id).Clone()
	if !readsHypertable(env, t) {
		return invalidContinuous("At least one hypertable should be used in the view definition.")
	}
	t.Options = options
	env.Notice(pgerror.NewNotice("continuous aggregate %q is computed when it is read: it is always up to date and needs no refresh", t.Name))
	return env.Editor.UpdateTable(t)
}

func invalidContinuous(detail string) error {
	return pgerror.New(pgerror.FeatureNotSupported, "invalid continuous aggregate query").WithDetail("%s", detail)
}

// readsHypertable reports whether a view reads a time-series table, perhaps through others.
func readsHypertable(env *Env, view *catalog.Table) bool {
	for _, id := range view.View.DependsOn {
		t := env.Editor.Snapshot().TableByID(id)
		if t != nil && (t.TimeSeries != nil || IsContinuous(t)) {
			return true
		}
	}
	return false
}

// continuousOptions are the options of a continuous aggregate as they are kept.
func continuousOptions(env *Env, opts []*ast.Option) (map[string]string, error) {
	out := map[string]string{continuousOption: "true"}
	for _, o := range opts {
		switch {
		case o.Name == continuousOption && (isTimescale(o) || o.Namespace == ""):
			if !isTrue(o) {
				return nil, pgerror.New(pgerror.FeatureNotSupported, "cannot alter continuous option for continuous aggregates")
			}
		case !isTimescale(o):
			return nil, pgerror.New(pgerror.InvalidParameterValue, "unrecognized parameter %q", o.Name).At(o.Loc())
		case o.Name == "materialized_only":
			if isTrue(o) {
				env.Notice(pgerror.NewNotice("parameter %q has no effect: what is read is always up to date", o.Namespace+"."+o.Name))
			}
		case o.Name == "finalized", o.Name == "create_group_indexes", o.Name == "enable_columnstore", o.Name == "columnstore", o.Name == "chunk_interval",
			o.Name == "segmentby", o.Name == "orderby", strings.HasPrefix(o.Name, "compress"):
			env.Notice(pgerror.NewNotice("parameter %q has no effect", o.Namespace+"."+o.Name))
		default:
			return nil, pgerror.New(pgerror.InvalidParameterValue, "unrecognized parameter %q", o.Namespace+"."+o.Name).At(o.Loc())
		}
	}
	return out, nil
}
