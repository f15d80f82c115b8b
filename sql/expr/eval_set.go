package expr

import (
	"math"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// setThreshold is the list length from which a set beats a loop of comparisons.
const setThreshold = 8

// valueSet is the distinct values of a constant list, for lookups by equality.
type valueSet struct {
	typ     types.Type
	hasNull bool
	ints    *intSet
	strs    map[string]struct{}
	// other holds values whose equality is not that of their bytes, by hash.
	other map[uint64][]types.Datum
}

// constantSet makes the set of an IN list of many constants, nil if there is none.
func constantSet(e *InList) *valueSet {
	if len(e.List) < setThreshold {
		return nil
	}
	vals := make([]types.Datum, len(e.List))
	for i, x := range e.List {
		k, ok := x.(*Const)
		if !ok || !setComparable(e.Left.Type(), k.Typ) {
			return nil
		}
		vals[i] = k.Value
	}
	return newValueSet(e.Left.Type(), vals)
}

// setComparable says whether = between the types is equality of their values
// in one set: the same type, or integers of any size.
func setComparable(a, b types.Type) bool {
	if a.OID == b.OID {
		return a.OID != types.Record
	}
	return isInteger(a) && isInteger(b) || isText(a) && isText(b)
}

func isInteger(t types.Type) bool {
	return t.OID == types.Int2 || t.OID == types.Int4 || t.OID == types.Int8
}

func isText(t types.Type) bool {
	return t.OID == types.Text || t.OID == types.Varchar || t.OID == types.Name
}

func newValueSet(t types.Type, vals []types.Datum) *valueSet {
	s := &valueSet{typ: t}
	var ints []int64
	for _, d := range vals {
		if d.IsNull() {
			s.hasNull = true
			continue
		}
		switch t.Phys() {
		case types.PhysBool, types.PhysInt16, types.PhysInt32, types.PhysInt64, types.PhysUint32:
			ints = append(ints, d.I)
			continue
		case types.PhysString:
			if t.OID != types.Bpchar && t.OID != types.JSONB {
				if s.strs == nil {
					s.strs = make(map[string]struct{}, len(vals))
				}
				s.strs[d.S] = struct{}{}
				continue
			}
		}
		if s.other == nil {
			s.other = make(map[uint64][]types.Datum, len(vals))
		}
		h := types.Hash(t, d, 0)
		s.other[h] = append(s.other[h], d)
	}
	if ints != nil {
		s.ints = newIntSet(ints)
	}
	return s
}

func (s *valueSet) contains(d types.Datum) bool {
	switch {
	case s.ints != nil:
		return s.ints.contains(d.I)
	case s.strs != nil:
		_, ok := s.strs[d.S]
		return ok
	case s.other != nil:
		for _, x := range s.other[types.Hash(s.typ, d, 0)] {
			if types.Compare(s.typ, x, d) == 0 {
				return true
			}
		}
	}
	return false
}

// setEval is left [NOT] IN (set).
type setEval struct {
	left Evaluator
	set  *valueSet
	not  bool
}

func (e *setEval) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	v, err := e.left.Eval(c, cols, n)
	if err != nil {
		return functions.Value{}, err
	}
	defer v.Array.Release()
	if v.Const {
		n = 1
	}
	x := e.set.lookup(v.Array, n)
	if e.not {
		notBits(&x)
	}
	return functions.Value{Array: x.array(c), Const: v.Const}, nil
}

// lookup answers for each row whether it is in the set (NULL if it is not, but
// the list has a NULL).
func (s *valueSet) lookup(a arrow.Array, n int) truth {
	x := newTruth(n)
	switch {
	case s.ints != nil:
		s.ints.fill(x.t, a)
	case s.strs != nil:
		if str, ok := a.(*array.String); ok {
			for i := range n {
				if _, ok := s.strs[str.Value(i)]; ok {
					x.t[i>>3] |= 1 << (i & 7)
				}
			}
		}
	case s.other != nil:
		for i := range n {
			if a.IsValid(i) && s.contains(types.DatumAt(a, i)) {
				x.t[i>>3] |= 1 << (i & 7)
			}
		}
	}
	if !s.hasNull {
		for i := range x.f {
			x.f[i] = ^x.t[i]
		}
		maskTail(x.f, n)
	}
	if a.NullN() > 0 {
		for i := range n {
			if a.IsNull(i) {
				x.t[i>>3] &^= 1 << (i & 7)
				x.f[i>>3] &^= 1 << (i & 7)
			}
		}
	}
	return x
}

// intSet is an open-addressing set of integers, at most half full.
type intSet struct {
	slots    []int64
	shift    uint
	hasEmpty bool // math.MinInt64 marks empty slots, so it is kept apart
}

func newIntSet(vals []int64) *intSet {
	size := max(16, 1<<bits.Len(uint(2*len(vals)-1)))
	s := &intSet{slots: make([]int64, size), shift: uint(64 - bits.TrailingZeros(uint(size)))}
	for i := range s.slots {
		s.slots[i] = math.MinInt64
	}
	for _, v := range vals {
		if v == math.MinInt64 {
			s.hasEmpty = true
			continue
		}
		i := s.slot(v)
		for s.slots[i] != math.MinInt64 && s.slots[i] != v {
			i = (i + 1) & (len(s.slots) - 1)
		}
		s.slots[i] = v
	}
	return s
}

func (s *intSet) slot(v int64) int { return int(uint64(v) * 0x9e3779b97f4a7c15 >> s.shift) }

func (s *intSet) contains(v int64) bool {
	if v == math.MinInt64 {
		return s.hasEmpty
	}
	for i := s.slot(v); ; i = (i + 1) & (len(s.slots) - 1) {
		switch s.slots[i] {
		case v:
			return true
		case math.MinInt64:
			return false
		}
	}
}

func (s *intSet) fill(dst []byte, a arrow.Array) {
	switch a := a.(type) {
	case *array.Int16:
		fillInts(dst, s, a.Int16Values())
	case *array.Int32:
		fillInts(dst, s, a.Int32Values())
	case *array.Int64:
		fillInts(dst, s, a.Int64Values())
	case *array.Uint32:
		fillInts(dst, s, a.Uint32Values())
	case *array.Boolean:
		for i := range a.Len() {
			d := types.NewBool(a.Value(i))
			if s.contains(d.I) {
				dst[i>>3] |= 1 << (i & 7)
			}
		}
	}
}

func fillInts[T int16 | int32 | int64 | uint32](dst []byte, s *intSet, vals []T) {
	for i, v := range vals {
		if s.contains(int64(v)) {
			dst[i>>3] |= 1 << (i & 7)
		}
	}
}
