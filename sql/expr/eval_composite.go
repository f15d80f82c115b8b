package expr

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// compositeEval computes arrays, records and their parts row by row.
type compositeEval struct {
	expr Expr
	args []Evaluator // nil where the operand is left open
}

// operands are the subexpressions of an array or record node in a fixed order;
// open bounds of a slice are nil.
func operands(e Expr) []Expr {
	switch e := e.(type) {
	case *Array:
		return e.Args
	case *Row:
		return e.Args
	case *Field:
		return []Expr{e.Arg}
	case *Subscript:
		out := append([]Expr{e.Arg}, e.Lower...)
		return append(out, e.Upper...)
	}
	return nil
}

func compileRowwise(e Expr) (Evaluator, error) {
	k := &compositeEval{expr: e}
	for _, x := range operands(e) {
		if x == nil {
			k.args = append(k.args, nil)
			continue
		}
		ev, err := Compile(x)
		if err != nil {
			return nil, err
		}
		k.args = append(k.args, ev)
	}
	return k, nil
}

func (e *compositeEval) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	vals := make([]functions.Value, len(e.args))
	defer func() { functions.ReleaseAll(vals) }()
	constant := n > 0
	for i, ev := range e.args {
		if ev == nil {
			continue
		}
		v, err := ev.Eval(c, cols, n)
		if err != nil {
			return functions.Value{}, err
		}
		vals[i] = v
		constant = constant && v.Const
	}
	if constant {
		n = 1
	}
	b := types.NewBuilder(c.Alloc, e.expr.Type())
	defer b.Release()
	row := make([]types.Datum, len(vals))
	for r := range n {
		for i, v := range vals {
			if v.Array != nil {
				row[i] = datumOf(v, r)
			}
		}
		d, err := compositeDatum(e.expr, row)
		if err != nil {
			return functions.Value{}, err
		}
		types.AppendDatum(b, d)
	}
	return functions.Value{Array: b.NewArray(), Const: constant}, nil
}
