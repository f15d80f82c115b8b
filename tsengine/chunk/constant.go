package chunk

import "encoding/binary"

// Constant: the one value, as a varint; nothing if there are no values.

func constantSize(values []int64) int {
	if len(values) == 0 {
		return 0
	}
	return varintBytes(values[0])
}

func appendConstant(dst []byte, values []int64) []byte {
	if len(values) == 0 {
		return dst
	}
	return binary.AppendVarint(dst, values[0])
}

func decodeConstant(dst []int64, in *input) {
	if len(dst) == 0 {
		return
	}
	v := in.varint()
	for i := range dst {
		dst[i] = v
	}
}
