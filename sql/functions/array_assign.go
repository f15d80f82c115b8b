package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ArrayAssignment is the function behind SET column[subscripts] = value: its
// arguments are the array, the value, and for each subscript its lower and its
// upper bound; NULL constants stand for those that given says are left out.
// An element has both bounds alike.
func ArrayAssignment(array types.Type, elem types.Type, slice bool, given []bool) *Scalar {
	value := elem
	if slice {
		value = array
	}
	args := []types.Type{array, value}
	for range given {
		args = append(args, types.Of(types.Int4))
	}
	return &Scalar{
		Name: "array_assign", Args: args, Returns: array, Hidden: true,
		Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
			return assignArray(elem.OID, slice, given, d)
		},
	}
}

func assignArray(elem types.OID, slice bool, given []bool, d []types.Datum) (types.Datum, error) {
	var arr types.Array
	if !d[0].IsNull() {
		arr = d[0].Array()
	}
	bounds := make([]types.ArrayBound, len(given)/2)
	for i := range given {
		if given[i] && d[2+i].IsNull() {
			return types.Null, pgerror.New(pgerror.NullValueNotAllowed, "array subscript in assignment must not be null")
		}
		if b := &bounds[i/2]; i%2 == 0 {
			b.Lower, b.HasLower = int(d[2+i].I), given[i]
		} else {
			b.Upper, b.HasUpper = int(d[2+i].I), given[i]
		}
	}
	if slice {
		if d[1].IsNull() {
			return d[0], nil
		}
		return types.AssignSlice(arr, elem, bounds, d[1].Array())
	}
	subscripts := make([]int, len(bounds))
	for i := range bounds {
		subscripts[i] = bounds[i].Upper
	}
	return types.AssignElement(arr, elem, subscripts, d[1])
}
