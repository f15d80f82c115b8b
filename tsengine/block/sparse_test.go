package block

import (
	"context"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

// walkSource is a block of n rows whose only column, 2, walks from first on.
func walkSource(t *testing.T, r *reading, n int, first float64) *source {
	t.Helper()
	b := array.NewFloat64Builder(memory.DefaultAllocator)
	s := &source{refs: 1, reading: r, fresh: true}
	for i := range n {
		b.Append(first + float64(i%7))
		s.groups, s.positions = append(s.groups, 1), append(s.positions, int64(i))
	}
	c, err := chunk.Append(nil, b.NewArray(), chunk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var page container
	page.add(2+firstColumn, c)
	s.block = &header{extent: extent{rows: n}, columns: []ColumnStats{{ID: 2, Bytes: len(c)}}}
	s.pages = []container{page}
	return s
}

// TestSparse gathers rows of blocks of which few or many are wanted, in any order.
func TestSparse(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer alloc.AssertSize(t, 0)
	column := &Column{ID: 2, Type: arrow.PrimitiveTypes.Float64}
	for name, c := range map[string]struct {
		segs  [][3]int // source, from, to
		whole int      // sources that are decoded as a whole
	}{
		"one row":      {[][3]int{{0, 4095, 4096}}, 0},
		"two blocks":   {[][3]int{{0, 10, 20}, {1, 0, 1}, {0, 20, 30}, {1, 3000, 3300}}, 0},
		"many of one":  {[][3]int{{0, 0, 2000}, {1, 5, 6}}, 1},
		"many ranges":  {[][3]int{{0, 0, 1}, {0, 2, 3}, {0, 4, 5}, {0, 6, 7}, {0, 8, 9}, {0, 10, 11}, {0, 12, 13}, {0, 14, 15}, {0, 16, 17}}, 0},
		"descending":   {[][3]int{{0, 9, 10}, {0, 8, 9}}, 1},
		"side by side": {[][3]int{{0, 1, 2}, {0, 2, 3}, {0, 3, 4}}, 0},
	} {
		r := testReading(alloc)
		sources := []*source{walkSource(t, r, 4096, 0), walkSource(t, r, 4096, 100)}
		var segs []segment
		var want []float64
		for _, s := range c.segs {
			segs = append(segs, segment{src: sources[s[0]], from: s[1], to: s[2]})
			for i := s[1]; i < s[2]; i++ {
				want = append(want, float64(100*s[0]+i%7))
			}
		}
		a, err := gather(context.Background(), alloc, column, segs, len(want), false)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := a.(*array.Float64).Float64Values()
		for i := range want {
			if len(got) != len(want) || got[i] != want[i] {
				t.Fatalf("%s: %v, want %v", name, got, want)
			}
		}
		a.Release()
		whole := 0
		for _, s := range sources {
			if _, ok := s.known(2); ok {
				whole++
			}
			s.release()
		}
		if whole != c.whole {
			t.Errorf("%s: %d blocks were decoded as a whole, want %d", name, whole, c.whole)
		}
	}
}
