package chunk

import "encoding/binary"

// A sequence of booleans is a bitmap (low bits first, as Arrow's), or the
// lengths of runs that alternate, beginning with false (the first may be 0).

func encodeBools(values []bool) (Encoding, []byte) {
	bitmap := (len(values) + 7) / 8
	if lengths := alternations(values); len(lengths) < bitmap {
		if out := appendFlat(binary.AppendUvarint(nil, uint64(len(lengths))), lengths); len(out) < bitmap {
			return RunLengthBits, out
		}
	}
	out := make([]byte, bitmap)
	for i, v := range values {
		if v {
			out[i>>3] |= 1 << (i & 7)
		}
	}
	return Bitmap, out
}

func alternations(values []bool) []int64 {
	lengths := []int64{0}
	for i, v := range values {
		if i > 0 && v != values[i-1] || i == 0 && v {
			lengths = append(lengths, 0)
		}
		lengths[len(lengths)-1]++
	}
	return lengths
}

// appendBits writes a sequence of booleans inside of another thing.
func appendBits(dst []byte, values []bool) []byte {
	enc, out := encodeBools(values)
	return append(append(dst, byte(enc)), out...)
}

// decodeBits sets the bits of n values in dst, which has room for them and is zero.
func decodeBits(dst []byte, n int, enc Encoding, in *input) {
	switch enc {
	case Bitmap:
		copy(dst, in.bytes((n+7)/8))
		if n&7 != 0 && in.err == nil {
			dst[n>>3] &= 1<<(n&7) - 1
		}
	case RunLengthBits:
		decodeAlternations(dst, n, in)
	default:
		in.fail("%s of booleans", enc)
	}
}

func decodeAlternations(dst []byte, n int, in *input) {
	lengths := make([]int64, in.length(n+1))
	decodeFlat(lengths, in)
	at := 0
	for r, l := range lengths {
		if l < 0 || l > int64(n-at) || l == 0 && r > 0 {
			in.fail("a run of %d values, %d are left", l, n-at)
			return
		}
		if r&1 == 1 {
			setBits(dst, at, at+int(l))
		}
		at += int(l)
	}
	if at != n {
		in.fail("%d values without a run", n-at)
	}
}

// setBits sets bits from start up to end.
func setBits(dst []byte, start, end int) {
	for ; start < end && start&7 != 0; start++ {
		dst[start>>3] |= 1 << (start & 7)
	}
	for ; start+8 <= end; start += 8 {
		dst[start>>3] = 0xff
	}
	for ; start < end; start++ {
		dst[start>>3] |= 1 << (start & 7)
	}
}
