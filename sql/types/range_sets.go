package types

import "github.com/tidemarkdb/tidemark/sql/pgerror"

// DecodeRanges reads the ranges that are not empty of a range or a multirange,
// aliasing s.
func DecodeRanges(s string) []Range {
	if len(s) < 4 {
		return nil
	}
	if t := FindRange(OID(le32(s))); t != nil && t.Multirange == OID(le32(s)) {
		m := DecodeMultirange(s)
		return m.Ranges
	}
	r := DecodeRange(s)
	if r.Empty {
		return nil
	}
	return []Range{r}
}

// ContainsValue reports whether a value lies in the range.
func (r *Range) ContainsValue(d Datum) bool {
	if r.Empty {
		return false
	}
	t := r.Subtype()
	if !r.Lower.Infinite {
		if c := Compare(t, r.Lower.Value, d); c > 0 || c == 0 && !r.Lower.Inclusive {
			return false
		}
	}
	if !r.Upper.Infinite {
		if c := Compare(t, r.Upper.Value, d); c < 0 || c == 0 && !r.Upper.Inclusive {
			return false
		}
	}
	return true
}

// Contains reports whether all values of o lie in the range.
func (r *Range) Contains(o *Range) bool {
	switch {
	case o.Empty:
		return true
	case r.Empty:
		return false
	}
	t := r.Subtype()
	return CompareBounds(t, r.Lower, false, o.Lower, false) <= 0 && CompareBounds(t, r.Upper, true, o.Upper, true) >= 0
}

// Hull is the smallest range that contains both.
func (r *Range) Hull(o *Range) Range {
	switch {
	case r.Empty:
		return *o
	case o.Empty:
		return *r
	}
	t, out := r.Subtype(), *r
	if CompareBounds(t, o.Lower, false, r.Lower, false) < 0 {
		out.Lower = o.Lower
	}
	if CompareBounds(t, o.Upper, true, r.Upper, true) > 0 {
		out.Upper = o.Upper
	}
	return out
}

// Union is the range of the values of either; the error is 22000 if there is a gap
// between them.
func (r *Range) Union(o *Range) (Range, error) {
	if !r.Empty && !o.Empty && !r.Overlaps(o) && !r.Adjacent(o) {
		return *r, pgerror.New(pgerror.DataException, "result of range union would not be contiguous")
	}
	return r.Hull(o), nil
}

// Intersect is the range of the values of both.
func (r *Range) Intersect(o *Range) (Range, error) {
	if !r.Overlaps(o) {
		return Range{OID: r.OID, Empty: true}, nil
	}
	t := r.Subtype()
	lower, upper := r.Lower, r.Upper
	if CompareBounds(t, o.Lower, false, lower, false) > 0 {
		lower = o.Lower
	}
	if CompareBounds(t, o.Upper, true, upper, true) < 0 {
		upper = o.Upper
	}
	return MakeRange(r.OID, lower, upper)
}

// Split takes the values of o out of the range: what is left before and behind.
func (r *Range) Split(o *Range) (before, behind Range, err error) {
	before, behind = Range{OID: r.OID, Empty: true}, Range{OID: r.OID, Empty: true}
	if !r.Overlaps(o) {
		return *r, behind, nil
	}
	t := r.Subtype()
	if CompareBounds(t, r.Lower, false, o.Lower, false) < 0 {
		before, err = MakeRange(r.OID, r.Lower, RangeBound{Value: o.Lower.Value, Inclusive: !o.Lower.Inclusive})
	}
	if err == nil && CompareBounds(t, r.Upper, true, o.Upper, true) > 0 {
		behind, err = MakeRange(r.OID, RangeBound{Value: o.Upper.Value, Inclusive: !o.Upper.Inclusive}, r.Upper)
	}
	return before, behind, err
}

// Minus is the range of the values that o has not; the error is 22000 if these are
// two ranges.
func (r *Range) Minus(o *Range) (Range, error) {
	before, behind, err := r.Split(o)
	switch {
	case err != nil:
		return *r, err
	case before.Empty:
		return behind, nil
	case !behind.Empty:
		return *r, pgerror.New(pgerror.DataException, "result of range difference would not be contiguous")
	}
	return before, nil
}

// Union is the multirange of the values of either.
func (m *Multirange) Union(o *Multirange) Multirange {
	return MakeMultirange(m.OID, append(append([]Range(nil), m.Ranges...), o.Ranges...))
}

// Intersect is the multirange of the values of both.
func (m *Multirange) Intersect(o *Multirange) (Multirange, error) {
	out := Multirange{OID: m.OID}
	for i, j := 0, 0; i < len(m.Ranges) && j < len(o.Ranges); {
		a, b := &m.Ranges[i], &o.Ranges[j]
		both, err := a.Intersect(b)
		if err != nil {
			return out, err
		}
		if !both.Empty {
			out.Ranges = append(out.Ranges, both)
		}
		if CompareBounds(a.Subtype(), a.Upper, true, b.Upper, true) <= 0 {
			i++
		} else {
			j++
		}
	}
	return out, nil
}

// Minus is the multirange of the values that o has not.
func (m *Multirange) Minus(o *Multirange) (Multirange, error) {
	out := Multirange{OID: m.OID}
	j := 0
	for _, r := range m.Ranges {
		for j < len(o.Ranges) && !r.Overlaps(&o.Ranges[j]) && o.Ranges[j].Compare(&r) < 0 {
			j++
		}
		for k := j; k < len(o.Ranges) && r.Overlaps(&o.Ranges[k]); k++ {
			before, behind, err := r.Split(&o.Ranges[k])
			if err != nil {
				return out, err
			}
			if !before.Empty {
				out.Ranges = append(out.Ranges, before)
			}
			r = behind
		}
		if !r.Empty {
			out.Ranges = append(out.Ranges, r)
		}
	}
	return out, nil
}
