package exectest

import (
	"strings"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Col refers to a column of a node.
func Col(n plan.Node, i int) expr.Expr {
	return &expr.Ordinal{Index: i, Name: n.Columns()[i].Name, Typ: n.Columns()[i].Type}
}

// Int is an int8 constant.
func Int(v int64) expr.Expr {
	return &expr.Const{Value: types.NewInt8(v), Typ: types.Of(types.Int8)}
}

// Int4 is an int4 constant.
func Int4(v int32) expr.Expr {
	return &expr.Const{Value: types.NewInt4(v), Typ: types.Of(types.Int4)}
}

// Op applies a binary operator to expressions of the types it has in pg_operator.
func Op(l expr.Expr, name string, r expr.Expr) expr.Expr {
	fn := operator(l.Type().OID, name, r.Type().OID)
	return &expr.Call{Fn: fn, Args: []expr.Expr{l, r}, Typ: fn.Returns, Op: name}
}

func operator(l types.OID, name string, r types.OID) *functions.Scalar {
	for _, o := range functions.Operators(name) {
		if o.Left == l && o.Right == r {
			return o.Fn
		}
	}
	panic("exectest: no operator " + name)
}

// Equal is the function behind = for two types.
func Equal(l, r types.OID) *functions.Scalar { return operator(l, "=", r) }

// Agg is an aggregate call over arguments.
func Agg(name string, args ...expr.Expr) plan.AggCall {
	sig := functions.Signature{}
	for _, a := range args {
		sig.Args = append(sig.Args, a.Type())
	}
	for _, fn := range functions.Aggregates(name) {
		if len(fn.Args) != len(args) {
			continue
		}
		ok := true
		for i, a := range args {
			ok = ok && (fn.Args[i].OID == a.Type().OID || fn.Args[i].OID == types.Any || fn.Args[i].OID == types.AnyNonArray || fn.Args[i].OID == types.AnyElement)
		}
		if ok {
			sig.Returns = fn.Returns
			if fn.Resolve != nil {
				sig.Returns = fn.Resolve(sig.Args)
			}
			return plan.AggCall{Fn: fn, Args: args, Sig: sig}
		}
	}
	panic("exectest: no aggregate " + name)
}

// Cols joins nodes' columns and further ones given as "name type, ...".
func Cols(more string, nodes ...plan.Node) plan.Base {
	var b plan.Base
	for _, n := range nodes {
		b.Cols = append(b.Cols, n.Columns()...)
	}
	if more != "" {
		for _, c := range strings.Split(more, ", ") {
			b.Cols = append(b.Cols, Rows(c).Cols...)
		}
	}
	return b
}
