package pushdown

import (
	"slices"

	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// aggregate is an aggregate of which the stores compute parts.
type aggregate struct {
	name  string
	parts []string // aggregates whose results make up the whole
	kinds []Kind   // of the argument
	args  []types.OID
	note  string
}

var aggregates = []aggregate{
	{name: "count", parts: []string{"count"}, kinds: []Kind{Int, Bytes, Float, Opaque}, note: "of rows, and of columns of any type"},
	{name: "sum", parts: []string{"sum"}, kinds: []Kind{Int}, args: []types.OID{types.Int2, types.Int4, types.Int8}},
	{name: "avg", parts: []string{"sum", "count"}, kinds: []Kind{Int}, args: []types.OID{types.Int2, types.Int4, types.Int8}, note: "as a sum and a count"},
	{name: "min", parts: []string{"min"}, kinds: []Kind{Int, Bytes}, note: "of bytes that cannot be longer than 64 KiB"},
	{name: "max", parts: []string{"max"}, kinds: []Kind{Int, Bytes}, note: "as min"},
}

// sigs are the stores' names of the parts (tipb.ExprType).
var sigs = map[string]string{"count": "Count", "sum": "Sum", "min": "Min", "max": "Max"}

// AggregateSig is the stores' name of a part (tipb.ExprType).
func AggregateSig(fn *functions.Aggregate) string { return sigs[fn.Name] }

// Split divides an aggregate call into parts, which have its arguments, and the
// aggregate that makes its result of the parts' results.
func (r *Rules) Split(fn *functions.Aggregate, sig functions.Signature, args []expr.Expr) (parts []functions.Part, final *functions.Aggregate, err error) {
	for i := range aggregates {
		a := &aggregates[i]
		if a.name != fn.Name || len(args) > 1 {
			continue
		}
		if r.Blocked[fn.Name] {
			return nil, nil, refuse("%s is blocked", fn.Name)
		}
		if len(args) == 1 {
			if err := r.checkArgument(a, args[0]); err != nil {
				return nil, nil, err
			}
		}
		parts, final, _ := functions.SplitAggregate(fn, sig)
		return parts, final, nil
	}
	return nil, nil, refuse("aggregate %s is not computed by the stores", fn.Name)
}

func (r *Rules) checkArgument(a *aggregate, arg expr.Expr) error {
	if _, ok := arg.(*expr.Ordinal); ok && a.name == "count" {
		return nil // of whatever kind
	}
	if err := r.Check(arg); err != nil {
		return err
	}
	kind := KindOf(arg.Type())
	if !slices.Contains(a.kinds, kind) || a.args != nil && !slices.Contains(a.args, arg.Type().OID) {
		return refuse("%s of such values is not computed by the stores", a.name)
	}
	if kind == Bytes && a.name != "count" && !bounded(arg) {
		return refuse("values of type %s may lie apart from their rows, which tells nothing of their order", types.Format(arg.Type()))
	}
	return nil
}

// CheckKey reports whether rows can be grouped by an expression in the stores,
// nil or why not. Values that lie apart from their rows are found in the answer.
func (r *Rules) CheckKey(e expr.Expr) error {
	if !hasColumns(e) {
		return refuse("it is a constant")
	}
	if err := r.Check(e); err != nil {
		return err
	}
	if KindOf(e.Type()) == Float {
		return refuse("equal floating-point numbers may lie differently in rows")
	}
	return nil
}

// CheckOrder reports whether the stores can sort by an expression, nil or why not.
func (r *Rules) CheckOrder(e expr.Expr) error {
	if err := r.CheckKey(e); err != nil {
		return err
	}
	if !bounded(e) {
		return refuse("values of type %s may lie apart from their rows, which tells nothing of their order", types.Format(e.Type()))
	}
	return nil
}
