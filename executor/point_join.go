package executor

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// pointStep joins the row in hand with at most one row of another table, found by
// a whole unique key that is computed from it. A statement may have several, one
// after another: an order, its customer, the customer's region.
type pointStep struct {
	join     *plan.LookupJoin
	fetch    pointFetch
	position int // of the index, as Point.position
	decoder  *rowstore.RowDecoder
}

// stepScratch is the memory of a step's run.
type stepScratch struct {
	equal              []types.Datum
	key, rowKey, value []byte
}

// setJoin takes lookup joins by unique keys over a row known by its key. Those
// over several rows ask for what they look up at once, which may be elsewhere.
func (p *Point) setJoin(n *plan.LookupJoin) bool {
	var left plan.Node = n
	for {
		j, ok := left.(*plan.LookupJoin)
		if !ok {
			break
		}
		step, ok := newPointStep(j)
		if !ok {
			return false
		}
		p.steps = append([]pointStep{step}, p.steps...)
		left = j.Left
	}
	s, ok := left.(*plan.Scan)
	return ok && s.Locking == nil && !s.WithHandle && p.setScan(s) && !p.few
}

func newPointStep(j *plan.LookupJoin) (pointStep, bool) {
	r := j.Right
	if j.Type != plan.InnerJoin && j.Type != plan.LeftJoin || r.Table.Kind != catalog.KindTable || r.Table.TimeSeries != nil || r.WithHandle {
		return pointStep{}, false
	}
	ix := r.Index
	if ix == nil {
		ix = &r.Table.Indexes[0]
	}
	if !ix.Unique || len(j.Keys) != len(ix.Columns) || hasSubplan(j.Keys) {
		return pointStep{}, false
	}
	for _, c := range ix.Columns {
		if c.Num == 0 {
			return pointStep{}, false
		}
	}
	for _, e := range []expr.Expr{r.Filter, j.Residual} {
		if e != nil && hasSubplan([]expr.Expr{e}) {
			return pointStep{}, false
		}
	}
	layout := layoutOf(r.Table)
	f := pointFetch{index: r.Index, layout: layout}
	return pointStep{join: j, fetch: f, position: f.position(), decoder: layout.Decoder(r.Output)}, true
}

// follow emits what the steps make of the row in s.joined.
func (p *Point) follow(ctx context.Context, env *Env, s *pointScratch, emit func([]types.Datum) error) error {
	for i := range p.steps {
		step := &p.steps[i]
		left := len(s.joined)
		right := len(step.join.Right.Output)
		found, err := step.run(ctx, env, s, &s.steps[i])
		if err != nil {
			return err
		}
		switch {
		case found:
		case step.join.Type == plan.InnerJoin:
			return nil
		default: // a row of NULLs
			s.joined = s.joined[:left]
			for range right {
				s.joined = append(s.joined, types.Null)
			}
		}
	}
	return p.emitRow(env, s, s.joined, emit)
}

// run appends the columns of the row found to s.joined.
func (step *pointStep) run(ctx context.Context, env *Env, s *pointScratch, m *stepScratch) (found bool, err error) {
	if m.equal, err = evalRow(env, step.join.Keys, s.joined, m.equal); err != nil {
		return false, err
	}
	var ok bool
	if m.key, ok, err = step.fetch.layout.PointKey(m.key[:0], step.fetch.index, m.equal); err != nil || !ok {
		return false, err
	}
	table := step.join.Right.Table
	value, found, err := getRow(ctx, env, step.fetch.layout, table, step.position, m.key, &m.rowKey)
	if err != nil || !found {
		return false, err
	}
	m.value = append(m.value[:0], value...)
	left, width := len(s.joined), len(step.join.Right.Output)
	for range width {
		s.joined = append(s.joined, types.Null)
	}
	row := s.joined[left:]
	if err := step.decoder.DecodeFull(ctx, env.Txn, rowstore.HandleOfRowKey(m.rowKey), m.value, row); err != nil {
		return false, err
	}
	if ok, err = passes(env, step.join.Right.Filter, row); ok {
		ok, err = passes(env, step.join.Residual, s.joined)
	}
	return ok, err
}

// passes reports whether a condition holds for a row; nil does.
func passes(env *Env, cond expr.Expr, row []types.Datum) (bool, error) {
	if cond == nil {
		return true, nil
	}
	return expr.ConditionRow(env.Functions, cond, row)
}
