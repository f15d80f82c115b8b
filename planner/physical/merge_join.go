package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// mergeOrder are keys of a join in the order of the left side, and the order that
// the right side needs.
type mergeOrder struct {
	keys  []equiKey
	left  []expr.SortKey // of the left side
	right []expr.SortKey
}

// mergeKeys finds the equalities by which the left side is ordered, first column
// first; ok is false if there are none. IS NOT DISTINCT FROM is not merged.
func mergeKeys(order []expr.SortKey, keys []equiKey) (m mergeOrder, ok bool) {
	for _, o := range order {
		found := false
		for _, k := range keys {
			if k.nullEqual || found || !logical.Equal(k.left, o.Expr) {
				continue
			}
			found = true
			m.keys = append(m.keys, k)
			m.left = append(m.left, o)
			m.right = append(m.right, expr.SortKey{Expr: k.right, Desc: o.Desc, NullsFirst: o.NullsFirst})
		}
		if !found {
			break
		}
	}
	return m, len(m.keys) > 0
}

// mergePlan is a join by merging that could be made.
type mergePlan struct {
	mergeOrder
	left   rel // sorted, if that is forced
	out    float64
	cost   float64 // with what hints and settings add
	forced bool    // they leave no other way
}

// planMerge finds out whether inputs can be merged: both are ordered by the
// join's keys as they are read, the left side, which is built, and the right
// one, a table with an index, or built too. Nothing is sorted for it unless
// hints and settings leave no other way; nil if it cannot be done.
func (b *Builder) planMerge(s *joinStep, in *logical.ColSet, keys []equiKey) *mergePlan {
	if s.typ == plan.AntiNullJoin || len(keys) == 0 {
		return nil
	}
	leftName, rightName := aliasOfPlan(s.left.node), b.rightName(s)
	penalty := b.opt.joinPenalty(MergeJoin, leftName, rightName)
	hash := b.opt.joinPenalty(HashJoin, leftName, rightName)
	if penalty > hash {
		return nil
	}
	p := &mergePlan{left: s.left, forced: penalty < hash && b.opt.joinPenalty(NestLoop, leftName, rightName) > penalty}
	var ok bool
	if p.mergeOrder, ok = mergeKeys(s.left.order, keys); !ok {
		if !p.forced || s.keepOrder {
			return nil
		}
		var order []expr.SortKey
		for _, k := range keys {
			order = append(order, expr.SortKey{Expr: k.left})
		}
		if p.mergeOrder, ok = mergeKeys(order, keys); !ok {
			return nil
		}
		p.left = b.addSort(s.left, p.mergeOrder.left, nil, nil)
	}
	right, ok := b.orderedSide(s, in, p.right, p.forced)
	if !ok {
		return nil
	}
	p.out = b.joinRows(*s, right.rows, keys)
	p.cost = mergeJoinCost(p.left.joinSide(), right, p.out) + penalty
	return p
}

// merge makes a merge join if it costs less than a hash join, which loses the
// order and may have to spill, or than nested loops where the order has to be kept.
func (b *Builder) merge(s joinStep, in *logical.ColSet, p *mergePlan) (rel, bool) {
	if p == nil {
		return rel{}, false
	}
	leftName, rightName := aliasOfPlan(s.left.node), b.rightName(&s)
	if !p.forced && p.cost >= b.unmerged(&s, in, p.out)+b.opt.joinPenalty(HashJoin, leftName, rightName) {
		return rel{}, false
	}
	b.opt.followed(MergeJoin, leftName, rightName)
	s.left = p.left
	return b.mergeJoin(s, b.rightOf(&s, in, p.right), p), true
}

// orderedSide is what the right side costs when it is read in an order; ok is
// false if it cannot be without a sort, unless that is forced.
func (b *Builder) orderedSide(s *joinStep, in *logical.ColSet, order []expr.SortKey, forced bool) (joinSide, bool) {
	if s.built != nil {
		return s.built.joinSide(), forced || satisfies(s.built.order, order)
	}
	scan, ok := s.right.(*logical.Scan)
	if !ok || !lookupTable(scan) {
		return joinSide{b.estimate(s.right), 0}, forced
	}
	p := b.choose(scan, in, hint{order: order})
	if !satisfies(p.order, order) {
		return joinSide{b.estimate(s.right), p.cost}, forced
	}
	rows := math.Max(1, p.rows*b.selectivity(scan.Filter, p.used))
	return joinSide{rows, p.cost + p.filterCost(len(scan.Filter))}, true
}

