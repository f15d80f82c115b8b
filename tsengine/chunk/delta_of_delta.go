package chunk

import "encoding/binary"

// DeltaOfDelta: the first value and the first difference as varints, then the
// differences of the differences in frames of reference (after Pelkonen et
// al., "Gorilla", VLDB 2015, with frames in place of its prefix codes). Times
// at a steady interval take two bytes for each 128.

// eachSecondDifferences is eachDifferences of the differences.
func eachSecondDifferences(values []int64, fn func(frame []int64)) {
	buf := make([]int64, min(len(values), frameRows))
	for i := 2; i < len(values); i += frameRows {
		n := min(len(values)-i, frameRows)
		last := values[i-1]
		delta := last - values[i-2]
		for k, v := range values[i : i+n] {
			d := v - last
			buf[k] = d - delta
			last, delta = v, d
		}
		fn(buf[:n])
	}
}

func deltaOfDeltaSize(values []int64) int {
	if len(values) < 2 {
		return deltaSize(values)
	}
	size := varintBytes(values[0]) + varintBytes(values[1]-values[0])
	eachSecondDifferences(values, func(frame []int64) { size += frameSize(frame) })
	return size
}

func appendDeltaOfDelta(dst []byte, values []int64) []byte {
	if len(values) < 2 {
		return appendDelta(dst, values)
	}
	dst = binary.AppendVarint(binary.AppendVarint(dst, values[0]), values[1]-values[0])
	eachSecondDifferences(values, func(frame []int64) { dst = appendFrame(dst, frame) })
	return dst
}

func decodeDeltaOfDelta(dst []int64, in *input) {
	if len(dst) < 2 {
		decodeDelta(dst, in)
		return
	}
	dst[0], dst[1] = in.varint(), in.varint()
	decodeFrame(dst[2:], in)
	sum, delta := dst[0], int64(0)
	for i := 1; i < len(dst); i++ {
		delta += dst[i]
		sum += delta
		dst[i] = sum
	}
}
