package session

import (
	"context"
	"errors"
	"runtime/debug"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Query executes the text of a simple Query message: any number of
// statements, in one transaction unless they say BEGIN themselves. The error
// is for the client; the session lives on.
func (s *Session) Query(sql string) (err error) {
	ctx := s.begin()
	s.setActivity("active", sql)
	span := s.beginTrace(sql)
	stop := s.deadline()
	defer func() {
		stop()
		if p := recover(); p != nil {
			err = s.panicked(p)
		}
		if err != nil {
			err = s.failed(ctx, err, sql)
		}
		s.endTrace(span, err)
		s.end()
		s.setActivity(s.idleState(), sql)
	}()
	s.dropUnnamed()
	if done, err := s.queryShared(ctx, sql); done {
		return err
	}
	delete(s.prepared, "") // a simple query takes the unnamed statement's place
	stmts, err := s.server.trees.Parse(sql)
	if err != nil {
		return err
	}
	if len(stmts) == 0 {
		return s.client.Empty()
	}
	for i := range stmts {
		last := i == len(stmts)-1
		if err := s.querySingle(ctx, &stmts[i], sql, last, len(stmts) > 1); err != nil {
			return err
		}
	}
	return nil
}

// dropUnnamed drops the unnamed statement and portal, which live until the next
// simple query at most.
func (s *Session) dropUnnamed() {
	if len(s.prepared) > 0 {
		delete(s.prepared, "")
	}
	if len(s.portals) > 0 {
		s.closePortal("")
	}
}

func (s *Session) idleState() string {
	switch s.Status() {
	case 'E':
		return "idle in transaction (aborted)"
	case 'T':
		return "idle in transaction"
	}
	return "idle"
}

// querySingle runs one statement of a simple query. The last one of an
// implicit transaction commits before its completion is told.
func (s *Session) querySingle(ctx context.Context, raw *ast.RawStmt, sql string, last, many bool) error {
	if s.tx.failed && !endsTransaction(raw.Stmt) {
		return errAborted
	}
	if _, prepares := raw.Stmt.(*ast.Prepare); raw.NumParams > 0 && !prepares {
		return noParameter(raw)
	}
	out := outcome{rows: Rows{IO: s.io}, describe: true, ends: !many}
	if err := s.runStatement(ctx, raw, sql, &out, many); err != nil {
		return err
	}
	if last && !s.tx.block {
		if err := s.commit(ctx); err != nil {
			return err
		}
	}
	return s.complete(out.tag)
}

// noParameter refuses the first $n of a simple query's statement.
func noParameter(raw *ast.RawStmt) error {
	var quote byte
	for i := 0; i+1 < len(raw.Text); i++ {
		switch c := raw.Text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '$' && raw.Text[i+1] >= '0' && raw.Text[i+1] <= '9':
			end := i + 1
			for end < len(raw.Text) && raw.Text[end] >= '0' && raw.Text[end] <= '9' {
				end++
			}
			return pgerror.New(pgerror.UndefinedParameter, "there is no parameter %s", raw.Text[i:end]).At(raw.Start + i)
		}
	}
	return pgerror.New(pgerror.UndefinedParameter, "there is no parameter $1")
}

// outcome says how a statement's result goes to the client, and gets its tag.
type outcome struct {
	rows     Rows
	describe bool // send RowDescription (simple protocol)
	ends     bool // if no block is open, the transaction ends with the statement
	tag      string
}

// isQuery reports whether stmt is planned and executed (not a utility statement).
func isQuery(stmt ast.Statement) bool {
	switch st := stmt.(type) {
	case *ast.Select:
		return st.Into == nil
	case *ast.Insert, *ast.Update, *ast.Delete, *ast.Merge:
		return true
	}
	return false
}

func endsTransaction(stmt ast.Statement) bool {
	t, ok := stmt.(*ast.Transaction)
	if !ok {
		return false
	}
	switch t.Kind {
	case ast.TxnCommit, ast.TxnRollback, ast.TxnRollbackTo, ast.TxnPrepare:
		return true
	}
	return false
}

// runStatement executes one statement and sends its rows; the tag is left in out.
func (s *Session) runStatement(ctx context.Context, raw *ast.RawStmt, sql string, out *outcome, many bool) error {
	if isQuery(raw.Stmt) {
		p, err := s.planCached(ctx, raw, sql, nil)
		if err != nil {
			return err
		}
		return s.runPlanned(ctx, p, raw, nil, out)
	}
	return s.runUtility(ctx, raw, out, many)
}

