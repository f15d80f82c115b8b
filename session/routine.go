package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/planner/physical"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Functions that users made run here, inside of the statement that calls them and in its
// transaction, on its snapshot. One that is VOLATILE also sees what the transaction has
// written up to now; the others see what it had written before the statement began, as
// the calling query does.

// maxRoutineDepth bounds functions that call functions.
const maxRoutineDepth = 2000

// enterRoutine counts that a function's body begins to run, or goes on for more rows;
// 54001 if too many do already. leaveRoutine ends it.
func (s *Session) enterRoutine() error {
	if s.routineDepth >= maxRoutineDepth {
		return pgerror.New(pgerror.StatementTooComplex, "stack depth limit exceeded").WithHint("Functions call functions too deeply.")
	}
	s.routineDepth++
	return nil
}

func (s *Session) leaveRoutine() { s.routineDepth-- }

// maxPrograms bounds the planned bodies that a session keeps.
const maxPrograms = 256

// routineKey names a body planned for the types of a call.
type routineKey struct {
	id     types.OID
	schema uint64
	env    uint32
	call   string
}

// routineProgram is a function's planned body.
type routineProgram struct {
	fn     *catalog.Function
	steps  []*planned
	result *planner.RoutineResult // nil for void
	names  []string               // of the fields of a composite value
}

var _ functions.RoutineSession = (*functionSession)(nil)

// CallRoutine implements functions.RoutineSession.
func (f *functionSession) CallRoutine(c *functions.Context, r *functions.Routine, args []types.Datum) (types.Datum, error) {
	if err := f.s.enterRoutine(); err != nil {
		return types.Null, err
	}
	defer f.s.leaveRoutine()
	source, err := f.open(c, r, args)
	if err != nil {
		return types.Null, err
	}
	if source == nil {
		return types.Null, nil
	}
	defer source.Close()
	ok, err := source.next()
	if err != nil || !ok {
		return types.Null, source.failed(err)
	}
	return source.value().Clone(), nil
}

// OpenRoutine implements functions.RoutineSession.
func (f *functionSession) OpenRoutine(c *functions.Context, r *functions.Routine, args []types.Datum) (functions.RowSource, error) {
	if err := f.s.enterRoutine(); err != nil {
		return nil, err
	}
	defer f.s.leaveRoutine()
	source, err := f.open(c, r, args)
	if err != nil {
		return nil, err
	}
	if source == nil {
		return noRows{}, nil
	}
	source.columns, source.records = len(r.Columns), r.Records
	source.single = !source.program.fn.ReturnsSet
	return source, nil
}

// noRows is the result of a function returning SETOF void.
type noRows struct{}

func (noRows) Next(*functions.Context, int, []array.Builder) (int, error) { return 0, nil }

func (noRows) Close() {}

// RoutineText implements functions.RoutineSession.
func (f *functionSession) RoutineText(id types.OID, part byte) (text string, ok, known bool) {
	fn := f.snap.Function(id)
	if fn == nil {
		return "", false, false
	}
	parts := map[byte]catalog.FunctionPart{
		'a': catalog.FunctionArguments, 'i': catalog.FunctionIdentity, 'r': catalog.FunctionResult, 'd': catalog.FunctionDefinition, 'b': catalog.FunctionBody,
	}
	text, ok = catalog.FunctionText(f.snap, f.s.searchPath(), fn, parts[part])
	return text, ok, true
}

// open runs a body up to its last statement, whose rows the source reads; it is nil for
// a function returning void, which has run then.
func (f *functionSession) open(c *functions.Context, r *functions.Routine, args []types.Datum) (*routineRows, error) {
	s := f.s
	ctx := c.Ctx
	if ctx == nil {
		ctx = s.runCtx
	}
	program, err := s.routineProgram(ctx, f.snap, r)
	if err != nil {
		return nil, err
	}
	last := len(program.steps) - 1
	if program.result == nil {
		last = len(program.steps)
	}
	for i, p := range program.steps {
		run, err := f.startRoutine(ctx, program.fn, p, args, i == last)
		if err != nil {
			return nil, inRoutine(err, program.fn, fmt.Sprintf("statement %d", i+1))
		}
		if i == last {
			return &routineRows{session: s, program: program, run: run, ctx: ctx, step: i + 1}, nil
		}
		for err == nil {
			if err = run.next(ctx); err == nil {
				run.pos = int(run.batch.NumRows())
			}
		}
		run.close()
		if err != io.EOF {
			return nil, inRoutine(err, program.fn, fmt.Sprintf("statement %d", i+1))
		}
	}
	return nil, nil
}

