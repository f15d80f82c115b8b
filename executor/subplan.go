package executor

import (
	"context"
	"io"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// subplan is a subquery of an expression whose result does not depend on outer
// rows: it is run once, on first use, and its result kept for the statement.
type subplan struct {
	rows  *rowBuffer
	value types.Datum // scalar, exists and array results
	// ANY and ALL: the rows' keys, if equality can be answered by hashing.
	table   *keyTable
	held    reservation // of table
	hasNull bool
	empty   bool // no rows
}

func (s *subplan) close() {
	if s.rows != nil {
		s.rows.clear()
	}
	s.held.close()
}

// evalSubplan is the functions.Context.Subplan hook: args are the values of
// Args, then those of Left, over n rows.
func (r *run) evalSubplan(c *functions.Context, s any, args []functions.Value, n int) (arrow.Array, error) {
	sp := s.(*expr.Subplan)
	outer, left := args[:len(sp.Args)], args[len(sp.Args):]
	if len(outer) == 0 {
		done, err := r.runOnce(c, sp)
		if err != nil {
			return nil, err
		}
		if sp.Kind != expr.SubplanAny && sp.Kind != expr.SubplanAll {
			return datumArray(r.env.Alloc, sp.Typ, done.value, n)
		}
		return r.compareAll(c, sp, done, left, n)
	}
	b := types.NewBuilder(r.env.Alloc, sp.Typ)
	defer b.Release()
	memo := r.memoOf(sp)
	var ids []uint32
	if memo != nil {
		ids = memo.begin(c, sp, args, n)
		defer memo.end(n)
	}
	for i := range n {
		if memo != nil && int(ids[i]) < len(memo.values) {
			types.AppendDatum(b, memo.values[ids[i]])
			continue
		}
		if err := checkContext(runContext(c)); err != nil {
			return nil, err
		}
		for k, slot := range sp.Slots {
			r.setExec(slot, datumOf(outer[k], i))
		}
		d, err := r.runFor(c, sp, left, i)
		if err != nil {
			return nil, err
		}
		types.AppendDatum(b, d)
		if memo != nil {
			memo.put(d)
		}
	}
	return b.NewArray(), nil
}

func datumOf(v functions.Value, i int) types.Datum {
	if v.Const {
		i = 0
	}
	return types.DatumAt(v.Array, i)
}

func runContext(c *functions.Context) context.Context {
	if c.Ctx == nil {
		return context.Background()
	}
	return c.Ctx
}

func (r *run) runOnce(c *functions.Context, sp *expr.Subplan) (*subplan, error) {
	if s := r.subplans[sp]; s != nil {
		return s, nil
	}
	s := &subplan{}
	var err error
	if s.rows, err = r.runSubplan(c, sp); err != nil {
		return nil, err
	}
	if s.value, err = r.subplanValue(sp, s.rows); err != nil {
		s.close()
		return nil, err
	}
	switch sp.Kind {
	case expr.SubplanAny, expr.SubplanAll:
		if r.hashable(sp, s.rows) {
			if err := s.hash(r, sp); err != nil {
				s.close()
				return nil, err
			}
		}
	default:
		s.rows.clear()
	}
	if r.subplans == nil {
		r.subplans = map[*expr.Subplan]*subplan{}
	}
	r.subplans[sp] = s
	return s, nil
}

// runFor runs a correlated subplan for outer row i.
func (r *run) runFor(c *functions.Context, sp *expr.Subplan, left []functions.Value, i int) (types.Datum, error) {
	rows, err := r.runSubplan(c, sp)
	if err != nil {
		return types.Null, err
	}
	defer rows.clear()
	if sp.Kind != expr.SubplanAny && sp.Kind != expr.SubplanAll {
		d, err := r.subplanValue(sp, rows)
		return d, err
	}
	row := make([]types.Datum, len(left))
	for k, v := range left {
		row[k] = datumOf(v, i)
	}
	return r.compareRow(c, sp, rows, row)
}

// runSubplan runs the plan and keeps as many rows as the kind needs.
func (r *run) runSubplan(c *functions.Context, sp *expr.Subplan) (*rowBuffer, error) {
	op, err := r.build(sp.Plan.(plan.Node))
	if err != nil {
		return nil, err
	}
	// One row, or whatever there is, which goes on in a file.
	rows := newSpooledBuffer(r.env, op.Schema(), nil)
	ctx := runContext(c)
	for {
		var batch arrow.RecordBatch
		if batch, err = op.Next(ctx); err != nil {
			break
		}
		if err = rows.add(batch); err != nil {
			break
		}
		if sp.Kind == expr.SubplanExists || (sp.Kind == expr.SubplanScalar && rows.rows > 1) {
			break
		}
	}
	if err == io.EOF {
		err = nil
	}
	if e := op.Close(); err == nil {
		err = e
	}
	if err != nil {
		rows.clear()
		return nil, err
	}
	return rows, nil
}

// subplanValue is the value of a scalar, EXISTS or ARRAY subquery; its strings
// do not alias the rows.
func (r *run) subplanValue(sp *expr.Subplan, rows *rowBuffer) (types.Datum, error) {
	switch sp.Kind {
	case expr.SubplanExists:
		return types.NewBool(rows.rows > 0), nil
	case expr.SubplanScalar:
		switch {
		case rows.rows == 0:
			return types.Null, nil
		case rows.rows > 1:
			return types.Null, pgerror.New(pgerror.CardinalityViolation, "more than one row returned by a subquery used as an expression")
		}
		batch, err := rows.chunk(0)
		if err != nil {
			return types.Null, err
		}
		return types.DatumAt(batch.Column(0), 0).Clone(), nil
	case expr.SubplanArray:
		held := reservation{env: r.env} // of the elements, and of the array that is made of them
		defer held.close()
		size := int64(rows.rows) * int64(unsafe.Sizeof(types.Datum{}))
		if err := held.set(size); err != nil {
			return types.Null, err
		}
		elems := make([]types.Datum, 0, rows.rows)
		for k := range rows.chunks {
			batch, err := rows.chunk(k)
			if err != nil {
				return types.Null, err
			}
			for i := range int(batch.NumRows()) {
				d := types.DatumAt(batch.Column(0), i)
				if rows.spool.file != nil {
					d = d.Clone() // another chunk may be read in this one's place
				}
				size += 2 * int64(len(d.S))
				elems = append(elems, d)
			}
			if err := held.set(size); err != nil {
				return types.Null, err
			}
		}
		if of := sp.Plan.(plan.Node).Columns()[0].Type; of.OID == sp.Typ.OID { // arrays of one more dimension
			return stackArrays(sp.Typ, elems)
		}
		return r.arrayDatum(sp.Typ, elems)
	}
	return types.Null, nil
}

// hashable says whether = ANY (and <> ALL) can be answered by hashing.
func (r *run) hashable(sp *expr.Subplan, rows *rowBuffer) bool {
	if (sp.Kind == expr.SubplanAny) != (sp.Op == "=") || (sp.Kind == expr.SubplanAll && sp.Op != "<>") || len(sp.Left) != 1 {
		return false
	}
	t := sp.Plan.(plan.Node).Columns()[0].Type
	l := sp.Left[0].Type()
	if needsEncoding(t) || needsEncoding(l) {
		return t.OID == l.OID
	}
	return hashClass(t.Phys()) == hashClass(l.Phys())
}

func (s *subplan) hash(r *run, sp *expr.Subplan) error {
	s.table = newKeyTable([]types.Type{sp.Plan.(plan.Node).Columns()[0].Type}, nil)
	var ids []uint32
	s.held.env = r.env
	for k := range s.rows.chunks {
		b, err := s.rows.chunk(k)
		if err != nil {
			return err
		}
		col := b.Column(0)
		ids = s.table.insert([]arrow.Array{col}, int(b.NumRows()), ids)
		s.hasNull = s.hasNull || col.NullN() > 0
		if s.held.set(s.table.bytes()) != nil {
			// No room for the table: each value is compared with all rows.
			s.table = nil
			s.held.close()
			return nil
		}
	}
	s.empty = s.rows.rows == 0
	s.rows.clear()
	return nil
}

// compareAll computes Left Op ANY/ALL (rows) for n rows.
func (r *run) compareAll(c *functions.Context, sp *expr.Subplan, s *subplan, left []functions.Value, n int) (arrow.Array, error) {
	b := types.NewBuilder(r.env.Alloc, types.Of(types.Bool))
	defer b.Release()
	if s.table == nil {
		row := make([]types.Datum, len(left))
		for i := range n {
			for k, v := range left {
				row[k] = datumOf(v, i)
			}
			d, err := r.compareRow(c, sp, s.rows, row)
			if err != nil {
				return nil, err
			}
			types.AppendDatum(b, d)
		}
		return b.NewArray(), nil
	}
	all := sp.Kind == expr.SubplanAll // <> ALL is NOT = ANY
	col := left[0].Array
	ids := s.table.lookup([]arrow.Array{col}, col.Len(), nil)
	for i := range n {
		at := i
		if left[0].Const {
			at = 0
		}
		switch {
		case s.empty:
			types.AppendDatum(b, types.NewBool(all))
		case ids[at] != noKey:
			types.AppendDatum(b, types.NewBool(!all))
		case s.hasNull || col.IsNull(at):
			b.AppendNull()
		default:
			types.AppendDatum(b, types.NewBool(all))
		}
	}
	return b.NewArray(), nil
}

// compareRow computes row Op ANY/ALL (rows) by comparing with each of them.
func (r *run) compareRow(c *functions.Context, sp *expr.Subplan, rows *rowBuffer, row []types.Datum) (types.Datum, error) {
	cols := sp.Plan.(plan.Node).Columns()
	all := sp.Kind == expr.SubplanAll
	null := false
	for k := range rows.chunks {
		if err := checkContext(runContext(c)); err != nil {
			return types.Null, err
		}
		batch, err := rows.chunk(k)
		if err != nil {
			return types.Null, err
		}
		for i := range int(batch.NumRows()) {
			d, err := compareRows(c, sp, cols, row, func(col int) types.Datum { return types.DatumAt(batch.Column(col), i) })
			if err != nil {
				return types.Null, err
			}
			switch {
			case d.IsNull():
				null = true
			case d.Bool() != all:
				return types.NewBool(!all), nil
			}
		}
	}
	if null {
		return types.Null, nil
	}
	return types.NewBool(all), nil
}

// compareRows combines the comparisons of a row's columns: by AND, and by OR
// for <> (rows differ if any column does).
func compareRows(c *functions.Context, sp *expr.Subplan, cols []plan.Column, left []types.Datum, right func(int) types.Datum) (types.Datum, error) {
	or := sp.Op == "<>"
	null := false
	for k, fn := range sp.Compare {
		sig := functions.Signature{Args: []types.Type{sp.Left[k].Type(), cols[k].Type}, Returns: types.Of(types.Bool)}
		d, err := fn.RunDatum(c, sig, []types.Datum{left[k], right(k)})
		if err != nil {
			return types.Null, err
		}
		switch {
		case d.IsNull():
			null = true
		case d.Bool() == or:
			return d, nil
		}
	}
	if null {
		return types.Null, nil
	}
	return types.NewBool(!or), nil
}

// stackArrays makes an array of arrays, which may alias rows.
func stackArrays(t types.Type, arrays []types.Datum) (types.Datum, error) {
	d, err := functions.StackArrays(t.Elem().OID, arrays, functions.CannotAccumulate)
	return d.Clone(), err
}

// arrayDatum makes an array value of elements.
func (r *run) arrayDatum(t types.Type, elems []types.Datum) (types.Datum, error) {
	e := &expr.Array{Typ: t}
	for _, d := range elems {
		e.Args = append(e.Args, &expr.Const{Value: d, Typ: t.Elem()})
	}
	d, err := expr.EvalConst(r.env.Functions, e)
	return d.Clone(), err
}
