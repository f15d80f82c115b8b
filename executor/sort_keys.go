package executor

import (
	"cmp"
	"math"
	"slices"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// sortKey is one compiled key of an ordering.
type sortKey struct {
	*scalar
	desc, nullsFirst bool
}

func (r *run) compileSortKeys(keys []expr.SortKey) ([]sortKey, error) {
	out := make([]sortKey, len(keys))
	for i, k := range keys {
		s, err := r.compile(k.Expr)
		if err != nil {
			return nil, err
		}
		out[i] = sortKey{scalar: s, desc: k.Desc, nullsFirst: k.NullsFirst}
	}
	return out, nil
}

func sortScalars(keys []sortKey) []*scalar {
	out := make([]*scalar, len(keys))
	for i, k := range keys {
		out[i] = k.scalar
	}
	return out
}

// sortPrefixes gives each row of a key column a number that orders as the rows do;
// rows of equal numbers may still differ. It reuses out.
func sortPrefixes(out []uint64, k sortKey, a arrow.Array) []uint64 {
	out = slices.Grow(out[:0], a.Len())[:a.Len()]
	clear(out)
	switch a := a.(type) {
	case *array.Boolean:
		for i := range out {
			if a.IsValid(i) && a.Value(i) {
				out[i] = 1
			}
		}
	case *array.Int16:
		signedPrefixes(out, a.Int16Values())
	case *array.Int32:
		signedPrefixes(out, a.Int32Values())
	case *array.Int64:
		if k.typ.OID == types.PgLsn || k.typ.OID == types.Xid8 {
			for i, v := range a.Int64Values() {
				out[i] = uint64(v)
			}
			break
		}
		signedPrefixes(out, a.Int64Values())
	case *array.Uint32:
		for i, v := range a.Uint32Values() {
			out[i] = uint64(v)
		}
	case *array.Float32:
		for i, v := range a.Float32Values() {
			out[i] = floatPrefix(float64(v))
		}
	case *array.Float64:
		for i, v := range a.Float64Values() {
			out[i] = floatPrefix(v)
		}
	case *array.String:
		if k.typ.OID != types.Bpchar && k.typ.OID != types.JSONB { // which do not order as their bytes
			offsets, data := byteValues(a)
			for i := range out {
				out[i] = bytesPrefix(data[offsets[i]:offsets[i+1]])
			}
		}
	case *array.Binary:
		if k.typ.OID == types.Bytea || k.typ.OID == types.UUID {
			offsets, data := byteValues(a)
			for i := range out {
				out[i] = bytesPrefix(data[offsets[i]:offsets[i+1]])
			}
		}
		if k.typ.OID == types.Numeric {
			offsets, data := byteValues(a)
			for i := range out {
				v := data[offsets[i]:offsets[i+1]]
				d := types.DecodeNumeric(unsafe.String(unsafe.SliceData(v), len(v)))
				out[i] = floatPrefix(d.Float64()) // rounding keeps the order
			}
		}
	}
	if k.desc {
		for i := range out {
			out[i] = ^out[i]
		}
	}
	if a.NullN() > 0 {
		null := uint64(math.MaxUint64)
		if k.nullsFirst {
			null = 0
		}
		for i := range out {
			if a.IsNull(i) {
				out[i] = null
			}
		}
	}
	return out
}

func signedPrefixes[T int16 | int32 | int64](out []uint64, values []T) {
	for i, v := range values {
		out[i] = uint64(int64(v)) ^ 1<<63
	}
}

// floatPrefix orders as types.CompareFloat: NaN last, -0 equal to 0.
func floatPrefix(f float64) uint64 {
	if f != f {
		return math.MaxUint64
	}
	if f == 0 {
		f = 0
	}
	b := math.Float64bits(f)
	if b&(1<<63) != 0 {
		return ^b
	}
	return b | 1<<63
}

// bytesPrefix is the first eight bytes, most significant first.
func bytesPrefix(b []byte) uint64 {
	var p uint64
	for i := range min(8, len(b)) {
		p |= uint64(b[i]) << (56 - 8*i)
	}
	return p
}

// refComparer compares rows by one key.
func refComparer(k sortKey, chunks []arrow.Array) func(a, b rowRef) int {
	values := valueComparer(k.typ, chunks)
	nulls := false
	for _, c := range chunks {
		nulls = nulls || c.NullN() > 0
	}
	sign := 1
	if k.desc {
		sign = -1
	}
	if !nulls {
		if !k.desc {
			return values
		}
		return func(a, b rowRef) int { return -values(a, b) }
	}
	null := 1
	if k.nullsFirst {
		null = -1
	}
	return func(a, b rowRef) int {
		an, bn := chunks[a.chunk()].IsNull(a.row()), chunks[b.chunk()].IsNull(b.row())
		switch {
		case an && bn:
			return 0
		case an:
			return null
		case bn:
			return -null
		}
		return sign * values(a, b)
	}
}

// valueComparer compares values that are not NULL.
func valueComparer(t types.Type, chunks []arrow.Array) func(a, b rowRef) int {
	if len(chunks) > 0 {
		switch chunks[0].(type) {
		case *array.Int16:
			return fixedComparer[int16](chunks)
		case *array.Int32:
			return fixedComparer[int32](chunks)
		case *array.Int64:
			if t.OID != types.PgLsn && t.OID != types.Xid8 {
				return fixedComparer[int64](chunks)
			}
		case *array.Uint32:
			return fixedComparer[uint32](chunks)
		}
	}
	return func(a, b rowRef) int {
		return types.Compare(t, types.DatumAt(chunks[a.chunk()], a.row()), types.DatumAt(chunks[b.chunk()], b.row()))
	}
}

func fixedComparer[T int16 | int32 | int64 | uint32](chunks []arrow.Array) func(a, b rowRef) int {
	views := make([][]T, len(chunks))
	for i, c := range chunks {
		views[i] = fixedValues[T](c)
	}
	return func(a, b rowRef) int {
		return cmp.Compare(views[a.chunk()][a.row()], views[b.chunk()][b.row()])
	}
}
