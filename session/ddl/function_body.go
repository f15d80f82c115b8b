package ddl

import (
	"context"
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// routineOptions are the options for binding a statement of a function's body.
func routineOptions(env *Env, f *catalog.Function, last bool) planner.Options {
	opts := env.PlanOptions()
	snap := env.Editor.Snapshot()
	opts.ParamTypes = []types.Type{}
	for _, p := range f.Inputs() {
		opts.ParamTypes = append(opts.ParamTypes, p.Type)
	}
	call := &functions.Routine{Signature: functions.Signature{Args: opts.ParamTypes, Returns: f.Returns}}
	if u := snap.Type(f.Returns.OID); u != nil && u.Kind == 'd' {
		call.Returns = f.Returns
	}
	opts.Routine = planner.RoutineOf(snap, f, call)
	if !last {
		opts.Routine.Result = nil
	}
	return opts
}

// checkBody checks a body that is text as PostgreSQL's validator does: statements are
// bound unless parameters are polymorphic. Nothing of what it names is noted.
func checkBody(ctx context.Context, env *Env, f *catalog.Function) error {
	if !env.CheckBodies {
		return nil
	}
	body, err := planner.RoutineBody(f)
	if err != nil {
		return inBody(env, f, err)
	}
	for i := range body.Stmts {
		if _, ends := body.Stmts[i].Stmt.(*ast.Transaction); ends {
			return nil // running it fails, as in PostgreSQL
		}
		if err := planner.CheckRoutineStatement(f, body.Stmts[i].Stmt); err != nil {
			return inBody(env, f, err)
		}
	}
	for _, id := range f.ArgTypes() {
		if isPolymorphicType(id) {
			return nil
		}
	}
	for i := range body.Stmts {
		_, err := planner.Plan(ctx, body.Stmts[i].Stmt, routineOptions(env, f, i == len(body.Stmts)-1))
		if err != nil {
			return inBody(env, f, err)
		}
	}
	if len(body.Stmts) == 0 && f.Returns.OID != types.Void {
		return inBody(env, f, planner.NoRoutineResult(env.Editor.Snapshot(), f))
	}
	return nil
}

// inBody points an error of a body at the statement that has it as a literal.
func inBody(env *Env, f *catalog.Function, err error) error {
	e := pgerror.From(err)
	off := e.Offset()
	e = e.WithoutPosition()
	at := strings.Index(env.Text, f.Body)
	if off >= 0 && f.Body != "" && at > 0 && strings.LastIndex(env.Text, f.Body) == at {
		return e.Moved(env.Start + at + off)
	}
	return e.WithWhere("SQL function %q", f.Name)
}

// standardBody keeps a SQL-standard body as a view's query is kept.
func standardBody(ctx context.Context, env *Env, f *catalog.Function, st *ast.CreateFunction) error {
	for _, id := range f.ArgTypes() {
		if isPolymorphicType(id) {
			return pgerror.New(pgerror.FeatureNotSupported, "SQL function with unquoted function body cannot have polymorphic arguments")
		}
	}
	parts, isReturn := parser.StandardBody(env.Text)
	f.Return = isReturn
	f.SearchPath = slices.Clone(env.PlanOptions().SearchPath)
	f.Queries = []string{}
	for i, text := range parts {
		if isReturn {
			text = "SELECT " + text
		}
		q, err := traceBody(ctx, env, env.Editor.Snapshot(), f, text, i == len(parts)-1)
		if err != nil {
			e := pgerror.From(err)
			if at := strings.Index(env.Text, parts[i]); e.Offset() >= 0 && at >= 0 {
				shift := 0
				if isReturn {
					shift = len("SELECT ")
				}
				return e.Moved(env.Start + at + e.Offset() - shift)
			}
			return e
		}
		f.Queries = append(f.Queries, q.rendered(env.Editor.Snapshot()))
		for _, id := range q.direct() {
			if !slices.Contains(f.DependsOn, id) {
				f.DependsOn = append(f.DependsOn, id)
			}
		}
		for _, c := range q.columns() {
			if !slices.Contains(f.DependsOnColumns, c) {
				f.DependsOnColumns = append(f.DependsOnColumns, c)
			}
		}
	}
	if len(parts) == 0 && f.Returns.OID != types.Void {
		return planner.NoRoutineResult(env.Editor.Snapshot(), f)
	}
	return nil
}

// traceBody is traceQuery for a statement of a function's body.
func traceBody(ctx context.Context, env *Env, snap *catalog.Snapshot, f *catalog.Function, text string, last bool) (*tracedQuery, error) {
	stmts, err := parser.Parse(text)
	if err != nil {
		return nil, err
	}
	sel, ok := stmts[0].Stmt.(*ast.Select)
	if !ok || sel.Into != nil {
		return nil, pgerror.Unsupported("%s in a SQL-standard function body", ast.Tag(stmts[0].Stmt))
	}
	opts := optionsOver(env, snap, f.SearchPath)
	routine := routineOptions(env, f, last)
	opts.ParamTypes, opts.Routine = routine.ParamTypes, routine.Routine
	return traceWith(ctx, opts, text, sel)
}

// renameInFunction edits the texts of a function after something was renamed.
func renameInFunction(ctx context.Context, env *Env, old *catalog.Snapshot, f *catalog.Function) error {
	snap := env.Editor.Snapshot()
	if !slices.ContainsFunc(f.DependsOn, func(id catalog.OID) bool { return differs(old, snap, id) }) {
		return nil
	}
	now := snap.Function(f.ID)
	if now == nil {
		return nil
	}
	next := *now
	next.Queries, next.Params = slices.Clone(f.Queries), slices.Clone(now.Params)
	for i, text := range f.Queries {
		q, err := traceBody(ctx, env, old, f, text, i == len(f.Queries)-1)
		if err != nil {
			return err
		}
		next.Queries[i] = q.rendered(snap)
	}
	opts := optionsOver(env, old, nil)
	opts.NoFold = true
	for i := range next.Params {
		if f.Params[i].Default == "" {
			continue
		}
		e, err := planner.BindTableText(ctx, f.Params[i].Default, planner.UseDefault, nil, nil, opts)
		if err != nil {
			return err
		}
		next.Params[i].Default = deparseIn(snap, e, nil)
	}
	return env.Editor.UpdateFunction(&next)
}
