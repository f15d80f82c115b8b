package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// snapshot is the catalog as the session sees it now: with its own uncommitted
// changes if it made any.
func (s *Session) snapshot(ctx context.Context) (*catalog.Snapshot, error) {
	if s.tx.editor != nil {
		return s.tx.editor.Snapshot(), nil
	}
	return s.server.catalog.Snapshot(ctx, s.database.ID)
}

// environment numbers what plans depend on besides text and catalog.
func (s *Session) environment() uint32 {
	if s.planEnv == 0 {
		// Literals are read when a statement is planned: how they are read counts.
		literals := fmt.Sprintf("%s\x00%s\x00%d\x00%s\x00%x\x00%d\x00%v\x00%v\x00%d", s.io.TimeZoneName, s.io.DateStyle, s.io.DateOrder, s.io.IntervalStyle, s.settings.disabled, s.settings.hashMem(), s.parallel(), s.pushDown(), s.settings.joinLimit)
		s.planEnv = s.server.plans.envs.id(s.database.Name + "\x00" + s.role + "\x00" + literals + "\x00" + strings.Join(s.searchPath(), "\x00"))
	}
	return s.planEnv
}

// ioOn are the settings by which values of every type are read and printed,
// those that name objects of the catalog too.
func (s *Session) ioOn(snap *catalog.Snapshot) *types.IO {
	out := &types.IO{}
	s.fillIO(out, &catalog.RegResolver{}, snap)
	return out
}

// now is the transaction's start, which 'now' and 'today' go by; one that has not
// begun begins now.
func (s *Session) now() time.Time {
	if s.tx.start.IsZero() {
		return s.server.config.Clock()
	}
	return s.tx.start
}

func (s *Session) fillIO(out *types.IO, resolver *catalog.RegResolver, snap *catalog.Snapshot) {
	*out = *s.io
	out.Now = s.now()
	*resolver = catalog.RegResolver{Snapshot: snap, Path: s.searchPath()}
	out.Resolve = resolver
}

// TypeLen is a type's pg_type.typlen, -1 if its values vary in length.
func (s *Session) TypeLen(t types.Type) int16 {
	info := types.Lookup(t.OID)
	if info == nil && s.runCtx != nil {
		if snap, err := s.snapshot(s.runCtx); err == nil {
			info = snap.TypeInfo(t.OID)
		}
	}
	if info == nil {
		return -1
	}
	return info.Len
}

func (s *Session) planOptions(snap *catalog.Snapshot, paramTypes []types.Type) planner.Options {
	out := planner.Options{Disabled: s.settings.disabled, Rows: s.server.estimateRows}
	out.IO, out.Catalog, out.SearchPath = s.ioOn(snap), snap, s.searchPath()
	out.Database, out.User, out.ParamTypes = s.database.Name, s.role, paramTypes
	out.JoinLimit = s.settings.joinLimit
	out.Parallel, out.HashBytes, out.PushDown = s.parallel(), float64(s.settings.hashMem()), s.pushDown()
	if s.server.columns != nil {
		out.CacheBytes = float64(s.server.config.ColumnCacheBytes)
	}
	out.StoreCacheBytes = float64(s.server.config.StoreCacheBytes)
	return out
}

// plan makes a plan for a query statement; text, its own or what it stands in,
// is read for hints.
func (s *Session) plan(ctx context.Context, stmt ast.Statement, text string, paramTypes []types.Type) (*planned, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	opts := s.planOptions(snap, paramTypes)
	opts.Text = text
	q, err := planner.Plan(ctx, stmt, opts)
	if err != nil {
		return nil, err
	}
	if n := len(q.Root.Columns()); n > maxTargets {
		return nil, pgerror.New(pgerror.TooManyColumns, "target lists can have at most %d entries", maxTargets)
	}
	return newPlanned(q, executor.PointPlan(q), snap), nil
}

// maxTargets is PostgreSQL's MaxTupleAttributeNumber.
const maxTargets = 1664

// current reports whether p may run on the catalog as it is now.
func (s *Session) current(ctx context.Context, p *planned) bool {
	snap, err := s.snapshot(ctx)
	return err == nil && p.validOn(snap)
}

