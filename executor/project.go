package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// project computes expressions over its input's rows.
type project struct {
	env    *Env
	input  Operator
	exprs  []*scalar
	schema *arrow.Schema
	coded  []bool // the output's columns that may be coded; nil for none
	// only are the columns that are passed on, if nothing is computed and whatever is
	// coded may be so.
	only []int
}

func (r *run) newProject(n *plan.Project) (Operator, error) {
	exprs, err := r.compileAll(n.Exprs)
	if err != nil {
		return nil, err
	}
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	p := &project{env: r.env, input: input, exprs: exprs, schema: schemaOf(n.Cols), coded: r.uses[n].coded}
	for i, e := range exprs {
		if e.ordinal < 0 || p.coded == nil || !p.coded[i] {
			return p, nil
		}
	}
	for _, e := range exprs {
		p.only = append(p.only, e.ordinal)
	}
	return p, nil
}

func (p *project) Schema() *arrow.Schema { return p.schema }

func (p *project) Close() error { return p.input.Close() }

func (p *project) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	batch, err := p.input.Next(ctx)
	if err != nil {
		return nil, err
	}
	defer batch.Release()
	if late, ok := batch.(*lateBatch); ok && p.only != nil {
		return late.project(p.schema, p.only), nil
	}
	n := int(batch.NumRows())
	cols, err := p.columns(batch.Columns(), n)
	if err != nil {
		return nil, err
	}
	return newBatch(p.schema, cols, n), nil
}

func (p *project) columns(cols []arrow.Array, n int) ([]arrow.Array, error) {
	at := -1
	return computeAll(p.exprs, func(s *scalar) (arrow.Array, error) {
		if at++; p.coded != nil && p.coded[at] {
			return s.codedColumn(p.env, cols, n)
		}
		return s.column(p.env, cols, n)
	})
}
