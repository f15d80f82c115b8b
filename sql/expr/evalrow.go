package expr

import (
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func noParameter(index int) error {
	return pgerror.New(pgerror.UndefinedParameter, "there is no parameter $%d", index+1)
}

// EvalConst computes an expression without columns: bounds, defaults, LIMIT.
// Constants, parameters and relabelled ones cost no allocation.
func EvalConst(c *functions.Context, e Expr) (types.Datum, error) {
	switch e := e.(type) {
	case *Const:
		return e.Value, nil
	case *Param:
		if e.Index < len(c.Params) {
			return c.Params[e.Index], nil
		}
		return types.Null, noParameter(e.Index)
	}
	return EvalRow(c, e, nil)
}

// EvalRow computes an expression for one row, whose datums Ordinals index. It
// goes without Arrow where the functions offer it; use it for single rows
// (point reads and writes, defaults). The result may alias the row.
func EvalRow(c *functions.Context, e Expr, row []types.Datum) (types.Datum, error) {
	switch e := e.(type) {
	case *Const:
		return e.Value, nil
	case *Param:
		if e.Index < len(c.Params) {
			return c.Params[e.Index], nil
		}
		return types.Null, noParameter(e.Index)
	case *Ordinal:
		if e.Index < len(row) {
			return row[e.Index], nil
		}
		return types.Null, internalf("no column %d in a row of %d", e.Index, len(row))
	case *ExecParam:
		if e.Slot < len(c.Exec) {
			return c.Exec[e.Slot], nil
		}
		return types.Null, internalf("no execution parameter %d", e.Slot)
	case *Call:
		return callRow(c, e, row)
	case *Cast:
		d, err := EvalRow(c, e.Arg, row)
		if err != nil {
			return types.Null, err
		}
		return castDatum(c, e, d)
	case *Logic:
		return logicRow(c, e, row)
	case *Not:
		d, err := EvalRow(c, e.Arg, row)
		if err != nil || d.IsNull() {
			return types.Null, err
		}
		return types.NewBool(!d.Bool()), nil
	case *IsNull:
		d, err := EvalRow(c, e.Arg, row)
		if err != nil {
			return types.Null, err
		}
		if e.Row {
			return types.NewBool(recordIsNull(d, e.Not)), nil
		}
		return types.NewBool(d.IsNull() != e.Not), nil
	case *BoolTest:
		d, err := EvalRow(c, e.Arg, row)
		if err != nil {
			return types.Null, err
		}
		return types.NewBool((d == e.Want) != e.Not), nil
	case *Distinct:
		return distinctRow(c, e, row)
	case *Case:
		return caseRow(c, e, row)
	case *Coalesce:
		for _, a := range e.Args {
			d, err := EvalRow(c, a, row)
			if err != nil || !d.IsNull() {
				return d, err
			}
		}
		return types.Null, nil
	case *MinMax:
		ds, err := evalRowAll(c, e.Args, row)
		if err != nil {
			return types.Null, err
		}
		return minMaxDatum(e.Typ, e.Least, ds), nil
	case *InList:
		return inListRow(c, e, row)
	case *AnyAll:
		return anyAllRow(c, e, row)
	case *Array, *Subscript, *Row, *Field:
		args, err := evalRowAll(c, operands(e), row)
		if err != nil {
			return types.Null, err
		}
		return compositeDatum(e, args)
	case *Subplan:
		return subplanRow(c, e, row)
	}
	return types.Null, internalf("cannot evaluate %T", e)
}

func evalRowAll(c *functions.Context, es []Expr, row []types.Datum) ([]types.Datum, error) {
	out := make([]types.Datum, len(es))
	for i, x := range es {
		if x == nil {
			continue
		}
		var err error
		if out[i], err = EvalRow(c, x, row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func callRow(c *functions.Context, e *Call, row []types.Datum) (types.Datum, error) {
	args, err := evalRowAll(c, e.Args, row)
	if err != nil {
		return types.Null, err
	}
	var sig functions.Signature
	if e.Fn.Eval == nil {
		sig = signatureOf(e)
	}
	return e.Fn.RunDatum(c, sig, args)
}

// ConditionRow reports whether a condition is true of a row: EvalCondition for one.
func ConditionRow(c *functions.Context, e Expr, row []types.Datum) (bool, error) {
	if l, ok := e.(*Logic); ok && !l.Or {
		for _, a := range l.Args {
			if ok, err := ConditionRow(c, a, row); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	}
	d, err := EvalRow(c, e, row)
	return err == nil && !d.IsNull() && d.Bool(), err
}

func logicRow(c *functions.Context, e *Logic, row []types.Datum) (types.Datum, error) {
	result := types.NewBool(!e.Or)
	for _, a := range e.Args {
		d, err := EvalRow(c, a, row)
		switch {
		case err != nil:
			return types.Null, err
		case d.IsNull():
			result = types.Null
		case d.Bool() == e.Or:
			return d, nil
		}
	}
	return result, nil
}

func distinctRow(c *functions.Context, e *Distinct, row []types.Datum) (types.Datum, error) {
	ds, err := evalRowAll(c, []Expr{e.Left, e.Right}, row)
	if err != nil {
		return types.Null, err
	}
	if ds[0].IsNull() || ds[1].IsNull() {
		return types.NewBool((ds[0].IsNull() == ds[1].IsNull()) == e.Not), nil
	}
	d, err := e.Eq.RunDatum(c, boolSignature(e.Left, e.Right.Type()), ds)
	if err != nil {
		return types.Null, err
	}
	return types.NewBool(d.Bool() == e.Not), nil
}

func caseRow(c *functions.Context, e *Case, row []types.Datum) (types.Datum, error) {
	for _, w := range e.Whens {
		d, err := EvalRow(c, w.Cond, row)
		if err != nil {
			return types.Null, err
		}
		if !d.IsNull() && d.Bool() {
			return EvalRow(c, w.Then, row)
		}
	}
	if e.Else == nil {
		return types.Null, nil
	}
	return EvalRow(c, e.Else, row)
}

func inListRow(c *functions.Context, e *InList, row []types.Datum) (types.Datum, error) {
	left, err := EvalRow(c, e.Left, row)
	if err != nil {
		return types.Null, err
	}
	q := quantified{fn: e.Eq, negate: e.Not}
	for _, x := range e.List {
		d, err := EvalRow(c, x, row)
		if err != nil {
			return types.Null, err
		}
		done, err := q.add(c, boolSignature(e.Left, x.Type()), left, d)
		if err != nil || done {
			return q.result(), err
		}
	}
	return q.result(), nil
}

func subplanRow(c *functions.Context, e *Subplan, row []types.Datum) (types.Datum, error) {
	if c.Subplan == nil {
		return types.Null, internalf("no executor for a subplan")
	}
	var vals []functions.Value
	defer func() { functions.ReleaseAll(vals) }()
	for _, list := range [][]Expr{e.Args, e.Left} {
		for _, x := range list {
			d, err := EvalRow(c, x, row)
			if err != nil {
				return types.Null, err
			}
			vals = append(vals, functions.Value{Array: functions.DatumArray(c, x.Type().Phys(), d), Const: true})
		}
	}
	a, err := c.Subplan(c, e, vals, 1)
	if err != nil {
		return types.Null, err
	}
	defer a.Release()
	return types.DatumAt(a, 0).Clone(), nil
}

// quantified folds comparisons into left op ANY/ALL (...), three-valued.
type quantified struct {
	fn     *functions.Scalar
	all    bool
	negate bool // NOT of the whole
	null   bool
	hit    bool // ANY found true, or ALL found false
}

// add compares with one more element; done says that the answer is known.
func (q *quantified) add(c *functions.Context, sig functions.Signature, left, elem types.Datum) (done bool, err error) {
	d, err := q.fn.RunDatum(c, sig, []types.Datum{left, elem})
	if err != nil {
		return false, err
	}
	switch {
	case d.IsNull():
		q.null = true
	case d.Bool() != q.all:
		q.hit = true
	}
	return q.hit, nil
}

func (q *quantified) result() types.Datum {
	switch {
	case q.hit:
		return types.NewBool(!q.all != q.negate)
	case q.null:
		return types.Null
	}
	return types.NewBool(q.all != q.negate)
}
