package chunk

import "math"

// Prefix (front coding): of each string, how many bytes it shares with the one
// before it and how many follow (both nested integers), then those that
// follow, of all strings. For sorted and for similar strings.

func sharedLengths(values []string) (common, rest []int64) {
	common, rest = make([]int64, len(values)), make([]int64, len(values))
	for i, v := range values {
		if i > 0 {
			common[i] = int64(shared(values[i-1], v))
		}
		rest[i] = int64(len(v)) - common[i]
	}
	return common, rest
}

func prefixSize(values []string) int {
	common, rest := sharedLengths(values)
	size := nestedSize(common) + nestedSize(rest)
	for _, l := range rest {
		size += int(l)
	}
	return size
}

func appendPrefix(dst []byte, values []string) []byte {
	common, rest := sharedLengths(values)
	dst = appendNested(appendNested(dst, common), rest)
	for i, v := range values {
		dst = append(dst, v[common[i]:]...)
	}
	return dst
}

func decodePrefix(n int, in *input, out *stringSink) {
	common, sumCommon := readLengths(n, in)
	rest, sumRest := readLengths(n, in)
	if in.err != nil || sumCommon > math.MaxInt32 || !out.reserve(sumCommon+sumRest, in) {
		in.fail("prefixes of %d bytes", sumCommon)
		return
	}
	data := in.bytes(int(sumRest))
	if in.err != nil {
		return
	}
	start, length := 0, int64(0) // of the string before, in out.data
	for i, c := range common {
		if c > length {
			in.fail("a prefix of %d bytes of a string of %d", c, length)
			return
		}
		begin := len(out.data)
		out.data = append(out.data, out.data[start:start+int(c)]...)
		out.add(data[:rest[i]])
		data = data[rest[i]:]
		start, length = begin, c+rest[i]
	}
}
