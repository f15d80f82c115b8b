package block

import (
	"fmt"
	"math"
	"testing"
)

func sampleRangeDelete(t testing.TB, groups bool) []byte {
	d := RangeDelete{Lower: -5, Upper: math.MaxInt64}
	if groups {
		d.Groups = []uint64{0, 7, 1 << 63}
	}
	b, err := d.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRangeDeleteRoundTrip(t *testing.T) {
	for _, groups := range []bool{false, true} {
		c, err := readContainer(sampleRangeDelete(t, groups))
		if err != nil {
			t.Fatal(err)
		}
		d, err := readRangeDelete(&c, nil, Order{100, 2})
		if err != nil || d == nil || d.Lower != -5 || d.Upper != math.MaxInt64 || d.time != 100 || (d.Groups != nil) != groups {
			t.Fatalf("%v, %v", d, err)
		}
		if groups && fmt.Sprint(d.Groups) != "[0 7 9223372036854775808]" {
			t.Errorf("groups %v", d.Groups)
		}
	}
	c, err := readContainer(sampleDelta(t, false))
	if err != nil {
		t.Fatal(err)
	}
	if d, err := readRangeDelete(&c, nil, Order{}); d != nil || err != nil {
		t.Errorf("a delta is a range delete: %v, %v", d, err)
	}
}

func TestRangeDeleteCut(t *testing.T) {
	src := &source{rowNumbers: rowNumbers{n: 9, groups: []uint64{1, 1, 1, 2, 2, 5, 5, 5, 9}, positions: []int64{1, 3, 5, 3, 4, 2, 3, 9, 4}}}
	src.heads = headsOf(src.groups, src.positions)
	all := []rowRange{{0, 9}}
	for _, c := range []struct {
		d    RangeDelete
		in   []rowRange
		want string
	}{
		{RangeDelete{Lower: 3, Upper: 4}, all, "[{0 1} {2 3} {5 6} {7 8}]"},
		{RangeDelete{Lower: 3, Upper: 4, Groups: []uint64{2, 9}}, all, "[{0 3} {5 8}]"},
		{RangeDelete{Lower: math.MinInt64, Upper: math.MaxInt64}, all, "[]"},
		{RangeDelete{Lower: 6, Upper: 8}, all, "[{0 9}]"},
		{RangeDelete{Lower: 3, Upper: 9, Groups: []uint64{1, 3}}, []rowRange{{1, 4}, {6, 8}}, "[{3 4} {6 8}]"},
	} {
		if got := fmt.Sprint(c.d.cut(src, c.in)); got != c.want {
			t.Errorf("%v of %v: %s, want %s", c.d, c.in, got, c.want)
		}
	}
}
