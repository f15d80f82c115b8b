package session

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// cursor is what DECLARE adds to a portal. A cursor that may move backward, or
// that outlives its transaction, keeps the rows it has read: up to work_mem in
// memory, the others in a file.
//
// Invariant: 0 <= at <= rows+1; at is the row the cursor stands on, counted
// from 1; 0 is before the first, rows+1 (when ended) after the last.
type cursor struct {
	hold   bool
	held   bool // the transaction is over: everything is kept
	scroll bool
	binary bool
	keep   *executor.KeptRows // nil before the first batch
	rows   int64              // read so far
	at     int64
	ended  bool
	env    executor.Env // of keep, which outlives the query's
}

// runDeclare executes DECLARE CURSOR.
func (s *Session) runDeclare(ctx context.Context, raw *ast.RawStmt, st *ast.DeclareCursor) error {
	if sel, ok := st.Query.(*ast.Select); !ok || sel.Into != nil {
		return pgerror.New(pgerror.InvalidCursorDefinition, "DECLARE CURSOR must specify a SELECT")
	}
	p, err := s.plan(ctx, st.Query, raw.Text, nil)
	if err != nil {
		return err
	}
	if !p.query.ReadOnly && (st.Hold || st.Scroll) {
		what := "SCROLL"
		if st.Hold {
			what = "WITH HOLD"
		}
		return pgerror.New(pgerror.FeatureNotSupported, "DECLARE %s CURSOR ... FOR UPDATE is not supported", what).
			WithDetail("Holdable and scrollable cursors must be READ ONLY.")
	}
	if !s.tx.block && !st.Hold {
		return pgerror.New(pgerror.NoActiveSqlTransaction, "DECLARE CURSOR can only be used in transaction blocks")
	}
	if s.portals[st.Name] != nil {
		return pgerror.New(pgerror.DuplicateCursor, "cursor %q already exists", st.Name)
	}
	inner := *raw
	inner.Stmt = st.Query
	po := &portal{name: st.Name, stmt: &prepared{text: raw.Text, raw: &inner, planned: p, env: s.environment(), cols: p.query.Root.Columns()}}
	po.cursor = &cursor{
		hold: st.Hold, binary: st.Binary,
		scroll: st.Scroll || !st.NoScroll && p.query.ReadOnly && scansBackward(p.query.Root),
		env: executor.Env{
			Alloc: s.server.config.Alloc, WorkMem: s.settings.workMem, Temp: s.temp,
			Memory: executor.NewAccount("cursor", s.server.config.QueryMemoryLimit, s.memory),
		},
	}
	if po.run, err = s.start(ctx, p, nil, nil); err != nil {
		return err
	}
	po.rows = Rows{Columns: po.stmt.cols, Formats: textFormats(len(po.stmt.cols)), IO: po.run.fn.IO}
	if st.Binary {
		po.rows.Formats = make([]int16, len(po.stmt.cols))
		for i := range po.rows.Formats {
			po.rows.Formats[i] = 1
		}
	}
	s.portals[st.Name] = po
	return nil
}

// hold reads a cursor to its end so that it outlives its transaction.
func (s *Session) holdCursor(ctx context.Context, po *portal) error {
	c := po.cursor
	if err := c.readTo(ctx, po.run, 1<<62); err != nil {
		return err
	}
	c.held = true
	po.run.close()
	po.run = nil
	return nil
}

// readTo reads until row n is kept or the end is reached.
func (c *cursor) readTo(ctx context.Context, r *running, n int64) error {
	for !c.ended && c.rows < n {
		err := r.nextPlain(ctx)
		if errors.Is(err, io.EOF) {
			c.ended = true
			return nil
		}
		if err != nil {
			return err
		}
		batch := r.batch
		r.batch, r.pos = nil, 0
		if c.keep == nil {
			c.keep = executor.NewKeptRows(&c.env, batch.Schema())
		}
		n := batch.NumRows()
		if err := c.keep.Add(batch); err != nil {
			return err
		}
		c.rows += n
	}
	return nil
}

func (c *cursor) close() {
	if c.keep != nil {
		c.keep.Close()
		c.keep = nil
	}
	c.env.Memory.Close()
}

// errBackward refuses to move a cursor back that was not declared SCROLL.
var errBackward = pgerror.New(pgerror.ObjectNotInPrerequisiteState, "cursor can only scan forward").
	WithHint("Declare it with SCROLL option to enable backward scan.")

