package peers

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Differ returns the first difference of two answers, "" if they are equal.
// Unless ordered, the rows' order does not matter.
func Differ(a, b [][]string, ordered bool) string {
	if len(a) != len(b) {
		return fmt.Sprintf("%d rows and %d rows", len(a), len(b))
	}
	if !ordered {
		a, b = sorted(a), sorted(b)
	}
	for i := range a {
		if !slices.EqualFunc(a[i], b[i], same) {
			return fmt.Sprintf("row %d is %q and %q", i+1, a[i], b[i])
		}
	}
	return ""
}

func sorted(rows [][]string) [][]string {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, slices.Compare)
	return rows
}

// same compares two values. Sums of double precision depend on the order in
// which they are made: such numbers, known by their many digits, may differ in
// the last ones.
func same(a, b string) bool {
	if a == b {
		return true
	}
	if len(a) < 15 || len(b) < 15 || !strings.Contains(a, ".") {
		return false
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && math.Abs(x-y) <= 1e-11*math.Max(math.Abs(x), math.Abs(y))
}
