package executor

import (
	"context"
	"errors"
	"sync"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine"
)

// Point is the short path of statements about one row known by its key, about
// one joined with others known by theirs (point_join.go), about the few rows of a
// range (point_few.go), and of single-row inserts: datums from end to end, no
// operators and no Arrow.
// It is made once for a plan, is read-only, and may be run by many sessions at
// once.
type Point struct {
	kind   pointKind
	table  *catalog.Table
	layout *rowstore.Layout // nil for a time-series table
	series *tsengine.Layout // of such a table
	alone  bool             // a row of it is not written with those of others

	// Reading (all kinds but insert): the row whose index has the values key.
	scan     *plan.Scan
	key      []expr.Expr
	position int  // of the index in Table.Indexes, -1 if the key is the row's
	few      bool // the rows of a range of the table's key instead
	decoder  *rowstore.RowDecoder
	steps    []pointStep // joins of the row read
	project  []expr.Expr // nil: the columns as they are

	insert  *plan.Insert
	values  [][]expr.Expr // the row, then projections of it
	update  *plan.Update
	delete  *plan.Delete
	rows    *plan.RowChecks
	mode    kv.LockMode
	uniques bool // an update may change unique keys
	fks     bool // an update may change references
	live    []int
	// subplans: an update's values have subqueries, which run through operators.
	subplans bool

	scratch sync.Pool // of *pointScratch
}

type pointKind uint8

const (
	pointRead pointKind = iota
	pointInsert
	pointUpdate
	pointDelete
)

// pointScratch is the memory of one run, used again by the next.
type pointScratch struct {
	writer           *rowstore.Writer
	points           *tsengine.Writer // in place of writer
	key, value       []byte
	rowKey           []byte
	keys             []kv.Key
	equal            []types.Datum
	input            []types.Datum // the scan's columns
	out              []types.Datum
	old, row         []types.Datum // by ordinal
	handle           []byte
	projected, spare []types.Datum
	few              fewScratch
	joined           []types.Datum // the columns of the scan, then of the steps
	steps            []stepScratch
}

// PointPlan recognises the plans of the short path; nil means that the
// statement needs operators.
func PointPlan(q *plan.Query) *Point {
	if q.ConstantError != nil {
		return nil
	}
	p := &Point{position: -1}
	ok := false
	switch n := q.Root.(type) {
	case *plan.Scan:
		ok = p.setScan(n)
	case *plan.LookupJoin:
		ok = p.setJoin(n)
	case *plan.Project:
		if hasSubplan(n.Exprs) {
			return nil
		}
		p.project = n.Exprs
		switch in := n.Input.(type) {
		case *plan.Scan:
			ok = p.setScan(in)
		case *plan.LookupJoin:
			ok = p.setJoin(in)
		}
	case *plan.Insert:
		ok = p.setInsert(n)
	case *plan.Update:
		ok = p.setUpdate(n)
	case *plan.Delete:
		ok = p.setDelete(n)
	}
	if !ok {
		return nil
	}
	if p.series == nil {
		p.layout = layoutOf(p.table)
	}
	if p.scan != nil {
		p.decoder = p.layout.Decoder(p.scan.Output)
	}
	for i := range p.table.Columns {
		if !p.table.Columns[i].Dropped {
			p.live = append(p.live, i)
		}
	}
	p.scratch.New = func() any {
		if p.series != nil {
			return &pointScratch{}
		}
		return &pointScratch{writer: p.layout.Writer(nil), steps: make([]stepScratch, len(p.steps))}
	}
	return p
}

// setScan takes a scan of one whole key, or of few rows.
func (p *Point) setScan(n *plan.Scan) bool {
	if p.setFew(n) {
		return true
	}
	if !n.PointGet || len(n.Ranges) != 1 || n.Table.Kind != catalog.KindTable {
		return false
	}
	r := &n.Ranges[0]
	for _, null := range r.IsNull {
		if null {
			return false
		}
	}
	if r.Lower != nil || r.Upper != nil || hasSubplan(r.Equal) || (n.Filter != nil && hasSubplan([]expr.Expr{n.Filter})) {
		return false
	}
	p.table, p.scan, p.key = n.Table, n, r.Equal
	f := pointFetch{index: n.Index, layout: layoutOf(n.Table)}
	p.position = f.position()
	if n.Index == nil && !n.Table.Clustered {
		return false
	}
	return true
}

