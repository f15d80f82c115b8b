package session

import (
	"context"
	"errors"
	"time"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// prepared is a prepared statement, of the protocol or of PREPARE.
type prepared struct {
	name     string
	text     string
	raw      *ast.RawStmt // nil for an empty statement
	declared []types.Type
	params   []types.Type
	planned  *planned // query statements
	cols     []plan.Column
	env      uint32
	literals []types.Datum // of a statement that shares the plan of another: raw is that one
	fromSQL  bool
	made     time.Time
}

// portal is a prepared statement with its parameters, ready to be executed.
type portal struct {
	name   string
	stmt   *prepared
	params []types.Datum
	rows   Rows
	run    *running
	done   bool
	cursor *cursor // DECLARE'd
	made   time.Time
}

// guard runs a step of the extended protocol with the session marked as
// running, and gives its error the final form.
func (s *Session) guard(sql string, step func(ctx context.Context) error) (err error) {
	ctx := s.begin()
	defer func() {
		if p := recover(); p != nil {
			err = s.panicked(p)
		}
		if err != nil {
			err = s.failed(ctx, err, sql)
		}
		s.end()
	}()
	return step(ctx)
}

// Fail ends the present statement with an error of the protocol's own: the
// transaction is aborted as by any other error.
func (s *Session) Fail(err error) error {
	return s.guard("", func(context.Context) error { return err })
}

// Parse prepares a statement (Parse message).
func (s *Session) Parse(name, sql string, oids []uint32) error {
	return s.guard(sql, func(ctx context.Context) error {
		if name != "" && s.prepared[name] != nil {
			return pgerror.New(pgerror.DuplicatePstatement, "prepared statement %q already exists", name)
		}
		delete(s.prepared, "") // even when the new one fails
		if len(oids) == 0 {
			if p := s.prepareShared(ctx, name, sql); p != nil {
				s.prepared[name] = p
				return nil
			}
		}
		stmts, err := s.server.trees.Parse(sql)
		if err != nil {
			return err
		}
		if len(stmts) > 1 {
			return pgerror.New(pgerror.SyntaxError, "cannot insert multiple commands into a prepared statement")
		}
		p := &prepared{name: name, text: sql, made: s.server.config.Clock()}
		if len(stmts) == 1 {
			p.raw = &stmts[0]
		}
		for _, oid := range oids {
			if oid != 0 && types.Lookup(types.OID(oid)) == nil {
				return pgerror.New(pgerror.UndefinedObject, "type with OID %d does not exist", oid)
			}
			p.declared = append(p.declared, types.Of(types.OID(oid)))
		}
		if err := s.prepare(ctx, p); err != nil {
			return err
		}
		s.prepared[name] = p
		return nil
	})
}

// prepare plans p's statement and learns its parameter types and columns.
func (s *Session) prepare(ctx context.Context, p *prepared) error {
	if p.raw == nil {
		return nil
	}
	if s.tx.failed && !endsTransaction(p.raw.Stmt) {
		return errAborted
	}
	if !isQuery(p.raw.Stmt) {
		p.params = p.declared
		p.cols = s.utilityColumns(p.raw.Stmt)
		return nil
	}
	if len(p.declared) == 0 {
		// The common case: types are inferred, and the plan can be shared.
		pl, err := s.planCached(ctx, p.raw, p.text, nil)
		if err != nil {
			return err
		}
		p.planned = pl
	} else {
		pl, err := s.plan(ctx, p.raw.Stmt, p.raw.Text, p.declared)
		if err != nil {
			return err
		}
		p.planned = pl
	}
	for i, used := range p.raw.ParamUsed {
		if !used && (i >= len(p.declared) || p.declared[i].OID == 0 || p.declared[i].OID == types.Unknown) {
			return pgerror.New(pgerror.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
	}
	p.env = s.environment()
	p.params = p.planned.query.ParamTypes
	if p.planned.query.ReturnsRows {
		p.cols = p.planned.query.Root.Columns()
	}
	return nil
}

// revalidate plans p again if the catalog or the environment changed. A result
// of other columns is an error that drivers know.
func (s *Session) revalidate(ctx context.Context, p *prepared) error {
	if p.planned == nil || (p.env == s.environment() && s.current(ctx, p.planned)) {
		return nil
	}
	if err := s.unshare(p); err != nil {
		return err
	}
	pl, err := s.plan(ctx, p.raw.Stmt, p.raw.Text, p.params)
	if err != nil {
		return err
	}
	if pl.query.ReturnsRows && !sameColumns(p.cols, pl.query.Root.Columns()) {
		return pgerror.New(pgerror.FeatureNotSupported, "cached plan must not change result type")
	}
	p.planned, p.env = pl, s.environment()
	return nil
}

func sameColumns(a, b []plan.Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Type != b[i].Type || a[i].Name != b[i].Name {
			return false
		}
	}
	return true
}

func (s *Session) statement(name string) (*prepared, error) {
	p := s.prepared[name]
	if p == nil {
		if name == "" {
			return nil, pgerror.New(pgerror.UndefinedPstatement, "unnamed prepared statement does not exist")
		}
		return nil, pgerror.New(pgerror.UndefinedPstatement, "prepared statement %q does not exist", name)
	}
	return p, nil
}

// Bind makes a portal (Bind message). Formats are none (all text), one for
// all, or one each; a nil value is NULL.
func (s *Session) Bind(name, stmt string, paramFormats []int16, values [][]byte, resultFormats []int16) error {
	text := ""
	if p := s.prepared[stmt]; p != nil {
		text = p.text
	}
	return s.guard(text, func(ctx context.Context) error {
		p, err := s.statement(stmt)
		if err != nil {
			return err
		}
		if s.tx.failed && p.raw != nil && !endsTransaction(p.raw.Stmt) {
			return errAborted
		}
		if err := s.revalidate(ctx, p); err != nil {
			return err
		}
		if name != "" && s.portals[name] != nil {
			return pgerror.New(pgerror.DuplicateCursor, "cursor %q already exists", name)
		}
		po := s.reusePortal(name)
		po.stmt = p
		if po.params, err = s.bindParams(ctx, po.params[:0], name, p, paramFormats, values); err != nil {
			return err
		}
		po.params = append(po.params, p.literals...)
		if po.rows.Formats, err = resultFormatsFor(resultFormats, len(p.cols)); err != nil {
			return err
		}
		po.rows.Columns, po.rows.IO = p.cols, s.io
		s.portals[name] = po
		return nil
	})
}

// reusePortal returns an empty portal; the unnamed one is used again.
func (s *Session) reusePortal(name string) *portal {
	old := s.portals[name]
	if old == nil {
		return &portal{name: name}
	}
	if old.run != nil {
		old.run.close()
	}
	*old = portal{name: name, params: old.params}
	return old
}

// plainInput says whether a type's values are read by the settings alone,
// without the catalog and the clock.
func plainInput(t types.Type) bool {
	switch t.OID {
	case types.Bool, types.Int2, types.Int4, types.Int8, types.Float4, types.Float8, types.Numeric, types.Text, types.Varchar,
		types.Bpchar, types.Bytea, types.UUID, types.JSON, types.JSONB, types.Interval:
		return true
	}
	return false
}

func (s *Session) bindParams(ctx context.Context, dst []types.Datum, portal string, p *prepared, formats []int16, values [][]byte) ([]types.Datum, error) {
	if len(values) != len(p.params) {
		return nil, pgerror.New(pgerror.ProtocolViolation, "bind message supplies %d parameters, but prepared statement %q requires %d",
			len(values), p.name, len(p.params))
	}
	if len(formats) > 1 && len(formats) != len(values) {
		return nil, pgerror.New(pgerror.ProtocolViolation, "bind message has %d parameter formats but %d parameters", len(formats), len(values))
	}
	tio := s.io
	for i, v := range values {
		if v == nil {
			dst = append(dst, types.Null)
			continue
		}
		if tio == s.io && !plainInput(p.params[i]) {
			snap, err := s.snapshot(ctx)
			if err != nil {
				return nil, err
			}
			tio = s.ioOn(snap)
		}
		format := int16(0)
		if len(formats) == 1 {
			format = formats[0]
		} else if len(formats) > 1 {
			format = formats[i]
		}
		var d types.Datum
		var err error
		switch format {
		case 0:
			if err := parserText(v); err != nil {
				return nil, parameterError(err, portal, i+1, 1)
			}
			d, err = types.Parse(p.params[i], string(v), tio)
		case 1:
			d, err = types.ParseBinary(p.params[i], v, tio)
		default:
			err = pgerror.New(pgerror.InvalidParameterValue, "unsupported format code: %d", format)
		}
		if err != nil {
			return nil, parameterError(err, portal, i+1, format)
		}
		dst = append(dst, d)
	}
	return dst, nil
}

// parameterError says which parameter an error is about.
func parameterError(err error, portal string, n int, format int16) error {
	e := pgerror.From(err)
	if e.Code == pgerror.InvalidBinaryRepresentation && e.Message == "incorrect binary data format" {
		e = pgerror.New(e.Code, "incorrect binary data format in bind parameter %d", n)
	}
	where := "unnamed portal"
	if portal != "" {
		where = "portal \"" + portal + "\""
	}
	where += " parameter $" + itoa(int64(n))
	if format == 0 {
		where += " = '...'"
	}
	return e.WithWhere("%s", where)
}

func resultFormatsFor(formats []int16, n int) ([]int16, error) {
	for _, f := range formats {
		if f != 0 && f != 1 {
			return nil, pgerror.New(pgerror.InvalidParameterValue, "unsupported format code: %d", f)
		}
	}
	switch {
	case len(formats) == 0:
		return textFormats(n), nil
	case len(formats) == 1:
		if formats[0] == 0 {
			return textFormats(n), nil
		}
		out := make([]int16, n)
		for i := range out {
			out[i] = formats[0]
		}
		return out, nil
	case len(formats) != n:
		return nil, pgerror.New(pgerror.ProtocolViolation, "bind message has %d result formats but query has %d columns", len(formats), n)
	}
	return append([]int16(nil), formats...), nil
}

// DescribeStatement returns a prepared statement's parameter types and result
// columns (nil when it returns no rows). The types are there with an error too
// if only the columns are in doubt.
func (s *Session) DescribeStatement(name string) (params []types.Type, cols []plan.Column, err error) {
	err = s.guard("", func(ctx context.Context) error {
		p, err := s.statement(name)
		if err != nil {
			return err
		}
		if params = p.params; params == nil {
			params = []types.Type{}
		}
		if err := s.revalidate(ctx, p); err != nil {
			return err
		}
		cols = p.cols
		return nil
	})
	return params, cols, err
}

// DescribePortal returns a portal's result columns (nil when it returns no
// rows) and their formats.
func (s *Session) DescribePortal(name string) (cols []plan.Column, formats []int16, err error) {
	po := s.portals[name]
	if po == nil {
		err = s.guard("", func(context.Context) error { return noPortal(name) })
		return nil, nil, err
	}
	if po.rows.Columns == nil {
		return nil, nil, nil
	}
	return po.rows.Columns, po.rows.Formats, nil
}

func noPortal(name string) error {
	return pgerror.New(pgerror.UndefinedCursor, "portal %q does not exist", name)
}

// Execute runs a portal, or goes on with it, for at most maxRows rows (0: all).
func (s *Session) Execute(name string, maxRows int64) (err error) {
	po := s.portals[name]
	text := ""
	if po != nil {
		text = po.stmt.text
	}
	s.setActivity("active", text)
	span := s.beginTrace(text)
	defer func() {
		s.endTrace(span, err)
		s.setActivity(s.idleState(), text)
	}()
	return s.guard(text, func(ctx context.Context) error {
		if po == nil {
			return noPortal(name)
		}
		stop := s.deadline()
		defer stop()
		return s.executePortal(ctx, po, maxRows)
	})
}

func (s *Session) executePortal(ctx context.Context, po *portal, maxRows int64) error {
	p := po.stmt
	if p.raw == nil {
		return s.client.Empty()
	}
	if s.tx.failed && !endsTransaction(p.raw.Stmt) {
		return errAborted
	}
	if po.cursor != nil {
		return s.executeCursor(ctx, po, maxRows)
	}
	if po.done {
		return s.complete(commandTag(tagOf(po), 0, 0))
	}
	if p.planned == nil {
		po.done = true
		out := outcome{rows: po.rows}
		if err := s.runUtility(ctx, p.raw, &out, false); err != nil {
			return err
		}
		return s.complete(out.tag)
	}
	if p.planned.point != nil && maxRows == 0 && po.run == nil {
		po.done = true
		out := outcome{rows: po.rows, ends: s.client.EndsRound()}
		if err := s.runPlanned(ctx, p.planned, p.raw, po.params, &out); err != nil {
			return err
		}
		return s.complete(out.tag)
	}
	if po.run == nil {
		if err := s.startPortal(ctx, po); err != nil {
			return err
		}
		if maxRows == 0 {
			s.runsWhole(po.run)
		}
	}
	po.rows.IO = po.run.fn.IO
	ended, err := s.sendPortal(ctx, po, maxRows)
	if err != nil {
		return err
	}
	if !ended {
		return s.client.Suspended()
	}
	po.done = true
	tag := po.run.tag()
	po.run.close()
	po.run = nil
	return s.complete(tag)
}

func (s *Session) sendPortal(ctx context.Context, po *portal, maxRows int64) (bool, error) {
	if !po.stmt.planned.query.ReturnsRows {
		return true, nil
	}
	before := po.run.sent
	ended, err := s.send(ctx, po.run, po.rows, maxRows)
	if ended {
		po.run.sent -= before // the tag counts this Execute's rows, as PostgreSQL's does
	}
	return ended, err
}

func tagOf(po *portal) string {
	if po.stmt.planned != nil {
		return po.stmt.planned.query.Tag
	}
	return ""
}

func (s *Session) startPortal(ctx context.Context, po *portal) error {
	for {
		r, err := s.start(ctx, po.stmt.planned, po.params, nil)
		if err == nil {
			po.run = r
			return nil
		}
		if !errors.Is(err, errPlanStale) {
			return err
		}
		if err := s.revalidate(ctx, po.stmt); err != nil {
			return err
		}
	}
}

// CloseStatement drops a prepared statement; a missing one is no error.
func (s *Session) CloseStatement(name string) { delete(s.prepared, name) }

// ClosePortal drops a portal; a missing one is no error.
func (s *Session) ClosePortal(name string) { s.closePortal(name) }

func (s *Session) closePortal(name string) {
	po := s.portals[name]
	if po == nil {
		return
	}
	if po.run != nil {
		po.run.close()
	}
	if po.cursor != nil {
		po.cursor.close()
	}
	delete(s.portals, name)
}

// closePortalsAtEnd ends the portals that do not outlive a transaction. A
// commit first reads cursors WITH HOLD to their end (see cursor.go).
func (s *Session) closePortalsAtEnd(commit bool) {
	for name, po := range s.portals {
		if po.cursor != nil && po.cursor.held {
			continue
		}
		if name == "" && po.run == nil && !commit {
			continue // nothing open; kept to be used again
		}
		if name == "" && po.run == nil {
			po.done = true
			continue
		}
		s.closePortal(name)
	}
}

// Sync ends a pipeline of the extended protocol: an implicit transaction is committed.
func (s *Session) Sync() error {
	if s.tx.block || s.tx.txn == nil && !s.tx.used && len(s.settings.undo) == 0 {
		return nil
	}
	return s.guard("", func(ctx context.Context) error { return s.commit(ctx) })
}
