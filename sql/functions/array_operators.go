package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = registerComparisons(compareNames("array_"), orderedBody(compareArrays))

	_ = behind("arraycontains", fn2(arrayContains))
	_ = behind("arraycontained", fn2(func(a, b binary) bool { return arrayContains(b, a) }))
	_ = behind("arrayoverlap", fn2(arrayOverlap))

	_ = behind("array_append", body{EvalTyped: func(_ *Context, t Signature, d []types.Datum) (types.Datum, error) {
		return arrayPush(t.Args[1], d[0], d[1], false)
	}})
	_ = behind("array_prepend", body{EvalTyped: func(_ *Context, t Signature, d []types.Datum) (types.Datum, error) {
		return arrayPush(t.Args[0], d[1], d[0], true)
	}})
	_ = behind("array_cat", body{Eval: func(_ *Context, d []types.Datum) (types.Datum, error) { return arrayConcat(d[0], d[1]) }})
)

func compareArrays(a, b binary) int {
	return types.CompareArrays(types.DecodeArray(string(a)), types.DecodeArray(string(b)))
}

// arrayContains is a @> b: every element of b equals one of a; NULL equals nothing.
func arrayContains(a, b binary) bool {
	return arrayMatch(a, b, true)
}

// arrayOverlap is a && b: some element of b equals one of a.
func arrayOverlap(a, b binary) bool {
	return arrayMatch(a, b, false)
}

func arrayMatch(a, b binary, all bool) bool {
	x, y := types.DecodeArray(string(a)), types.DecodeArray(string(b))
	elem := types.Of(y.ElemOID())
	mine := x.Elements()
	var hashed map[uint64][]types.Datum
	if len(mine)*y.Len() > 256 {
		hashed = make(map[uint64][]types.Datum, len(mine))
		for _, d := range mine {
			if !d.IsNull() {
				h := types.Hash(elem, d, 0)
				hashed[h] = append(hashed[h], d)
			}
		}
	}
	for _, d := range y.All() {
		if d.IsNull() {
			if all {
				return false
			}
			continue
		}
		candidates := mine
		if hashed != nil {
			candidates = hashed[types.Hash(elem, d, 0)]
		}
		found := false
		for _, m := range candidates {
			if !m.IsNull() && types.Compare(elem, m, d) == 0 {
				found = true
				break
			}
		}
		if found != all {
			return found
		}
	}
	return all
}

// arrayPush is array_append and array_prepend.
func arrayPush(elem types.Type, arr, d types.Datum, front bool) (types.Datum, error) {
	if arr.IsNull() {
		return types.BuildArray(elem.OID, []types.Datum{d}), nil
	}
	a := arr.Array()
	switch a.NDim() {
	case 0:
		return types.BuildArray(elem.OID, []types.Datum{d}), nil
	case 1:
	default:
		return types.Null, pgerror.New(pgerror.DataException, "argument must be empty or one-dimensional array")
	}
	vals := make([]types.Datum, 0, a.Len()+1)
	if front {
		vals = append(vals, d)
	}
	for _, x := range a.All() {
		vals = append(vals, x)
	}
	if !front {
		vals = append(vals, d)
	}
	return types.BuildArrayDims(a.ElemOID(), vals, []types.ArrayDim{{Length: len(vals), Lower: a.Dim(0).Lower}})
}

func errIncompatibleArrays(detail string, args ...any) error {
	return pgerror.New(pgerror.ArraySubscriptError, "cannot concatenate incompatible arrays").WithDetail(detail, args...)
}

// arrayConcat is array_cat: arrays of the same number of dimensions, or of one
// less, which is then one element of the other.
func arrayConcat(l, r types.Datum) (types.Datum, error) {
	switch {
	case l.IsNull():
		return r, nil
	case r.IsNull():
		return l, nil
	}
	a, b := l.Array(), r.Array()
	switch {
	case a.NDim() == 0:
		return r, nil
	case b.NDim() == 0:
		return l, nil
	}
	da, db := a.Dims(), b.Dims()
	var dims []types.ArrayDim
	inner := func(outer, in []types.ArrayDim) bool {
		for i := range in {
			if outer[i+1].Length != in[i].Length || outer[i+1].Lower != in[i].Lower {
				return false
			}
		}
		return true
	}
	switch len(da) - len(db) {
	case 0:
		if !inner(da, db[1:]) {
			return types.Null, errIncompatibleArrays("Arrays with differing element dimensions are not compatible for concatenation.")
		}
		dims = append(dims, da...)
		dims[0].Length += db[0].Length
	case 1:
		if !inner(da, db) {
			return types.Null, errIncompatibleArrays("Arrays with differing dimensions are not compatible for concatenation.")
		}
		dims = append(dims, da...)
		dims[0].Length++
	case -1:
		if !inner(db, da) {
			return types.Null, errIncompatibleArrays("Arrays with differing dimensions are not compatible for concatenation.")
		}
		dims = append(dims, db...)
		dims[0].Length++
	default:
		return types.Null, errIncompatibleArrays("Arrays of %d and %d dimensions are not compatible for concatenation.", len(da), len(db))
	}
	return types.BuildArrayDims(a.ElemOID(), append(a.Elements(), b.Elements()...), dims)
}

// textArray is a text[]'s elements; ok is false if one is NULL.
func textArray(b binary) (texts []string, ok bool) {
	ok = true
	for _, d := range types.DecodeArray(string(b)).All() {
		ok = ok && !d.IsNull()
		texts = append(texts, d.S)
	}
	return texts, ok
}

// appendJSONArray prints an array as JSON, dimension by dimension.
func appendJSONArray(dst []byte, c *Context, t types.Type, d types.Datum, canonical bool) ([]byte, error) {
	a := d.Array()
	if a.NDim() == 0 {
		return append(dst, "[]"...), nil
	}
	dims, vals, elem := a.Dims(), a.Elements(), t.Elem()
	separator := ","
	if canonical {
		separator = ", "
	}
	var level func(k int) error
	level = func(k int) (err error) {
		dst = append(dst, '[')
		for i := range dims[k].Length {
			if i > 0 {
				dst = append(dst, separator...)
			}
			if k+1 < len(dims) {
				err = level(k + 1)
			} else {
				dst, err = appendJSON(dst, c, elem, vals[0], canonical)
				vals = vals[1:]
			}
			if err != nil {
				return err
			}
		}
		dst = append(dst, ']')
		return nil
	}
	err := level(0)
	return dst, err
}
