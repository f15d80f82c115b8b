package chunk

import "encoding/binary"

// Delta: the first value as a varint, then the differences from value to value
// in frames of reference. Differences wrap around, so that any values go.

// eachDifferences calls fn for the differences of values, a frame of them at a
// time, in memory that it uses again.
func eachDifferences(values []int64, fn func(frame []int64)) {
	buf := make([]int64, min(len(values), frameRows))
	for i := 1; i < len(values); i += frameRows {
		n := min(len(values)-i, frameRows)
		last := values[i-1]
		for k, v := range values[i : i+n] {
			buf[k] = v - last
			last = v
		}
		fn(buf[:n])
	}
}

func deltaSize(values []int64) int {
	if len(values) == 0 {
		return 0
	}
	size := varintBytes(values[0])
	eachDifferences(values, func(frame []int64) { size += frameSize(frame) })
	return size
}

func appendDelta(dst []byte, values []int64) []byte {
	if len(values) == 0 {
		return dst
	}
	dst = binary.AppendVarint(dst, values[0])
	eachDifferences(values, func(frame []int64) { dst = appendFrame(dst, frame) })
	return dst
}

func decodeDelta(dst []int64, in *input) {
	if len(dst) == 0 {
		return
	}
	dst[0] = in.varint()
	decodeFrame(dst[1:], in)
	addUp(dst)
}

// addUp makes values of a first value and differences.
func addUp(dst []int64) {
	sum := int64(0)
	for i, d := range dst {
		sum += d
		dst[i] = sum
	}
}
