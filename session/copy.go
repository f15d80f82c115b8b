package session

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/session/copyio"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// runCopy executes COPY FROM STDIN and COPY TO STDOUT. Files and programs of
// the server are not reachable over SQL.
func (s *Session) runCopy(ctx context.Context, raw *ast.RawStmt, st *ast.Copy, out *outcome) error {
	opts, err := copyio.ParseOptions(st.Options, st.From)
	if err != nil {
		return err
	}
	if st.Program || st.File != "" {
		return pgerror.Unsupported("COPY with a file or program of the server").
			WithHint("Use STDIN or STDOUT, or psql's \\copy.")
	}
	if st.From {
		return s.copyFrom(ctx, st, opts, out)
	}
	return s.copyTo(ctx, st, raw.Text, opts, out)
}

// copyTable finds the table of a COPY and its columns.
func (s *Session) copyTable(ctx context.Context, st *ast.Copy) (*catalog.Table, []string, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	t := snap.Resolve(s.searchPath(), st.Table.Schema, st.Table.Name)
	if t == nil {
		rv := *st.Table
		rv.Pos = ast.At(-1)
		return nil, nil, undefinedTable(snap, &rv)
	}
	if len(st.Columns) > 0 {
		return t, st.Columns, checkCopyColumns(t, st.Columns)
	}
	var names []string
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped && !c.Generated {
			names = append(names, c.Name)
		}
	}
	return t, names, nil
}

func checkCopyColumns(t *catalog.Table, names []string) error {
	seen := map[string]bool{}
	for _, n := range names {
		if seen[n] {
			return pgerror.New(pgerror.DuplicateColumn, "column %q specified more than once", n)
		}
		seen[n] = true
		found := false
		for i := range t.Columns {
			c := &t.Columns[i]
			if c.Dropped || c.Name != n {
				continue
			}
			found = true
			if c.Generated {
				return pgerror.New(pgerror.InvalidColumnReference, "column %q is a generated column", n).
					WithDetail("Generated columns cannot be used in COPY.")
			}
		}
		if !found {
			return pgerror.New(pgerror.UndefinedColumn, "column %q of relation %q does not exist", n, t.Name)
		}
	}
	return nil
}

