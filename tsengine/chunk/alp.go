package chunk

import (
	"encoding/binary"
	"math"
	"slices"
)

// ALP: most floats that people store are decimals. value * 10^e * 10^-f,
// rounded, is an integer from which the very same bits come back; what does
// not come back is an exception, kept apart. (Afroozeh, Kuffó, Boncz, "ALP:
// Adaptive Lossless floating-Point Compression", SIGMOD 2023; the integers are
// not bit-packed straight away but are integers of this package, so that slow
// changes become small differences.)
//
//	e, f, nested integers, number of exceptions, their positions (nested), their bits

const (
	alpMaxExponent = 18
	// alpLimit is how large an integer may be: all up to it are floats as well.
	alpLimit = 1 << 53
)

var powersOfTen = func() (p [alpMaxExponent + 1]float64) {
	for i := range p {
		p[i] = math.Pow10(i)
	}
	return p
}()

var inversePowers = func() (p [alpMaxExponent + 1]float64) {
	for i := range p {
		p[i] = math.Pow10(-i)
	}
	return p
}()

type alpExponents struct{ e, f int }

// toInteger gives the integer of a value, or says that there is none.
func (x alpExponents) toInteger(v float64) (int64, bool) {
	scaled := math.RoundToEven(v * powersOfTen[x.e] * inversePowers[x.f])
	if !(math.Abs(scaled) <= alpLimit) { // NaN too
		return 0, false
	}
	return int64(scaled), true
}

// value undoes toInteger; encoder and decoder compute it alike.
func (x alpExponents) value(d int64) float64 {
	return float64(d) * powersOfTen[x.f] * inversePowers[x.e]
}

// exact reports whether a value's bits come back, and from which integer.
func alpExact[F floatFormat](f F, x alpExponents, v float64, bits uint64) (int64, bool) {
	d, ok := x.toInteger(v)
	return d, ok && f.bits(x.value(d)) == bits
}

// chooseALP finds the exponents with which the most of a sample comes back,
// and among equals those of the smallest integers.
func chooseALP[F floatFormat](f F, values []float64, bits []uint64) (best alpExponents, hits, sampled int) {
	step := max(1, len(values)/sampleRows)
	var at []int
	for i := 0; i < len(values); i += step {
		at = append(at, i)
	}
	size := 0.0
	try := func(x alpExponents) {
		n, bytes := 0, 0.0
		for k, i := range at {
			if d, ok := alpExact(f, x, values[i], bits[i]); ok {
				n++
				bytes += math.Log2(math.Abs(float64(d)) + 1)
			}
			if n+len(at)-k-1 < hits {
				return // cannot win any more
			}
		}
		if n > hits || n == hits && bytes < size {
			best, hits, size = x, n, bytes
		}
	}
	for e := range alpMaxExponent + 1 {
		for f := e; f >= 0; f-- {
			try(alpExponents{e, f})
		}
		if hits == len(at) {
			break // more digits make larger integers only
		}
	}
	return best, hits, len(at)
}

// encodeALP encodes the values in less than limit bytes, or gives up.
func encodeALP[F floatFormat](f F, values []float64, bits []uint64, limit int) ([]byte, bool) {
	x, hits, sampled := chooseALP(f, values, bits)
	if hits < sampled/2 {
		return nil, false
	}
	integers := make([]int64, len(values))
	var positions []int64
	last := int64(0)
	for i, v := range values {
		d, ok := alpExact(f, x, v, bits[i])
		if ok {
			last = d
		} else {
			positions = append(positions, int64(i))
		}
		integers[i] = last // an exception costs its neighbours nothing
	}
	enc, size := chooseInts(integers)
	if size += 1 + len(positions)*f.bytes(); size >= limit {
		return nil, false
	}
	out := append(make([]byte, 0, size+16), byte(x.e), byte(x.f), byte(enc))
	out = appendInts(out, enc, integers)
	out = binary.AppendUvarint(out, uint64(len(positions)))
	if len(positions) > 0 {
		out = appendNested(out, positions)
		for _, p := range positions {
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], bits[p])
			out = append(out, b[:f.bytes()]...)
		}
	}
	return out, len(out) < limit
}

// alp decodes into the bytes of values of size bytes.
func (d *decoder) alp(dst []byte, size int) {
	in := &d.in
	x := alpExponents{int(in.byte()), int(in.byte())}
	if x.e > alpMaxExponent || x.f > x.e {
		in.fail("exponents %d and %d", x.e, x.f)
		return
	}
	if size == 8 {
		// Integers become floats where they are.
		integers, floats := view[int64](dst, d.values), view[float64](dst, d.values)
		d.ints(integers, Encoding(in.byte()))
		for i, v := range integers {
			floats[i] = x.value(v)
		}
	} else {
		integers, floats := make([]int64, d.values), view[float32](dst, d.values)
		d.ints(integers, Encoding(in.byte()))
		for i, v := range integers {
			floats[i] = float32(x.value(v))
		}
	}
	n := d.values
	if d.ranges != nil {
		n = d.of
	}
	count := in.length(n)
	if count == 0 {
		return
	}
	positions := make([]int64, count)
	decodeNested(positions, in)
	if in.err == nil && (positions[0] < 0 || positions[count-1] >= int64(n) || !slices.IsSorted(positions)) {
		in.fail("positions of exceptions")
	}
	raw := in.bytes(count * size)
	switch {
	case in.err != nil:
	case d.ranges != nil:
		d.exceptions(dst, size, positions, raw)
	default:
		for k, p := range positions {
			copy(dst[int(p)*size:int(p+1)*size], raw[k*size:])
		}
	}
}
