package executor

import (
	"math/bits"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// runtimeFilter lets a scan below the probe side of a hash join leave out the
// rows that cannot find a partner: what is dropped there is neither copied, sent
// to the consumer, nor aggregated or probed.
//
//  1. When a join is made, the key columns of its probe side are followed down to
//     the scans that they come from (probeScan); the scans get a filter each.
//  2. While the build side is read its keys are collected; when it is complete
//     they become a set, which is published. The probe side is not asked for rows
//     before, so that its scans find the set.
//  3. A scan tests its rows, those of its own condition that are left. If nearly
//     all pass, it stops.
//
// A join is only one that drops rows of the probe side without a partner, and
// only integers and dates are tested. A scan of a time-series table whose tag is the
// key reads only the series that have one of the values (tagFilter).
type runtimeFilter struct {
	scan   *plan.Scan
	column int // of the scan's output
	set    atomic.Pointer[valueSet]
	tag    *tagFilter // nil: of a scan of rows

	// Of the join's goroutine, until the set is published.
	key    int // of the join
	values []int64
	full   bool // too many values: there will be no set
	words  []int64
}

// maxFilterValues bounds the build rows that a set is made of.
const maxFilterValues = 1 << 20

// runtimeFilters makes the filters of a join that is about to be built. The
// scans below find them in r until the join is built another time.
func (r *run) runtimeFilters(n *plan.HashJoin) []*runtimeFilter {
	probe, _ := n.Sides()
	keys := n.LeftKeys
	if n.BuildLeft {
		keys = n.RightKeys
	}
	var out []*runtimeFilter
	for i, k := range keys {
		o, ok := k.(*expr.Ordinal)
		if !ok || !dropsProbe(n) || n.NullEqual != nil && n.NullEqual[i] {
			continue
		}
		leaf, column := probeScan(probe, o.Index)
		switch s := leaf.(type) {
		case *plan.Scan:
			if filterable(o.Typ) {
				out = append(out, &runtimeFilter{scan: s, column: column, key: i})
			}
		case *plan.SeriesScan:
			if t := newTagFilter(s, column, other(n, i).Type()); t != nil {
				out = append(out, &runtimeFilter{tag: t, key: i})
			}
		}
	}
	if len(out) > 0 || r.filters[n] != nil {
		if r.filters == nil {
			r.filters = map[*plan.HashJoin][]*runtimeFilter{}
		}
		r.filters[n] = out
	}
	return out
}

// other is a key of the build side.
func other(n *plan.HashJoin, key int) expr.Expr {
	if n.BuildLeft {
		return n.LeftKeys[key]
	}
	return n.RightKeys[key]
}

// dropsProbe reports whether probe rows without a partner change nothing.
func dropsProbe(n *plan.HashJoin) bool {
	switch n.Type {
	case plan.InnerJoin, plan.SemiJoin:
		return true
	case plan.LeftJoin, plan.AntiJoin:
		return n.BuildLeft
	}
	return false
}

// filtersOf are the filters of a scan.
func (r *run) filtersOf(n *plan.Scan) []*runtimeFilter {
	var out []*runtimeFilter
	for _, list := range r.filters {
		for _, f := range list {
			if f.scan == n {
				out = append(out, f)
			}
		}
	}
	return out
}

func filterable(t types.Type) bool {
	switch t.Phys() {
	case types.PhysInt16, types.PhysInt32, types.PhysInt64, types.PhysUint32:
		return true
	}
	return false
}

// probeScan finds the scan that an output column of n comes from unchanged,
// where leaving out rows of the scan leaves out just the rows of n that have the
// same values in the column.
func probeScan(n plan.Node, at int) (leaf plan.Node, column int) {
	switch n := n.(type) {
	case *plan.Scan:
		if n.Limit == 0 && n.Locking == nil && !n.PointGet && at < len(n.Output) {
			return n, at
		}
	case *plan.SeriesScan:
		if n.Limit == 0 && at < len(n.Output) {
			return n, at
		}
	case *plan.Filter:
		return probeScan(n.Input, at)
	case *plan.Gather:
		return probeScan(n.Input, at)
	case *plan.Project:
		if o, ok := n.Exprs[at].(*expr.Ordinal); ok {
			return probeScan(n.Input, o.Index)
		}
	case *plan.Sort:
		if n.TopCount == nil && n.TopOffset == nil {
			return probeScan(n.Input, at)
		}
	case *plan.Aggregate:
		return probeScanOfKey(n, at)
	case *plan.HashJoin:
		return probeScanOfSide(n.Left, n.Right, n.Type, at)
	case *plan.MergeJoin:
		return probeScanOfSide(n.Left, n.Right, n.Type, at)
	case *plan.LookupJoin:
		if at < len(n.Left.Columns()) {
			return probeScanOfSide(n.Left, nil, n.Type, at)
		}
	}
	return nil, 0
}

// probeScanOfKey goes on from a group key.
func probeScanOfKey(n *plan.Aggregate, at int) (leaf plan.Node, column int) {
	if n.Sets != nil || at >= len(n.Keys) {
		return nil, 0
	}
	o, ok := n.Keys[at].(*expr.Ordinal)
	if !ok {
		return nil, 0
	}
	input := n.Input
	if n.Phase == plan.AggFinal { // its keys are over the partial one's input
		g, ok := input.(*plan.Gather)
		if !ok {
			return nil, 0
		}
		partial, ok := g.Input.(*plan.Aggregate)
		if !ok {
			return nil, 0
		}
		input = partial.Input
	}
	return probeScan(input, o.Index)
}

// probeScanOfSide goes on from a join to the side that has the column, if the
// rows of that side do not come out with NULLs instead.
func probeScanOfSide(left, right plan.Node, typ plan.JoinType, at int) (leaf plan.Node, column int) {
	width := len(left.Columns())
	switch typ {
	case plan.InnerJoin:
		if at >= width {
			return probeScan(right, at-width)
		}
		return probeScan(left, at)
	case plan.LeftJoin, plan.SemiJoin, plan.AntiJoin:
		if at < width {
			return probeScan(left, at)
		}
	}
	return nil, 0
}

// collect takes the keys of a build batch.
func (f *runtimeFilter) collect(keys []arrow.Array) {
	k := keys[f.key]
	if f.tag != nil {
		f.tag.collect(k)
		return
	}
	if f.full || k.Len() == 0 {
		return
	}
	if len(f.values)+k.Len() > maxFilterValues || k.DataType().ID() == arrow.NULL {
		f.values, f.full = nil, true
		return
	}
	var words []int64
	words, f.words = keyWords(k, f.words)
	if k.NullN() == 0 {
		f.values = append(f.values, words...)
		return
	}
	for i, w := range words {
		if k.IsValid(i) {
			f.values = append(f.values, w)
		}
	}
}

// publish makes the sets of what was collected, as far as there is memory.
func publish(filters []*runtimeFilter, held *reservation) {
	for _, f := range filters {
		if f.tag != nil {
			f.tag.publish(held)
			continue
		}
		if !f.full && held.set(held.held+setBytes(len(f.values))) == nil {
			f.set.Store(newValueSet(f.values))
		}
		f.values, f.words = nil, nil
	}
}

// setBytes is what a set of n values takes at most.
func setBytes(n int) int64 { return max(maxBitmapBits, 2*bloomBits*int64(n)) / 8 }

// idle reports whether all rows pass.
func (f *runtimeFilter) idle() bool {
	set := f.set.Load()
	return set == nil || set.off.Load()
}

// narrow returns the rows of sel, nil for all n, that may have a partner.
func (f *runtimeFilter) narrow(cols []arrow.Array, n int, sel []int32, words *[]int64) []int32 {
	set := f.set.Load()
	if set == nil || set.off.Load() {
		return sel
	}
	if sel == nil {
		sel = make([]int32, n)
		for i := range sel {
			sel[i] = int32(i)
		}
	}
	if len(sel) == 0 {
		return sel
	}
	c := cols[f.column]
	var values []int64
	values, *words = keyWords(c, *words)
	before := len(sel)
	if c.NullN() > 0 {
		sel = slices.DeleteFunc(sel, func(i int32) bool { return c.IsNull(int(i)) })
	}
	sel = set.pick(values, sel)
	set.count(before, len(sel))
	return sel
}

// valueSet holds integers: exactly, as a bitmap, where they lie close together,
// else as a Bloom filter of two bits a value.
type valueSet struct {
	min, max int64
	bits     []uint64
	exact    bool

	// How many values were tested and passed; off once that does not pay.
	tested, passed atomic.Int64
	off            atomic.Bool
}

const (
	// maxBitmapBits bounds a bitmap beyond what a Bloom filter would take.
	maxBitmapBits = 1 << 23
	// bloomBits is how many bits a Bloom filter has for each value: some 2% of
	// the others pass.
	bloomBits = 16
	// enoughTested is when a set is judged; it goes if more than 7 in 8 passed.
	enoughTested = 1 << 15
)

func newValueSet(values []int64) *valueSet {
	s := &valueSet{min: 1, max: 0} // empty
	if len(values) == 0 {
		return s
	}
	s.min, s.max = slices.Min(values), slices.Max(values)
	span := uint64(s.max) - uint64(s.min)
	if span < max(maxBitmapBits, bloomBits*uint64(len(values))) {
		s.exact = true
		s.bits = make([]uint64, span/64+1)
		for _, v := range values {
			at := uint64(v) - uint64(s.min)
			s.bits[at/64] |= 1 << (at % 64)
		}
		return s
	}
	words := 1 << bits.Len(uint(len(values)*bloomBits/64))
	s.bits = make([]uint64, words)
	for _, v := range values {
		word, mask := s.place(v)
		s.bits[word] |= mask
	}
	return s
}

// place is where a value's two bits are, in one word.
func (s *valueSet) place(v int64) (word uint64, mask uint64) {
	h := hashWord(uint64(v))
	return h >> 12 & uint64(len(s.bits)-1), 1<<(h&63) | 1<<(h>>6&63)
}

// pick keeps the rows of sel whose value may be in the set.
func (s *valueSet) pick(values []int64, sel []int32) []int32 {
	out := sel[:0]
	if s.exact {
		span := uint64(s.max) - uint64(s.min)
		for _, i := range sel {
			if at := uint64(values[i]) - uint64(s.min); at <= span && s.bits[at/64]>>(at%64)&1 != 0 {
				out = append(out, i)
			}
		}
		return out
	}
	for _, i := range sel {
		v := values[i]
		if v < s.min || v > s.max {
			continue
		}
		if word, mask := s.place(v); s.bits[word]&mask == mask {
			out = append(out, i)
		}
	}
	return out
}

func (s *valueSet) count(tested, passed int) {
	t, p := s.tested.Add(int64(tested)), s.passed.Add(int64(passed))
	if t >= enoughTested && p > t/8*7 {
		s.off.Store(true)
	}
}