func (p *Point) setInsert(n *plan.Insert) bool {
	if n.Conflict != nil || hasSubplan(n.Returning) {
		return false
	}
	input := n.Input
	for {
		switch in := input.(type) {
		case *plan.Project:
			if hasSubplan(in.Exprs) {
				return false
			}
			p.values = append([][]expr.Expr{in.Exprs}, p.values...)
			input = in.Input
			continue
		case *plan.Values:
			if len(in.Rows) != 1 || hasSubplan(in.Rows[0]) {
				return false
			}
			p.values = append([][]expr.Expr{in.Rows[0]}, p.values...)
			p.kind, p.table, p.insert, p.rows = pointInsert, n.Table, n, &n.Rows
			return simpleChecks(&n.Rows) && (n.Table.TimeSeries == nil || p.setSeries())
		}
		return false
	}
}

// simpleChecks says that no constraint needs a subquery.
func simpleChecks(rows *plan.RowChecks) bool {
	for _, list := range [][]plan.NamedCheck{rows.Checks, rows.CheckOptions} {
		for _, c := range list {
			if hasSubplan([]expr.Expr{c.Expr}) {
				return false
			}
		}
	}
	return true
}

func (p *Point) setUpdate(n *plan.Update) bool {
	s, ok := n.Input.(*plan.Scan)
	if !ok || !p.setScan(s) || !s.WithHandle || hasSubplan(n.Returning) || !simpleChecks(&n.Rows) || s.Table.ID != n.Table.ID {
		return false
	}
	assigned := map[int16]bool{}
	for _, a := range n.Assignments {
		p.subplans = p.subplans || hasSubplan([]expr.Expr{a.Value})
		assigned[n.Table.Columns[a.Column].Num] = true
	}
	for _, r := range n.Rows.Referencing {
		for _, c := range r.Key.RefColumns {
			if assigned[c] {
				return false
			}
		}
	}
	for _, f := range n.Rows.ForeignKeys {
		for _, c := range f.Key.Columns {
			p.fks = p.fks || assigned[c]
		}
	}
	for i := range n.Table.Indexes {
		ix := &n.Table.Indexes[i]
		if !ix.Unique {
			continue
		}
		p.uniques = p.uniques || ix.Predicate != ""
		for _, c := range ix.Columns {
			p.uniques = p.uniques || c.Num == 0 || assigned[c.Num]
		}
	}
	if p.few && (p.uniques || p.fks || p.subplans) {
		// What is unique or referenced is looked at when all rows are written, and
		// subqueries must not see the rows that are.
		return false
	}
	p.kind, p.table, p.update, p.rows = pointUpdate, n.Table, n, &n.Rows
	p.mode = updateLock(n.Table, n.Assignments)
	return true
}

func (p *Point) setDelete(n *plan.Delete) bool {
	s, ok := n.Input.(*plan.Scan)
	if !ok || !p.setScan(s) || !s.WithHandle || hasSubplan(n.Returning) || len(n.Rows.Referencing) > 0 || s.Table.ID != n.Table.ID {
		return false
	}
	p.kind, p.table, p.delete, p.rows, p.mode = pointDelete, n.Table, n, &n.Rows, kv.LockUpdate
	return true
}

// Run runs the statement. emit gets the result's row, if there is one; its
// datums are valid during the call only. Rows written are counted in
// env.Affected. At READ COMMITTED a write that finds its row changed since the
// snapshot takes the lock, refreshes the snapshot and goes on from the newest
// version; kv.ErrWriteConflict comes back where that is not possible.
func (p *Point) Run(ctx context.Context, env *Env, emit func([]types.Datum) error) error {
	if err := checkContext(ctx); err != nil {
		return err
	}
	s := p.scratch.Get().(*pointScratch)
	defer p.put(s)
	switch p.kind {
	case pointInsert:
		if p.series != nil {
			return p.runSeriesInsert(ctx, env, s, emit)
		}
		return p.runInsert(ctx, env, s, emit)
	}
	if p.few {
		return p.runFew(ctx, env, s, emit)
	}
	if p.kind == pointRead {
		return p.runRead(ctx, env, s, emit)
	}
	return p.runWrite(ctx, env, s, emit)
}

// maxScratch is how large a buffer may be to be kept.
const maxScratch = 64 << 10

func (p *Point) put(s *pointScratch) {
	if s.writer != nil {
		s.writer.Reset(nil)
	}
	if s.points != nil {
		s.points.Reset(nil)
	}
	if cap(s.value) > maxScratch {
		s.value = nil
	}
	for i := range s.steps {
		if cap(s.steps[i].value) > maxScratch {
			s.steps[i].value = nil
		}
	}
	if cap(s.few.bytes) > maxScratch {
		s.few.bytes = nil
	}
	clear(s.few.pairs)
	clear(s.keys[:cap(s.keys)])
	p.scratch.Put(s)
}

// resize makes a slice of n NULLs, in the memory of d if it fits.
func resize(d []types.Datum, n int) []types.Datum {
	if cap(d) < n {
		return make([]types.Datum, n)
	}
	d = d[:n]
	clear(d)
	return d
}

