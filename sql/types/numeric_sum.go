package types

import (
	"encoding/binary"
	"math/big"
	"math/bits"
)

// DecimalSum adds up numerics (sum, avg) without allocating while the total
// fits 128 bits. The zero value is an empty sum. Add never fails; Sum reports
// the overflow.
type DecimalSum struct {
	hi    uint64 // two's complement 128-bit coefficient hi:lo
	lo    uint64
	scale int32

	nan, posInf, negInf bool

	big      *big.Int // further part of the total, at bigScale
	bigScale int32
}

// Add adds a value.
func (s *DecimalSum) Add(d Decimal) {
	switch d.kind {
	case decimalSmall:
		if d.scale == s.scale || s.rescale(&d) {
			var carry uint64
			s.lo, carry = bits.Add64(s.lo, uint64(d.coef), 0)
			s.hi += uint64(d.coef>>63) + carry
			// Keep far from the edge, so that the next addition cannot wrap.
			if top := int64(s.hi); top >= 1<<61 || top < -(1<<61) {
				s.spill()
			}
			return
		}
		s.addBig(d)
	case decimalBig:
		s.addBig(d)
	case decimalNaN:
		s.nan = true
	case decimalInf:
		s.posInf = true
	case decimalNegInf:
		s.negInf = true
	}
}

// AddEncoded adds the value that DecodeNumeric reads.
func (s *DecimalSum) AddEncoded(enc string) {
	if IsSmall(enc) {
		s.Add(DecodeNumeric(enc))
	} else if !s.addWide(enc) {
		s.Add(decodeNumericSlow(enc))
	}
}

// addWide adds a value of up to 124 bits; false if it is not so short at the sum's scale.
func (s *DecimalSum) addWide(enc string) bool {
	w, ok := readWide(enc)
	if !ok {
		return false
	}
	if w.scale > s.scale {
		s.spill()
		s.scale = w.scale
	} else if w, ok = w.scaleTo(s.scale); !ok {
		return false
	}
	if w.hi >= 1<<60 {
		return false
	}
	if w.neg {
		var borrow uint64
		s.lo, borrow = bits.Sub64(s.lo, w.lo, 0)
		s.hi -= w.hi + borrow
	} else {
		var carry uint64
		s.lo, carry = bits.Add64(s.lo, w.lo, 0)
		s.hi += w.hi + carry
	}
	if top := int64(s.hi); top >= 1<<61 || top < -(1<<61) {
		s.spill()
	}
	return true
}

// AddInt adds an integer.
func (s *DecimalSum) AddInt(v int64) { s.Add(Decimal{coef: v}) }

// rescale brings the total and d to one scale; false if d does not fit.
func (s *DecimalSum) rescale(d *Decimal) bool {
	if d.scale > s.scale {
		s.spill()
		s.scale = d.scale
		return true
	}
	c, ok := scaleUp(d.coef, s.scale-d.scale)
	if !ok {
		return false
	}
	d.coef, d.scale = c, s.scale
	return true
}

// spill moves the 128-bit part to the big part.
func (s *DecimalSum) spill() {
	if s.hi|s.lo == 0 {
		return
	}
	s.addBig(Decimal{kind: decimalBig, big: s.coefficient(), scale: s.scale})
	s.hi, s.lo = 0, 0
}

func (s *DecimalSum) coefficient() *big.Int {
	hi, lo, neg := s.hi, s.lo, int64(s.hi) < 0
	if neg {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	var buf [16]byte
	binary.BigEndian.PutUint64(buf[:], hi)
	binary.BigEndian.PutUint64(buf[8:], lo)
	b := new(big.Int).SetBytes(buf[:])
	if neg {
		b.Neg(b)
	}
	return b
}

func (s *DecimalSum) addBig(d Decimal) {
	if s.big == nil {
		s.big, s.bigScale = new(big.Int), d.scale
	}
	c := d.bigCoef()
	switch {
	case d.scale > s.bigScale:
		s.big.Mul(s.big, bigPow10(int(d.scale-s.bigScale)))
		s.bigScale = d.scale
	case d.scale < s.bigScale:
		c = new(big.Int).Mul(c, bigPow10(int(s.bigScale-d.scale)))
	}
	s.big.Add(s.big, c)
}

// Merge adds another sum.
func (s *DecimalSum) Merge(o *DecimalSum) {
	s.nan = s.nan || o.nan
	s.posInf = s.posInf || o.posInf
	s.negInf = s.negInf || o.negInf
	if o.hi|o.lo != 0 || o.scale > s.scale {
		s.addBig(Decimal{kind: decimalBig, big: o.coefficient(), scale: o.scale})
	}
	if o.big != nil {
		s.addBig(Decimal{kind: decimalBig, big: o.big, scale: o.bigScale})
	}
}

// Sum returns the total.
func (s *DecimalSum) Sum() (Decimal, error) {
	switch {
	case s.nan || s.posInf && s.negInf:
		return DecimalNaN, nil
	case s.posInf:
		return DecimalInf, nil
	case s.negInf:
		return DecimalNegInf, nil
	}
	if s.big == nil {
		if s.hi == 0 && s.lo < 1<<63 || s.hi == ^uint64(0) && s.lo > 1<<63 {
			return Decimal{coef: int64(s.lo), scale: s.scale}.canonical(), nil
		}
		return DecimalFromBig(s.coefficient(), int(s.scale)).check()
	}
	t := DecimalSum{big: new(big.Int).Set(s.big), bigScale: s.bigScale}
	t.addBig(Decimal{kind: decimalBig, big: s.coefficient(), scale: s.scale})
	return DecimalFromBig(t.big, int(t.bigScale)).check()
}
