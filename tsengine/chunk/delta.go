package chunk

import "encoding/binary"

// Delta: the first value as a varint, then the differences from value to value
// in frames of reference. Differences wrap around, so that any values go.

func differences(values []int64) []int64 {
	if len(values) < 2 {
		return nil
	}
	out := make([]int64, len(values)-1)
	for i := range out {
		out[i] = values[i+1] - values[i]
	}
	return out
}

func deltaSize(values []int64) int {
	if len(values) == 0 {
		return 0
	}
	return varintBytes(values[0]) + frameSize(differences(values))
}

func appendDelta(dst []byte, values []int64) []byte {
	if len(values) == 0 {
		return dst
	}
	return appendFrame(binary.AppendVarint(dst, values[0]), differences(values))
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