// runFetch executes FETCH and MOVE.
func (s *Session) runFetch(ctx context.Context, st *ast.Fetch, out *outcome) error {
	po := s.portals[st.Name]
	if po == nil || po.cursor == nil {
		return pgerror.New(pgerror.UndefinedCursor, "cursor %q does not exist", st.Name)
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	out.rows.Columns, out.rows.IO = po.rows.Columns, s.ioOn(snap)
	if po.cursor.binary || out.rows.Formats == nil {
		out.rows.Formats = po.rows.Formats
	}
	if !st.Move && out.describe {
		if err := s.client.RowDescription(out.rows.Columns, out.rows.Formats); err != nil {
			return err
		}
	}
	f := fetch{s: s, po: po, out: out, move: st.Move}
	if err := f.run(ctx, st); err != nil {
		return err
	}
	word := "FETCH "
	if st.Move {
		word = "MOVE "
	}
	out.tag = word + itoa(f.n)
	return nil
}

// fetch is one FETCH under way.
type fetch struct {
	s    *Session
	po   *portal
	out  *outcome
	move bool
	n    int64 // rows returned
}

func (f *fetch) run(ctx context.Context, st *ast.Fetch) error {
	c := f.po.cursor
	count := st.Count
	switch st.Dir {
	case ast.FetchForward:
		if count < 0 {
			return f.backward(ctx, -count)
		}
		return f.forward(ctx, count)
	case ast.FetchBackward:
		if count < 0 {
			return f.forward(ctx, -count)
		}
		return f.backward(ctx, count)
	case ast.FetchAbsolute:
		if count < 0 {
			if !c.scroll { // it counts back from the end
				return errBackward
			}
			if err := c.readTo(ctx, f.po.run, 1<<62); err != nil {
				return err
			}
			count = max(c.rows+count+1, 0)
		}
		return f.jump(ctx, count)
	default:
		return f.jump(ctx, max(c.at+count, 0))
	}
}

// forward returns the next count rows; 0 returns the present one again.
func (f *fetch) forward(ctx context.Context, count int64) error {
	c := f.po.cursor
	if count == 0 {
		return f.jump(ctx, c.at)
	}
	for f.n < count {
		if err := c.readTo(ctx, f.po.run, c.at+1); err != nil {
			return err
		}
		if c.at >= c.rows {
			c.at = c.rows + 1
			return nil
		}
		c.at++
		if err := f.emit(); err != nil {
			return err
		}
	}
	return nil
}

func (f *fetch) backward(ctx context.Context, count int64) error {
	c := f.po.cursor
	if count == 0 {
		return f.jump(ctx, c.at)
	}
	if !c.scroll {
		return errBackward
	}
	for f.n < count {
		if c.at <= 1 {
			c.at = 0
			return nil
		}
		c.at--
		if err := f.emit(); err != nil {
			return err
		}
	}
	return nil
}

// jump moves to row n and returns it if there is one.
func (f *fetch) jump(ctx context.Context, n int64) error {
	c := f.po.cursor
	onRow := c.at > 0 && c.at <= c.rows
	if !c.scroll && (n < c.at || n == c.at && onRow && !f.move) { // a row is fetched again by going back
		return errBackward
	}
	if err := c.readTo(ctx, f.po.run, n); err != nil {
		return err
	}
	c.at = min(n, c.rows+1)
	if c.at == 0 || c.at > c.rows {
		return nil
	}
	return f.emit()
}

func (f *fetch) emit() error {
	f.n++
	if f.move {
		return nil
	}
	batch, i, err := f.po.cursor.keep.Row(int(f.po.cursor.at) - 1)
	if err != nil {
		return err
	}
	return f.s.client.Batch(f.out.rows, batch, i, i+1)
}

// executeCursor is Execute of a portal that DECLARE made.
func (s *Session) executeCursor(ctx context.Context, po *portal, maxRows int64) error {
	c := po.cursor
	out := outcome{rows: Rows{Columns: po.rows.Columns, Formats: po.rows.Formats, IO: s.io}}
	f := fetch{s: s, po: po, out: &out}
	count := maxRows
	if count == 0 {
		count = math.MaxInt64
	}
	if err := f.forward(ctx, count); err != nil {
		return err
	}
	if f.n == maxRows && maxRows > 0 && c.at <= c.rows {
		return s.client.Suspended()
	}
	return s.complete("SELECT " + itoa(f.n))
}

// runClose executes CLOSE.
func (s *Session) runClose(st *ast.CloseCursor) error {
	if st.All {
		for name, po := range s.portals {
			if po.cursor != nil {
				s.closePortal(name)
			}
		}
		return nil
	}
	if po := s.portals[st.Name]; po == nil || po.cursor == nil {
		return pgerror.New(pgerror.UndefinedCursor, "cursor %q does not exist", st.Name)
	}
	s.closePortal(st.Name)
	return nil
}
