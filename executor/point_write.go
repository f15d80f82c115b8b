package executor

import (
	"cmp"
	"context"
	"errors"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// runInsert writes one row.
func (p *Point) runInsert(ctx context.Context, env *Env, s *pointScratch, emit func([]types.Datum) error) error {
	if err := p.newRow(env, s); err != nil {
		return err
	}
	row, err := env.storedRow(p.rows.Indexes, s.row)
	if err != nil {
		return err
	}
	s.writer.Reset(env.Txn)
	if p.layout.HasHiddenRowID() {
		id, err := env.RowIDs.Take(ctx, env.Txn, p.layout, 1)
		if err != nil {
			return err
		}
		s.handle = rowstore.IntHandle(s.handle[:0], id)
	} else if s.handle, err = p.layout.Handle(s.handle[:0], row); err != nil {
		return err
	}
	if err := p.claim(ctx, env, s, row); err != nil {
		return err
	}
	if err := s.writer.Insert(row, s.handle); err != nil {
		return err
	}
	if err := p.checkParents(ctx, env, s.row, nil); err != nil {
		return err
	}
	env.Affected++
	return p.emitReturning(env, p.insert.Returning, s, s.row, emit)
}

// newRow computes the row that is to be inserted into s.row and checks it.
func (p *Point) newRow(env *Env, s *pointScratch) (err error) {
	if s.projected, err = evalConstants(env, p.values[0], s.projected); err != nil {
		return err
	}
	for _, es := range p.values[1:] {
		if s.spare, err = evalRow(env, es, s.projected, s.spare); err != nil {
			return err
		}
		s.projected, s.spare = s.spare, s.projected
	}
	s.row = resize(s.row, len(p.table.Columns))
	for i, o := range p.insert.Target {
		s.row[o] = s.projected[i]
	}
	return env.checkRow(p.table, p.rows, s.row)
}

func evalConstants(env *Env, es []expr.Expr, dst []types.Datum) ([]types.Datum, error) {
	dst = resize(dst, len(es))
	for i, e := range es {
		d, err := expr.EvalConst(env.Functions, e)
		if err != nil {
			return dst, err
		}
		dst[i] = d
	}
	return dst, nil
}

func (p *Point) emitReturning(env *Env, es []expr.Expr, s *pointScratch, row []types.Datum, emit func([]types.Datum) error) error {
	if len(es) == 0 {
		return nil
	}
	var err error
	if s.out, err = evalRow(env, es, row, s.out); err != nil {
		return err
	}
	return emit(s.out)
}

// latestDuplicate is tableWriter.latestConflict for one row; it returns cause
// if there is no duplicate.
func (p *Point) latestDuplicate(ctx context.Context, env *Env, s *pointScratch, row rowstore.Row, cause error) error {
	if env.ReadCommitted || !errors.Is(cause, kv.ErrWriteConflict) {
		return cause
	}
	first := -1
	if err := eachLatest(ctx, env.Txn, s.keys, func(i int) {
		if first < 0 {
			first = i
		}
	}); err != nil || first < 0 {
		return cmp.Or(err, cause)
	}
	keys, err := s.writer.UniqueKeys(row, s.handle)
	if err != nil {
		return err
	}
	return p.writerOf(env, s).duplicate(row, keys[first].Index)
}

// claim locks and probes a new row's unique keys.
func (p *Point) claim(ctx context.Context, env *Env, s *pointScratch, row rowstore.Row) error {
	keys, err := s.writer.UniqueKeys(row, s.handle)
	if err != nil || len(keys) == 0 {
		return err
	}
	s.keys = s.keys[:0]
	for _, k := range keys {
		s.keys = append(s.keys, k.Key)
	}
	if _, err := env.Txn.Lock(ctx, s.keys, kv.LockOptions{Mode: kv.LockUpdate, Timeout: env.LockTimeout}); err != nil {
		return p.latestDuplicate(ctx, env, s, row, lockError(err, p.table))
	}
	s.writer.Locked = true
	for _, k := range keys {
		_, found, err := env.Txn.Get(ctx, k.Key)
		if err != nil {
			return err
		}
		if found {
			return p.writerOf(env, s).duplicate(row, k.Index)
		}
	}
	return nil
}

// writerOf is the tableWriter of a run, for what is not hot.
func (p *Point) writerOf(env *Env, s *pointScratch) *tableWriter {
	return &tableWriter{env: env, table: p.table, layout: p.layout, writer: s.writer, live: p.live}
}

func (p *Point) checkParents(ctx context.Context, env *Env, row, old []types.Datum) error {
	for i := range p.rows.ForeignKeys {
		f, err := newForeignKeyCheck(env, p.table, layoutOf(p.rows.ForeignKeys[i].Table), &p.rows.ForeignKeys[i])
		if err != nil {
			return err
		}
		keys := map[string][]types.Datum{}
		if err := f.collect(row, old, keys); err != nil {
			return err
		}
		if err := f.verify(ctx, keys); err != nil {
			return err
		}
		if err := f.finish(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// rowConflict is what becomes of the error of a lock on the rows in s.keys: see
// foundRows and the function of that name.
func (p *Point) rowConflict(ctx context.Context, env *Env, s *pointScratch, cause error) error {
	if p.kind != pointRead && !p.subplans && env.isConflict(cause) {
		if err := env.leaveFound(s.keys); err != nil {
			return err
		}
	}
	return rowConflict(ctx, env, p.table, s.keys, cause)
}

// runWrite updates or deletes the row.
func (p *Point) runWrite(ctx context.Context, env *Env, s *pointScratch, emit func([]types.Datum) error) error {
	env.found.runAgain()
	ok, err := p.read(ctx, env, s, true)
	if err != nil {
		return err
	}
	if !ok || !env.mayWrite(s.rowKey) {
		return env.foundAll(ctx, p.table)
	}
	if ok, err = p.lock(ctx, env, s, kv.LockOptions{Mode: p.mode, Timeout: env.LockTimeout}); err != nil || !ok {
		return err
	}
	return p.writeRow(ctx, env, s, emit)
}

// writeRow updates or deletes the row in s.input, whose lock is held.
func (p *Point) writeRow(ctx context.Context, env *Env, s *pointScratch, emit func([]types.Datum) error) error {
	positions := p.oldColumns()
	s.old = resize(s.old, len(p.table.Columns))
	for o, at := range positions {
		if at >= 0 {
			s.old[o] = s.input[at]
		}
	}
	old, err := env.storedRow(p.rows.Indexes, s.old)
	if err != nil {
		return err
	}
	s.writer.Reset(env.Txn)
	s.writer.Locked = true
	s.handle = append(s.handle[:0], rowstore.HandleOfRowKey(s.rowKey)...)
	if p.kind == pointDelete {
		if err := s.writer.Delete(s.handle, old); err != nil {
			return err
		}
		env.Affected++
		return p.emitReturning(env, p.delete.Returning, s, s.input, emit)
	}
	return p.runUpdate(ctx, env, s, old, positions, emit)
}

func (p *Point) oldColumns() []int {
	if p.kind == pointDelete {
		return p.delete.OldColumns
	}
	return p.update.OldColumns
}

func (p *Point) runUpdate(ctx context.Context, env *Env, s *pointScratch, old rowstore.Row, positions []int, emit func([]types.Datum) error) error {
	if p.subplans {
		run := newRun(env)
		defer run.close() //nolint:errcheck // its results were taken
	}
	s.row = append(s.row[:0], s.old...)
	for _, a := range p.update.Assignments {
		d, err := expr.EvalRow(env.Functions, a.Value, s.input)
		if err != nil {
			return err
		}
		s.row[a.Column] = d
	}
	if err := env.checkRow(p.table, p.rows, s.row); err != nil {
		return err
	}
	row, err := env.storedRow(p.rows.Indexes, s.row)
	if err != nil {
		return err
	}
	if p.uniques {
		if err := p.writerOf(env, s).claimChanged(ctx, s.handle, old, row); err != nil {
			return err
		}
	}
	if _, err := s.writer.Update(s.handle, old, row); err != nil {
		return err
	}
	if p.fks {
		if err := p.checkParents(ctx, env, s.row, s.old); err != nil {
			return err
		}
	}
	env.Affected++
	if len(p.update.Returning) == 0 {
		return nil
	}
	for o, at := range positions {
		if at >= 0 {
			s.input[at] = s.row[o]
		}
	}
	return p.emitReturning(env, p.update.Returning, s, s.input, emit)
}
