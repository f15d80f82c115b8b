package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
)

// The cost units are PostgreSQL's in spirit: a sequentially read row costs
// cpuTuple, an expression cpuOperator; cpuLookup is a random get by key (about
// 30 sequential rows, see design 4.2) and cpuSeek the start of a range.
const (
	cpuTuple    = 0.01
	cpuOperator = 0.0025
	cpuLookup   = 0.3
	cpuSeek     = 0.4
	cpuBuild    = 0.0125
	cpuProbe    = 0.005
	cpuEmit     = 0.005
	cpuCompare  = 0.005

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
