package functions

import "github.com/tidemarkdb/tidemark/sql/types"

// The relations of ranges and multiranges. A range counts as a multirange of one, or
// of none if it is empty.
func init() {
	for name, f := range map[string]func(a, b []types.Range) bool{
		"overlaps": rangesOverlap, "adjacent": rangesAdjacent, "before": rangesBefore, "after": func(a, b []types.Range) bool { return rangesBefore(b, a) },
		"overleft": rangesOverleft, "overright": rangesOverright,
	} {
		relation("range_"+name, f)
		for _, pair := range []string{"range_" + name + "_multirange", "multirange_" + name + "_range", "multirange_" + name + "_multirange"} {
			relation(pair, f)
		}
	}
	for _, src := range []string{"range_contains", "range_contains_multirange", "multirange_contains_range", "multirange_contains_multirange"} {
		relation(src, rangesContain)
	}
	for _, src := range []string{"range_contained_by", "range_contained_by_multirange", "multirange_contained_by_range", "multirange_contained_by_multirange"} {
		relation(src, func(a, b []types.Range) bool { return rangesContain(b, a) })
	}
	contains := func(ranges, elem types.Datum) (types.Datum, error) {
		for _, r := range types.DecodeRanges(ranges.S) {
			if r.ContainsValue(elem) {
				return types.NewBool(true), nil
			}
		}
		return types.NewBool(false), nil
	}
	for _, src := range []string{"range_contains_elem", "multirange_contains_elem"} {
		behind(src, body{Eval: func(_ *Context, d []types.Datum) (types.Datum, error) { return contains(d[0], d[1]) }})
	}
	for _, src := range []string{"elem_contained_by_range", "elem_contained_by_multirange"} {
		behind(src, body{Eval: func(_ *Context, d []types.Datum) (types.Datum, error) { return contains(d[1], d[0]) }})
	}
}

func relation(src string, f func(a, b []types.Range) bool) {
	behind(src, fn2(func(a, b binary) bool { return f(types.DecodeRanges(string(a)), types.DecodeRanges(string(b))) }))
}

func rangesOverlap(a, b []types.Range) bool {
	for i := range a {
		for j := range b {
			if a[i].Overlaps(&b[j]) {
				return true
			}
		}
	}
	return false
}

func rangesContain(a, b []types.Range) bool {
	for j := range b {
		found := false
		for i := range a {
			found = found || a[i].Contains(&b[j])
		}
		if !found {
			return false
		}
	}
	return true
}

// rangesAdjacent: one begins where the other ends.
func rangesAdjacent(a, b []types.Range) bool {
	return len(a) > 0 && len(b) > 0 && (a[len(a)-1].Meets(&b[0]) || b[len(b)-1].Meets(&a[0]))
}

// rangesBefore is a << b.
func rangesBefore(a, b []types.Range) bool {
	return len(a) > 0 && len(b) > 0 && types.CompareBounds(a[0].Subtype(), a[len(a)-1].Upper, true, b[0].Lower, false) < 0
}

// rangesOverleft is a &< b: a does not go on behind b.
func rangesOverleft(a, b []types.Range) bool {
	return len(a) > 0 && len(b) > 0 && types.CompareBounds(a[0].Subtype(), a[len(a)-1].Upper, true, b[len(b)-1].Upper, true) <= 0
}

// rangesOverright is a &> b: a does not begin before b.
func rangesOverright(a, b []types.Range) bool {
	return len(a) > 0 && len(b) > 0 && types.CompareBounds(a[0].Subtype(), a[0].Lower, false, b[0].Lower, false) >= 0
}
