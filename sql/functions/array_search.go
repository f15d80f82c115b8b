package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// sameDatum is IS NOT DISTINCT FROM.
func sameDatum(t types.Type, a, b types.Datum) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() == b.IsNull()
	}
	return types.Compare(t, a, b) == 0
}

var errSearchDims = pgerror.New(pgerror.FeatureNotSupported, "searching for elements in multidimensional arrays is not supported")

var (
	_ = define("array_position(anycompatiblearray,anycompatible) array_position(anycompatiblearray,anycompatible,int4)",
		"The subscript of the first element that equals the value (from a subscript on); NULL if none does.",
		evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
			if args[0].IsNull() {
				return types.Null, nil
			}
			a := args[0].Array()
			if a.NDim() > 1 {
				return types.Null, errSearchDims
			}
			start := -1 << 31
			if len(args) == 3 {
				if args[2].IsNull() {
					return types.Null, pgerror.New(pgerror.NullValueNotAllowed, "initial position must not be null")
				}
				start = int(args[2].I)
			}
			elem := elemType(c, t.Args[0], a)
			for i, v := range a.All() {
				pos := a.Dim(0).Lower + i
				if pos >= start && sameDatum(elem, v, args[1]) {
					return types.NewInt4(int32(pos)), nil
				}
			}
			return types.Null, nil
		}), ex("array_position(ARRAY['sun','mon','tue'], 'mon')", "2"), ex("array_position(ARRAY[1,2,1], 1, 2)", "3"))
	_ = define("array_positions(anycompatiblearray,anycompatible)", "The subscripts of all elements that equal the value.",
		evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
			if args[0].IsNull() {
				return types.Null, nil
			}
			a := args[0].Array()
			if a.NDim() > 1 {
				return types.Null, errSearchDims
			}
			elem := elemType(c, t.Args[0], a)
			var out []types.Datum
			for i, v := range a.All() {
				if sameDatum(elem, v, args[1]) {
					out = append(out, types.NewInt4(int32(a.Dim(0).Lower+i)))
				}
			}
			return types.BuildArray(types.Int4, out), nil
		}), ex("array_positions(ARRAY['A','A','B','A'], 'A')", "{1,2,4}"))
	_ = define("array_remove(anycompatiblearray,anycompatible)", "Removes the elements that equal the value.",
		evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
			if args[0].IsNull() {
				return types.Null, nil
			}
			a := args[0].Array()
			if a.NDim() > 1 {
				return types.Null, pgerror.New(pgerror.FeatureNotSupported, "removing elements from multidimensional arrays is not supported")
			}
			elem := elemType(c, t.Args[0], a)
			var keep []types.Datum
			for _, v := range a.All() {
				if !sameDatum(elem, v, args[1]) {
					keep = append(keep, v)
				}
			}
			if len(keep) == a.Len() {
				return args[0], nil
			}
			return rebuild(a, elem.OID, keep), nil
		}), ex("array_remove(ARRAY[1,2,3,2], 2)", "{1,3}"))
	_ = define("array_replace(anycompatiblearray,anycompatible,anycompatible)", "Replaces the elements that equal a value.",
		evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
			if args[0].IsNull() {
				return types.Null, nil
			}
			a := args[0].Array()
			elem := elemType(c, t.Args[0], a)
			vals := a.Elements()
			if len(vals) == 0 {
				return args[0], nil
			}
			for i, v := range vals {
				if sameDatum(elem, v, args[1]) {
					vals[i] = args[2]
				}
			}
			return types.BuildArrayDims(elem.OID, vals, a.Dims())
		}), ex("array_replace(ARRAY[1,2,5,4], 5, 3)", "{1,2,3,4}"))
)
