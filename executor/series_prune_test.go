package executor

import "testing"

func TestOutside(t *testing.T) {
	for _, c := range []struct {
		op        string
		v         int64
		excluded  bool
		low, high int64
	}{
		{"<", 5, true, 5, 9},
		{"<", 6, false, 5, 9},
		{"<=", 4, true, 5, 9},
		{"<=", 5, false, 5, 9},
		{">", 9, true, 5, 9},
		{">", 8, false, 5, 9},
		{">=", 10, true, 5, 9},
		{">=", 9, false, 5, 9},
		{"=", 4, true, 5, 9},
		{"=", 10, true, 5, 9},
		{"=", 5, false, 5, 9},
		{"=", 9, false, 5, 9},
	} {
		if got := outside(c.op, c.v, c.low, c.high); got != c.excluded {
			t.Errorf("x %s %d with x in [%d, %d]: excluded is %v", c.op, c.v, c.low, c.high, got)
		}
	}
}