// inRoutine adds to an error where it came up. Its position is one of the body.
func inRoutine(err error, fn *catalog.Function, where string) error {
	var e *pgerror.Error
	if errors.Is(err, kv.ErrWriteConflict) || errors.Is(err, errPlanStale) || !errors.As(err, &e) {
		return err
	}
	text := fmt.Sprintf("SQL function %q %s", fn.Name, where)
	if e.Where != "" {
		text = e.Where + "\n" + text
	}
	return e.WithoutPosition().WithWhere("%s", text)
}

// routineProgram plans a function's body, or finds it planned.
func (s *Session) routineProgram(ctx context.Context, snap *catalog.Snapshot, r *functions.Routine) (*routineProgram, error) {
	fn := snap.Function(r.ID)
	if fn == nil {
		return nil, pgerror.New(pgerror.UndefinedFunction, "cache lookup failed for function %d", r.ID)
	}
	key := routineKey{id: r.ID, schema: snap.SchemaVersion(), env: s.environment(), call: fmt.Sprint(r.Args, r.Returns, r.Columns)}
	if p := s.routines[key]; p != nil && !slices.ContainsFunc(p.steps, func(x *planned) bool { return !x.validOn(snap) }) {
		return p, nil
	}
	p, cacheable, err := s.planRoutine(ctx, snap, fn, r)
	if err != nil {
		return nil, inRoutine(err, fn, "during startup")
	}
	if !cacheable {
		return p, nil
	}
	if s.routines == nil || len(s.routines) >= maxPrograms {
		s.routines = map[routineKey]*routineProgram{}
	}
	s.routines[key] = p
	return p, nil
}

func (s *Session) planRoutine(ctx context.Context, snap *catalog.Snapshot, fn *catalog.Function, r *functions.Routine) (*routineProgram, bool, error) {
	body, err := planner.RoutineBody(fn)
	if err != nil {
		return nil, false, err
	}
	p, cacheable := &routineProgram{fn: fn}, true
	opts := s.planOptions(snap, r.Args)
	if opts.ParamTypes == nil {
		opts.ParamTypes = []types.Type{}
	}
	opts.Parallel = physical.Parallel{}
	if fn.Standard() {
		opts.SearchPath = planner.StoredPath(fn.SearchPath, opts.SearchPath)
		tio := *opts.IO
		tio.Resolve = &catalog.RegResolver{Snapshot: snap, Path: opts.SearchPath}
		opts.IO = &tio
	}
	routine := planner.RoutineOf(snap, fn, r)
	for i := range body.Stmts {
		stmt := body.Stmts[i].Stmt
		if err := planner.CheckRoutineStatement(fn, stmt); err != nil {
			return nil, false, err
		}
		opts.Text = body.Stmts[i].Text
		step := *routine
		if i < len(body.Stmts)-1 {
			step.Result = nil
		}
		opts.Routine = &step
		q, err := planner.Plan(ctx, stmt, opts)
		if err != nil {
			return nil, false, err
		}
		cacheable = cacheable && q.Cacheable && !readsClock(body.Stmts[i].Text)
		p.steps = append(p.steps, newPlanned(q, nil, snap))
		if step.Result != nil {
			p.result = step.Result
		}
	}
	if fn.Returns.OID == types.Void {
		p.result = nil
		return p, cacheable, nil
	}
	if len(p.steps) == 0 {
		return nil, false, planner.NoRoutineResult(snap, fn)
	}
	for _, c := range r.Columns {
		p.names = append(p.names, c.Name)
	}
	if p.names == nil && p.result != nil && (p.result.Columns != nil || p.result.Any) {
		p.names = planner.RoutineFieldNames(snap, fn)
		if p.names == nil {
			for _, c := range p.steps[len(p.steps)-1].query.Root.Columns() {
				p.names = append(p.names, c.Name)
			}
		}
	}
	return p, cacheable, nil
}

// startRoutine starts a statement of a body. One that writes runs to its end, and so
// does what is read beside a statement that writes.
func (f *functionSession) startRoutine(ctx context.Context, fn *catalog.Function, p *planned, args []types.Datum, last bool) (*running, error) {
	s, q := f.s, p.query
	if q.ConstantError != nil {
		return nil, q.ConstantError
	}
	if !q.ReadOnly {
		switch {
		case fn.Volatility != 'v' && !q.Calls:
			return nil, pgerror.New(pgerror.FeatureNotSupported, "%s is not allowed in a non-volatile function", lockingTag(q))
		case s.readOnly():
			return nil, readOnlyError(lockingTag(q))
		case !s.tx.canWrite:
			return nil, pgerror.Unsupported("a function that writes where a view's query calls it")
		}
		if err := s.lockWritten(ctx, q); err != nil {
			return nil, err
		}
	}
	run := &running{planned: p, account: executor.NewAccount("function", s.memoryLimit(q), s.memory)}
	s.prepareEnv(run, s.tx.txn, f.snap, args, q.ExecSlots)
	run.session.writes = f.writes || !q.ReadOnly
	err := f.runRoutine(ctx, fn, run, last)
	if err != nil {
		run.close()
		return nil, err
	}
	return run, nil
}

