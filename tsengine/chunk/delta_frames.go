package chunk

import "encoding/binary"

// DeltaFrames: frames of 128 values, each of its first value, as the difference
// from that of the frame before, a varint, and the differences from value to value
// in a frame of reference. Of a frame that is passed over only the head is read;
// this costs some two bytes a frame more than Delta does.

// eachDeltaFrame calls fn for the head of each frame and the differences that
// follow it, in memory that it uses again.
func eachDeltaFrame(values []int64, fn func(head int64, differences []int64)) {
	buf := make([]int64, min(len(values), frameRows))
	before := int64(0)
	for len(values) > 0 {
		n := min(len(values), frameRows)
		last := values[0]
		for k, v := range values[1:n] {
			buf[k] = v - last
			last = v
		}
		fn(values[0]-before, buf[:n-1])
		before = values[0]
		values = values[n:]
	}
}

func deltaFramesSize(values []int64) int {
	size := 0
	eachDeltaFrame(values, func(head int64, differences []int64) { size += varintBytes(head) + frameSize(differences) })
	return size
}

func appendDeltaFrames(dst []byte, values []int64) []byte {
	eachDeltaFrame(values, func(head int64, differences []int64) {
		dst = appendFrame(binary.AppendVarint(dst, head), differences)
	})
	return dst
}

func decodeDeltaFrames(dst []int64, in *input) {
	first := int64(0)
	for len(dst) > 0 && in.err == nil {
		n := min(len(dst), frameRows)
		first = decodeDeltaFrame(dst[:n], first, in)
		dst = dst[n:]
	}
}

// decodeDeltaFrame decodes the frame behind one with the given first value, and
// returns its own.
func decodeDeltaFrame(dst []int64, before int64, in *input) int64 {
	first := before + in.varint()
	dst[0] = first
	decodeFrame(dst[1:], in)
	addUp(dst)
	return first
}
