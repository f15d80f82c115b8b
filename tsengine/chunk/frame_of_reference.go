package chunk

import "encoding/binary"

// Frame of reference: frames of 128 values, each with its smallest value and
// the width of what the others exceed it by (Zukowski et al., "Super-Scalar
// RAM-CPU Cache Compression", ICDE 2006). A frame of one value repeated has
// width zero and no packed bytes. Frames are short because a block holds many
// series: where one ends and the next begins, the difference is large, and all
// values of the frame pay for it.
const frameRows = 128

// frameOf is the smallest value and the width of the others above it.
func frameOf(values []int64) (low int64, width uint) {
	low = values[0]
	high := values[0]
	for _, v := range values[1:] {
		low, high = min(low, v), max(high, v)
	}
	return low, packedWidth(uint64(high) - uint64(low))
}

func frameSize(values []int64) int {
	size := 0
	for len(values) > 0 {
		n := min(len(values), frameRows)
		low, width := frameOf(values[:n])
		size += varintBytes(low) + 1 + packedBytes(n, width)
		values = values[n:]
	}
	return size
}

func appendFrame(dst []byte, values []int64) []byte {
	for len(values) > 0 {
		n := min(len(values), frameRows)
		low, width := frameOf(values[:n])
		dst = append(binary.AppendVarint(dst, low), byte(width))
		dst = appendPacked(dst, values[:n], low, width)
		values = values[n:]
	}
	return dst
}

func decodeFrame(dst []int64, in *input) {
	for len(dst) > 0 {
		n := min(len(dst), frameRows)
		low, width := in.varint(), uint(in.byte())
		if width > maxPackedWidth && width != 64 {
			in.fail("values of %d bits", width)
		}
		packed := in.bytes(packedBytes(n, width))
		if in.err != nil {
			return
		}
		unpack(dst[:n], packed, low, width)
		dst = dst[n:]
	}
}
