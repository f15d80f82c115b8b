package keycodec

import (
	"github.com/tidemarkdb/tidemark/sql/types"
)

// appendOther appends the order-preserving bytes of the rarer types.
func appendOther(dst []byte, t types.Type, _ types.Datum) ([]byte, error) {
	return dst, unordered(t)
}

// appendArray appends the order-preserving bytes of an array.
func appendArray(dst []byte, t types.Type, _ types.Datum) ([]byte, error) {
	return dst, unordered(t)
}

// intervalParts reads the form of an interval in memory.
func intervalParts(s string) (months, days int32, micros int64) {
	if len(s) != 16 {
		return 0, 0, 0
	}
	hi := leUint64(s[8:])
	return int32(hi >> 32), int32(hi), int64(leUint64(s))
}