func (s *Session) copyFrom(ctx context.Context, st *ast.Copy, opts copyio.Options, out *outcome) error {
	if s.readOnly() {
		return readOnlyError("COPY FROM")
	}
	t, names, err := s.copyTable(ctx, st)
	if err != nil {
		return err
	}
	if t.Kind != catalog.KindTable {
		e := pgerror.New(pgerror.WrongObjectType, "cannot copy to %s %q", relationWord(t.Kind), t.Name)
		if t.Kind == catalog.KindView {
			e = e.WithHint("To enable copying to a view, provide an INSTEAD OF INSERT trigger.")
		}
		return e
	}
	if opts.Freeze {
		if err := s.checkFreeze(ctx, t); err != nil {
			return err
		}
	}
	if err := s.writableTxn(ctx); err != nil {
		return err
	}
	if err := s.lockTable(ctx, t.ID, copyLock); err != nil {
		return err
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	q, err := planner.PlanCopyFrom(ctx, st.Table, names, st.Where, s.planOptions(snap, nil))
	if err != nil {
		return err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	stream, err := s.client.CopyIn(reading, opts.Format == copyio.Binary, len(names))
	if err != nil {
		return err
	}
	defer stream.Close() //nolint:errcheck // a dead connection shows at the next read
	n, err := s.copyRows(ctx, newPlanned(q, nil, snap), snap, names, copyStream{stream, stop}, opts)
	if err != nil {
		return err
	}
	out.tag = "COPY " + itoa(n)
	return nil
}

// copyStream is what the client sends, and what makes a read that waits for it fail.
type copyStream struct {
	io.Reader
	stop context.CancelFunc
}

// copyRows feeds the decoded stream to the insert plan.
func (s *Session) copyRows(ctx context.Context, p *planned, snap *catalog.Snapshot, names []string, stream copyStream, opts copyio.Options) (int64, error) {
	r := &running{planned: p, account: executor.NewAccount("query", s.server.config.QueryMemoryLimit, s.memory)}
	defer r.close()
	s.prepareEnv(r, s.tx.txn, snap, nil, p.query.ExecSlots)
	t := p.query.Writes[0]
	decoder := copyio.NewDecoder(s.server.config.Alloc, stream, t.Name, copyColumns(t, names), opts, r.fn.IO)
	defer decoder.Release()
	rows := copyio.NewAhead(decoder, executor.BatchRows, stream.stop)
	defer rows.Close()
	r.env.Stream = func(context.Context) (arrow.RecordBatch, error) { return rows.Next() }
	r.env.RejectedRow = rows.Reject
	op, err := executor.Build(&r.env, p.query.Root)
	if err != nil {
		return 0, err
	}
	r.op = op
	for {
		batch, err := op.Next(ctx)
		if err == io.EOF {
			s.noteWrites(p.query, &r.env)
			return r.env.Affected, nil
		}
		if err != nil {
			rows.Close()
			return 0, rows.RowError(err)
		}
		batch.Release()
	}
}

func copyColumns(t *catalog.Table, names []string) []copyio.Column {
	var cols []copyio.Column
	for _, n := range names {
		for i := range t.Columns {
			if c := &t.Columns[i]; !c.Dropped && c.Name == n {
				cols = append(cols, copyio.Column{Name: n, Type: c.Type})
			}
		}
	}
	return cols
}

// checkFreeze refuses COPY FREEZE into a table that others can see: the word
// promises rows without a history, which only a table made or truncated in
// this transaction has.
func (s *Session) checkFreeze(ctx context.Context, t *catalog.Table) error {
	committed, err := s.server.catalog.Snapshot(ctx, s.database.ID)
	if err != nil {
		return err
	}
	if old := committed.TableByID(t.ID); old != nil && old.Storage == t.Storage {
		return pgerror.New(pgerror.ObjectNotInPrerequisiteState,
			"cannot perform COPY FREEZE because the table was not created or truncated in the current subtransaction")
	}
	return nil
}

func relationWord(k catalog.RelKind) string {
	switch k {
	case catalog.KindView:
		return "view"
	case catalog.KindMaterializedView:
		return "materialized view"
	case catalog.KindSequence:
		return "sequence"
	}
	return "table"
}

func (s *Session) copyTo(ctx context.Context, st *ast.Copy, text string, opts copyio.Options, out *outcome) error {
	query := st.Query
	if query == nil {
		t, names, err := s.copyTable(ctx, st)
		if err != nil {
			return err
		}
		if t.Kind != catalog.KindTable && t.Kind != catalog.KindVirtual {
			e := pgerror.New(pgerror.WrongObjectType, "cannot copy from %s %q", relationWord(t.Kind), t.Name)
			if t.Kind == catalog.KindView || t.Kind == catalog.KindMaterializedView {
				e = e.WithHint("Try the COPY (SELECT ...) TO variant.")
			}
			return e
		}
		query = selectColumns(st.Table, names)
	}
	if !isQuery(query) {
		return pgerror.Unsupported("COPY (%s)", ast.Tag(query))
	}
	p, err := s.plan(ctx, query, text, nil)
	if err != nil {
		return err
	}
	if !p.query.ReturnsRows {
		return pgerror.New(pgerror.FeatureNotSupported, "COPY query must have a RETURNING clause")
	}
	r, err := s.startWhole(ctx, p, nil, nil)
	if err != nil {
		return err
	}
	defer r.close()
	n, err := s.copyOut(ctx, r, opts)
	if err != nil {
		return err
	}
	out.tag = "COPY " + itoa(n)
	return nil
}

func selectColumns(rv *ast.RangeVar, names []string) *ast.Select {
	sel := &ast.Select{From: []ast.TableExpr{rv}}
	for _, n := range names {
		sel.Targets = append(sel.Targets, &ast.Target{Expr: &ast.ColumnRef{Names: []string{n}}})
	}
	return sel
}

func (s *Session) copyOut(ctx context.Context, r *running, opts copyio.Options) (int64, error) {
	var cols []copyio.Column
	for _, c := range r.planned.query.Root.Columns() {
		cols = append(cols, copyio.Column{Name: c.Name, Type: c.Type})
	}
	w, err := s.client.CopyOut(opts.Format == copyio.Binary, len(cols))
	if err != nil {
		return 0, err
	}
	enc := copyio.NewEncoder(w, cols, opts, r.fn.IO)
	if err := enc.Begin(); err != nil {
		return 0, err
	}
	var n int64
	for {
		if err := r.next(ctx); err == io.EOF {
			break
		} else if err != nil {
			return 0, err
		}
		if err := enc.Batch(r.batch); err != nil {
			return 0, err
		}
		n += r.batch.NumRows()
		r.pos = int(r.batch.NumRows())
	}
	if err := enc.End(); err != nil {
		return 0, err
	}
	return n, w.Close()
}
