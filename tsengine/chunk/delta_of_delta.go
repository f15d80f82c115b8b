package chunk

import "encoding/binary"

// DeltaOfDelta: the first value and the first difference as varints, then the
// differences of the differences in frames of reference (after Pelkonen et
// al., "Gorilla", VLDB 2015, with frames in place of its prefix codes). Times
// at a steady interval take two bytes for each 128.

func deltaOfDeltaSize(values []int64) int {
	if len(values) < 2 {
		return deltaSize(values)
	}
	deltas := differences(values)
	return varintBytes(values[0]) + varintBytes(deltas[0]) + frameSize(differences(deltas))
}

func appendDeltaOfDelta(dst []byte, values []int64) []byte {
	if len(values) < 2 {
		return appendDelta(dst, values)
	}
	deltas := differences(values)
	dst = binary.AppendVarint(binary.AppendVarint(dst, values[0]), deltas[0])
	return appendFrame(dst, differences(deltas))
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