// running is an execution under way: a portal's or a simple statement's.
type running struct {
	planned *planned
	env     executor.Env
	fn      functions.Context
	op      executor.Operator
	// batches are results collected before they were sent (statements that write or lock).
	batches   []arrow.RecordBatch
	collected bool
	batch     arrow.RecordBatch // being sent
	pos       int
	sent      int64
	done      bool
	account   *executor.Account
	timer     *time.Timer // of a MAX_EXECUTION_TIME hint

	// What the environment points to.
	io       types.IO
	resolver catalog.RegResolver
	session  functionSession
}

// environmentOf fills r's environment for a statement in transaction txn.
func (s *Session) prepareEnv(r *running, txn kv.Txn, snap *catalog.Snapshot, params []types.Datum, slots int) {
	now := s.server.config.Clock()
	s.fillIO(&r.io, &r.resolver, snap)
	r.session = functionSession{s: s, snap: snap}
	r.fn = functions.Context{
		Ctx: s.runCtx, Alloc: s.server.config.Alloc, IO: &r.io, TxnStart: s.tx.start, StatementStart: now,
		Clock: s.server.config.Clock, Session: &r.session, Params: params,
	}
	if slots > 0 {
		r.fn.Exec = make([]types.Datum, slots)
	}
	r.env = executor.Env{
		Alloc: s.server.config.Alloc, Memory: r.account, Txn: txn, Snapshot: snap, RowIDs: s.server.rowIDs, Store: s.server.store, Series: s.server.series, Blocks: s.server.blocks, Runtime: s, Functions: &r.fn,
		LockTimeout: s.settings.lockTimeout, ReadCommitted: s.isolation() != repeatableRead,
		Notice: s.noticeFunc, WorkMem: s.settings.workMem, HashMem: s.settings.hashMem(), Temp: s.temp, BatchRows: s.settings.batchRows,
		PlainStrings: s.settings.plainStrings,
	}
}

// startWhole is start for an execution that is run to its end at once: it may
// have workers. One that is suspended (a cursor, Execute with a row count) may
// not: the session goes on with the transaction that they would read.
func (s *Session) startWhole(ctx context.Context, p *planned, params []types.Datum, stats *executor.Stats) (*running, error) {
	r, err := s.start(ctx, p, params, stats)
	if err == nil {
		s.runsWhole(r)
	}
	return r, err
}

// runsWhole says that an execution that was started is run to its end at once.
func (s *Session) runsWhole(r *running) {
	r.env.Workers = s.server.workers
	r.env.Columns = s.server.columns
}

