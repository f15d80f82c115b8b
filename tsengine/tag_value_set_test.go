package tsengine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTagValueSet compares it with a map: of values that come again, an empty one and
// ones that begin alike.
func TestTagValueSet(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, different := range []int{1, 3, 31, 5000} {
		var s tagValueSet
		numbers := map[string]uint32{}
		for range 4 * different {
			v := fmt.Sprintf("%0*d", r.IntN(3), r.IntN(different))
			if r.IntN(10) == 0 {
				v = ""
			}
			n, added := s.number([]byte(v))
			want, known := numbers[v]
			if !known {
				want = uint32(len(numbers))
				numbers[v] = want
			}
			if n != want || added == known {
				t.Fatalf("%q is %d (new: %v), want %d", v, n, added, want)
			}
		}
		values, place := s.sorted()
		if len(values) != len(numbers) || !slices.IsSorted(values) {
			t.Fatalf("%d values of %d, sorted: %v", len(values), len(numbers), slices.IsSorted(values))
		}
		for v, n := range numbers {
			if values[place[n]] != v {
				t.Fatalf("value %d at %d is %q, want %q", n, place[n], values[place[n]], v)
			}
		}
	}
}
