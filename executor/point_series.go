package executor

import (
	"context"
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine"
)

// JoinedRow is a point that waits to be written together with those of other sessions.
type JoinedRow = tsengine.Joined

// ErrAlone says that a row must be written in a transaction of its own.
var ErrAlone = tsengine.ErrAlone

// setSeries prepares the insert of one point.
func (p *Point) setSeries() bool {
	for i := range p.rows.Indexes {
		if ix := &p.rows.Indexes[i]; ix.Predicate != nil || ix.Columns != nil {
			return false
		}
	}
	p.series = seriesLayoutOf(p.table)
	p.alone = len(p.insert.Returning) > 0 || len(p.rows.ForeignKeys) > 0 ||
		p.series.Unique && p.table.TimeSeries.OnDuplicate != catalog.DuplicateOverwrite
	for _, es := range p.values {
		p.alone = p.alone || slices.ContainsFunc(es, needsTransaction)
	}
	for _, list := range [][]plan.NamedCheck{p.rows.Checks, p.rows.CheckOptions} {
		p.alone = p.alone || slices.ContainsFunc(list, func(c plan.NamedCheck) bool { return needsTransaction(c.Expr) })
	}
	return true
}

// needsTransaction reports whether an expression may look at the transaction: it
// calls a volatile function, or one that tells of the system.
func needsTransaction(e expr.Expr) bool {
	if expr.Volatility(e) == functions.Volatile {
		return true
	}
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		if c, ok := x.(*expr.Call); ok && c.Fn != nil {
			found = found || strings.HasPrefix(c.Fn.Name, "pg_") || strings.HasPrefix(c.Fn.Name, "txid_")
		}
		return !found
	})
	return found
}

// Joinable reports whether the statement may be run by Join where it is a
// transaction of its own. Others that write points without locking them cannot
// be told apart from it; at REPEATABLE READ unique points are locked.
func (p *Point) Joinable(readCommitted bool) bool {
	return p != nil && p.series != nil && !p.alone && (readCommitted || !p.series.Unique)
}

// Join inserts a point together with those of other sessions and commits. env
// has no transaction. After ErrAlone nothing was written.
func (p *Point) Join(ctx context.Context, env *Env, j *JoinedRow) error {
	if err := checkContext(ctx); err != nil {
		return err
	}
	s := p.scratch.Get().(*pointScratch)
	defer p.put(s)
	if err := p.newRow(env, s); err != nil {
		return err
	}
	j.Values, j.OnWrite = s.row, p.onWrite(env)
	if err := p.series.Join(ctx, env.Alloc, env.Store.Now, j); err != nil {
		return err
	}
	env.Affected++
	return nil
}

func (p *Point) onWrite(env *Env) func(ctx context.Context, prefix kv.Key, rows int) error {
	if env.Series == nil {
		return nil
	}
	series, t := env.Series, p.table
	return func(ctx context.Context, prefix kv.Key, rows int) error { return series.Wrote(ctx, t, prefix, rows) }
}

// runSeriesInsert is insertPoints for one row.
func (p *Point) runSeriesInsert(ctx context.Context, env *Env, s *pointScratch, emit func([]types.Datum) error) error {
	if err := p.newRow(env, s); err != nil {
		return err
	}
	if s.points == nil {
		s.points = tsengine.NewWriter(env.Alloc, p.series, nil, env.Store.Now)
	}
	s.points.Reset(env.Txn)
	s.points.OnWrite = p.onWrite(env)
	at, err := s.points.Place(ctx, s.row)
	if err != nil {
		return err
	}
	if p.series.Single(at) && (p.table.TimeSeries.OnDuplicate != catalog.DuplicateOverwrite || !env.ReadCommitted) {
		free, err := p.claimPoint(ctx, env, s, at)
		if err != nil || !free {
			return storedError(err)
		}
	}
	s.points.InsertRow(at, s.row)
	if err := s.points.Flush(ctx); err != nil {
		return err
	}
	if err := p.checkParents(ctx, env, s.row, nil); err != nil {
		return err
	}
	env.Affected++
	return p.emitReturning(env, p.insert.Returning, s, s.row, emit)
}

// claimPoint is claimPoints for one row; free is false if the row is left out.
func (p *Point) claimPoint(ctx context.Context, env *Env, s *pointScratch, at tsengine.Place) (free bool, err error) {
	s.keys = append(s.keys[:0], p.series.LockKey(at))
	if _, err := env.Txn.Lock(ctx, s.keys, kv.LockOptions{Mode: kv.LockUpdate, Timeout: env.LockTimeout}); err != nil {
		return false, lockError(err, p.table)
	}
	w := &pointWriter{w: &tableWriter{env: env, table: p.table, live: p.live}, env: env, table: p.table, layout: p.series}
	places := []tsengine.Place{at}
	policy := p.table.TimeSeries.OnDuplicate
	row := func(int) rowstore.Row { return rowstore.Row{Values: s.row} }
	if err := w.verifyPlaces(ctx, row, places, policy); err != nil || policy == catalog.DuplicateOverwrite {
		return err == nil, err
	}
	existing, err := p.series.Lookup(ctx, env.Alloc, env.Txn, env.Blocks, places, false)
	if err != nil || len(existing) == 0 {
		return err == nil, err
	}
	if policy == catalog.DuplicateError {
		return false, w.duplicate(row(0))
	}
	return false, nil
}