// planCached plans a statement or takes its plan from the cache.
func (s *Session) planCached(ctx context.Context, raw *ast.RawStmt, sql string, paramTypes []types.Type) (*planned, error) {
	cacheable := s.tx.editor == nil && len(raw.Text) <= maxCachedText
	key := planKey{text: raw.Text, env: s.environment()}
	if cacheable && paramTypes == nil {
		if p := s.server.plans.get(key); p != nil && s.current(ctx, p) {
			return p, nil
		}
	}
	p, err := s.plan(ctx, raw.Stmt, raw.Text, paramTypes)
	if err != nil {
		return nil, err
	}
	if cacheable && paramTypes == nil && p.query.Cacheable && raw.Start == 0 && s.server.plans.seen.Again(raw.Text) && !readsClock(raw.Text) {
		s.server.plans.put(key, p)
	}
	return p, nil
}

// readsClock reports whether a text may hold a date or time literal that means
// another value each day or moment ('now', 'today', ...): it is read when the
// statement is planned.
func readsClock(text string) bool {
	lower := strings.ToLower(text)
	for _, word := range []string{"'now", "'today", "'tomorrow", "'yesterday"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}

// maxCachedText is the longest statement text whose plan is kept.
const maxCachedText = 64 << 10

// runPlanned executes a plan and sends the whole result.
func (s *Session) runPlanned(ctx context.Context, p *planned, raw *ast.RawStmt, params []types.Datum, out *outcome) error {
	for {
		err := s.runOnce(ctx, p, params, out)
		if !errors.Is(err, errPlanStale) {
			return err
		}
		if p, err = s.plan(ctx, raw.Stmt, raw.Text, paramTypesOf(p)); err != nil {
			return err
		}
	}
}

func paramTypesOf(p *planned) []types.Type { return p.query.ParamTypes }

func (s *Session) runOnce(ctx context.Context, p *planned, params []types.Datum, out *outcome) error {
	if p.point != nil {
		err := s.runPoint(ctx, p, params, out)
		if !errors.Is(err, executor.ErrManyRows) {
			return err
		}
		out.describe = false // that was sent
	}
	r, err := s.startWhole(ctx, p, params, nil)
	if err != nil {
		return err
	}
	defer r.close()
	if p.query.ReturnsRows {
		out.rows.Columns = p.query.Root.Columns()
		if out.rows.Formats == nil {
			out.rows.Formats = textFormats(len(out.rows.Columns))
		}
		out.rows.IO = r.fn.IO
		if out.describe {
			if err := s.client.RowDescription(out.rows.Columns, out.rows.Formats); err != nil {
				return err
			}
		}
		if _, err := s.send(ctx, r, out.rows, 0); err != nil {
			return err
		}
	}
	out.tag = r.tag()
	return nil
}

var zeroFormats = make([]int16, 64)

// textFormats returns n zeros. The slice is shared: do not write to it.
func textFormats(n int) []int16 {
	if n <= len(zeroFormats) {
		return zeroFormats[:n]
	}
	return make([]int16, n)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// panicked turns a panic of a statement into XX000 and logs its stack.
func (s *Session) panicked(p any) error {
	stack := debug.Stack()
	if w, ok := p.(interface{ Stack() []byte }); ok { // of the worker that panicked
		stack = w.Stack()
	}
	s.server.config.Logger.Error("panic in statement", "session", s.pid, "panic", p, "stack", string(stack))
	return pgerror.New(pgerror.InternalError, "internal error: %v", p)
}

// failed ends a statement with an error: the transaction is aborted, and the
// error gets its final form.
func (s *Session) failed(ctx context.Context, err error, sql string) error {
	if cause := context.Cause(ctx); cause != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		err = cause
	}
	if errors.Is(err, context.Canceled) {
		err = ErrCancelled
	}
	e := *pgerror.From(err)
	if off := e.Offset(); off >= 0 && off <= len(sql) && e.Position == 0 {
		e.Position = utf8.RuneCountInString(sql[:off]) + 1
	}
	if e.Code == pgerror.InternalError {
		s.server.config.Logger.Error("internal error", "session", s.pid, "error", err.Error())
	}
	s.fail()
	s.server.errors.add(e.Code)
	return &e
}

// simpleRows sends rows of text computed by a utility statement (SHOW, EXPLAIN).
func (s *Session) simpleRows(out *outcome, cols []plan.Column, rows [][]types.Datum) error {
	out.rows.Columns = cols
	if out.rows.Formats == nil {
		out.rows.Formats = textFormats(len(cols))
	}
	out.rows.IO = s.io
	if out.describe {
		if err := s.client.RowDescription(cols, out.rows.Formats); err != nil {
			return err
		}
	}
	for _, row := range rows {
		if err := s.client.Row(out.rows, row); err != nil {
			return err
		}
	}
	return nil
}
