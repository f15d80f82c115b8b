package functions

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Run computes the function over a batch whichever way it is written. It has
// the contract of Kernel, for NULLs too.
func (f *Scalar) Run(c *Context, t Signature, args []Value, n int) (arrow.Array, error) {
	switch {
	case f.Kernel != nil:
		return f.Kernel(c, args, n)
	case f.KernelTyped != nil:
		return f.KernelTyped(c, t, args, n)
	}
	return f.runRows(c, t, args, n)
}

// runRows is the adapter from row-wise functions to batches.
func (f *Scalar) runRows(c *Context, t Signature, args []Value, n int) (arrow.Array, error) {
	b := types.NewBuilder(c.Alloc, t.Returns)
	defer b.Release()
	b.Reserve(n)
	row := make([]types.Datum, len(args))
	for i, a := range args {
		if a.Const {
			row[i] = types.DatumAt(a.Array, 0)
		}
	}
	for r := range n {
		for i, a := range args {
			if !a.Const {
				row[i] = types.DatumAt(a.Array, r)
			}
		}
		d, err := f.RunDatum(c, t, row)
		if err != nil {
			return nil, err
		}
		types.AppendDatum(b, d)
	}
	return b.NewArray(), nil
}

// RunDatum computes the function for one row whichever way it is written. The
// result may alias the arguments.
func (f *Scalar) RunDatum(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
	if f.Strict {
		for i := range args {
			if args[i].IsNull() {
				return types.Null, nil
			}
		}
	}
	switch {
	case f.Eval != nil:
		return f.Eval(c, args)
	case f.EvalTyped != nil:
		return f.EvalTyped(c, t, args)
	case f.Kernel == nil && f.KernelTyped == nil:
		return types.Null, pgerror.Unsupported("function %s", f.Name)
	}
	return f.runOne(c, t, args)
}

// runOne runs a kernel over arrays of one row.
func (f *Scalar) runOne(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
	vals := make([]Value, len(args))
	defer func() {
		for _, v := range vals {
			if v.Array != nil {
				v.Array.Release()
			}
		}
	}()
	for i, d := range args {
		vals[i] = Value{Array: DatumArray(c, t.Args[i].Phys(), d), Const: true}
	}
	out, err := f.Run(c, t, vals, 1)
	if err != nil {
		return types.Null, err
	}
	defer out.Release()
	return types.DatumAt(out, 0).Clone(), nil
}