// rightOf builds the right side in an order.
func (b *Builder) rightOf(s *joinStep, in *logical.ColSet, order []expr.SortKey) rel {
	var r rel
	if s.built != nil {
		r = *s.built
	} else {
		r = b.build(s.right, in, hint{order: order})
	}
	if !satisfies(r.order, order) {
		r = b.addSort(r, order, nil, nil)
	}
	return r
}

// unmerged is the cost of the join by hashing, or by nested loops if the left
// side's order has to be kept.
func (b *Builder) unmerged(s *joinStep, in *logical.ColSet, out float64) float64 {
	left := s.left.joinSide()
	var right joinSide
	w := 0
	switch {
	case s.built != nil:
		right, w = s.built.joinSide(), s.built.node.Estimate().Width
	default:
		right.rows = b.estimate(s.right)
		if scan, ok := s.right.(*logical.Scan); ok {
			right.rows, right.cost = b.scanEstimate(scan, in)
		}
		cols := logical.OutputSet(s.right)
		var need []expr.ColumnID
		cols.Each(func(id expr.ColumnID) {
			if in.Has(id) {
				need = append(need, id)
			}
		})
		w = width(b.columns(need))
	}
	right.rows = math.Max(1, right.rows)
	if s.keepOrder {
		return nestedLoopCost(left, right, out)
	}
	build, probe, bw, pw := right, left, w, s.left.node.Estimate().Width
	if buildsEither(s.typ) && left.rows < right.rows {
		build, probe, bw, pw = left, right, pw, bw
	}
	return hashJoinCost(probe, build, out) + b.spillCost(probe.rows, build.rows, float64(pw), float64(bw)) - b.sharedSaving(probe.rows, out)
}

// spillCost is what a hash join costs more that does not fit into the hash memory.
func (b *Builder) spillCost(probe, build, probeWidth, buildWidth float64) float64 {
	size := build * (buildWidth + hashOverhead)
	if b.opt.HashBytes <= 0 || size <= b.opt.HashBytes {
		return 0
	}
	return (1 - b.opt.HashBytes/size) * (size + probe*probeWidth) * spillByte
}

// sharedSaving is what a hash join costs less because the workers that probe
// take what stands above it too.
func (b *Builder) sharedSaving(probe, out float64) float64 {
	if !b.opt.Parallel || probe < parallelRows {
		return 0
	}
	return (probe*cpuProbe + out*(cpuEmit+cpuOperator)) / 2
}

// mergeJoin makes the node.
func (b *Builder) mergeJoin(s joinStep, right rel, m *mergePlan) rel {
	j := &plan.MergeJoin{Left: s.left.node, Right: right.node, Type: s.typ}
	j.LeftKeys, j.RightKeys = b.resolveKeys(m.mergeOrder.left, s.left.cols), b.resolveKeys(m.right, right.cols)
	isKey := make([]bool, len(s.on))
	for _, k := range m.keys {
		isKey[k.cond] = true
	}
	var rest []expr.Expr
	for i, c := range s.on {
		if !isKey[i] {
			rest = append(rest, c)
		}
	}
	j.Residual = b.resolve(allOf(rest), concat(s.left.cols, right.cols))
	cols := joinColumns(s.typ, s.left.cols, right.cols)
	j.Cols = b.columns(cols)
	j.Cost = plan.Cost{Rows: m.out, Total: mergeJoinCost(s.left.joinSide(), right.joinSide(), m.out), Width: width(j.Cols)}
	order := s.left.order
	if s.typ == plan.RightJoin || s.typ == plan.FullJoin {
		order = nil // rows without a partner come between
	}
	return rel{j, cols, order}
}
