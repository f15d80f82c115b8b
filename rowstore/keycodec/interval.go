package keycodec

import (
	"encoding/binary"
	"math/bits"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// appendInterval appends PostgreSQL's comparison value of an interval: its
// microseconds with months of 30 days and days of 24 hours, as a signed 128-bit
// number, big-endian with the sign bit inverted.
func appendInterval(dst []byte, d types.Datum) []byte {
	months, days, micros := intervalParts(d.S)
	const microsOfDay = 86400 * 1_000_000
	total := int64(months)*30 + int64(days) // < 2^37: cannot overflow
	hi, lo := bits.Mul64(uint64(total), microsOfDay)
	if total < 0 {
		hi -= microsOfDay // the product was of total + 2^64
	}
	var carry uint64
	lo, carry = bits.Add64(lo, uint64(micros), 0)
	hi, _ = bits.Add64(hi, uint64(micros>>63), carry)
	dst = binary.BigEndian.AppendUint64(dst, hi^signBit)
	return binary.BigEndian.AppendUint64(dst, lo)
}
