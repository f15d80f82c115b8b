package keycodec

import (
	"encoding/binary"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// appendOther appends the order-preserving bytes of the rarer types.
func appendOther(dst []byte, t types.Type, d types.Datum) ([]byte, error) {
	switch t.OID {
	case types.Timetz:
		return appendTimetz(dst, d), nil
	case types.Inet, types.Cidr:
		return appendInet(dst, d.S), nil
	case types.Bit, types.Varbit:
		bits, n := d.Bits()
		return binary.BigEndian.AppendUint32(AppendBytes(dst, bits), uint32(n)), nil
	}
	switch {
	case t.IsRange():
		r := types.DecodeRange(d.S)
		return appendRange(dst, &r)
	case t.IsMultirange():
		m := types.DecodeMultirange(d.S)
		return appendMultirange(dst, &m)
	}
	return dst, unordered(t)
}

// appendInet appends an address as PostgreSQL orders it: the family, the bits
// of the network, where the shorter network comes first, the whole address.
// Each bit b of the network is written as the two bits 1b, its end as 00.
func appendInet(dst []byte, s string) []byte {
	if len(s) < 2 {
		return dst
	}
	dst = append(dst, s[0])
	address := s[2:]
	var group, have byte
	two := func(b byte) {
		group = group<<2 | b
		if have += 2; have == 8 {
			dst = append(dst, group)
			group, have = 0, 0
		}
	}
	for i := range min(int(s[1]), 8*len(address)) {
		two(0b10 | address[i/8]>>(7-i%8)&1)
	}
	two(0)
	for have != 0 {
		two(0)
	}
	return append(dst, address...)
}
