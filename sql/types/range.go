package types

import (
	"cmp"
	"encoding/binary"
	"math"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// A range lies as PhysBinary, integers little endian: the OID of its type
// uint32, flags (rangeEmpty...), then its lower and upper bound where they are
// finite: 8 bytes for the numeric forms, else a length uint32 and bytes.

// RangeBound is an end of a range.
type RangeBound struct {
	Value               Datum
	Infinite, Inclusive bool
}

// Range is a range of values of a type with an order (PostgreSQL 8.17).
type Range struct {
	OID          OID // of the range type
	Empty        bool
	Lower, Upper RangeBound
}

// The flags of a range, PostgreSQL's, which its binary form has too.
const (
	rangeEmpty    = 0x01
	rangeLowerInc = 0x02
	rangeUpperInc = 0x04
	rangeLowerInf = 0x08
	rangeUpperInf = 0x10
)

// RangeType is a row of pg_range.
type RangeType struct {
	Range, Multirange, Subtype OID
	// Discrete says that values have a next one: the ranges are made [) .
	Discrete bool
}

// RangeTypes are the built-in range types, by OID.
var RangeTypes = []RangeType{
	{Int4Range, Int4Multirange, Int4, true},
	{NumRange, NumMultirange, Numeric, false},
	{TsRange, TsMultirange, Timestamp, false},
	{TstzRange, TstzMultirange, Timestamptz, false},
	{DateRange, DateMultirange, Date, true},
	{Int8Range, Int8Multirange, Int8, true},
}

// FindRange describes a range or multirange type, nil if it is none.
func FindRange(oid OID) *RangeType {
	if oid < Int4Range || oid > Int8Multirange {
		return nil
	}
	for i := range RangeTypes {
		if r := &RangeTypes[i]; r.Range == oid || r.Multirange == oid {
			return r
		}
	}
	return nil
}

// IsRange reports whether t is a range type.
func (t Type) IsRange() bool {
	r := FindRange(t.OID)
	return r != nil && r.Range == t.OID
}

// IsMultirange reports whether t is a multirange type.
func (t Type) IsMultirange() bool {
	r := FindRange(t.OID)
	return r != nil && r.Multirange == t.OID
}

// Subtype is the type of the range's values.
func (r *Range) Subtype() Type { return Of(FindRange(r.OID).Subtype) }

// MakeRange makes a range of its bounds in the form that equal ranges share.
// The error is 22000 if the lower bound is above the upper one, 22003 or 22008
// if a bound has no next value.
func MakeRange(oid OID, lower, upper RangeBound) (Range, error) {
	r := Range{OID: oid, Lower: lower, Upper: upper}
	t := FindRange(oid)
	for _, b := range []*RangeBound{&r.Lower, &r.Upper} {
		if b.Infinite {
			*b = RangeBound{Infinite: true}
		}
	}
	if !lower.Infinite && !upper.Infinite {
		switch c := Compare(Of(t.Subtype), lower.Value, upper.Value); {
		case c > 0:
			return r, pgerror.New(pgerror.DataException, "range lower bound must be less than or equal to range upper bound")
		case c == 0 && !(lower.Inclusive && upper.Inclusive):
			return Range{OID: oid, Empty: true}, nil
		}
	}
	if !t.Discrete {
		return r, nil
	}
	if err := r.Lower.canonical(t.Subtype, false); err != nil {
		return r, err
	}
	if err := r.Upper.canonical(t.Subtype, true); err != nil {
		return r, err
	}
	if !lower.Infinite && !upper.Infinite && r.Lower.Value == r.Upper.Value && !r.Upper.Inclusive {
		return Range{OID: oid, Empty: true}, nil
	}
	return r, nil
}

// canonical makes a bound of a discrete range inclusive below, exclusive above.
func (b *RangeBound) canonical(subtype OID, upper bool) error {
	if b.Infinite || b.Inclusive != upper {
		return nil
	}
	end := int64(math.MaxInt64)
	switch subtype {
	case Int4:
		end = math.MaxInt32
	case Date:
		if b.Value.I == math.MaxInt32 || b.Value.I == math.MinInt32 {
			return nil // infinity stays as it is
		}
		end = endDate - 1
	}
	if b.Value.I >= end {
		switch subtype {
		case Int4:
			return pgerror.New(pgerror.NumericValueOutOfRange, "integer out of range")
		case Date:
			return dateOutOfRange()
		}
		return pgerror.New(pgerror.NumericValueOutOfRange, "bigint out of range")
	}
	b.Value.I++
	b.Inclusive = !upper
	return nil
}

// DecodeRange reads a value of a range type, aliasing s.
func DecodeRange(s string) Range {
	if len(s) < 5 {
		return Range{OID: Int4Range, Empty: true}
	}
	r := Range{OID: OID(le32(s))}
	if t := FindRange(r.OID); t == nil || t.Range != r.OID {
		return Range{OID: Int4Range, Empty: true}
	}
	r.decode(s[4:])
	return r
}

// decode reads the flags and bounds and returns what is behind them; a damaged
// range is empty.
func (r *Range) decode(s string) (rest string) {
	if s == "" || s[0]&rangeEmpty != 0 {
		r.Empty = true
		return s[min(1, len(s)):]
	}
	flags := s[0]
	s = s[1:]
	r.Lower = RangeBound{Infinite: flags&rangeLowerInf != 0, Inclusive: flags&rangeLowerInc != 0}
	r.Upper = RangeBound{Infinite: flags&rangeUpperInf != 0, Inclusive: flags&rangeUpperInc != 0}
	p := r.Subtype().Phys()
	for _, b := range []*RangeBound{&r.Lower, &r.Upper} {
		if b.Infinite {
			continue
		}
		size, head := 8, 0
		if p == PhysBinary {
			if head = 4; len(s) < head {
				r.Empty = true
				return ""
			}
			size = int(le32(s))
		}
		if size > len(s)-head {
			r.Empty = true
			return ""
		}
		if p == PhysBinary {
			b.Value = Datum{P: p, S: s[head : head+size]}
		} else {
			b.Value = Datum{P: p, I: int64(le64(s))}
		}
		s = s[head+size:]
	}
	return s
}

// Datum returns the range as a value.
func (r *Range) Datum() Datum {
	return NewBinary(bytesString(r.append(binary.LittleEndian.AppendUint32(make([]byte, 0, 24), uint32(r.OID)))))
}

func (r *Range) append(dst []byte) []byte {
	dst = append(dst, r.flags())
	if r.Empty {
		return dst
	}
	for _, b := range []*RangeBound{&r.Lower, &r.Upper} {
		switch {
		case b.Infinite:
		case b.Value.P == PhysBinary:
			dst = binary.LittleEndian.AppendUint32(dst, uint32(len(b.Value.S)))
			dst = append(dst, b.Value.S...)
		default:
			dst = binary.LittleEndian.AppendUint64(dst, uint64(b.Value.I))
		}
	}
	return dst
}

func (r *Range) flags() byte {
	if r.Empty {
		return rangeEmpty
	}
	var f byte
	for i, on := range []bool{r.Lower.Inclusive, r.Upper.Inclusive, r.Lower.Infinite, r.Upper.Infinite} {
		if on {
			f |= rangeLowerInc << i
		}
	}
	return f
}

// CompareBounds orders two bounds, each a lower or an upper one (range_cmp_bounds).
func CompareBounds(subtype Type, a RangeBound, aUpper bool, b RangeBound, bUpper bool) int {
	side := func(upper bool) int { // where the values are that the bound keeps out
		if upper {
			return 1
		}
		return -1
	}
	switch {
	case a.Infinite && b.Infinite:
		return cmp.Compare(side(aUpper), side(bUpper))
	case a.Infinite:
		return side(aUpper)
	case b.Infinite:
		return -side(bUpper)
	}
	if c := Compare(subtype, a.Value, b.Value); c != 0 {
		return c
	}
	switch {
	case a.Inclusive && b.Inclusive:
		return 0
	case a.Inclusive:
		return side(bUpper)
	case b.Inclusive:
		return -side(aUpper)
	}
	return cmp.Compare(-side(aUpper), -side(bUpper))
}

// Compare orders ranges of a type: the empty one first, then by lower bound, then
// by upper bound (range_cmp).
func (r *Range) Compare(o *Range) int {
	switch {
	case r.Empty && o.Empty:
		return 0
	case r.Empty:
		return -1
	case o.Empty:
		return 1
	}
	t := r.Subtype()
	if c := CompareBounds(t, r.Lower, false, o.Lower, false); c != 0 {
		return c
	}
	return CompareBounds(t, r.Upper, true, o.Upper, true)
}

// CompareRanges orders two values of a range type.
func CompareRanges(a, b string) int {
	x, y := DecodeRange(a), DecodeRange(b)
	return x.Compare(&y)
}

func (r *Range) hash(seed uint64) uint64 {
	h := HashInt(int64(r.flags()), seed)
	if r.Empty {
		return h
	}
	t := r.Subtype()
	for _, b := range []*RangeBound{&r.Lower, &r.Upper} {
		if !b.Infinite {
			h = Hash(t, b.Value, h)
		}
	}
	return h
}
