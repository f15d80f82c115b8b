package executor

import (
	"math"

	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// columnCond is a condition that the range of a block's column may exclude:
// column op value.
type columnCond struct {
	num    uint32 // attnum
	op     string
	float  bool
	number float64
	whole  int64
}

// pruner makes the function that excludes blocks by the ranges of their
// columns, from those conditions of a scan's filter that compare a number with
// a constant; nil if there are none. All conditions must hold, so one that
// cannot is enough. A block with NaN has no range.
func (s *seriesScan) pruner() (func(stats func(num uint32) *block.ColumnStats) bool, error) {
	var conds []columnCond
	for _, e := range conjuncts(s.node.Filter, nil) {
		c, ok, err := s.columnCond(e)
		if err != nil {
			return nil, err
		}
		if ok {
			conds = append(conds, c)
		}
	}
	if len(conds) == 0 {
		return nil, nil
	}
	return func(stats func(num uint32) *block.ColumnStats) bool {
		for i := range conds {
			st := stats(conds[i].num)
			if st != nil && st.HasRange && conds[i].excludes(st) {
				return true
			}
		}
		return false
	}, nil
}

// conjuncts appends the conditions of an AND.
func conjuncts(e expr.Expr, out []expr.Expr) []expr.Expr {
	if l, ok := e.(*expr.Logic); ok && !l.Or {
		for _, a := range l.Args {
			out = conjuncts(a, out)
		}
		return out
	}
	if e == nil {
		return out
	}
	return append(out, e)
}

var mirrored = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// columnCond reads a condition; ok is false if it is no comparison of that kind.
func (s *seriesScan) columnCond(e expr.Expr) (c columnCond, ok bool, err error) {
	call, isCall := e.(*expr.Call)
	if !isCall || len(call.Args) != 2 || mirrored[call.Op] == "" {
		return c, false, nil
	}
	column, value, op := call.Args[0], call.Args[1], call.Op
	if _, isColumn := column.(*expr.Ordinal); !isColumn {
		column, value, op = value, column, mirrored[op]
	}
	o, isColumn := column.(*expr.Ordinal)
	if !isColumn || o.Index >= len(s.node.Output) || o.Typ.OID != value.Type().OID {
		return c, false, nil
	}
	switch o.Typ.OID {
	case types.Float4, types.Float8:
		c.float = true
	case types.Int2, types.Int4, types.Int8:
	default:
		return c, false, nil
	}
	switch value.(type) {
	case *expr.Const, *expr.Param, *expr.ExecParam:
	default:
		return c, false, nil
	}
	d, err := s.env.constant(value)
	if err != nil || d.IsNull() {
		return c, false, err
	}
	c.num, c.op = uint32(s.node.Table.Columns[s.node.Output[o.Index]].Num), op
	switch {
	case o.Typ.OID == types.Float4:
		c.number = float64(d.Float32())
	case c.float:
		c.number = d.Float64()
	default:
		c.whole = d.Int()
	}
	return c, !math.IsNaN(c.number), nil
}

// excludes reports whether no value of a column's range meets the condition.
func (c *columnCond) excludes(st *block.ColumnStats) bool {
	if c.float {
		return outside(c.op, c.number, math.Float64frombits(st.Min), math.Float64frombits(st.Max))
	}
	return outside(c.op, c.whole, int64(st.Min), int64(st.Max))
}

func outside[T int64 | float64](op string, v, low, high T) bool {
	switch op {
	case "<":
		return low >= v
	case "<=":
		return low > v
	case ">":
		return high <= v
	case ">=":
		return high < v
	}
	return v < low || v > high
}
