package executor

import (
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestNumericPrefixes: prefixes of numerics order as they do, or are equal, and they
// differ where the numbers are far apart.
func TestNumericPrefixes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	values := []types.Datum{types.DecimalNaN.Datum(), types.DecimalInf.Datum(), types.DecimalNegInf.Datum(), types.Null}
	for range 400 {
		d := types.NewDecimal(r.Int64()>>r.IntN(63), r.IntN(25))
		switch r.IntN(6) {
		case 0:
			d = d.Neg()
		case 1: // as large as the one before, but for the last digits
			if before := values[len(values)-1]; !before.IsNull() && before.Decimal().IsFinite() {
				var err error
				if d, err = before.Decimal().Add(types.NewDecimal(int64(r.IntN(3)-1), r.IntN(25))); err != nil {
					t.Fatal(err)
				}
			}
		case 2:
			var err error
			if d, err = d.Mul(types.NewDecimal(r.Int64(), 3)); err != nil {
				t.Fatal(err)
			}
		}
		values = append(values, d.Datum())
	}
	b := types.NewBuilder(memory.DefaultAllocator, types.Of(types.Numeric))
	defer b.Release()
	for _, v := range values {
		types.AppendDatum(b, v)
	}
	a := b.NewArray()
	defer a.Release()
	for _, desc := range []bool{false, true} {
		k := sortKey{scalar: &scalar{typ: types.Of(types.Numeric)}, desc: desc}
		prefixes := sortPrefixes(nil, k, a)
		equal := 0
		for i, x := range values {
			for j, y := range values {
				want := 0
				switch {
				case x.IsNull() && y.IsNull():
				case x.IsNull():
					want = 1
				case y.IsNull():
					want = -1
				default:
					if want = types.Compare(k.typ, x, y); desc {
						want = -want
					}
				}
				if want < 0 && prefixes[i] > prefixes[j] || want > 0 && prefixes[i] < prefixes[j] {
					t.Fatalf("desc %v: %v and %v: prefixes %x and %x", desc, x.Decimal(), y.Decimal(), prefixes[i], prefixes[j])
				}
				if want != 0 && prefixes[i] == prefixes[j] {
					equal++
				}
			}
		}
		if equal > len(values)*len(values)/100 {
			t.Errorf("%d prefixes of other numbers are equal", equal)
		}
	}
}
