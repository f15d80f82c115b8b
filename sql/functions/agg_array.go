package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = register(Aggregate{
		Name: "array_agg", Args: typesOf(oids{types.AnyNonArray}), Returns: types.Of(types.AnyArray), OrderSensitive: true,
		Doc: "Collects all values, NULLs too, into an array.",
		New: func(_ *Context, t Signature) Accumulator { return newList(t, arrayAgg) },
	})
	_ = register(Aggregate{
		Name: "array_agg", Args: typesOf(oids{types.AnyArray}), Returns: types.Of(types.AnyArray), OrderSensitive: true,
		Doc: "Collects arrays of equal dimensions into an array of one more dimension.",
		New: func(_ *Context, t Signature) Accumulator { return newList(t, arrayAggArrays) },
	})
)

func arrayAgg(_ *Context, s *listAcc, lists []types.ElementList) (types.Datum, error) {
	return lists[0].Datum(s.sig.Args[0].OID), nil
}

func arrayAggArrays(_ *Context, s *listAcc, lists []types.ElementList) (types.Datum, error) {
	return StackArrays(s.sig.Args[0].Elem().OID, lists[0].View(s.sig.Args[0].OID).Elements(), CannotAccumulate)
}

// CannotAccumulate is StackArrays' error where arrays are collected.
func CannotAccumulate(reason string) error {
	switch reason {
	case "null":
		return pgerror.New(pgerror.NullValueNotAllowed, "cannot accumulate null arrays")
	case "empty":
		return pgerror.New(pgerror.ArraySubscriptError, "cannot accumulate empty arrays")
	}
	return pgerror.New(pgerror.ArraySubscriptError, "cannot accumulate arrays of different dimensionality")
}

// StackArrays makes an array of arrays of equal dimensions. fail makes the
// error for a "null" or "empty" one and for other "dimensions".
func StackArrays(elem types.OID, arrays []types.Datum, fail func(reason string) error) (types.Datum, error) {
	var dims []types.ArrayDim
	var vals []types.Datum
	for i, d := range arrays {
		if d.IsNull() {
			return types.Null, fail("null")
		}
		a := d.Array()
		if a.NDim() == 0 {
			return types.Null, fail("empty")
		}
		mine := a.Dims()
		if i == 0 {
			dims = append([]types.ArrayDim{{Length: len(arrays), Lower: 1}}, mine...)
		} else if len(mine) != len(dims)-1 {
			return types.Null, fail("dimensions")
		}
		for k := range mine {
			if mine[k] != dims[k+1] {
				return types.Null, fail("dimensions")
			}
		}
		vals = append(vals, a.Elements()...)
	}
	return types.BuildArrayDims(elem, vals, dims)
}
