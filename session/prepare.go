package session

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// runPrepare executes PREPARE.
func (s *Session) runPrepare(ctx context.Context, raw *ast.RawStmt, st *ast.Prepare) error {
	if s.prepared[st.Name] != nil {
		return pgerror.New(pgerror.DuplicatePstatement, "prepared statement %q already exists", st.Name)
	}
	if !isQuery(st.Stmt) {
		return pgerror.New(pgerror.SyntaxError, "utility statements cannot be prepared")
	}
	inner := *raw
	inner.Stmt = st.Stmt
	p := &prepared{name: st.Name, text: raw.Text, raw: &inner, fromSQL: true}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	for _, tn := range st.Types {
		t, err := planner.ResolveType(tn, s.planOptions(snap, nil))
		if err != nil {
			return err
		}
		if err := planner.RefuseDomain(snap, t); err != nil {
			return err
		}
		p.declared = append(p.declared, t)
	}
	pl, err := s.plan(ctx, inner.Stmt, raw.Text, p.declared)
	if err != nil {
		return err
	}
	p.planned, p.params, p.env = pl, pl.query.ParamTypes, s.environment()
	if pl.query.ReturnsRows {
		p.cols = pl.query.Root.Columns()
	}
	s.prepared[st.Name] = p
	return nil
}

// runExecute executes EXECUTE.
func (s *Session) runExecute(ctx context.Context, st *ast.Execute, out *outcome) error {
	p, params, err := s.executeParams(ctx, st)
	if err != nil {
		return err
	}
	return s.runPlanned(ctx, p.planned, p.raw, params, out)
}

// executeParams finds the statement of an EXECUTE and evaluates its arguments.
func (s *Session) executeParams(ctx context.Context, st *ast.Execute) (*prepared, []types.Datum, error) {
	p, err := s.statement(st.Name)
	if err != nil {
		return nil, nil, err
	}
	if p.planned == nil {
		return nil, nil, pgerror.Unsupported("EXECUTE of a utility statement")
	}
	if p.literals != nil {
		p.env = 0 // to be planned again by itself
	}
	if err := s.revalidate(ctx, p); err != nil {
		return nil, nil, err
	}
	if len(st.Args) != len(p.params) {
		return nil, nil, pgerror.New(pgerror.SyntaxError, "wrong number of parameters for prepared statement %q", st.Name).
			WithDetail("Expected %d parameters but got %d.", len(p.params), len(st.Args))
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	params := make([]types.Datum, len(st.Args))
	for i, a := range st.Args {
		e, err := planner.BindTableExpr(ctx, a, planner.UseExecute, nil, &catalog.Column{Type: p.params[i]}, s.planOptions(snap, nil))
		if err != nil {
			return nil, nil, err
		}
		var r running
		s.prepareEnv(&r, nil, snap, nil, 0)
		if params[i], err = evalDatum(&r.fn, e); err != nil {
			return nil, nil, err
		}
	}
	return p, params, nil
}

func evalDatum(c *functions.Context, e expr.Expr) (types.Datum, error) {
	d, err := expr.EvalConst(c, e)
	return d.Clone(), err
}

// runDeallocate executes DEALLOCATE.
func (s *Session) runDeallocate(st *ast.Deallocate) error {
	if st.All {
		clear(s.prepared)
		return nil
	}
	if _, err := s.statement(st.Name); err != nil {
		return err
	}
	delete(s.prepared, st.Name)
	return nil
}
