package types

import (
	"encoding/binary"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// appendRangeBinary appends range_send's form: the flags, and each finite bound with
// its length.
func appendRangeBinary(dst []byte, r *Range, io *IO) []byte {
	dst = append(dst, r.flags())
	if r.Empty {
		return dst
	}
	for _, b := range []*RangeBound{&r.Lower, &r.Upper} {
		if b.Infinite {
			continue
		}
		at := len(dst)
		dst = AppendBinary(append(dst, 0, 0, 0, 0), r.Subtype(), b.Value, io)
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst
}

// parseRangeBinary reads range_recv's form.
func parseRangeBinary(oid OID, b []byte, io *IO) (Range, error) {
	if len(b) == 0 {
		return Range{}, insufficientData()
	}
	flags := b[0]
	b = b[1:]
	if flags&rangeEmpty != 0 {
		return Range{OID: oid, Empty: true}, trailing(b)
	}
	lower := RangeBound{Infinite: flags&rangeLowerInf != 0, Inclusive: flags&rangeLowerInc != 0}
	upper := RangeBound{Infinite: flags&rangeUpperInf != 0, Inclusive: flags&rangeUpperInc != 0}
	for _, bound := range []*RangeBound{&lower, &upper} {
		if bound.Infinite {
			continue
		}
		value, rest, err := sizedBytes(b)
		if err != nil {
			return Range{}, err
		}
		if bound.Value, err = ParseBinary(Of(FindRange(oid).Subtype), value, io); err != nil {
			return Range{}, err
		}
		b = rest
	}
	if err := trailing(b); err != nil {
		return Range{}, err
	}
	return MakeRange(oid, lower, upper)
}

// sizedBytes takes bytes with their length before them.
func sizedBytes(b []byte) (value, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, insufficientData()
	}
	n := int64(int32(binary.BigEndian.Uint32(b)))
	if n < 0 || n > int64(len(b)-4) {
		return nil, nil, insufficientData()
	}
	return b[4 : 4+n], b[4+n:], nil
}

// trailing refuses bytes behind the end of a value.
func trailing(b []byte) error {
	if len(b) > 0 {
		return pgerror.New(pgerror.InvalidBinaryRepresentation, "improper binary format in range")
	}
	return nil
}

// appendMultirangeBinary appends multirange_send's form: a count, and each range with
// its length.
func appendMultirangeBinary(dst []byte, m *Multirange, io *IO) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(m.Ranges)))
	for i := range m.Ranges {
		at := len(dst)
		dst = appendRangeBinary(append(dst, 0, 0, 0, 0), &m.Ranges[i], io)
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst
}

// parseMultirangeBinary reads multirange_recv's form.
func parseMultirangeBinary(oid OID, b []byte, io *IO) (Datum, error) {
	if len(b) < 4 {
		return Datum{}, insufficientData()
	}
	n := int(binary.BigEndian.Uint32(b))
	b = b[4:]
	if n > len(b)/5 {
		return Datum{}, insufficientData()
	}
	ranges := make([]Range, n)
	for i := range ranges {
		value, rest, err := sizedBytes(b)
		if err != nil {
			return Datum{}, err
		}
		if ranges[i], err = parseRangeBinary(FindRange(oid).Range, value, io); err != nil {
			return Datum{}, err
		}
		b = rest
	}
	if err := trailing(b); err != nil {
		return Datum{}, err
	}
	m := MakeMultirange(oid, ranges)
	return m.Datum(), nil
}
