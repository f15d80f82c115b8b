package keycodec

import (
	"github.com/tidemarkdb/tidemark/sql/types"
)

// appendOther appends the order-preserving bytes of the rarer types.
func appendOther(dst []byte, t types.Type, d types.Datum) ([]byte, error) {
	if t.OID == types.Timetz {
		return appendTimetz(dst, d), nil
	}
	return dst, unordered(t)
}

// appendArray appends the order-preserving bytes of an array.
func appendArray(dst []byte, t types.Type, _ types.Datum) ([]byte, error) {
	return dst, unordered(t)
}
