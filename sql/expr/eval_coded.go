package expr

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// codedEval evaluates an expression of one string column once for each word of the
// column, and once for NULL, where the column is coded (types.IsCoded) and has fewer
// words than the batch has rows.
//
// Some words may be of no row of the batch, so that the expression may fail for
// them alone: after an error it is evaluated on the rows. Nothing is done that is
// seen, as the expression is neither volatile nor a subplan.
type codedEval struct {
	plain   Evaluator
	ordinal int
}

// codedColumn returns the only column that an expression reads, if codedEval may
// evaluate it.
func codedColumn(e Expr) (ordinal int, ok bool) {
	switch e.(type) {
	case *Call, *Cast, *Logic, *Not, *IsNull, *BoolTest, *Distinct, *Case, *Coalesce, *MinMax, *AnyAll, *InList:
	default:
		return 0, false
	}
	ordinal, ok = -1, true
	Walk(e, func(x Expr) bool {
		switch x := x.(type) {
		case *Ordinal:
			p := x.Typ.Phys()
			ok = ok && (ordinal < 0 || ordinal == x.Index) && (p == types.PhysString || p == types.PhysBinary)
			ordinal = x.Index
		case *Subplan:
			ok = false
		}
		return ok
	})
	return ordinal, ok && ordinal >= 0 && Volatility(e) != functions.Volatile
}

func (e *codedEval) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	if e.ordinal >= len(cols) || cols[e.ordinal] == nil || !types.IsCoded(cols[e.ordinal]) {
		return e.plain.Eval(c, cols, n)
	}
	a := cols[e.ordinal]
	words := types.Words(a)
	if words.Len() >= n {
		return e.plain.Eval(c, cols, n)
	}
	v, err := e.on(c, cols, words)
	if err != nil {
		return e.plain.Eval(c, cols, n)
	}
	if a.NullN() == 0 {
		if v.Const {
			return v, nil
		}
		defer v.Array.Release()
		return functions.Value{Array: functions.Take(c, v.Array, types.Codes(a))}, nil
	}
	defer v.Array.Release()
	null := functions.NullArray(c, functions.PhysOf(words), 1)
	defer null.Release()
	forNull, err := e.on(c, cols, null)
	if err != nil {
		return e.plain.Eval(c, cols, n)
	}
	defer forNull.Array.Release()
	return functions.Value{Array: e.spread(c, a, v, forNull)}, nil
}

// on evaluates the expression on a column's words.
func (e *codedEval) on(c *functions.Context, cols []arrow.Array, words arrow.Array) (functions.Value, error) {
	with := make([]arrow.Array, len(cols))
	with[e.ordinal] = words
	return e.plain.Eval(c, with, words.Len())
}

// spread gives each row of a coded column the value of its word, or that of NULL.
func (e *codedEval) spread(c *functions.Context, a arrow.Array, ofWord, ofNull functions.Value) arrow.Array {
	n := a.Len()
	from, rows, nulls := make([]int32, 0, n), make([]int32, 0, n), make([]int32, 0, a.NullN()) // nil lists mean all rows
	for i, code := range types.Codes(a) {
		if a.IsValid(i) {
			from, rows = append(from, code), append(rows, int32(i))
		} else {
			nulls = append(nulls, int32(i))
		}
	}
	of := ofNull.Array
	if of.DataType().ID() == arrow.NULL {
		of = ofWord.Array
	}
	ofNull.Const = true
	pieces := []functions.Piece{{Value: ofWord, From: from, Rows: rows}, {Value: ofNull, Rows: nulls}}
	return functions.Scatter(c, functions.PhysOf(of), n, pieces)
}
