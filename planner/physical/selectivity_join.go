package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// joinFacts estimates the selectivity of an equality between two columns, as
// eqjoinsel: the common values of both are matched with each other, and each
// other value is taken to meet one of the side with more values.
func (b *Builder) joinFacts(l, r columnFacts) float64 {
	ld, rd := l.distinct, r.distinct
	if ld == 0 && rd == 0 {
		d := math.Max(1, math.Min(defaultDistinct, math.Max(l.rows, r.rows)))
		return 1 / d
	}
	present := (1 - l.nulls) * (1 - r.nulls)
	plain := present / math.Max(1, math.Max(ld, rd))
	if l.stats == nil || r.stats == nil || len(l.stats.Common) == 0 || len(r.stats.Common) == 0 {
		return plain
	}
	return clamp(matchCommon(&l, &r))
}

// matchCommon is eqjoinsel_inner with most common values on both sides.
func matchCommon(l, r *columnFacts) float64 {
	matched := make([]bool, len(r.stats.Common))
	product, lMatched, rMatched := 0.0, 0.0, 0.0
	lCommon, rCommon := 0.0, 0.0
	matches := 0
	for i, v := range l.stats.Common {
		lCommon += l.stats.Frequencies[i]
		for k, w := range r.stats.Common {
			if matched[k] {
				continue
			}
			if c, ok := l.compare(v, w, r.typ); ok && c == 0 {
				matched[k] = true
				matches++
				product += l.stats.Frequencies[i] * r.stats.Frequencies[k]
				lMatched += l.stats.Frequencies[i]
				rMatched += r.stats.Frequencies[k]
				break
			}
		}
	}
	for _, f := range r.stats.Frequencies {
		rCommon += f
	}
	lLeft, rLeft := lCommon-lMatched, rCommon-rMatched
	lOther, rOther := clamp(1-l.nulls-lCommon), clamp(1-r.nulls-rCommon)
	side := func(left, other, distinct, commonOther float64, common int, thisLeft float64) float64 {
		total := product
		if n := distinct - float64(common); n > 0 {
			total += thisLeft * commonOther / n
		}
		if n := distinct - float64(matches); n > 0 {
			total += other * (commonOther + left) / n
		}
		return total
	}
	// Twice, as either side's other values may be the more numerous ones.
	a := side(rLeft, lOther, r.distinct, rOther, len(r.stats.Common), lLeft)
	c := side(lLeft, rOther, l.distinct, lOther, len(l.stats.Common), rLeft)
	return math.Min(a, c)
}

// keySelectivity estimates an equality of two expressions of a join's sides.
func (b *Builder) keySelectivity(k equiKey) float64 {
	lf, lok := b.operandFacts(k.left)
	rf, rok := b.operandFacts(k.right)
	if !lok {
		lf = columnFacts{distinct: b.sampledGroups(k.left)}
	}
	if !rok {
		rf = columnFacts{distinct: b.sampledGroups(k.right)}
	}
	return b.joinFacts(lf, rf)
}

// keysSelectivity estimates several equalities between two inputs. Those that
// fix a whole unique key of a table are one: the columns of a key are not
// independent.
func (b *Builder) keysSelectivity(keys []equiKey) float64 {
	s := 1.0
	used := make([]bool, len(keys))
	if len(keys) > 1 {
		for _, right := range []bool{false, true} {
			s *= b.compositeKey(keys, used, right)
		}
	}
	for i, k := range keys {
		if !used[i] {
			s *= b.keySelectivity(k)
		}
	}
	return s
}

// compositeKey looks for a unique key of several columns among the keys of a side.
func (b *Builder) compositeKey(keys []equiKey, used []bool, right bool) float64 {
	column := func(k equiKey) *expr.Column {
		e := k.left
		if right {
			e = k.right
		}
		c, _ := stripCasts(e).(*expr.Column)
		return c
	}
	for _, k := range keys {
		c := column(k)
		if c == nil || b.md.Cols[c.ID].Table == 0 || b.cat == nil {
			continue
		}
		info := &b.md.Cols[c.ID]
		t := b.cat.TableByID(info.Table)
		if t == nil {
			continue
		}
		for i := range t.Indexes {
			ix := &t.Indexes[i]
			if !ix.Unique || len(ix.Columns) < 2 || ix.Predicate != "" || ix.State != catalog.IndexPublic {
				continue
			}
			var at []int
			for _, col := range ix.Columns {
				for j, other := range keys {
					if o := column(other); o != nil && !used[j] && col.Num != 0 {
						if oi := &b.md.Cols[o.ID]; oi.Table == info.Table && oi.Rel == info.Rel && oi.Num == col.Num {
							at = append(at, j)
							break
						}
					}
				}
			}
			if len(at) < len(ix.Columns) {
				continue
			}
			for _, j := range at {
				used[j] = true
			}
			return 1 / math.Max(1, b.tableRows(t))
		}
	}
	return 1
}
