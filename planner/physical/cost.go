package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
)

// The unit is PostgreSQL's in spirit: 0.01 is a row read in order. What each
// is against that was measured with this engine's operators; docs/planner.md
// has the queries and the figures.
const (
	cpuTuple    = 0.01    // a row read in order, from a table or from the entries of an index
	cpuOperator = 0.0025  // an expression for a row
	cpuLookup   = 0.17    // a row fetched by its key for an index entry
	cpuSeek     = 0.15    // the start of a range, or a lookup of a join
	cpuBuild    = 0.003   // a row put into a hash table
	cpuProbe    = 0.001   // a row looked up in one
	cpuEmit     = 0.0005  // a row that a join yields
	cpuCompare  = 0.0006  // a comparison of a sort
	cpuMerge    = 0.0015  // a row that passes by in a merge join
	spillByte   = 0.00005 // a byte that a hash join writes to a file and reads again
	// hashOverhead is what a row in a hash table takes beside its columns.
	hashOverhead = 24
	// parallelRows is how many rows a probe side must have to be read by workers.
	parallelRows = 100000

	// warm is what a row or a condition on it costs when the row comes from the
	// column cache, as a part of what it costs otherwise.
	warm = 0.125
	// warmShare is the part of the cache that a scan's columns may fill to be
	// expected there.
	warmShare = 0.25
	// warmRows is how many rows a range of keys must have to go through the cache.
	warmRows = 8192

	// defaultRows is assumed of a table that was never analyzed.
	defaultRows = 1000
)

func (b *Builder) tableRows(t *catalog.Table) float64 {
	var s *catalog.TableStats
	if b.cat != nil {
		s = b.cat.Stats(t.ID)
	}
	switch {
	case b.opt.Rows != nil && t.Kind != catalog.KindVirtual:
		return math.Max(b.opt.Rows(t, s), 1)
	case s != nil:
		return math.Max(s.Rows, 1)
	}
	return defaultRows
}

// warmth is what reading rows rows of a scan costs, as a part of reading them
// from the store: what fits well into the column cache is expected to be there.
// Nobody asks whether it is: the plan is kept and run again, and the first of
// its scans fills the cache.
func (b *Builder) warmth(n *logical.Scan, rows float64, need *logical.ColSet) float64 {
	if rows < warmRows || b.opt.CacheBytes == 0 {
		return 1
	}
	in := needed(need, n.Filter...)
	var cols []plan.Column
	for i := range n.Table.Columns {
		if in.Has(n.First + expr.ColumnID(i)) {
			cols = append(cols, plan.Column{Type: n.Table.Columns[i].Type})
		}
	}
	if b.tableRows(n.Table)*float64(width(cols)) > warmShare*b.opt.CacheBytes {
		return 1
	}
	return warm
}

// stripRelabel looks through casts that do not change the value.
func stripRelabel(e expr.Expr) expr.Expr {
	for {
		c, ok := e.(*expr.Cast)
		if !ok || c.Kind != expr.CastRelabel {
			return e
		}
		e = c.Arg
	}
}

// stable reports whether an expression has one value for a whole scan.
func stable(e expr.Expr) bool {
	return !logical.Any(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Call:
			return x.Fn.Volatility == functions.Volatile
		case *expr.Subplan, *logical.SetCall, *expr.Aggregate, *logical.WindowCall:
			return true
		}
		return false
	})
}
