package chunk

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

var fuzzTypes = []arrow.DataType{
	arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
	arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64, arrow.BinaryTypes.String,
	arrow.BinaryTypes.Binary,
}

// FuzzDecode gives Decode any bytes.
func FuzzDecode(f *testing.F) {
	for _, n := range []int{0, 5, 70} {
		for _, c := range columns(memory.DefaultAllocator, n) {
			for comp := Uncompressed; comp <= Zstd; comp++ {
				b, err := Append(nil, c.a, Options{Compression: comp})
				if err != nil {
					f.Fatal(err)
				}
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if info, err := Describe(b); err == nil && info.Rows > 1<<16 {
			return // takes long and shows nothing new
		}
		for _, dt := range fuzzTypes {
			alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
			a, err := Decode(alloc, dt, b)
			if err == nil {
				a.Release()
			} else if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			if coded, ok, err := DecodeCoded(alloc, dt, b, 1000); ok {
				coded.Release()
			} else if err != nil && !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			if info, err := Describe(b); err == nil && info.Rows > 0 {
				part, ok, err := DecodeRanges(alloc, dt, b, []Range{{info.Rows / 3, info.Rows/3 + 1}})
				if ok {
					part.Release()
				} else if err != nil && !errors.Is(err, ErrCorrupt) {
					t.Fatal(err)
				}
			}
			alloc.AssertSize(t, 0)
		}
		if _, err := EachRun(b, func(int64, int) {}); err != nil && !errors.Is(err, ErrCorrupt) {
			t.Fatal(err)
		}
	})
}

// FuzzRoundTrip makes values of any bytes: with the first byte's help they
// differ little, or repeat, or are NULL.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3})
	f.Add([]byte{7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1})
	f.Add([]byte("\x15host_1host_2host_3"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		mode, b := b[0], b[1:]
		word := func(i int) uint64 {
			var w [8]byte
			copy(w[:], b[min(len(b), i*(1+int(mode&7))):])
			return binary.LittleEndian.Uint64(w[:]) >> (mode >> 3 & 7 * 8)
		}
		null := func(i int) bool { return mode&0x40 != 0 && word(i)%3 == 0 }
		n := len(b)/(1+int(mode&7)) + 1
		alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
		defer alloc.AssertSize(t, 0)
		for _, a := range []arrow.Array{
			intsOf(alloc, arrow.PrimitiveTypes.Int64, n, func(i int) (int64, bool) { return int64(word(i)), !null(i) }),
			intsOf(alloc, arrow.PrimitiveTypes.Int32, n, func(i int) (int64, bool) { return int64(int32(word(i))), !null(i) }),
			floatsOf(alloc, arrow.PrimitiveTypes.Float64, n, func(i int) (float64, bool) { return math.Float64frombits(word(i)), !null(i) }),
			floatsOf(alloc, arrow.PrimitiveTypes.Float64, n, func(i int) (float64, bool) { return float64(int32(word(i))) / 1000, !null(i) }),
			floatsOf(alloc, arrow.PrimitiveTypes.Float32, n, func(i int) (float64, bool) {
				return float64(math.Float32frombits(uint32(word(i)))), !null(i)
			}),
			stringsOf(alloc, arrow.BinaryTypes.Binary, n, func(i int) (string, bool) {
				return string(b[min(len(b), i):min(len(b), i+int(word(i)%9))]), !null(i)
			}),
			boolsOf(alloc, n, func(i int) (bool, bool) { return word(i)&1 == 1, !null(i) }),
		} {
			c, err := Append(nil, a, Options{Compression: Compression(mode >> 5 % 3)})
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode(alloc, a.DataType(), c)
			if err != nil {
				t.Fatal(err)
			}
			same(t, a, got)
			got.Release()
			a.Release()
		}
	})
}
