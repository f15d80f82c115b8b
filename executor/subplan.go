package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
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
	if sp.Kind == expr.SubplanAny || sp.Kind == expr.SubplanAll {
		s.rows, err = r.subplanRows(c, sp)
		if err == nil && r.hashable(sp, s.rows) {
			err = s.hash(r, sp)
		}
	} else {
		s.value, err = r.subplanValue(c, sp)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	if r.subplans == nil {
		r.subplans = map[*expr.Subplan]*subplan{}
	}
	r.subplans[sp] = s
	return s, nil
}

// runFor runs a correlated subplan for outer row i.
func (r *run) runFor(c *functions.Context, sp *expr.Subplan, left []functions.Value, i int) (types.Datum, error) {
	if sp.Kind != expr.SubplanAny && sp.Kind != expr.SubplanAll {
		return r.subplanValue(c, sp)
	}
	rows, err := r.subplanRows(c, sp)
	if err != nil {
		return types.Null, err
	}
	defer rows.clear()
	row := make([]types.Datum, len(left))
	for k, v := range left {
		row[k] = datumOf(v, i)
	}
	return r.compareRow(c, sp, rows, row)
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