// find computes the key and reads the row into s.input; the strings in it
// alias the store's buffer. s.rowKey is the row's key.
func (p *Point) find(ctx context.Context, env *Env, s *pointScratch) (value []byte, found bool, err error) {
	s.equal = resize(s.equal, len(p.key))
	for i, e := range p.key {
		if s.equal[i], err = expr.EvalConst(env.Functions, e); err != nil {
			return nil, false, err
		}
	}
	var ok bool
	if s.key, ok, err = p.layout.PointKey(s.key[:0], p.scan.Index, s.equal); err != nil || !ok {
		return nil, false, err
	}
	return getRow(ctx, env, p.layout, p.table, p.position, s.key, &s.rowKey)
}

// getRow reads the row of a unique key, which is the one of the index at position
// or, if that is negative, the row's own. The value aliases the store's buffer;
// rowKey gets the row's key.
func getRow(ctx context.Context, env *Env, layout *rowstore.Layout, t *catalog.Table, position int, key []byte, rowKey *[]byte) (value []byte, found bool, err error) {
	if position < 0 {
		*rowKey = append((*rowKey)[:0], key...)
		return env.Txn.Get(ctx, *rowKey)
	}
	entry, found, err := env.Txn.Get(ctx, key)
	if err != nil || !found {
		return nil, false, err
	}
	handle, err := layout.HandleOfEntry(position, key, entry)
	if err != nil {
		return nil, false, err
	}
	*rowKey = rowstore.RowKey((*rowKey)[:0], t, handle)
	return env.Txn.Get(ctx, *rowKey)
}

// read finds the row, decodes it and looks at the filter.
func (p *Point) read(ctx context.Context, env *Env, s *pointScratch, keep bool) (bool, error) {
	value, found, err := p.find(ctx, env, s)
	if err != nil || !found {
		return false, err
	}
	if keep { // another call on the transaction comes before the row is done with
		s.value = append(s.value[:0], value...)
		value = s.value
	}
	return p.decode(ctx, env, s, value)
}

func (p *Point) runRead(ctx context.Context, env *Env, s *pointScratch, emit func([]types.Datum) error) error {
	locking := p.scan.Locking
	ok, err := p.read(ctx, env, s, locking != nil || len(p.steps) > 0)
	if err != nil || !ok {
		return err
	}
	if locking != nil {
		if ok, err = p.lock(ctx, env, s, lockOptions(env, *locking)); err != nil || !ok {
			return err
		}
	}
	return p.emitRead(ctx, env, s, emit)
}

// emitRead emits what is selected of the row in s.input, joined as asked for.
func (p *Point) emitRead(ctx context.Context, env *Env, s *pointScratch, emit func([]types.Datum) error) error {
	if len(p.steps) == 0 {
		return p.emitRow(env, s, s.input, emit)
	}
	s.joined = append(s.joined[:0], s.input...)
	return p.follow(ctx, env, s, emit)
}

func (p *Point) emitRow(env *Env, s *pointScratch, row []types.Datum, emit func([]types.Datum) error) (err error) {
	if p.project == nil {
		return emit(row)
	}
	if s.out, err = evalRow(env, p.project, row, s.out); err != nil {
		return err
	}
	return emit(s.out)
}

// evalRow computes expressions over a row into dst's memory.
func evalRow(env *Env, es []expr.Expr, row, dst []types.Datum) ([]types.Datum, error) {
	dst = resize(dst, len(es))
	for i, e := range es {
		if o, ok := e.(*expr.Ordinal); ok {
			dst[i] = row[o.Index]
			continue
		}
		d, err := expr.EvalRow(env.Functions, e, row)
		if err != nil {
			return dst, err
		}
		dst[i] = d
	}
	return dst, nil
}

// lock locks the row that was read; ok is false if it is gone, does not pass
// the filter any more, or is skipped.
func (p *Point) lock(ctx context.Context, env *Env, s *pointScratch, o kv.LockOptions) (ok bool, err error) {
	s.keys = append(s.keys[:0], s.rowKey)
	granted, err := env.Txn.Lock(ctx, s.keys, o)
	switch {
	case err == nil:
		return granted == nil || granted[0], nil
	case !env.ReadCommitted || p.position >= 0 || !errors.Is(err, kv.ErrWriteConflict):
		if p.kind == pointRead { // PostgreSQL says "update" of rows that are gone, too
			return false, lockError(err, p.table)
		}
		return false, p.rowConflict(ctx, env, s, err)
	}
	// The lock is ours and the row has a newer version, which nobody else can
	// change now: go on from there.
	if err := env.Txn.Refresh(ctx); err != nil {
		return false, err
	}
	return p.read(ctx, env, s, true)
}
