package chunk

import (
	"math"
	"strings"
)

// maxStringBytes bounds the strings of a chunk: a few bytes can stand for very
// many.
const maxStringBytes = 256 << 20

// encodeStrings picks the encoding with the fewest bytes.
func encodeStrings(values []string) (Encoding, []byte) {
	plain := plainSize(values)
	best, size := Plain, plain
	if s := prefixSize(values); s < size {
		best, size = Prefix, s
	}
	if words, codes := distinct(values); words != nil {
		if s := dictionarySize(words, codes); s < size {
			return Dictionary, appendDictionary(nil, words, codes)
		}
	}
	if best == Prefix {
		return Prefix, appendPrefix(nil, values)
	}
	return Plain, appendPlain(nil, values)
}

// decodeStrings gives n values to out in order.
func decodeStrings(n int, enc Encoding, in *input, out *stringSink) {
	switch enc {
	case Dictionary:
		decodeDictionary(n, in, out)
	case Prefix:
		decodePrefix(n, in, out)
	case Plain:
		decodePlain(n, in, out)
	default:
		in.fail("%s of strings", enc)
	}
}

// stringSink collects strings as Arrow has them: value i is
// data[offsets[i]:offsets[i+1]].
type stringSink struct {
	offsets []int32 // one more than values
	data    []byte
	n       int
	// alloc gives the memory of data; nil means the heap.
	alloc func(size int) []byte
}

// reserve makes room for size bytes.
func (s *stringSink) reserve(size int64, in *input) bool {
	switch {
	case size < 0 || size > maxStringBytes:
		in.fail("strings of %d bytes", size)
		return false
	case s.alloc != nil:
		s.data = s.alloc(int(size))[:0]
	default:
		s.data = make([]byte, 0, size)
	}
	return true
}

func (s *stringSink) add(v []byte) {
	s.data = append(s.data, v...)
	s.n++
	s.offsets[s.n] = int32(len(s.data))
}

func lengthsOf(values []string) []int64 {
	out := make([]int64, len(values))
	for i, v := range values {
		out[i] = int64(len(v))
	}
	return out
}

// readLengths reads n lengths and their sum.
func readLengths(n int, in *input) (lengths []int64, sum int64) {
	lengths = make([]int64, n)
	decodeNested(lengths, in)
	for _, l := range lengths {
		if l < 0 || l > math.MaxInt32 {
			in.fail("a string of %d bytes", l)
			return nil, 0
		}
		sum += l
	}
	return lengths, sum
}

// shared is the length of the common start of two strings.
func shared(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

func totalBytes(values []string) int {
	n := 0
	for _, v := range values {
		n += len(v)
	}
	return n
}

func join(dst []byte, values []string) []byte { return append(dst, strings.Join(values, "")...) }
