package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
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

	// blockRead is what a lookup costs that has to read and decompress a block of
	// the store, as a multiple of one that finds it in the store's cache.
	blockRead = 4
	// tableBlocks is what the blocks of a table take in the cache, as a multiple of
	// what they take on disk, by the part of the cache that one table has.
	tableBlocks = 2 * 2

	// warm is what a row or a condition on it costs when the row comes from the
	// column cache, as a part of what it costs otherwise. Some rows do not: those of
	// chunks that were changed, which are expected to be staleShare of a table and no
	// more than staleRows.
	warm       = 0.02
	staleShare = 0.125
	staleRows  = 16384
	// warmShare is the part of the cache that a scan's columns may fill, packed,
	// to be expected there.
	warmShare = 0.5
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
	case t.Kind == catalog.KindSequence:
		return 1
	case b.opt.Rows != nil && t.Kind != catalog.KindVirtual:
		return math.Max(b.opt.Rows(t, s), 1)
	case s != nil:
		return math.Max(s.Rows, 1)
	}
	return defaultRows
}

// warmth is what reading rows rows of a scan costs, as a part of reading them
// from the store: what fits well into the column cache is expected to be there, but
// for some changed rows. Nobody asks whether it is: the plan is kept and run again,
// and the first of its scans fills the cache. Changed rows make that a short
// statement over a table that is written all the time keeps its lookups.
func (b *Builder) warmth(n *logical.Scan, rows float64, need *logical.ColSet) float64 {
	if rows < warmRows || b.opt.CacheBytes == 0 {
		return 1
	}
	in := needed(need, n.Filter...)
	size := 0.0
	for i := range n.Table.Columns {
		if in.Has(n.First + expr.ColumnID(i)) {
			size += b.packedWidth(n.Table, &n.Table.Columns[i])
		}
	}
	if b.tableRows(n.Table)*size > warmShare*b.opt.CacheBytes {
		return 1
	}
	stale := math.Min(staleShare*rows, staleRows)
	return (stale + warm*(rows-stale)) / rows
}

// packedWidth estimates the bytes of a value in the column cache where that is
// short of room (rowstore/packed): integers and numerics need a part of what they
// can hold, strings of few values some bits.
func (b *Builder) packedWidth(t *catalog.Table, c *catalog.Column) float64 {
	const numericBytes, codeBytes, codedValues, textBytes = 4, 1.5, 1000, 32
	switch {
	case c.Type.OID == types.Numeric:
		return numericBytes
	case c.Type.Phys() != types.PhysString && c.Type.Phys() != types.PhysBinary:
		return float64(width([]plan.Column{{Type: c.Type}})) / 2
	}
	var s *catalog.TableStats
	if b.cat != nil {
		s = b.cat.Stats(t.ID)
	}
	if s == nil || s.Columns[c.Num] == nil {
		return textBytes
	}
	of := s.Columns[c.Num]
	if d := of.DistinctCount(s.Rows); d > 0 && d < codedValues {
		return codeBytes
	}
	return math.Max(codeBytes, float64(of.Width))
}

// distance is what lookups in a table cost as a multiple of those whose blocks
// are in the store's cache.
func (b *Builder) distance(t *catalog.Table) float64 {
	if b.cat == nil || b.opt.StoreCacheBytes == 0 {
		return 1
	}
	s := b.cat.Stats(t.ID)
	if s == nil || s.Bytes == 0 {
		return 1
	}
	missed := math.Max(0, 1-b.opt.StoreCacheBytes/(tableBlocks*float64(s.Bytes)))
	return 1 + (blockRead-1)*missed
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
