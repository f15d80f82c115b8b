package functions

import (
	"bytes"
	"math"
	"math/bits"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// maxBits is how many bits a bit string may have (VARBITMAXLEN).
const maxBits = math.MaxInt32 - 8 + 1

// bitString is a value of bit or bit varying; what follows its n bits in the
// last byte is zero.
type bitString struct {
	data []byte
	n    int
}

func bitsOf(d types.Datum) bitString {
	data, n := d.Bits()
	return bitString{[]byte(data), n}
}

func (b bitString) datum() types.Datum { return types.NewBits(b.data, b.n) }

func (b bitString) at(i int) byte { return b.data[i>>3] >> (7 - i&7) & 1 }

// bitsFn is a strict function of bit strings and integers, row by row.
func bitsFn(f func(args []types.Datum) (types.Datum, error)) body {
	return body{Eval: func(_ *Context, args []types.Datum) (types.Datum, error) { return f(args) }}
}

// bitwise combines two bit strings of one length.
func bitwise(verb string, f func(a, b byte) byte) func(a, b types.Datum) (types.Datum, error) {
	return func(a, b types.Datum) (types.Datum, error) {
		x, y := bitsOf(a), bitsOf(b)
		if x.n != y.n {
			return types.Null, pgerror.New(pgerror.StringDataLengthMismatch, "cannot %s bit strings of different sizes", verb)
		}
		for i := range x.data {
			x.data[i] = f(x.data[i], y.data[i])
		}
		return x.datum(), nil
	}
}

var (
	bitsAnd = bitwise("AND", func(a, b byte) byte { return a & b })
	bitsOr  = bitwise("OR", func(a, b byte) byte { return a | b })
	bitsXor = bitwise("XOR", func(a, b byte) byte { return a ^ b })
)

// shift moves bits to the left, or to the right by a negative count; zeros come in.
func (b bitString) shift(by int64) bitString {
	out := bitString{make([]byte, len(b.data)), b.n}
	if by <= -int64(b.n) || by >= int64(b.n) {
		return out
	}
	whole, part := int(by>>3), int(by&7) // by = 8*whole + part, part from 0 to 7
	byteAt := func(i int) byte {
		if i < 0 || i >= len(b.data) {
			return 0
		}
		return b.data[i]
	}
	for i := range out.data {
		out.data[i] = byteAt(i+whole)<<part | byteAt(i+whole+1)>>(8-part)
	}
	return out
}

// slice is the bits [from, to).
func (b bitString) slice(from, to int) bitString {
	out := b.shift(int64(from))
	if from >= b.n || to <= from {
		return bitString{}
	}
	out.n = to - from
	out.data = out.data[:(out.n+7)/8]
	return bitString{append([]byte(nil), out.data...), out.n}.trimmed()
}

// trimmed clears what follows the last bit.
func (b bitString) trimmed() bitString {
	if r := b.n % 8; r != 0 {
		b.data[len(b.data)-1] &= byte(0xff << (8 - r))
	}
	return b
}

// join is b followed by c.
func (b bitString) join(c bitString) (bitString, error) {
	if b.n > maxBits-c.n {
		return b, pgerror.New(pgerror.ProgramLimitExceeded, "bit string length exceeds the maximum allowed (%d)", maxBits)
	}
	out := bitString{make([]byte, (b.n+c.n+7)/8), b.n + c.n}
	copy(out.data, b.data)
	whole, part := b.n/8, b.n%8
	for i, x := range c.data {
		out.data[whole+i] |= x >> part
		if whole+i+1 < len(out.data) {
			out.data[whole+i+1] |= x << (8 - part)
		}
	}
	return out, nil
}

// substring is the n bits from position start (from 1) on; n < 0 is all of them.
func (b bitString) substring(start, n int64) bitString {
	end := int64(b.n) + 1
	if n >= 0 {
		end = min(end, start+n)
	}
	return b.slice(int(min(max(start, 1), int64(b.n)+1))-1, int(max(end, 1))-1)
}

func errNegativeSubstring() error {
	return pgerror.New(pgerror.SubstringError, "negative substring length not allowed")
}

// overlay replaces the n bits from position start on.
func overlayBits(b, by bitString, start, n int64) (types.Datum, error) {
	if start <= 0 {
		return types.Null, errNegativeSubstring()
	}
	if start+n > math.MaxInt32 || start+n < math.MinInt32 {
		return types.Null, pgerror.New(pgerror.NumericValueOutOfRange, "integer out of range")
	}
	head, err := b.substring(1, start-1).join(by)
	if err == nil {
		head, err = head.join(b.substring(start+n, -1))
	}
	return head.datum(), err
}

// positionOfBits is where part begins in b, from 1, 0 for nowhere.
func positionOfBits(b, part bitString) int32 {
	if b.n == 0 || part.n > b.n {
		return 0
	}
	for from := 0; from+part.n <= b.n; from++ {
		if bytes.Equal(b.slice(from, from+part.n).data, part.data) {
			return int32(from + 1)
		}
	}
	return 0
}

func (b bitString) check(i int64) error {
	if i < 0 || i >= int64(b.n) {
		return pgerror.New(pgerror.ArraySubscriptError, "bit index %d out of valid range (0..%d)", i, b.n-1)
	}
	return nil
}

func setBitOf(args []types.Datum) (types.Datum, error) {
	b, i := bitsOf(args[0]), args[1].I
	if err := b.check(i); err != nil {
		return types.Null, err
	}
	if v := args[2].I; v != 0 && v != 1 {
		return types.Null, pgerror.New(pgerror.InvalidParameterValue, "new bit must be 0 or 1")
	}
	b.data[i>>3] = b.data[i>>3]&^(0x80>>(i&7)) | byte(args[2].I)<<(7-i&7)
	return b.datum(), nil
}

// bitsOfInt are the last n bits of v, its sign in front of them if there are more.
func bitsOfInt(v int64, n int64) types.Datum {
	if n <= 0 {
		n = 1
	}
	size := int(n+7) / 8
	wide := bitString{make([]byte, size), 8 * size}
	for i := range wide.data {
		wide.data[size-1-i] = byte(v >> min(8*i, 63))
	}
	return wide.slice(8*size-int(n), 8*size).datum()
}

// intOfBits reads a bit string as an integer of at most width bits.
func intOfBits(b bitString, width int, name string) (v int64, err error) {
	if b.n > width {
		return 0, pgerror.New(pgerror.NumericValueOutOfRange, "%s out of range", name)
	}
	u := uint64(0)
	for i := range b.n {
		u = u<<1 | uint64(b.at(i))
	}
	if width == 32 {
		return int64(int32(uint32(u))), nil
	}
	return int64(u), nil
}

var (
	_ = behind("bit_and", bitsFn(func(a []types.Datum) (types.Datum, error) { return bitsAnd(a[0], a[1]) }))
	_ = behind("bit_or", bitsFn(func(a []types.Datum) (types.Datum, error) { return bitsOr(a[0], a[1]) }))
	_ = behind("bitxor", bitsFn(func(a []types.Datum) (types.Datum, error) { return bitsXor(a[0], a[1]) }))
	_ = behind("bitnot", bitsFn(func(a []types.Datum) (types.Datum, error) {
		b := bitsOf(a[0])
		for i := range b.data {
			b.data[i] = ^b.data[i]
		}
		return b.datum(), nil
	}))
	_ = behind("bitshiftleft", bitsFn(func(a []types.Datum) (types.Datum, error) { return bitsOf(a[0]).shift(a[1].I).datum(), nil }))
	_ = behind("bitshiftright", bitsFn(func(a []types.Datum) (types.Datum, error) { return bitsOf(a[0]).shift(-a[1].I).datum(), nil }))
	_ = behind("bitcat", bitsFn(func(a []types.Datum) (types.Datum, error) {
		b, err := bitsOf(a[0]).join(bitsOf(a[1]))
		return b.datum(), err
	}))
	_ = behind("bitfromint4", bitsFn(func(a []types.Datum) (types.Datum, error) { return bitsOfInt(a[0].I, a[1].I), nil }))
	_ = behind("bitfromint8", bitsFn(func(a []types.Datum) (types.Datum, error) { return bitsOfInt(a[0].I, a[1].I), nil }))
	_ = behind("bittoint4", bitsFn(func(a []types.Datum) (types.Datum, error) {
		v, err := intOfBits(bitsOf(a[0]), 32, "integer")
		return types.NewInt4(int32(v)), err
	}))
	_ = behind("bittoint8", bitsFn(func(a []types.Datum) (types.Datum, error) {
		v, err := intOfBits(bitsOf(a[0]), 64, "bigint")
		return types.NewInt8(v), err
	}))

	_ = define("bit_count(bit)", "How many bits are set.", bitsFn(func(a []types.Datum) (types.Datum, error) {
		n := 0
		for _, c := range bitsOf(a[0]).data {
			n += bits.OnesCount8(c)
		}
		return types.NewInt8(int64(n)), nil
	}), ex("bit_count('10111'::bit(5))", "4"))
	_ = define("length(bit) bit_length(bit)", "The number of bits.", bitsFn(func(a []types.Datum) (types.Datum, error) {
		_, n := a[0].Bits()
		return types.NewInt4(int32(n)), nil
	}), ex("length('10111'::bit(5))", "5"))
	_ = define("octet_length(bit)", "The number of bytes that hold the bits.", bitsFn(func(a []types.Datum) (types.Datum, error) {
		_, n := a[0].Bits()
		return types.NewInt4(int32(n+7) / 8), nil
	}), ex("octet_length('1011111011'::bit(10))", "2"))
	_ = define("get_bit(bit,int4)", "The n-th bit, from 0 at the left.", bitsFn(func(a []types.Datum) (types.Datum, error) {
		b := bitsOf(a[0])
		if err := b.check(a[1].I); err != nil {
			return types.Null, err
		}
		return types.NewInt4(int32(b.at(int(a[1].I)))), nil
	}), ex("get_bit('101010101010101010'::bit(18), 6)", "1"))
	_ = define("set_bit(bit,int4,int4)", "Changes the n-th bit, from 0 at the left.", bitsFn(setBitOf), ex("set_bit('101010'::bit(6), 5, 1)", "101011"))
	_ = define("substring(bit,int4)", "The bits from a position (from 1) on.", bitsFn(func(a []types.Datum) (types.Datum, error) {
		return bitsOf(a[0]).substring(a[1].I, -1).datum(), nil
	}), ex("substring('110010111111'::bit(12), 3)", "0010111111"))
	_ = define("substring(bit,int4,int4)", "So many bits from a position (from 1) on.", bitsFn(func(a []types.Datum) (types.Datum, error) {
		if a[2].I < 0 {
			return types.Null, errNegativeSubstring()
		}
		return bitsOf(a[0]).substring(a[1].I, a[2].I).datum(), nil
	}), ex("substring('110010111111'::bit(12), 3, 2)", "00"))
	_ = define("position(bit,bit)", "Where the second bit string begins in the first, from 1; 0 for nowhere.", bitsFn(func(a []types.Datum) (types.Datum, error) {
		return types.NewInt4(positionOfBits(bitsOf(a[0]), bitsOf(a[1]))), nil
	}), ex("position('010'::bit(3) in '000001010011'::bit(12))", "5"))
	_ = define("overlay(bit,bit,int4)", "Replaces bits from a position on by as many others.", bitsFn(func(a []types.Datum) (types.Datum, error) {
		by := bitsOf(a[1])
		return overlayBits(bitsOf(a[0]), by, a[2].I, int64(by.n))
	}), ex("overlay('0101011100'::bit(10) placing '001'::bit(3) from 2)", "0001011100"))
	_ = define("overlay(bit,bit,int4,int4)", "Replaces so many bits from a position on.", bitsFn(func(a []types.Datum) (types.Datum, error) {
		return overlayBits(bitsOf(a[0]), bitsOf(a[1]), a[2].I, a[3].I)
	}), ex("overlay('0101011100'::bit(10) placing '101'::bit(3) from 6 for 0)", "0101010111100"))
)
