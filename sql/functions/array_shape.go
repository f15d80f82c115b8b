package functions

import (
	"strconv"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// dimension is a body over one dimension of an array; NULL if it has none of
// that number.
func dimension(f func(d types.ArrayDim) int) body {
	return fn2X(func(_ *Context, a binary, dim int32) (int32, bool, error) {
		arr := types.DecodeArray(string(a))
		if dim < 1 || int(dim) > arr.NDim() {
			return 0, false, nil
		}
		return int32(f(arr.Dim(int(dim) - 1))), true, nil
	})
}

var (
	_ = define("array_length(anyarray,int4)", "The length of a dimension.",
		dimension(func(d types.ArrayDim) int { return d.Length }), ex("array_length(ARRAY[1,2,3], 1)", "3"), ex("array_length('{}'::int[], 1)", "NULL"))
	_ = define("array_lower(anyarray,int4)", "The lower bound of a dimension.",
		dimension(func(d types.ArrayDim) int { return d.Lower }), ex("array_lower('[0:2]={1,2,3}'::int[], 1)", "0"))
	_ = define("array_upper(anyarray,int4)", "The upper bound of a dimension.",
		dimension(func(d types.ArrayDim) int { return d.Lower + d.Length - 1 }), ex("array_upper(ARRAY[1,8,3,7], 1)", "4"))
	_ = define("array_ndims(anyarray)", "The number of dimensions.",
		fn1X(func(_ *Context, a binary) (int32, bool, error) {
			n := types.DecodeArray(string(a)).NDim()
			return int32(n), n > 0, nil
		}), ex("array_ndims(ARRAY[[1,2],[3,4]])", "2"))
	_ = define("cardinality(anyarray)", "The number of elements in all dimensions.",
		fn1(func(a binary) int32 { return int32(types.DecodeArray(string(a)).Len()) }), ex("cardinality(ARRAY[[1,2],[3,4]])", "4"))
	_ = define("array_dims(anyarray)", "The bounds of all dimensions as text.",
		fn1X(func(_ *Context, a binary) (string, bool, error) {
			arr := types.DecodeArray(string(a))
			var b []byte
			for _, d := range arr.Dims() {
				b = append(b, '[')
				b = strconv.AppendInt(b, int64(d.Lower), 10)
				b = append(b, ':')
				b = strconv.AppendInt(b, int64(d.Lower+d.Length-1), 10)
				b = append(b, ']')
			}
			return string(b), arr.NDim() > 0, nil
		}), ex("array_dims(ARRAY[[1,2,3],[4,5,6]])", "[1:2][1:3]"))
)

// elemType is the element type of an array argument, user-defined ones included.
func elemType(c *Context, t types.Type, a types.Array) types.Type {
	if e := t.Elem(); e.OID != 0 {
		return types.Of(e.OID)
	}
	if c.IO.Resolve != nil {
		if info := c.IO.Resolve.TypeInfo(t.OID); info != nil && info.Elem != 0 {
			return types.Of(info.Elem)
		}
	}
	return types.Of(a.ElemOID())
}

// rebuild makes an array of changed elements: one dimension from the lower bound of a.
func rebuild(a types.Array, elem types.OID, vals []types.Datum) types.Datum {
	if len(vals) == 0 {
		return types.BuildArray(elem, nil)
	}
	lower := 1
	if a.NDim() > 0 {
		lower = a.Dim(0).Lower
	}
	d, err := types.BuildArrayDims(elem, vals, []types.ArrayDim{{Length: len(vals), Lower: lower}})
	if err != nil {
		return types.BuildArray(elem, vals)
	}
	return d
}

var _ = define("trim_array(anyarray,int4)", "Removes the last n elements (of the first dimension).",
	evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
		a := args[0].Array()
		length := 0
		if a.NDim() > 0 {
			length = a.Dim(0).Length
		}
		n := int(args[1].I)
		if n < 0 || n > length {
			return types.Null, pgerror.New(pgerror.ArraySubscriptError, "number of elements to trim must be between 0 and %d", length)
		}
		elem := elemType(c, t.Args[0], a).OID
		if length == n {
			return types.BuildArray(elem, nil), nil
		}
		dims := a.Dims()
		vals := a.Elements()[:a.Len()/length*(length-n)]
		dims[0] = types.ArrayDim{Length: length - n, Lower: 1}
		for i := range dims {
			dims[i].Lower = 1
		}
		return types.BuildArrayDims(elem, vals, dims)
	}), ex("trim_array(ARRAY[1,2,3,4,5,6], 2)", "{1,2,3,4}"))

// intArray reads an argument that lists numbers.
func intArray(d types.Datum) ([]int, error) {
	a := d.Array()
	if a.NDim() > 1 {
		return nil, pgerror.New(pgerror.ArraySubscriptError, "wrong number of array subscripts").
			WithDetail("Dimension array must be one dimensional.")
	}
	out := make([]int, 0, a.Len())
	for _, v := range a.All() {
		if v.IsNull() {
			return nil, pgerror.New(pgerror.NullValueNotAllowed, "dimension values cannot be null")
		}
		out = append(out, int(v.I))
	}
	return out, nil
}

const maxArrayElements = 134217727

var _ = define("array_fill(anyelement,_int4) array_fill(anyelement,_int4,_int4)", "Makes an array of these dimensions (and lower bounds) filled with a value.",
	evalTyped(func(_ *Context, t Signature, args []types.Datum) (types.Datum, error) {
		if args[1].IsNull() || len(args) > 2 && args[2].IsNull() {
			return types.Null, pgerror.New(pgerror.NullValueNotAllowed, "dimension array or low bound array cannot be null")
		}
		lengths, err := intArray(args[1])
		if err != nil {
			return types.Null, err
		}
		dims := make([]types.ArrayDim, len(lengths))
		n := 1
		for i, l := range lengths {
			if l < 0 || n*l > maxArrayElements {
				return types.Null, pgerror.New(pgerror.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArrayElements)
			}
			n *= l
			dims[i] = types.ArrayDim{Length: l, Lower: 1}
		}
		if len(args) > 2 {
			lower, err := intArray(args[2])
			if err != nil {
				return types.Null, err
			}
			if len(lower) != len(dims) {
				return types.Null, pgerror.New(pgerror.ArraySubscriptError, "wrong number of array subscripts").
					WithDetail("Low bound array has different size than dimensions array.")
			}
			for i := range dims {
				dims[i].Lower = lower[i]
			}
		}
		if n == 0 || len(dims) == 0 {
			return types.BuildArray(t.Args[0].OID, nil), nil
		}
		vals := make([]types.Datum, n)
		for i := range vals {
			vals[i] = args[0]
		}
		return types.BuildArrayDims(t.Args[0].OID, vals, dims)
	}), ex("array_fill(7, ARRAY[3])", "{7,7,7}"), ex("array_fill(7, ARRAY[2], ARRAY[2])", "[2:3]={7,7}"))
