package types

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"time"
)

// randomWide makes a numeric about as long as what fits 64 or 128 bits.
func randomWide(r *rand.Rand) Decimal {
	scales := []int{0, 0, 1, 2, 2, 6, 10, 16, 18, 19, 20, 37, 40, 254, 255, 256, 300, 8000, 16383}
	lengths := []int{0, 1, 8, 31, 62, 63, 64, 65, 90, 120, 126, 127, 128, 129, 200}
	b := new(big.Int).Lsh(big.NewInt(1), uint(lengths[r.IntN(len(lengths))]))
	switch r.IntN(4) {
	case 0:
		b.Sub(b, big.NewInt(1))
	case 1:
		b.Add(b, big.NewInt(int64(r.IntN(3))))
	case 2:
		for i := range b.BitLen() {
			b.SetBit(b, i, uint(r.IntN(2)))
		}
	}
	if r.IntN(2) == 0 {
		b.Neg(b)
	}
	if r.IntN(40) == 0 {
		return []Decimal{DecimalNaN, DecimalInf, DecimalNegInf}[r.IntN(3)]
	}
	return DecimalFromBig(b, scales[r.IntN(len(scales))])
}

// TestWide: what is computed in two words is what Decimal computes, to the byte, and what
// fits is computed there.
func TestWide(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	done := map[string]int{}
	for range 20_000 {
		a, b := randomWide(r), randomWide(r)
		x, y := string(a.AppendEncode(nil)), string(b.AppendEncode(nil))
		check := func(name string, got []byte, ok bool, want Decimal, err error) {
			if !ok {
				if err == nil && a.IsFinite() && b.IsFinite() && a.bigCoef().BitLen() <= 64 && b.bigCoef().BitLen() <= 64 && a.Scale() == b.Scale() && a.Scale() < 1000 {
					t.Fatalf("%.60s %s %.60s is left to Decimal", a, name, b)
				}
				return
			}
			done[name]++
			if err != nil || string(got) != string(want.AppendEncode(nil)) {
				t.Fatalf("%.60s %s %.60s: %.60s, want %.60s, %v", a, name, b, DecodeNumeric(string(got)), want, err)
			}
		}
		got, ok := AddEncoded(nil, x, y, false)
		want, err := a.Add(b)
		check("+", got, ok, want, err)
		got, ok = AddEncoded(nil, x, y, true)
		want, err = a.Sub(b)
		check("-", got, ok, want, err)
		got, ok = MulEncoded(nil, x, y)
		want, err = a.Mul(b)
		check("*", got, ok, want, err)
		if c, ok := CompareEncoded(x, y); ok {
			done["<"]++
			if c != a.Cmp(b) {
				t.Fatalf("%.60s compared with %.60s is %d", a, b, c)
			}
		}
	}
	for _, op := range []string{"+", "-", "*", "<"} {
		if done[op] < 2_000 {
			t.Errorf("only %d %s", done[op], op)
		}
	}
}

// TestWideSum adds numerics of many lengths and scales: the sum of encodings is that of
// values, whatever way it takes.
func TestWideSum(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range 300 {
		var sum DecimalSum
		parts := [2]DecimalSum{}
		var want Decimal
		fixed := r.IntN(2) == 0
		for i := range r.IntN(50) {
			d := randomWide(r)
			if fixed && d.IsFinite() {
				d = DecimalFromBig(d.bigCoef(), 10)
			}
			if d.Scale() > 1000 {
				continue
			}
			enc := string(d.AppendEncode(nil))
			sum.AddEncoded(enc)
			parts[i&1].AddEncoded(enc)
			want, _ = want.Add(d)
		}
		got, err := sum.Sum()
		if err != nil || got.String() != want.String() {
			t.Fatalf("%.60s, want %.60s, %v", got, want, err)
		}
		parts[0].Merge(&parts[1])
		if got, err = parts[0].Sum(); err != nil || got.String() != want.String() {
			t.Fatalf("merged: %.60s, want %.60s, %v", got, want, err)
		}
	}
}
