package types

import (
	"encoding/binary"
	"math"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// An array lies as PhysBinary, integers little endian:
//
//	ndim uint8 | flags uint8 (1: has nulls) | element OID uint32
//	ndim times: length uint32, lower bound int32
//	null bitmap, one bit an element, set is NULL (only with flag 1)
//	the elements that are not NULL, row by row: fixed size for the numeric
//	forms (bool 1, int2 2, int4/oid/float4 4, int8/float8 8 bytes), length
//	uint32 and bytes for the others
//
// An empty array has ndim 0.
const (
	arrayHeadLen   = 6
	arrayHasNulls  = 1
	maxArrayDims   = 6
	maxArrayLength = 134217727
)

// ArrayDim is the length and lower bound of one dimension.
type ArrayDim struct {
	Length int
	Lower  int
}

// Array reads the encoding of an array without copying it.
type Array struct {
	elem  OID
	phys  Phys
	ndim  int
	count int
	nulls string // bitmap, empty without nulls
	dims  string
	data  string
}

// physSize is the bytes of a fixed size element in an array, 0 for others.
func physSize(p Phys) int {
	switch p {
	case PhysBool:
		return 1
	case PhysInt16:
		return 2
	case PhysInt32, PhysUint32, PhysFloat32:
		return 4
	case PhysInt64, PhysFloat64:
		return 8
	}
	return 0
}

// DecodeArray reads an array's encoding. Bytes that are no array read as the
// empty array.
func DecodeArray(s string) Array {
	if len(s) < arrayHeadLen {
		return Array{}
	}
	a := Array{ndim: int(s[0]), elem: OID(le32(s[2:]))}
	a.phys = Of(a.elem).Phys()
	flags := s[1]
	s = s[arrayHeadLen:]
	if a.ndim == 0 || a.ndim > maxArrayDims || len(s) < 8*a.ndim {
		a.ndim = 0
		return a
	}
	a.dims, s = s[:8*a.ndim], s[8*a.ndim:]
	n := uint64(1)
	for i := range a.ndim {
		if n *= le32(a.dims[8*i:]); n > maxArrayLength {
			return Array{elem: a.elem, phys: a.phys}
		}
	}
	a.count = int(n)
	if flags&arrayHasNulls != 0 {
		bm := (a.count + 7) / 8
		if len(s) < bm {
			return Array{elem: a.elem, phys: a.phys}
		}
		a.nulls, s = s[:bm], s[bm:]
	}
	// Broken bytes must not claim more elements than they hold.
	size := physSize(a.phys)
	if size == 0 {
		size = 4
	}
	if a.nulls == "" && a.count > len(s)/size {
		return Array{elem: a.elem, phys: a.phys}
	}
	a.data = s
	return a
}

// Array returns the value of an array datum.
func (d Datum) Array() Array { return DecodeArray(d.S) }

// Len returns how many elements the array has in all dimensions.
func (a Array) Len() int { return a.count }

// NDim returns the number of dimensions, 0 for an empty array.
func (a Array) NDim() int { return a.ndim }

// ElemOID returns the type of the elements.
func (a Array) ElemOID() OID { return a.elem }

// Dim returns the i-th dimension, from 0.
func (a Array) Dim(i int) ArrayDim {
	return ArrayDim{Length: int(le32(a.dims[8*i:])), Lower: int(int32(le32(a.dims[8*i+4:])))}
}

// Dims returns the dimensions.
func (a Array) Dims() []ArrayDim {
	dims := make([]ArrayDim, a.ndim)
	for i := range dims {
		dims[i] = a.Dim(i)
	}
	return dims
}

// HasNulls reports whether an element is NULL.
func (a Array) HasNulls() bool { return a.nulls != "" }

func (a *Array) isNull(i int) bool { return a.nulls != "" && a.nulls[i>>3]&(1<<(i&7)) != 0 }

// All yields the index and value of each element, row by row. The values alias
// the array.
func (a Array) All() func(yield func(int, Datum) bool) {
	return func(yield func(int, Datum) bool) {
		data := a.data
		for i := range a.count {
			var d Datum
			if !a.isNull(i) {
				var n int
				if d, n = a.read(data); n == 0 {
					return
				}
				data = data[n:]
			}
			if !yield(i, d) {
				return
			}
		}
	}
}

// ArrayCursor reads the elements of an array one after another.
type ArrayCursor struct {
	a  Array
	at int
}

// Cursor stands before the first element.
func (a Array) Cursor() ArrayCursor { return ArrayCursor{a: a} }

// Next is the next element, NULL after the last one. It aliases the array.
func (c *ArrayCursor) Next() Datum {
	if c.at >= c.a.count {
		return Datum{}
	}
	c.at++
	if c.a.isNull(c.at - 1) {
		return Datum{}
	}
	d, n := c.a.read(c.a.data)
	c.a.data = c.a.data[n:]
	return d
}

// read reads the element at the start of data; 0 bytes if it is cut off.
func (a *Array) read(data string) (Datum, int) {
	if n := physSize(a.phys); n > 0 {
		if len(data) < n {
			return Datum{}, 0
		}
		d := Datum{P: a.phys}
		switch n {
		case 1:
			d.I = int64(data[0])
		case 2:
			d.I = int64(int16(uint16(data[0]) | uint16(data[1])<<8))
		case 4:
			if a.phys == PhysInt32 {
				d.I = int64(int32(le32(data)))
			} else {
				d.I = int64(le32(data))
			}
		case 8:
			d.I = int64(le64(data))
		}
		return d, n
	}
	if len(data) < 4 {
		return Datum{}, 0
	}
	n := int(le32(data))
	if len(data)-4 < n {
		return Datum{}, 0
	}
	return Datum{P: a.phys, S: data[4 : 4+n]}, 4 + n
}

// Elements returns all elements, row by row, aliasing the array.
func (a Array) Elements() []Datum {
	out := make([]Datum, 0, a.count)
	for _, d := range a.All() {
		out = append(out, d)
	}
	return out
}

// At returns the i-th element in storage order, from 0.
func (a Array) At(i int) Datum {
	if i < 0 || i >= a.count {
		return Datum{}
	}
	if n := physSize(a.phys); n > 0 && a.nulls == "" {
		if len(a.data) < n*(i+1) {
			return Datum{}
		}
		d, _ := a.read(a.data[n*i:])
		return d
	}
	for j, d := range a.All() {
		if j == i {
			return d
		}
	}
	return Datum{}
}

// ElementAt returns the element at subscripts; NULL if they lie outside or
// their number is not that of the dimensions.
func (a Array) ElementAt(subscripts ...int) Datum {
	if len(subscripts) != a.ndim || a.ndim == 0 {
		return Datum{}
	}
	pos := 0
	for i, s := range subscripts {
		d := a.Dim(i)
		if s -= d.Lower; s < 0 || s >= d.Length {
			return Datum{}
		}
		pos = pos*d.Length + s
	}
	return a.At(pos)
}

// BuildArray makes a one-dimensional array with lower bound 1.
func BuildArray(elem OID, vals []Datum) Datum {
	if len(vals) == 0 {
		return buildArray(elem, vals, nil)
	}
	return buildArray(elem, vals, []ArrayDim{{Length: len(vals), Lower: 1}})
}

// BuildArrayDims makes an array of any dimensions from its elements row by
// row; 54000 for too many, 2202E if the count does not fit.
func BuildArrayDims(elem OID, vals []Datum, dims []ArrayDim) (Datum, error) {
	if len(dims) > maxArrayDims {
		return Datum{}, pgerror.New(pgerror.ProgramLimitExceeded,
			"number of array dimensions (%d) exceeds the maximum allowed (%d)", len(dims), maxArrayDims)
	}
	n := 1
	for _, d := range dims {
		n *= d.Length
		if n > maxArrayLength {
			return Datum{}, arrayTooLarge()
		}
	}
	if len(vals) == 0 {
		return buildArray(elem, nil, nil), nil
	}
	if n != len(vals) || len(dims) == 0 {
		return Datum{}, pgerror.New(pgerror.ArraySubscriptError, "wrong number of array elements")
	}
	return buildArray(elem, vals, dims), nil
}

func arrayTooLarge() error {
	return pgerror.New(pgerror.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArrayLength)
}

func buildArray(elem OID, vals []Datum, dims []ArrayDim) Datum {
	phys := Of(elem).Phys()
	size := physSize(phys)
	total := arrayHeadLen + 8*len(dims) + (len(vals)+7)/8
	flags := byte(0)
	for i := range vals {
		if vals[i].P == PhysNull {
			flags = arrayHasNulls
		} else if size > 0 {
			total += size
		} else {
			total += 4 + len(vals[i].S)
		}
	}
	b := make([]byte, 0, total)
	b = append(b, byte(len(dims)), flags)
	b = binary.LittleEndian.AppendUint32(b, uint32(elem))
	for _, d := range dims {
		b = binary.LittleEndian.AppendUint32(b, uint32(d.Length))
		b = binary.LittleEndian.AppendUint32(b, uint32(int32(d.Lower)))
	}
	if flags != 0 {
		start := len(b)
		b = append(b, make([]byte, (len(vals)+7)/8)...)
		for i := range vals {
			if vals[i].P == PhysNull {
				b[start+i>>3] |= 1 << (i & 7)
			}
		}
	}
	for i := range vals {
		if vals[i].P == PhysNull {
			continue
		}
		b = appendElement(b, phys, vals[i])
	}
	return NewBinary(bytesString(b))
}

// CompareArrays orders arrays as array_cmp: by the elements (NULL greater than
// all), then their number, then dimensions and lower bounds.
func CompareArrays(a, b Array) int {
	elem := Of(a.elem)
	da, db := a.data, b.data
	for i := range min(a.count, b.count) {
		na, nb := a.isNull(i), b.isNull(i)
		var x, y Datum
		var n int
		if !na {
			if x, n = a.read(da); n == 0 {
				break
			}
			da = da[n:]
		}
		if !nb {
			if y, n = b.read(db); n == 0 {
				break
			}
			db = db[n:]
		}
		switch {
		case na && nb:
		case na:
			return 1
		case nb:
			return -1
		default:
			if c := Compare(elem, x, y); c != 0 {
				return c
			}
		}
	}
	if c := cmpInt(int64(a.count), int64(b.count)); c != 0 {
		return c
	}
	if c := cmpInt(int64(a.ndim), int64(b.ndim)); c != 0 {
		return c
	}
	for i := range a.ndim {
		if c := cmpInt(int64(a.Dim(i).Length), int64(b.Dim(i).Length)); c != 0 {
			return c
		}
	}
	for i := range a.ndim {
		if c := cmpInt(int64(a.Dim(i).Lower), int64(b.Dim(i).Lower)); c != 0 {
			return c
		}
	}
	return 0
}

func (a Array) hash(seed uint64) uint64 {
	elem := Of(a.elem)
	h := HashInt(int64(a.count), seed)
	for _, d := range a.All() {
		h = Hash(elem, d, h)
	}
	return h
}

// mapElements applies f to the elements that are not NULL.
func (a Array) mapElements(f func(Datum) (Datum, error)) (Datum, error) {
	vals := a.Elements()
	for i := range vals {
		if vals[i].P == PhysNull {
			continue
		}
		var err error
		if vals[i], err = f(vals[i]); err != nil {
			return Datum{}, err
		}
	}
	return buildArray(a.elem, vals, a.Dims()), nil
}

// appendArrayBinary appends array_send's form.
func appendArrayBinary(dst []byte, d Datum, io *IO) []byte {
	a := DecodeArray(d.S)
	dst = binary.BigEndian.AppendUint32(dst, uint32(a.ndim))
	flags := uint32(0)
	if a.HasNulls() {
		flags = 1
	}
	dst = binary.BigEndian.AppendUint32(dst, flags)
	dst = binary.BigEndian.AppendUint32(dst, uint32(a.elem))
	for i := range a.ndim {
		dim := a.Dim(i)
		dst = binary.BigEndian.AppendUint32(dst, uint32(dim.Length))
		dst = binary.BigEndian.AppendUint32(dst, uint32(int32(dim.Lower)))
	}
	elem := Of(a.elem)
	for _, e := range a.All() {
		if e.P == PhysNull {
			dst = binary.BigEndian.AppendUint32(dst, math.MaxUint32)
			continue
		}
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		dst = AppendBinary(dst, elem, e, io)
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst
}

// parseArrayBinary reads array_recv's form.
func parseArrayBinary(want Type, b []byte, io *IO) (Datum, error) {
	next := func() (int32, bool) {
		if len(b) < 4 {
			return 0, false
		}
		v := int32(binary.BigEndian.Uint32(b))
		b = b[4:]
		return v, true
	}
	ndim, ok1 := next()
	flags, ok2 := next()
	elem, ok3 := next()
	if !ok1 || !ok2 || !ok3 {
		return Datum{}, insufficientData()
	}
	bad := func(format string, args ...any) error {
		return pgerror.New(pgerror.InvalidBinaryRepresentation, format, args...)
	}
	switch {
	case ndim < 0:
		return Datum{}, bad("invalid number of dimensions: %d", ndim)
	case ndim > maxArrayDims:
		return Datum{}, pgerror.New(pgerror.ProgramLimitExceeded,
			"number of array dimensions (%d) exceeds the maximum allowed (%d)", ndim, maxArrayDims)
	case flags != 0 && flags != 1:
		return Datum{}, bad("invalid array flags")
	}
	if OID(uint32(elem)) != want.OID {
		return Datum{}, pgerror.New(pgerror.DatatypeMismatch,
			"binary data has array element type %d (%s) instead of expected %d (%s)",
			uint32(elem), sqlName(OID(uint32(elem))), want.OID, sqlName(want.OID))
	}
	dims := make([]ArrayDim, ndim)
	count := 1
	for i := range dims {
		n, ok1 := next()
		lower, ok2 := next()
		if !ok1 || !ok2 {
			return Datum{}, insufficientData()
		}
		if n < 0 || int64(n)*int64(count) > maxArrayLength {
			return Datum{}, arrayTooLarge()
		}
		if int64(lower)+int64(n) > math.MaxInt32 {
			return Datum{}, pgerror.New(pgerror.ProgramLimitExceeded, "array lower bound is too large: %d", lower)
		}
		dims[i] = ArrayDim{Length: int(n), Lower: int(lower)}
		count *= int(n)
	}
	if ndim == 0 || count == 0 {
		return buildArray(want.OID, nil, nil), nil
	}
	if count > len(b)/4 {
		return Datum{}, insufficientData()
	}
	vals := make([]Datum, count)
	for i := range vals {
		n, ok := next()
		if !ok || int64(n) > int64(len(b)) {
			return Datum{}, insufficientData()
		}
		if n < 0 {
			continue
		}
		v, err := ParseBinary(want, b[:n], io)
		if err != nil {
			return Datum{}, err
		}
		vals[i], b = v, b[n:]
	}
	if len(b) != 0 {
		return Datum{}, invalidBinary()
	}
	return buildArray(want.OID, vals, dims), nil
}
