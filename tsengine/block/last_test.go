package block

import (
	"context"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestLastValues reads the last rows of some groups of blocks twice, from columns
// and from what the cache has of them; rows that are not the last of their groups
// come from the columns.
func TestLastValues(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer alloc.AssertSize(t, 0)
	column := &Column{ID: 2, Type: arrow.PrimitiveTypes.Float64}
	r := testReading(alloc)
	r.last = true
	r.spec.Cache = NewCache(1 << 20)
	sources := []*source{walkSource(t, r, 100, 0), walkSource(t, r, 100, 100), walkSource(t, r, 7, 200)}
	for i, s := range sources {
		defer s.release()
		s.inRun = nameOf(kv.Key("p"), uint64(i))
		s.starts = []int32{0, 1, 50, 90}[:min(4, 2+2*(2-i))]
	}
	ends := [][]int{{1, 50, 90, 100}, {1, 50, 90, 100}, {1, 7}}
	for name, rows := range map[string][][2]int{ // source, end of the group
		"all":        {{0, 1}, {0, 50}, {0, 90}, {0, 100}, {1, 1}, {1, 50}, {1, 90}, {1, 100}, {2, 1}, {2, 7}},
		"one":        {{1, 90}},
		"mixed":      {{0, 1}, {1, 1}, {0, 50}, {1, 50}, {0, 90}},
		"cut":        {{0, 1}, {1, 1}, {0, 49}, {1, 50}},
		"with gaps":  {{0, 1}, {0, 90}, {1, 50}, {1, 100}, {2, 7}},
		"not a last": {{0, 1}, {0, 50}, {1, 49}, {1, 100}, {2, 1}},
	} {
		var want []float64
		s := &Scanner{reading: *r, spec: *r.spec, rows: len(rows)}
		for _, row := range rows {
			s.segs = append(s.segs, segment{src: sources[row[0]], from: row[1] - 1, to: row[1]})
			want = append(want, float64(100*row[0]+(row[1]-1)%7))
		}
		for range 2 {
			a, err := s.Column(context.Background(), column)
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
		}
	}
	for i, s := range sources {
		a := r.spec.Cache.column(s.inRun, 0, &Column{ID: 2 | lastRows, Type: column.Type})
		if a == nil || a.Len() != len(ends[i]) {
			t.Errorf("source %d: the cache has %v of its last rows", i, a)
		}
		if a != nil {
			a.Release()
		}
	}
}
