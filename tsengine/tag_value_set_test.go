package tsengine

import (
	"fmt"
	"math/rand/v2"
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
		s.trim()
		if s.len() != len(numbers) {
			t.Fatalf("%d values of %d", s.len(), len(numbers))
		}
		for v, n := range numbers {
			if got, ok := s.find([]byte(v)); !ok || got != n || string(s.value(n)) != v {
				t.Fatalf("%q is %d (%v), want %d", v, got, ok, n)
			}
		}
		if n, ok := s.find([]byte("none")); ok {
			t.Errorf("a value that is not there is %d", n)
		}
	}
	if n, ok := new(tagValueSet).find(nil); ok {
		t.Errorf("a value of none is %d", n)
	}
}
