package types

import (
	"math/bits"
	"net/netip"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// inet and cidr lie as PhysBinary of 6 or 18 bytes: family (2 or 3), prefix
// length, address. On the wire a flag for cidr and the address's length stand
// between prefix and address.
const (
	inetFamily4 = 2
	inetFamily6 = 3
)

// NewInet makes an inet or cidr of an address and a prefix length.
func NewInet(addr netip.Addr, prefix int) Datum {
	b := make([]byte, 0, 18)
	if addr.Is4() {
		a := addr.As4()
		return NewBinary(bytesString(append(append(b, inetFamily4, byte(prefix)), a[:]...)))
	}
	a := addr.As16()
	return NewBinary(bytesString(append(append(b, inetFamily6, byte(prefix)), a[:]...)))
}

// Inet returns the address and prefix length of an inet or cidr.
func (d Datum) Inet() (addr netip.Addr, prefix int) {
	if len(d.S) < 6 {
		return netip.Addr{}, 0
	}
	addr, _ = netip.AddrFromSlice([]byte(d.S[2:]))
	return addr, int(d.S[1])
}

func parseInet(t Type, s string) (Datum, error) {
	text, bitsText, hasBits := strings.Cut(s, "/")
	bad := func() (Datum, error) { return Datum{}, invalidSyntax(t.OID, s) }
	cidr := t.OID == Cidr
	implied := 0
	if strings.IndexByte(text, ':') < 0 {
		// A cidr may leave out the last octets.
		n := strings.Count(text, ".") + 1
		if cidr && n < 4 {
			implied = n * 8
			text += strings.Repeat(".0", 4-n)
		}
		if !cidr && n < 4 && hasBits {
			text += strings.Repeat(".0", 4-n)
		}
		parts := strings.Split(text, ".")
		for i, p := range parts {
			if len(p) > 1 && p[0] == '0' && len(p) <= 3 {
				if p = strings.TrimLeft(p, "0"); p == "" {
					p = "0"
				}
				parts[i] = p
			}
		}
		text = strings.Join(parts, ".")
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return bad()
	}
	prefix := addr.BitLen()
	if implied > 0 {
		prefix = implied
	}
	if hasBits {
		if bitsText == "" || len(bitsText) > 3 || strings.Trim(bitsText, "0123456789") != "" {
			return bad()
		}
		if prefix, err = strconv.Atoi(bitsText); err != nil || prefix > addr.BitLen() {
			return bad()
		}
	} else if implied > 0 {
		// Classful networks, as inet_cidr_pton.
		switch first := addr.As4()[0]; {
		case first >= 240:
			prefix = 32
		case first >= 224:
			prefix = max(prefix, 8)
		case first >= 192:
			prefix = max(prefix, 24)
		case first >= 128:
			prefix = max(prefix, 16)
		}
	}
	if cidr {
		if p, err := addr.Prefix(prefix); err != nil || p.Addr() != addr {
			return Datum{}, pgerror.New(pgerror.InvalidTextRepresentation, "invalid cidr value: \"%s\"", s).
				WithDetail("Value has bits set to right of mask.")
		}
	}
	return NewInet(addr, prefix), nil
}

func appendInet(dst []byte, t Type, d Datum) []byte {
	addr, prefix := d.Inet()
	if !addr.IsValid() {
		return dst
	}
	dst = addr.AppendTo(dst)
	if t.OID == Cidr || prefix != addr.BitLen() {
		dst = appendInt(append(dst, '/'), int64(prefix))
	}
	return dst
}

func appendInetBinary(dst []byte, t Type, d Datum) []byte {
	if len(d.S) < 6 {
		return dst
	}
	flag := byte(0)
	if t.OID == Cidr {
		flag = 1
	}
	dst = append(dst, d.S[0], d.S[1], flag, byte(len(d.S)-2))
	return append(dst, d.S[2:]...)
}

func parseInetBinary(t Type, b []byte) (Datum, error) {
	name := sqlName(t.OID)
	bad := func(what string) (Datum, error) {
		return Datum{}, pgerror.New(pgerror.InvalidBinaryRepresentation, "invalid %s in external \"%s\" value", what, name)
	}
	if len(b) < 4 {
		return Datum{}, insufficientData()
	}
	size := 4
	switch b[0] {
	case inetFamily4:
	case inetFamily6:
		size = 16
	default:
		return bad("address family")
	}
	if int(b[1]) > size*8 {
		return bad("bits")
	}
	if int(b[3]) != size {
		return bad("length")
	}
	if len(b) < 4+size {
		return Datum{}, insufficientData()
	}
	if len(b) > 4+size {
		return Datum{}, invalidBinary()
	}
	addr, _ := netip.AddrFromSlice(b[4:])
	if t.OID == Cidr {
		if p, err := addr.Prefix(int(b[1])); err != nil || p.Addr() != addr {
			return Datum{}, pgerror.New(pgerror.InvalidBinaryRepresentation, "invalid external \"cidr\" value").
				WithDetail("Value has bits set to right of mask.")
		}
	}
	return NewInet(addr, int(b[1])), nil
}

// compareInet orders by family, the common network bits, the prefix length and
// then the whole address.
func compareInet(a, b Datum) int {
	if len(a.S) < 6 || len(b.S) < 6 || a.S[0] != b.S[0] {
		return strings.Compare(a.S, b.S)
	}
	n := int(min(a.S[1], b.S[1]))
	for i := 2; i < len(a.S) && n > 0; i, n = i+1, n-8 {
		x := a.S[i] ^ b.S[i]
		if x == 0 {
			continue
		}
		if bits.LeadingZeros8(x) >= n {
			break
		}
		return cmpInt(int64(a.S[i]), int64(b.S[i]))
	}
	return strings.Compare(a.S[1:], b.S[1:])
}

// parseMacaddr reads the spellings of 6 (macaddr) or 8 (macaddr8) bytes.
func parseMacaddr(t Type, s string) (Datum, error) {
	if t.OID == Macaddr && !macaddrShape(trimSpace(s)) {
		return Datum{}, invalidSyntax(t.OID, s)
	}
	want := 6
	if t.OID == Macaddr8 {
		want = 8
	}
	var b []byte
	text := trimSpace(s)
	sep := byte(0)
	for i := 0; i < len(text); {
		if len(b) > 0 && !isAlnum(text[i]) {
			if c := text[i]; c != ':' && c != '-' && c != '.' || sep != 0 && c != sep {
				return Datum{}, invalidSyntax(t.OID, s)
			}
			sep = text[i]
			i++
		}
		if i+1 >= len(text) {
			return Datum{}, invalidSyntax(t.OID, s)
		}
		hi, ok1 := hexValue(text[i])
		lo, ok2 := hexValue(text[i+1])
		if !ok1 || !ok2 || len(b) == want {
			return Datum{}, invalidSyntax(t.OID, s)
		}
		b = append(b, hi<<4|lo)
		i += 2
	}
	if t.OID == Macaddr8 && len(b) == 6 {
		b = []byte{b[0], b[1], b[2], 0xff, 0xfe, b[3], b[4], b[5]}
	}
	if len(b) != want {
		return Datum{}, invalidSyntax(t.OID, s)
	}
	return NewBytes(b), nil
}

// macaddrShape says whether an address of six bytes is divided as one may be: by bytes,
// in halves, in thirds that no colons divide, or not at all.
func macaddrShape(s string) bool {
	sep := byte(0)
	groups, size, first := 1, 0, 0
	for i := range len(s) {
		if isAlnum(s[i]) {
			size++
			continue
		}
		if sep, first = s[i], max(first, size); size != first {
			return false
		}
		groups, size = groups+1, 0
	}
	switch groups {
	case 2:
		return size == 6 && sep != '.'
	case 3:
		return size == 4 && sep != ':'
	case 6:
		return size == 2 && sep != '.'
	}
	return groups == 1
}

func appendMacaddr(dst []byte, s string) []byte {
	for i := range len(s) {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = appendHex(dst, s[i:i+1])
	}
	return dst
}
