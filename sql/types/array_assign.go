package types

import (
	"slices"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// ArrayBound is a subscript of an assignment: an element's, or a slice's two,
// of which either may be left out.
type ArrayBound struct {
	Lower, Upper       int
	HasLower, HasUpper bool
}

// AssignElement is array[subscripts] = v (array_set_element): a one-dimensional
// array grows as far as is needed, the gap is NULL; others must have the
// element. An array without elements takes the subscripts as its bounds.
func AssignElement(arr Array, elem OID, subscripts []int, v Datum) (Datum, error) {
	if arr.NDim() == 0 {
		dims := make([]ArrayDim, len(subscripts))
		for i, s := range subscripts {
			dims[i] = ArrayDim{Length: 1, Lower: s}
		}
		return BuildArrayDims(elem, []Datum{v}, dims)
	}
	bounds := make([]ArrayBound, len(subscripts))
	for i, s := range subscripts {
		bounds[i] = ArrayBound{Lower: s, Upper: s, HasLower: true, HasUpper: true}
	}
	if arr.NDim() != len(subscripts) {
		return Datum{}, pgerror.New(pgerror.ArraySubscriptError, "wrong number of array subscripts")
	}
	return assignBlock(arr, elem, bounds, []Datum{v})
}

// AssignSlice is array[l:u, ...] = src (array_set_slice). src's elements are
// taken row by row, those that are too many are left over.
func AssignSlice(arr Array, elem OID, bounds []ArrayBound, src Array) (Datum, error) {
	vals := src.Elements()
	if arr.NDim() == 0 {
		dims := make([]ArrayDim, len(bounds))
		n := 1
		for i, b := range bounds {
			if !b.HasLower || !b.HasUpper {
				return Datum{}, pgerror.New(pgerror.ArraySubscriptError, "array slice subscript must provide both boundaries").
					WithDetail("When assigning to a slice of an empty array value, slice boundaries must be fully specified.")
			}
			if dims[i] = (ArrayDim{Length: b.Upper - b.Lower + 1, Lower: b.Lower}); dims[i].Length < 0 {
				return Datum{}, upperBelowLower()
			}
			n *= dims[i].Length
			if n > maxArrayLength {
				return Datum{}, arrayTooLarge()
			}
		}
		if n > len(vals) {
			return Datum{}, sourceTooSmall()
		}
		return BuildArrayDims(elem, vals[:n], dims)
	}
	if arr.NDim() < len(bounds) {
		return Datum{}, pgerror.New(pgerror.ArraySubscriptError, "wrong number of array subscripts")
	}
	bounds = slices.Clone(bounds)
	for len(bounds) < arr.NDim() {
		bounds = append(bounds, ArrayBound{})
	}
	n := 1
	for i := range bounds {
		b, d := &bounds[i], arr.Dim(i)
		if !b.HasLower {
			b.Lower = d.Lower
		}
		if !b.HasUpper {
			b.Upper = d.Lower + d.Length - 1
		}
		if b.Upper < b.Lower {
			return Datum{}, upperBelowLower()
		}
		if n *= b.Upper - b.Lower + 1; n > maxArrayLength {
			return Datum{}, arrayTooLarge()
		}
	}
	if n > len(vals) {
		return Datum{}, sourceTooSmall()
	}
	return assignBlock(arr, elem, bounds, vals)
}

func upperBelowLower() error {
	return pgerror.New(pgerror.ArraySubscriptError, "upper bound cannot be less than lower bound")
}

func sourceTooSmall() error {
	return pgerror.New(pgerror.ArraySubscriptError, "source array too small")
}

// assignBlock writes vals row by row into the block between the bounds.
func assignBlock(arr Array, elem OID, bounds []ArrayBound, vals []Datum) (Datum, error) {
	dims, old := arr.Dims(), arr.Elements()
	if len(dims) == 1 {
		var err error
		if dims[0], old, err = grow(dims[0], old, bounds[0]); err != nil {
			return Datum{}, err
		}
	}
	for i, b := range bounds {
		if b.Lower < dims[i].Lower || b.Upper >= dims[i].Lower+dims[i].Length {
			return Datum{}, pgerror.New(pgerror.ArraySubscriptError, "array subscript out of range")
		}
	}
	at := make([]int, len(bounds))
	for i := range bounds {
		at[i] = bounds[i].Lower
	}
	for k := 0; ; k++ {
		pos := 0
		for i, d := range dims {
			pos = pos*d.Length + at[i] - d.Lower
		}
		old[pos] = vals[k]
		i := len(at) - 1
		for ; i >= 0; i-- { // the next place, last dimension first
			if at[i]++; at[i] <= bounds[i].Upper {
				break
			}
			at[i] = bounds[i].Lower
		}
		if i < 0 {
			return BuildArrayDims(elem, old, dims)
		}
	}
}

// grow makes room in a one-dimensional array for a block outside of it.
func grow(d ArrayDim, vals []Datum, b ArrayBound) (ArrayDim, []Datum, error) {
	low, high := min(d.Lower, b.Lower), max(d.Lower+d.Length-1, b.Upper)
	if high-low+1 > maxArrayLength {
		return d, nil, arrayTooLarge()
	}
	out := make([]Datum, high-low+1)
	copy(out[d.Lower-low:], vals)
	return ArrayDim{Length: len(out), Lower: low}, out, nil
}
