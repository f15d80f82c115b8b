package executor

import (
	"context"
	"io"
	"unsafe"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// runSubplan lets read take what a subquery yields. It need not read to the end.
func (r *run) runSubplan(c *functions.Context, sp *expr.Subplan, read func(context.Context, Operator) error) error {
	node := sp.Plan.(plan.Node)
	op, err := r.begin(node)
	if err != nil {
		return err
	}
	if err := read(runContext(c), op); err != nil {
		_ = op.Close() // the first error counts
		return err
	}
	return r.end(node, op)
}

// subplanRows runs a subquery and keeps its rows, in a file if need be.
func (r *run) subplanRows(c *functions.Context, sp *expr.Subplan) (rows *rowBuffer, err error) {
	err = r.runSubplan(c, sp, func(ctx context.Context, op Operator) error {
		rows = newSpooledBuffer(r.env, op.Schema(), nil)
		return drain(ctx, op, rows.add)
	})
	if err != nil && rows != nil {
		rows.clear()
		rows = nil
	}
	return rows, err
}

// subplanValue runs a scalar, EXISTS or ARRAY subquery. The value's strings are its
// own.
func (r *run) subplanValue(c *functions.Context, sp *expr.Subplan) (value types.Datum, err error) {
	if sp.Kind == expr.SubplanArray {
		rows, err := r.subplanRows(c, sp)
		if err != nil {
			return types.Null, err
		}
		defer rows.clear()
		return r.arrayOfRows(sp, rows)
	}
	found := int64(0)
	err = r.runSubplan(c, sp, func(ctx context.Context, op Operator) error {
		for found == 0 || sp.Kind == expr.SubplanScalar {
			batch, err := op.Next(ctx)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if found == 0 && sp.Kind == expr.SubplanScalar && batch.NumRows() > 0 {
				value = types.DatumAt(batch.Column(0), 0).Clone()
			}
			found += batch.NumRows()
			batch.Release()
			if sp.Kind == expr.SubplanScalar && found > 1 {
				return pgerror.New(pgerror.CardinalityViolation, "more than one row returned by a subquery used as an expression")
			}
		}
		return nil
	})
	if err != nil {
		return types.Null, err
	}
	if sp.Kind == expr.SubplanExists {
		return types.NewBool(found > 0), nil
	}
	return value, nil
}

// arrayOfRows makes the array of an ARRAY subquery's rows.
func (r *run) arrayOfRows(sp *expr.Subplan, rows *rowBuffer) (types.Datum, error) {
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
