package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// unionPath is the path of an OR whose arms all restrict a key, each its own:
//
//	a = 1 OR b < 2 AND c = 3    index on a, index on (c, b)
//
// The handles that the ranges yield are put together, each once, and the rows
// fetched in the order of the table's key. Conditions beside the OR restrict the
// arms' keys as well; all conditions are checked on the rows, so that ranges may
// yield too many. It is no path of scans that lock rows as they read, nor if one
// arm has no key: then the whole table has to be read all the same.
func (b *Builder) unionPath(n *logical.Scan, inner *logical.ColSet, rows float64, h hint) (best path, ok bool) {
	if n.Lock != nil {
		return path{}, false
	}
	for i, c := range n.Filter {
		or, is := c.(*expr.Logic)
		if !is || !or.Or || len(or.Args) > maxRanges {
			continue
		}
		p, found := b.unionOf(n, i, or, inner, rows)
		if found && (!ok || p.cost < best.cost) {
			best, ok = p, true
		}
	}
	if !ok {
		return path{}, false
	}
	if n.Table.Clustered && len(n.Table.Indexes) > 0 {
		order, reverse := pathOrder(keyColumns(n, &n.Table.Indexes[0], 0), 0, 1, h.order)
		if !reverse {
			best.order = order
		}
	}
	return best, true
}

// unionOf is the union for the OR that is condition at of a scan.
func (b *Builder) unionOf(n *logical.Scan, at int, or *expr.Logic, inner *logical.ColSet, rows float64) (path, bool) {
	var u path
	others := len(n.Filter) - 1
	shared := make([]int, len(n.Filter)) // by how many arms' ranges a condition is checked
	for _, arm := range or.Args {
		part := *n
		part.Filter = append(append([]expr.Expr(nil), n.Filter[:at]...), n.Filter[at+1:]...)
		part.Filter = logical.Conjuncts(part.Filter, arm)
		p, ok := b.armPath(&part, inner, rows)
		if !ok {
			return path{}, false
		}
		for i, used := range p.used {
			if used && i < others {
				shared[i]++
			}
		}
		u.parts = append(u.parts, p)
		u.rows += p.rows
		u.cost += p.cost
	}
	u.rows = math.Min(u.rows, rows)
	u.cost += u.rows * cpuLookup * b.distance(n.Table)
	u.used = make([]bool, len(n.Filter))
	u.used[at] = true
	for i := range others {
		if shared[i] == len(or.Args) {
			u.used[i+btoi(i >= at)] = true
		}
	}
	return u, true
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// armPath is the cheapest range of a key for the conditions of one arm.
func (b *Builder) armPath(part *logical.Scan, inner *logical.ColSet, rows float64) (best path, ok bool) {
	var handle logical.ColSet
	for i := range part.Table.Indexes {
		ix := &part.Table.Indexes[i]
		if ix.State != catalog.IndexPublic || ix.Method != "" && ix.Method != "btree" || ix.Predicate != "" && !b.implied(part, i) {
			continue
		}
		index := ix
		if i == 0 && part.Table.Clustered {
			index = nil
		}
		p := b.keyPath(part, index, ix, i, inner, rows, &handle, hint{})
		if len(p.ranges) == 0 {
			continue
		}
		// Only the key's entries are read here, whatever columns the conditions need.
		p.cost = p.rows*cpuTuple + cpuSeek*float64(len(p.ranges))
		p.cost += b.opt.unionPenalty(part.Alias, ix)
		if !ok || p.cost < best.cost {
			best, ok = p, true
		}
	}
	return best, ok
}

// indexUnion builds the read of a table by a union of ranges.
func (b *Builder) indexUnion(n *logical.Scan, p *path, whole *plan.Scan, cols []expr.ColumnID) rel {
	u := &plan.IndexUnion{Table: n.Table, Alias: n.Alias, Scan: whole}
	for i := range p.parts {
		part := &p.parts[i]
		s := &plan.Scan{Table: n.Table, Alias: n.Alias, Index: part.index, WithHandle: true, Read: part.rows}
		for k := range part.ranges {
			s.Ranges = append(s.Ranges, b.resolveRange(part.ranges[k]))
		}
		s.Cols = []plan.Column{{Name: "handle", Type: types.Of(types.Bytea)}}
		s.Cost = plan.Cost{Total: part.cost, Rows: part.rows, Width: width(s.Cols)}
		u.Parts = append(u.Parts, s)
	}
	b.opt.followedUnion(n.Alias)
	u.Base = whole.Base
	return rel{u, cols, p.order}
}
