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

	// defaultRows is assumed of a table that was never analyzed.
	defaultRows = 1000

	selEqual   = 0.005
	selRange   = 1.0 / 3
	selBetween = 0.005
	selLike    = 0.005
	selOther   = 1.0 / 3
)

func (b *Builder) tableRows(t *catalog.Table) float64 {
	if b.cat != nil {
		if s := b.cat.Stats(t.ID); s != nil {
			return math.Max(s.Rows, 1)
		}
	}
	return defaultRows
}

// distinctOf estimates the distinct values of a column, 0 if unknown.
func (b *Builder) distinctOf(id expr.ColumnID) float64 {
	c := &b.md.Cols[id]
	if c.Table == 0 || b.cat == nil {
		return 0
	}
	t := b.cat.TableByID(c.Table)
	if t == nil {
		return 0
	}
	rows := b.tableRows(t)
	if s := b.cat.Stats(t.ID); s != nil && s.Columns[c.Num] != nil {
		if d := s.Columns[c.Num].Distinct; d > 0 {
			return d
		} else if d < 0 {
			return -d * rows
		}
	}
	for i := range t.Indexes {
		if ix := &t.Indexes[i]; ix.Unique && len(ix.Columns) == 1 && ix.Columns[0].Num == c.Num && ix.Predicate == "" {
			return rows
		}
	}
	return 0
}

// selectivity estimates which part of the rows passes all conditions.
func (b *Builder) selectivity(conds []expr.Expr, skip []bool) float64 {
	s := 1.0
	ranges := map[expr.ColumnID]int{}
	for i, c := range conds {
		if skip != nil && skip[i] {
			continue
		}
		if col, ok := rangeColumn(c); ok {
			ranges[col]++
			if ranges[col] == 2 {
				s *= selBetween / selRange
				continue
			}
		}
		s *= b.condSelectivity(c)
	}
	return s
}

func rangeColumn(e expr.Expr) (expr.ColumnID, bool) {
	c, ok := e.(*expr.Call)
	if !ok || len(c.Args) != 2 {
		return 0, false
	}
	switch c.Op {
	case "<", "<=", ">", ">=":
		for _, a := range c.Args {
			if col, ok := stripRelabel(a).(*expr.Column); ok {
				return col.ID, true
			}
		}
	}
	return 0, false
}

func (b *Builder) condSelectivity(e expr.Expr) float64 {
	switch x := e.(type) {
	case *expr.Const:
		if x.Value.IsNull() || !x.Value.Bool() {
			return 0
		}
		return 1
	case *expr.Logic:
		if !x.Or {
			return b.selectivity(x.Args, nil)
		}
		s := 0.0
		for _, a := range x.Args {
			p := b.condSelectivity(a)
			s = s + p - s*p
		}
		return s
	case *expr.Not:
		return 1 - b.condSelectivity(x.Arg)
	case *expr.Call:
		switch x.Op {
		case "=":
			return b.equalSelectivity(x)
		case "<>":
			return 1 - selEqual
		case "<", "<=", ">", ">=":
			return selRange
		case "~~", "~~*", "~", "~*":
			return selLike
		}
	case *expr.InList:
		s := math.Min(0.5, float64(len(x.List))*b.valueSelectivity(x.Left))
		if x.Not {
			return 1 - s
		}
		return s
	case *expr.AnyAll:
		if !x.All && x.Op == "=" {
			return math.Min(0.5, 10*b.valueSelectivity(x.Left))
		}
	case *expr.IsNull:
		if x.Not {
			return 1 - selEqual
		}
		return selEqual
	case *expr.Column:
		return 0.5
	}
	return selOther
}

func (b *Builder) valueSelectivity(e expr.Expr) float64 {
	if c, ok := stripRelabel(e).(*expr.Column); ok {
		if d := b.distinctOf(c.ID); d > 0 {
			return 1 / math.Max(d, 1)
		}
	}
	return selEqual
}

func (b *Builder) equalSelectivity(c *expr.Call) float64 {
	if len(c.Args) != 2 {
		return selEqual
	}
	return math.Min(b.valueSelectivity(c.Args[0]), b.valueSelectivity(c.Args[1]))
}

// groups estimates the number of groups.
func (b *Builder) groups(keys []logical.Item, rows float64) float64 {
	n := 1.0
	for _, k := range keys {
		d := 0.0
		if c, ok := k.Expr.(*expr.Column); ok {
			d = b.distinctOf(c.ID)
		}
		if d == 0 {
			d = 200
		}
		n *= d
	}
	return math.Max(1, math.Min(n, rows))
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
