package rowstore

import (
	"encoding/binary"
	"math/big"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var errPushedRow = pgerror.New(pgerror.DataCorrupted, "invalid row in a store's answer")

// rows decodes rows in the default encoding: values one after another, each with
// a flag before it. ok is false if a value is not in its row.
func (d *pushedDecoder) rows(b []byte) (ok bool, err error) {
	for len(b) > 0 {
		d.begin()
		for i := range d.p.wire {
			if b, ok, err = d.value(&d.p.wire[i], b); !ok || err != nil {
				return false, err
			}
		}
		d.end()
	}
	return true, nil
}

// value decodes one value and returns what follows it.
func (d *pushedDecoder) value(c *wireColumn, b []byte) (rest []byte, ok bool, err error) {
	if len(b) == 0 {
		return nil, false, errPushedRow
	}
	flag, b := b[0], b[1:]
	switch flag {
	case flagNil:
		if c.at >= 0 {
			d.p.vectors[c.at].appendNulls(1)
		}
		return b, true, nil
	case flagVarint:
		i, n := binary.Varint(b)
		if n <= 0 {
			return nil, false, errPushedRow
		}
		if c.at < 0 {
			return b[n:], true, nil
		}
		return b[n:], true, d.integer(c, i)
	case flagUvarint:
		u, n := binary.Uvarint(b)
		if n <= 0 || int64(u) < 0 {
			return nil, false, errPushedRow
		}
		if c.at < 0 {
			return b[n:], true, nil
		}
		return b[n:], true, d.integer(c, int64(u))
	case flagCompact:
		size, n := binary.Varint(b)
		if n <= 0 || size < 0 || size > int64(len(b)-n) {
			return nil, false, errPushedRow
		}
		value, rest := b[n:n+int(size)], b[n+int(size):]
		if c.at < 0 {
			return rest, true, nil
		}
		ok, err := d.stored(c, value)
		return rest, ok, err
	case flagDecimal:
		x, rest, err := pushedDecimal(b)
		if err != nil || c.at < 0 {
			return rest, err == nil, err
		}
		return rest, true, d.decimal(c, x)
	}
	return nil, false, errPushedRow
}

// wordBytes are the bytes of a group of 0 to 9 decimal digits.
var wordBytes = [10]int{0, 1, 1, 2, 2, 3, 3, 4, 4, 4}

// pushedDecimal decodes a decimal of MySQL: how many digits it has, how many of
// them are fractional, then the digits in groups of nine from the point on, each
// group a big-endian number; the first bit is inverted, and all others too if
// the number is negative.
func pushedDecimal(b []byte) (d types.Decimal, rest []byte, err error) {
	if len(b) < 3 || b[0] < b[1] {
		return d, nil, errPushedRow
	}
	whole, frac := int(b[0]-b[1]), int(b[1])
	size := wordBytes[whole%9] + whole/9*4 + frac/9*4 + wordBytes[frac%9]
	b = b[2:]
	if size == 0 || len(b) < size {
		return d, nil, errPushedRow
	}
	digits := append([]byte(nil), b[:size]...)
	negative := digits[0]&0x80 == 0
	digits[0] ^= 0x80
	if negative {
		for i := range digits {
			digits[i] = ^digits[i]
		}
	}
	sum := new(big.Int)
	group := func(n int) {
		if n == 0 {
			return
		}
		var v int64
		for _, x := range digits[:wordBytes[n]] {
			v = v<<8 | int64(x)
		}
		digits = digits[wordBytes[n]:]
		sum.Mul(sum, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil))
		sum.Add(sum, big.NewInt(v))
	}
	group(whole % 9)
	for range whole/9 + frac/9 {
		group(9)
	}
	group(frac % 9)
	if negative {
		sum.Neg(sum)
	}
	return types.DecimalFromBig(sum, frac), b[size:], nil
}
