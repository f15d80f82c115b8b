package types

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// parseMoney reads money as cash_in does in the C locale: cents.
func parseMoney(s string) (int64, error) {
	t := trimSpace(s)
	neg := false
	bad := func() (int64, error) { return 0, invalidSyntax(Money, s) }
	cut := func(prefix string) bool {
		if strings.HasPrefix(t, prefix) {
			t = trimSpace(t[len(prefix):])
			return true
		}
		return false
	}
	cut("$")
	paren := false
	if cut("-") {
		neg = true
	} else if cut("(") {
		neg, paren = true, true
	} else {
		cut("+")
	}
	cut("$")
	var v int64 // negative, so that the least value fits
	frac, point, last := 0, false, byte('0')
	i := 0
	for ; i < len(t); i++ {
		c := t[i]
		switch {
		case isDigit(c) && frac < 2:
			d := int64(c - '0')
			if v < (math.MinInt64+d)/10 {
				return 0, outOfRange(Money, s)
			}
			v = v*10 - d
			if point {
				frac++
			}
			continue
		case isDigit(c):
			if frac == 2 {
				last = c
			}
			frac++
			continue
		case c == '.' && !point:
			point = true
			continue
		case c == ',' && !point:
			continue
		}
		break
	}
	for n := frac; n < 2; n++ {
		if v < math.MinInt64/10 {
			return 0, outOfRange(Money, s)
		}
		v *= 10
	}
	if last >= '5' {
		if v == math.MinInt64 {
			return 0, outOfRange(Money, s)
		}
		v--
	}
	rest := trimSpace(t[i:])
	if paren && strings.HasPrefix(rest, ")") {
		rest = trimSpace(rest[1:])
	}
	if strings.HasPrefix(rest, "-") {
		neg = true
		rest = trimSpace(rest[1:])
	}
	rest = trimSpace(strings.TrimPrefix(rest, "$"))
	if rest != "" {
		return bad()
	}
	if !neg {
		if v == math.MinInt64 {
			return 0, outOfRange(Money, s)
		}
		v = -v
	}
	return v, nil
}

func appendMoney(dst []byte, v int64) []byte {
	if v < 0 {
		dst = append(dst, '-')
	}
	u := absInt(v)
	dst = append(dst, '$')
	var buf [32]byte
	whole := appendUint(buf[:0], u/100)
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, c)
	}
	return appendPadded(append(dst, '.'), u%100, 2)
}

// NewTid makes a tid, which lies as PhysBinary of 6 bytes in its wire format.
func NewTid(block uint32, offset uint16) Datum {
	var b [6]byte
	binary.BigEndian.PutUint32(b[:], block)
	binary.BigEndian.PutUint16(b[4:], offset)
	return NewBytes(b[:])
}

// Tid returns the block and offset of a tid.
func (d Datum) Tid() (block uint32, offset uint16) {
	if len(d.S) != 6 {
		return 0, 0
	}
	b := stringBytes(d.S)
	return binary.BigEndian.Uint32(b), binary.BigEndian.Uint16(b[4:])
}

func parseTid(s string) (Datum, error) {
	body, ok := strings.CutPrefix(s, "(")
	block, rest, ok2 := strings.Cut(body, ",")
	off, _, ok3 := strings.Cut(rest, ")")
	b, err1 := strconv.ParseUint(trimSpace(block), 10, 32)
	o, err2 := strconv.ParseUint(trimSpace(off), 10, 16)
	if !ok || !ok2 || !ok3 || err1 != nil || err2 != nil {
		return Datum{}, invalidSyntax(Tid, s)
	}
	return NewTid(uint32(b), uint16(o)), nil
}

func appendTid(dst []byte, d Datum) []byte {
	block, off := d.Tid()
	dst = appendUint(append(dst, '('), uint64(block))
	return append(appendUint(append(dst, ','), uint64(off)), ')')
}

func parseLsn(s string) (int64, error) {
	hi, lo, ok := strings.Cut(s, "/")
	a, err1 := strconv.ParseUint(hi, 16, 32)
	b, err2 := strconv.ParseUint(lo, 16, 32)
	if !ok || err1 != nil || err2 != nil || len(hi) > 8 || len(lo) > 8 {
		return 0, invalidSyntax(PgLsn, s)
	}
	return int64(a<<32 | b), nil
}

func appendLsn(dst []byte, v uint64) []byte {
	up := func(u uint64) {
		n := len(dst)
		dst = strconv.AppendUint(dst, u, 16)
		for i := n; i < len(dst); i++ {
			if dst[i] >= 'a' {
				dst[i] -= 'a' - 'A'
			}
		}
	}
	up(v >> 32)
	dst = append(dst, '/')
	up(v & math.MaxUint32)
	return dst
}

// isReg reports whether a type is one of the reg* object identifiers.
func isReg(oid OID) bool {
	switch oid {
	case Regproc, Regprocedure, Regoper, Regoperator, Regclass, Regtype, Regrole,
		Regnamespace, Regcollation, Regconfig, Regdictionary:
		return true
	}
	return false
}

// ReadsCatalog reports whether reading a value of t may ask IO.Resolve.
func (t Type) ReadsCatalog() bool {
	if t.IsArray() {
		return t.Elem().ReadsCatalog()
	}
	return t.OID >= FirstUserOID || isReg(t.OID)
}

func parseReg(t Type, s string, io *IO) (Datum, error) {
	if s == "-" || t.OID == Regoper && s == "0" {
		return NewOid(0), nil
	}
	if s != "" && strings.Trim(s, "0123456789") == "" {
		v, err := parseOid(Oid, s)
		if err != nil {
			return Datum{}, err
		}
		return NewOid(v), nil
	}
	if io.Resolve != nil {
		v, err := io.Resolve.RegIn(t.OID, s)
		if err != nil {
			return Datum{}, err
		}
		return NewOid(v), nil
	}
	if t.OID == Regtype {
		typ, err := ParseTypeName(s, nil)
		if err != nil {
			return Datum{}, err
		}
		return NewOid(uint32(typ.OID)), nil
	}
	return Datum{}, pgerror.Unsupported("input of type %s without a catalog", sqlName(t.OID))
}

func appendReg(dst []byte, t Type, d Datum, io *IO) []byte {
	if d.I == 0 {
		if t.OID == Regoper || t.OID == Regoperator {
			return append(dst, '0')
		}
		return append(dst, '-')
	}
	if io.Resolve != nil {
		if s, ok := io.Resolve.RegOut(t.OID, uint32(d.I)); ok {
			return append(dst, s...)
		}
	}
	return appendInt(dst, d.I)
}