// start opens an execution of p. Query statements that write or lock are run to
// their end here, so that a conflict at READ COMMITTED can run them again
// before the client has seen anything.
func (s *Session) start(ctx context.Context, p *planned, params []types.Datum, stats *executor.Stats) (*running, error) {
	q := p.query
	if q.ConstantError != nil {
		return nil, q.ConstantError
	}
	if !q.ReadOnly && s.readOnly() {
		return nil, readOnlyError(lockingTag(q))
	}
	r := &running{planned: p, account: executor.NewAccount("query", s.memoryLimit(q), s.memory)}
	s.hinted(r)
	if err := s.open(ctx, r, params, stats); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (s *Session) open(ctx context.Context, r *running, params []types.Datum, stats *executor.Stats) error {
	q := r.planned.query
	txn, snap, err := s.enter(ctx, r.planned)
	if err != nil {
		return err
	}
	s.prepareEnv(r, txn, snap, params, q.ExecSlots)
	r.session.writes = !q.ReadOnly
	r.env.Stats = stats
	r.env.CodedRows = true // next and nextPlain
	if q.ReadOnly {
		r.op, err = executor.Build(&r.env, q.Root)
		return err
	}
	return s.collect(ctx, r)
}

// enter opens the transaction for a plan and locks the tables it writes. It
// fails with errPlanStale if the catalog is not the plan's any more.
//
// The catalog is looked at before the transaction's snapshot is taken: a table
// that DDL replaces in between is still there, in its old storage, while a new
// storage might look empty to an older snapshot. After the locks were taken,
// perhaps after a wait for DDL, it is looked at again.
func (s *Session) enter(ctx context.Context, p *planned) (kv.Txn, *catalog.Snapshot, error) {
	q := p.query
	if q.ChangesCatalog {
		if err := s.startEditing(ctx); err != nil {
			return nil, nil, err
		}
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	if !p.validOn(snap) {
		return nil, nil, errPlanStale
	}
	if s.tx.txn == nil {
		s.tx.first = snap
	}
	if err := s.checkSchema(snap, q); err != nil {
		return nil, nil, err
	}
	txn, err := s.openTxnFor(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	if !q.ReadOnly && !s.tx.canWrite {
		if err := s.upgrade(ctx); err != nil {
			return nil, nil, err
		}
		txn = s.tx.txn
	}
	if q.ReadOnly {
		return txn, snap, nil
	}
	if err := s.lockWritten(ctx, q); err != nil {
		return nil, nil, err
	}
	if snap, err = s.snapshot(ctx); err != nil {
		return nil, nil, err
	}
	if !p.validOn(snap) {
		return nil, nil, errPlanStale
	}
	return txn, snap, nil
}

// checkSchema refuses (40001) to read at REPEATABLE READ a table whose storage
// somebody changed since the transaction's snapshot, or that has other indexes
// than it had: what DDL filled after it is empty to it. Indexes that are gone or
// going are not missed.
func (s *Session) checkSchema(snap *catalog.Snapshot, q *plan.Query) error {
	first := s.tx.first
	if s.isolation() != repeatableRead && !s.tx.stale || s.tx.editor != nil || first == nil || first.Version() == snap.Version() {
		return nil
	}
	for _, dep := range q.Deps {
		now, then := snap.TableByID(dep.ID), first.TableByID(dep.ID)
		if now == nil || then == now || then == nil {
			continue
		}
		same := now.Storage == then.Storage
		for i := range now.Indexes {
			same = same && hadIndex(then, &now.Indexes[i])
		}
		if !same {
			return pgerror.New(pgerror.SerializationFailure, "could not serialize access due to a concurrent change of table %q", now.Name)
		}
	}
	return nil
}

// hadIndex reports whether an index was on the table as it was then, in its
// present state or before it began to be dropped.
func hadIndex(then *catalog.Table, index *catalog.Index) bool {
	for i := range then.Indexes {
		if old := &then.Indexes[i]; old.Storage == index.Storage {
			return old.State == index.State || old.State == catalog.IndexPublic
		}
	}
	return false
}

// errPlanStale says that the catalog changed while the statement waited for a
// lock: it is planned again.
var errPlanStale = errors.New("the catalog changed since the statement was planned")

// lockWritten takes the table locks of a statement that writes, so that no DDL
// changes the tables below it.
func (s *Session) lockWritten(ctx context.Context, q *plan.Query) error {
	for _, t := range q.Writes {
		if err := s.lockTable(ctx, t.ID, kv.LockShare); err != nil {
			return err
		}
	}
	if len(q.Writes) == 0 && !q.ReadOnly {
		return s.lockRowsTables(ctx, q.Root)
	}
	return nil
}

// lockRowsTables takes the table locks of SELECT ... FOR UPDATE and its like.
func (s *Session) lockRowsTables(ctx context.Context, n plan.Node) error {
	if lock, ok := n.(*plan.LockRows); ok {
		for _, row := range lock.Rows {
			if err := s.lockTable(ctx, row.Table.ID, kv.LockKeyShare); err != nil {
				return err
			}
		}
	}
	for _, in := range n.Inputs() {
		if err := s.lockRowsTables(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

// lockTable locks a table for the rest of the transaction.
func (s *Session) lockTable(ctx context.Context, id catalog.OID, mode kv.LockMode) error {
	if s.tx.locked[id] >= mode {
		return nil
	}
	key := catalog.TableLockKey(id)
	_, err := s.tx.txn.Lock(ctx, []kv.Key{key}, kv.LockOptions{Mode: mode, Timeout: s.settings.lockTimeout, NoConflictCheck: true})
	if err != nil {
		return err
	}
	if s.tx.locked == nil {
		s.tx.locked = map[catalog.OID]kv.LockMode{}
	}
	s.tx.locked[id] = mode
	return nil
}

// collect runs a writing or locking statement to its end and keeps its result.
// At READ COMMITTED a write conflict takes the statement's writes back, keeps
// its locks, moves to a fresh snapshot and runs it again; as the locks are kept
// this comes to an end.
func (s *Session) collect(ctx context.Context, r *running) error {
	txn := s.tx.txn
	sp := txn.Savepoint()
	defer txn.Release(sp)
	if executor.ModifiesInWith(r.planned.query.Root) || r.planned.query.Routines {
		if err := r.env.SeeBefore(sp); err != nil {
			return err
		}
		defer s.statementAt(&sp)()
	}
	for {
		err := s.collectOnce(ctx, r)
		if err == nil {
			s.noteWrites(r.planned.query, &r.env)
			r.collected = true
			return nil
		}
		r.dropBatches()
		// The editor's changes of the catalog would stay when the writes are taken back.
		if !errors.Is(err, kv.ErrWriteConflict) || !r.env.ReadCommitted || r.planned.query.ChangesCatalog {
			return err
		}
		txn.RollbackTo(sp, true)
		if err := txn.Refresh(ctx); err != nil {
			return err
		}
		r.env.Affected = 0
	}
}

func (s *Session) collectOnce(ctx context.Context, r *running) error {
	op, err := executor.Build(&r.env, r.planned.query.Root)
	if err != nil {
		return err
	}
	defer op.Close() //nolint:errcheck // a read side has nothing to lose
	for {
		batch, err := op.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if !r.planned.query.ReturnsRows {
			batch.Release()
			continue
		}
		if err := r.account.Grow(batchBytes(batch)); err != nil {
			batch.Release()
			return err
		}
		r.batches = append(r.batches, batch)
	}
}

func batchBytes(b arrow.RecordBatch) int64 {
	var n int64
	for _, col := range b.Columns() {
		n += int64(col.Data().SizeInBytes())
	}
	return n
}

// nextPlain is next for who does not know coded columns.
func (r *running) nextPlain(ctx context.Context) error {
	err := r.next(ctx)
	if err == nil {
		r.batch = types.PlainBatch(r.env.Alloc, r.batch)
	}
	return err
}

// next makes r.batch the next batch to send, whose columns may be coded; io.EOF at the end.
func (r *running) next(ctx context.Context) error {
	if r.batch != nil && r.pos < int(r.batch.NumRows()) {
		return nil
	}
	if r.batch != nil {
		r.batch.Release()
		r.batch = nil
	}
	r.pos = 0
	if r.done {
		return io.EOF
	}
	if r.collected {
		if len(r.batches) == 0 {
			r.done = true
			return io.EOF
		}
		r.batch, r.batches = r.batches[0], r.batches[1:]
		return nil
	}
	batch, err := r.op.Next(ctx)
	if err != nil {
		r.done = true
		return err
	}
	r.batch = batch
	return nil
}

// send passes up to limit rows (0: all) to the client. It returns whether the
// end of the result was reached.
func (s *Session) send(ctx context.Context, r *running, rows Rows, limit int64) (ended bool, err error) {
	var n int64
	for {
		if limit > 0 && n == limit {
			return false, nil
		}
		if err := r.next(ctx); err == io.EOF {
			return true, nil
		} else if err != nil {
			return false, err
		}
		to := int(r.batch.NumRows())
		if limit > 0 && int64(to-r.pos) > limit-n {
			to = r.pos + int(limit-n)
		}
		if err := s.client.Batch(rows, r.batch, r.pos, to); err != nil {
			return false, err
		}
		n += int64(to - r.pos)
		r.sent += int64(to - r.pos)
		r.pos = to
	}
}

func (r *running) dropBatches() {
	for _, b := range r.batches {
		b.Release()
	}
	r.batches = nil
}

// close releases everything.
func (r *running) close() {
	if r.timer != nil {
		r.timer.Stop()
	}
	if r.op != nil {
		_ = r.op.Close() // results were delivered already
		r.op = nil
	}
	if r.batch != nil {
		r.batch.Release()
		r.batch = nil
	}
	r.dropBatches()
	r.account.Close()
}

// tag is the command tag after the statement has run.
func (r *running) tag() string { return commandTag(r.planned.query.Tag, r.sent, r.env.Affected) }

func commandTag(tag string, sent, affected int64) string {
	switch {
	case tag == "INSERT" && affected == 1:
		return "INSERT 0 1"
	case tag == "UPDATE" && affected == 1:
		return "UPDATE 1"
	case tag == "SELECT" && sent == 1:
		return "SELECT 1"
	}
	switch tag {
	case "SELECT":
		return "SELECT " + itoa(sent)
	case "INSERT":
		return "INSERT 0 " + itoa(affected)
	default:
		return tag + " " + itoa(affected)
	}
}

// deadline arms statement_timeout for the statement that begins.
func (s *Session) deadline() (stop func()) {
	d := s.settings.statementTimeout
	if d <= 0 {
		return func() {}
	}
	timer := time.AfterFunc(d, func() { s.interrupt(errStatementTimeout) })
	return func() { timer.Stop() }
}

var errStatementTimeout = pgerror.New(pgerror.QueryCanceled, "canceling statement due to statement timeout")
