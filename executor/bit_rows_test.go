package executor

import (
	"testing"

	"pgregory.net/rapid"
)

func TestBitRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		marks := make([]bool, rapid.IntRange(1, 400).Draw(t, "rows"))
		marks[0] = true
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(marks)-1), 0, 10).Draw(t, "marks") {
			marks[i] = true
		}
		from := rapid.IntRange(0, len(marks)-1).Draw(t, "from")
		marks[from] = true
		var b bitRows
		for i, m := range marks {
			if m {
				b.set(i)
			}
		}
		b.forget(from)
		for i := from; i < len(marks); i++ {
			next, prev := i, i
			for next < len(marks) && !marks[next] {
				next++
			}
			for !marks[prev] {
				prev--
			}
			if b.has(i) != marks[i] || b.next(i, len(marks)) != next || b.prev(i) != prev {
				t.Fatalf("row %d: has %v, next %d (want %d), prev %d (want %d)", i, b.has(i), b.next(i, len(marks)), next, b.prev(i), prev)
			}
			if end := min(i+3, len(marks)); b.next(i, end) != min(next, end) {
				t.Fatalf("row %d: next before %d is %d", i, end, b.next(i, end))
			}
		}
	})
}
