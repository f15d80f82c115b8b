package chunk

import (
	"encoding/binary"
	"math/bits"
)

// Values of a fixed number of bits lie behind one another, the low bit of the
// first in the low bit of the first byte. One load of eight bytes finds any
// value of up to 57 bits; wider ones take 64.
const maxPackedWidth = 57

// packedWidth is the width that values up to limit are packed with.
func packedWidth(limit uint64) uint {
	w := uint(bits.Len64(limit))
	if w > maxPackedWidth {
		return 64
	}
	return w
}

// packedBytes is the size of n values.
func packedBytes(n int, width uint) int { return (n*int(width) + 7) / 8 }

// appendPacked packs value - base of each value.
func appendPacked(dst []byte, values []int64, base int64, width uint) []byte {
	if width == 0 {
		return dst
	}
	if width == 64 {
		for _, v := range values {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(v-base))
		}
		return dst
	}
	var acc uint64
	filled := uint(0)
	for _, v := range values {
		u := uint64(v - base)
		acc |= u << filled
		if filled+width >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, acc)
			acc = 0
			if filled > 0 {
				acc = u >> (64 - filled)
			}
			filled = filled + width - 64
			continue
		}
		filled += width
	}
	for ; filled > 0; filled -= min(filled, 8) {
		dst = append(dst, byte(acc))
		acc >>= 8
	}
	return dst
}

// unpack reads len(dst) values and adds base to each. src has packedBytes of them.
func unpack(dst []int64, src []byte, base int64, width uint) {
	switch width {
	case 0:
		for i := range dst {
			dst[i] = base
		}
		return
	case 64:
		for i := range dst {
			dst[i] = int64(binary.LittleEndian.Uint64(src[i*8:])) + base
		}
		return
	}
	mask := uint64(1)<<width - 1
	// All values whose eight bytes lie inside of src; no branch but the loop's.
	inside := 0
	if len(src) >= 8 {
		inside = min(len(dst), ((len(src)-8)*8+7)/int(width)+1)
	}
	bit := uint(0)
	for i := range dst[:inside] {
		dst[i] = int64(binary.LittleEndian.Uint64(src[bit>>3:])>>(bit&7)&mask) + base
		bit += width
	}
	if inside == len(dst) {
		return
	}
	var tail [16]byte
	first := int(bit >> 3)
	copy(tail[:], src[first:])
	bit -= uint(first) * 8
	for i := inside; i < len(dst); i++ {
		dst[i] = int64(binary.LittleEndian.Uint64(tail[bit>>3:])>>(bit&7)&mask) + base
		bit += width
	}
}
