package chunk

import "encoding/binary"

// Dictionary: the number of distinct strings and these (as Plain) in the order
// of their first use, then the number of each string as nested integers. Tags
// and states come in runs: their numbers are run-length encoded then.

// distinct numbers the distinct values; nil if they are too many to pay.
func distinct(values []string) (words []string, codes []int64) {
	numbers := make(map[string]int64)
	codes = make([]int64, len(values))
	for i, v := range values {
		code, known := numbers[v]
		if !known {
			if len(words) > len(values)/2 {
				return nil, nil
			}
			code = int64(len(words))
			words = append(words, v)
			numbers[v] = code
		}
		codes[i] = code
	}
	return words, codes
}

func dictionarySize(words []string, codes []int64) int {
	return uvarintBytes(uint64(len(words))) + plainSize(words) + nestedSize(codes)
}

func appendDictionary(dst []byte, words []string, codes []int64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(words)))
	return appendNested(appendPlain(dst, words), codes)
}

func decodeDictionary(n int, in *input, out *stringSink) {
	count := in.length(n)
	words := stringSink{offsets: make([]int32, count+1)}
	decodePlain(count, in, &words)
	codes := make([]int64, n)
	decodeNested(codes, in)
	if in.err != nil {
		return
	}
	total := int64(0)
	for _, c := range codes {
		if c < 0 || c >= int64(count) {
			in.fail("word %d of %d", c, count)
			return
		}
		total += int64(words.offsets[c+1] - words.offsets[c])
	}
	if !out.reserve(total, in) {
		return
	}
	for _, c := range codes {
		out.add(words.data[words.offsets[c]:words.offsets[c+1]])
	}
}
