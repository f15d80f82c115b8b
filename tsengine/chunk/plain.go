package chunk

// Plain: the lengths as nested integers, then the bytes of all strings.

func plainSize(values []string) int { return nestedSize(lengthsOf(values)) + totalBytes(values) }

func appendPlain(dst []byte, values []string) []byte {
	return join(appendNested(dst, lengthsOf(values)), values)
}

func decodePlain(n int, in *input, out *stringSink) {
	lengths, sum := readLengths(n, in)
	if in.err != nil || !out.reserve(sum, in) {
		return
	}
	data := in.bytes(int(sum))
	if in.err != nil {
		return
	}
	for _, l := range lengths {
		out.add(data[:l])
		data = data[l:]
	}
}