func (f *functionSession) runRoutine(ctx context.Context, fn *catalog.Function, run *running, last bool) error {
	s, q := f.s, run.planned.query
	if fn.Volatility != 'v' && s.tx.statement != nil {
		if err := run.env.SeeBefore(*s.tx.statement); err != nil {
			return err
		}
	}
	if q.ReadOnly {
		if run.env.Since == nil {
			run.env.Columns = s.server.columns
		}
		if f.writes && last {
			if err := s.collectOnce(ctx, run); err != nil {
				return err
			}
			run.collected = true
			return nil
		}
		var err error
		run.op, err = executor.Build(&run.env, q.Root)
		return err
	}
	sp := s.tx.txn.Savepoint()
	defer s.tx.txn.Release(sp)
	if fn.Volatility == 'v' && (q.Routines || executor.ModifiesInWith(q.Root)) {
		if err := run.env.SeeBefore(sp); err != nil {
			return err
		}
		defer s.statementAt(&sp)()
	}
	if err := s.collectOnce(ctx, run); err != nil {
		return err
	}
	s.noteWrites(q, &run.env)
	run.collected = true
	return nil
}

// statementAt notes the savepoint before which functions that are not VOLATILE read,
// until the function that it returns is called.
func (s *Session) statementAt(sp *kv.Savepoint) (end func()) {
	before := s.tx.statement
	s.tx.statement = sp
	return func() { s.tx.statement = before }
}

// routineRows reads the rows of a body's last statement.
type routineRows struct {
	session *Session
	program *routineProgram
	run     *running
	ctx     context.Context
	step    int
	columns int  // of the rows asked for
	records bool // rows are asked for as one value each
	single  bool // one row, of NULLs if the statement has none
	row     int  // in run.batch
	given   bool
}

func (r *routineRows) failed(err error) error {
	if err == nil {
		return nil
	}
	return inRoutine(err, r.program.fn, fmt.Sprintf("statement %d", r.step))
}

// next moves to the next row.
func (r *routineRows) next() (bool, error) {
	if r.run.batch != nil && r.given {
		r.run.pos++
	}
	r.given = true
	err := r.run.next(r.ctx)
	for err == nil && r.run.batch.NumRows() == 0 {
		err = r.run.next(r.ctx)
	}
	if err == io.EOF {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	r.row = r.run.pos
	return true, nil
}

func (r *routineRows) column(i int) types.Datum { return types.DatumAt(r.run.batch.Column(i), r.row) }

// value is the function's value of the row.
func (r *routineRows) value() types.Datum {
	res := r.program.result
	if res.Columns == nil && !res.Any || res.Whole {
		return r.column(0)
	}
	cols := r.run.planned.query.Root.Columns()
	fields := make([]types.RecordField, len(cols))
	for i := range cols {
		fields[i] = types.RecordField{Type: cols[i].Type, Value: r.column(i)}
	}
	return types.BuildNamedRecord(fields, r.program.names[:len(fields)])
}

// Next implements functions.RowSource.
func (r *routineRows) Next(_ *functions.Context, limit int, out []array.Builder) (int, error) {
	if r.run == nil {
		return 0, nil
	}
	if err := r.session.enterRoutine(); err != nil {
		return 0, err
	}
	defer r.session.leaveRoutine()
	n := 0
	for n < limit {
		ok, err := r.next()
		if err != nil {
			return 0, r.failed(err)
		}
		if !ok {
			if r.single {
				appendNulls(out)
				n++
			}
			r.Close()
			break
		}
		r.appendRow(out)
		n++
		if r.single {
			r.Close()
			break
		}
	}
	return n, nil
}

func appendNulls(out []array.Builder) {
	for _, b := range out {
		b.AppendNull()
	}
}

func (r *routineRows) appendRow(out []array.Builder) {
	res := r.program.result
	if r.records {
		types.AppendDatum(out[0], r.value())
		return
	}
	if !res.Whole {
		for i, b := range out {
			types.AppendDatum(b, r.column(i))
		}
		return
	}
	d := r.column(0)
	if r.columns == 1 && res.Columns == nil {
		types.AppendDatum(out[0], d)
		return
	}
	if d.IsNull() {
		appendNulls(out)
		return
	}
	fields := d.Record()
	for i, b := range out {
		if i < len(fields) {
			types.AppendDatum(b, fields[i].Value)
		} else {
			b.AppendNull()
		}
	}
}

// Close implements functions.RowSource.
func (r *routineRows) Close() {
	if r.run != nil {
		r.run.close()
		r.run = nil
	}
}
