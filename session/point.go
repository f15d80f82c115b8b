package session

import (
	"context"
	"errors"
	"unsafe"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// scratch is what the short path reuses from statement to statement.
type scratch struct {
	run        running
	normalized parser.Normalized
	params     []types.Datum
	joined     executor.JoinedRow
	table      *catalog.Table // of joined
}

// runPoint executes a plan of the short path: one key, no operators.
func (s *Session) runPoint(ctx context.Context, p *planned, params []types.Datum, out *outcome) error {
	q := p.query
	if !q.ReadOnly && s.readOnly() {
		return readOnlyError(q.Tag)
	}
	if out.ends && s.joinable(p) {
		if done, err := s.runJoined(ctx, p, params, out); done {
			return err
		}
	}
	txn, snap, err := s.enter(ctx, p)
	if err != nil {
		return err
	}
	r := s.pointRun()
	s.prepareEnv(r, txn, snap, params, q.ExecSlots)
	defer r.account.Close()
	if q.ReturnsRows {
		out.rows.Columns, out.rows.IO = q.Root.Columns(), r.fn.IO
		if out.rows.Formats == nil {
			out.rows.Formats = textFormats(len(out.rows.Columns))
		}
		if out.describe {
			if err := s.client.RowDescription(out.rows.Columns, out.rows.Formats); err != nil {
				return err
			}
		}
	}
	sent, err := s.runPointRows(ctx, p, r, txn, out)
	if err != nil {
		return err
	}
	if !q.ReadOnly {
		s.noteWrites(q, &r.env)
	}
	out.tag = commandTag(q.Tag, sent, r.env.Affected)
	return nil
}

// pointRun is the execution that statements of the short path use again.
func (s *Session) pointRun() *running {
	r := &s.scratch.run
	if r.account == nil {
		r.account = executor.NewAccount("query", s.server.config.QueryMemoryLimit, s.memory)
	}
	return r
}

func (s *Session) runPointRows(ctx context.Context, p *planned, r *running, txn kv.Txn, out *outcome) (int64, error) {
	var sent int64
	emit := func(row []types.Datum) error {
		sent++
		return s.client.Row(out.rows, row)
	}
	if p.query.ReadOnly {
		err := p.point.Run(ctx, &r.env, emit)
		return sent, err
	}
	sp := txn.Savepoint()
	defer txn.Release(sp)
	for {
		err := p.point.Run(ctx, &r.env, emit)
		if err == nil || sent > 0 || !r.env.ReadCommitted || !errors.Is(err, kv.ErrWriteConflict) {
			return sent, err
		}
		txn.RollbackTo(sp, true)
		if err := txn.Refresh(ctx); err != nil {
			return 0, err
		}
		r.env.Affected = 0
	}
}

// queryShared tries to run a simple query by the plan of another text that
// differs in its literals only: of a statement that goes by a key, or of one that
// reads series by their tags (share_series.go). done is false when the ordinary way is to be taken.
func (s *Session) queryShared(ctx context.Context, sql string) (done bool, err error) {
	p, params := s.sharedPlan(ctx, sql)
	if p == nil {
		return false, nil
	}
	out := outcome{rows: Rows{IO: s.io}, describe: true, ends: true}
	run := s.runPoint
	if p.point == nil {
		run = s.runOnce
	}
	if err := run(ctx, p, params, &out); err != nil {
		if errors.Is(err, errPlanStale) {
			return false, nil
		}
		return true, err
	}
	if !s.tx.block {
		if err := s.commit(ctx); err != nil {
			return true, err
		}
	}
	return true, s.complete(out.tag)
}

// sharedPlan finds the plan that a text shares with others, and its literals as the
// parameters, which are valid until the next call; nil if there is none.
func (s *Session) sharedPlan(ctx context.Context, sql string) (*planned, []types.Datum) {
	n := &s.scratch.normalized
	if s.tx.failed || s.tx.editor != nil || !parser.Normalize(sql, n) || len(n.Literals) == 0 {
		return nil, nil
	}
	key := planKey{text: "\x00" + unsafe.String(unsafe.SliceData(n.Key), len(n.Key)), env: s.environment()}
	p := s.server.plans.get(key)
	if p == nil && !s.server.plans.seen.Again(key.text) {
		return nil, nil // it may never come again: to plan it in two ways would not pay
	}
	if p == nil || (!p.refused && !s.current(ctx, p)) {
		var err error
		if p, err = s.shareable(ctx, sql, n, key); err != nil {
			return nil, nil // the ordinary way reports it, with the right position
		}
	}
	if p.refused {
		return nil, nil
	}
	if params, ok := s.literalParams(p, n); ok {
		return p, params
	}
	return nil, nil
}

// shareable plans sql with its literals as parameters, and remembers whether
// that gave a plan that any other literals of the same kinds can use.
func (s *Session) shareable(ctx context.Context, sql string, n *parser.Normalized, key planKey) (*planned, error) {
	key.text = "\x00" + string(n.Key)
	stmts, err := parser.Parse(sql)
	if err != nil {
		return nil, err
	}
	refused := &planned{refused: true}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	series := len(stmts) == 1 && s.mayNameSeries(snap, stmts[0].Stmt)
	if len(stmts) != 1 || !isQuery(stmts[0].Stmt) || !series && !mayBePoint(stmts[0].Stmt) {
		s.server.plans.put(key, refused)
		return refused, nil
	}
	opts := s.planOptions(snap, nil)
	opts.AutoParams = make(map[int]int, len(n.Literals))
	for i := range n.Literals {
		opts.AutoParams[n.Literals[i].Offset] = i
	}
	q, err := planner.Plan(ctx, stmts[0].Stmt, opts)
	if err != nil {
		if series { // an expression that stands in it twice has become two
			s.server.plans.put(key, refused)
		}
		return nil, err
	}
	p := newPlanned(q, executor.PointPlan(q), snap)
	p.negated = make([]bool, len(n.Literals))
	for _, i := range q.NegatedLiterals {
		p.negated[i] = true
	}
	switch {
	case !q.Cacheable:
		p = refused
	case p.point != nil && !p.point.Few() && len(q.UsedLiterals) == len(n.Literals) && len(q.ParamTypes) == len(n.Literals):
	case p.point == nil && series && namesSeries(q.Root):
		p.fixLiterals(n)
		p.sample = &stmts[0]
	default:
		p = refused
	}
	s.server.plans.put(key, p)
	return p, nil
}

// literalParams reads the literals as values of the plan's parameter types.
func (s *Session) literalParams(p *planned, n *parser.Normalized) ([]types.Datum, bool) {
	params := s.scratch.params[:0]
	s.io.Now = s.now()
	for i := range n.Literals {
		text := n.Literals[i].Text
		if p.fixed != nil && p.fixed[i].is {
			if text != p.fixed[i].text {
				return nil, false
			}
			params = append(params, types.Null)
			continue
		}
		if p.negated[i] {
			text = "-" + text
		}
		d, err := types.Parse(p.query.ParamTypes[i], text, s.io)
		if err != nil {
			return nil, false
		}
		params = append(params, d)
	}
	s.scratch.params = params
	return params, true
}
