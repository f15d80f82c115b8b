package chunk

// encodeInts picks the encoding with the fewest bytes. Sizes are computed from
// all values, without packing them.
func encodeInts(values []int64) (Encoding, []byte) {
	enc, _ := chooseInts(values)
	return enc, appendInts(nil, enc, values)
}

func chooseInts(values []int64) (best Encoding, size int) {
	if runs := countRuns(values); runs <= 1 {
		return Constant, constantSize(values)
	} else if best, size = Frame, frameSize(values); runs <= len(values)/4 {
		if s := runLengthSize(values); s < size {
			best, size = RunLength, s
		}
	}
	if s := deltaFramesSize(values); s < size {
		best, size = DeltaFrames, s
	}
	if s := deltaOfDeltaSize(values); s < size {
		best, size = DeltaOfDelta, s
	}
	return best, size
}

func appendInts(dst []byte, enc Encoding, values []int64) []byte {
	switch enc {
	case Constant:
		return appendConstant(dst, values)
	case Delta:
		return appendDelta(dst, values)
	case DeltaFrames:
		return appendDeltaFrames(dst, values)
	case DeltaOfDelta:
		return appendDeltaOfDelta(dst, values)
	case RunLength:
		return appendRunLength(dst, values)
	}
	return appendFrame(dst, values)
}

// decodeInts fills dst.
func decodeInts(dst []int64, enc Encoding, in *input) {
	switch enc {
	case Constant:
		decodeConstant(dst, in)
	case Frame:
		decodeFrame(dst, in)
	case Delta:
		decodeDelta(dst, in)
	case DeltaFrames:
		decodeDeltaFrames(dst, in)
	case DeltaOfDelta:
		decodeDeltaOfDelta(dst, in)
	case RunLength:
		decodeRunLength(dst, in)
	default:
		in.fail("%s of integers", enc)
	}
}

// appendNested writes integers inside of another encoding: their encoding, and
// the bytes. How many there are is known from elsewhere.
func appendNested(dst []byte, values []int64) []byte {
	enc, _ := chooseInts(values)
	return appendInts(append(dst, byte(enc)), enc, values)
}

func decodeNested(dst []int64, in *input) { decodeInts(dst, Encoding(in.byte()), in) }

func nestedSize(values []int64) int {
	_, size := chooseInts(values)
	return 1 + size
}

func countRuns(values []int64) int {
	runs := min(len(values), 1)
	for i := 1; i < len(values); i++ {
		if values[i] != values[i-1] {
			runs++
		}
	}
	return runs
}

func varintBytes(v int64) int {
	return uvarintBytes(uint64(v)<<1 ^ uint64(v>>63))
}

func uvarintBytes(u uint64) int {
	n := 1
	for ; u >= 0x80; u >>= 7 {
		n++
	}
	return n
}
