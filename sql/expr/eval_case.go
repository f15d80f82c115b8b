package expr

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// caseEval evaluates each condition on the rows that no earlier one took, and
// each result on the rows its condition took: an arm cannot fail for a row that
// does not reach it.
type caseEval struct {
	conds, thens []arm
	otherwise    *arm // nil: NULL
	phys         types.Phys
}

func compileCase(e *Case) (Evaluator, error) {
	k := &caseEval{phys: e.Typ.Phys()}
	for _, w := range e.Whens {
		cond, err := compileArm(w.Cond)
		if err != nil {
			return nil, err
		}
		then, err := compileArm(w.Then)
		if err != nil {
			return nil, err
		}
		k.conds, k.thens = append(k.conds, cond), append(k.thens, then)
	}
	if e.Else != nil {
		a, err := compileArm(e.Else)
		if err != nil {
			return nil, err
		}
		k.otherwise = &a
	}
	return k, nil
}

func (e *caseEval) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	p := pieces{phys: e.phys, n: n}
	defer p.release()
	var rest []int32 // nil: all rows
	left := n
	for i := range e.conds {
		if left == 0 {
			break
		}
		v, err := e.conds[i].onRows(c, cols, rest, n)
		if err != nil {
			return functions.Value{}, err
		}
		x := truthOf(v, left)
		v.Array.Release()
		if err := p.evalArm(c, cols, &e.thens[i], pick(rest, x.t, left, true)); err != nil {
			return functions.Value{}, err
		}
		rest = pick(rest, x.t, left, false)
		if rest != nil {
			left = len(rest)
		}
	}
	if left > 0 && e.otherwise != nil {
		if err := p.evalArm(c, cols, e.otherwise, rest); err != nil {
			return functions.Value{}, err
		}
	}
	return p.value(c), nil
}

// pick selects of rows (nil: all n) those whose bit in b is want; nil means
// that rows is nil and all are selected.
func pick(rows []int32, b []byte, n int, want bool) []int32 {
	count := popcount(b)
	if !want {
		count = n - count
	}
	if count == n {
		return rows
	}
	out := make([]int32, 0, count)
	for j := range n {
		if (b[j>>3]>>(j&7)&1 == 1) == want {
			r := int32(j)
			if rows != nil {
				r = rows[j]
			}
			out = append(out, r)
		}
	}
	return out
}

// onRows evaluates an arm on rows, or all n rows if rows is nil.
func (a *arm) onRows(c *functions.Context, cols []arrow.Array, rows []int32, n int) (functions.Value, error) {
	if rows == nil {
		return a.ev.Eval(c, cols, n)
	}
	return a.on(c, cols, rows)
}

// pieces collects the parts of a result computed on different rows.
type pieces struct {
	list []functions.Piece
	phys types.Phys
	n    int
}

func (p *pieces) release() {
	for i := range p.list {
		p.list[i].Value.Release()
	}
	p.list = nil
}

// evalArm evaluates an arm on rows (nil: all) and keeps the result.
func (p *pieces) evalArm(c *functions.Context, cols []arrow.Array, a *arm, rows []int32) error {
	if rows != nil && len(rows) == 0 {
		return nil
	}
	v, err := a.onRows(c, cols, rows, p.n)
	if err != nil {
		return err
	}
	p.list = append(p.list, functions.Piece{Value: v, Rows: rows})
	return nil
}

// value joins the pieces; rows without one are NULL.
func (p *pieces) value(c *functions.Context) functions.Value {
	if len(p.list) == 1 && p.list[0].Rows == nil && p.list[0].From == nil {
		v := p.list[0].Value
		p.list = nil
		return v
	}
	return functions.Value{Array: functions.Scatter(c, p.phys, p.n, p.list)}
}

// coalesceEval evaluates each argument on the rows that are NULL so far.
type coalesceEval struct {
	args []arm
	phys types.Phys
}

func compileCoalesce(e *Coalesce) (Evaluator, error) {
	k := &coalesceEval{phys: e.Typ.Phys()}
	for _, x := range e.Args {
		a, err := compileArm(x)
		if err != nil {
			return nil, err
		}
		k.args = append(k.args, a)
	}
	return k, nil
}

func (e *coalesceEval) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	p := pieces{phys: e.phys, n: n}
	defer p.release()
	var rest []int32
	left := n
	for i := range e.args {
		if left == 0 {
			break
		}
		v, err := e.args[i].onRows(c, cols, rest, n)
		if err != nil {
			return functions.Value{}, err
		}
		nulls := v.Array.NullN()
		switch {
		case nulls == 0: // the last piece
			p.list = append(p.list, functions.Piece{Value: v, Rows: rest})
			return p.value(c), nil
		case v.Const:
			v.Array.Release()
			continue
		}
		var from, taken, missing []int32
		for j := range left {
			r := int32(j)
			if rest != nil {
				r = rest[j]
			}
			if v.Array.IsNull(j) {
				missing = append(missing, r)
			} else {
				from, taken = append(from, int32(j)), append(taken, r)
			}
		}
		if len(taken) == 0 {
			v.Array.Release()
		} else {
			p.list = append(p.list, functions.Piece{Value: v, From: from, Rows: taken})
		}
		rest, left = missing, len(missing)
	}
	return p.value(c), nil
}

// minMaxEval is GREATEST and LEAST.
type minMaxEval struct {
	args  []Evaluator
	typ   types.Type
	least bool
}

func compileMinMax(e *MinMax) (Evaluator, error) {
	args, err := compileAll(e.Args)
	if err != nil {
		return nil, err
	}
	return &minMaxEval{args: args, typ: e.Typ, least: e.Least}, nil
}

func (e *minMaxEval) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	vals := make([]functions.Value, len(e.args))
	if err := evalAll(c, e.args, cols, n, vals); err != nil {
		return functions.Value{}, err
	}
	defer functions.ReleaseAll(vals)
	constant := allConst(vals)
	if constant {
		n = 1
	}
	b := types.NewBuilder(c.Alloc, e.typ)
	defer b.Release()
	row := make([]types.Datum, len(vals))
	for i := range n {
		for k, v := range vals {
			row[k] = datumOf(v, i)
		}
		types.AppendDatum(b, minMaxDatum(e.typ, e.least, row))
	}
	return functions.Value{Array: b.NewArray(), Const: constant}, nil
}

func minMaxDatum(t types.Type, least bool, row []types.Datum) types.Datum {
	var best types.Datum
	for _, d := range row {
		if d.IsNull() {
			continue
		}
		if best.IsNull() {
			best = d
		} else if cmp := types.Compare(t, d, best); cmp < 0 == least && cmp != 0 {
			best = d
		}
	}
	return best
}

// datumOf is row i of a value that may be constant.
func datumOf(v functions.Value, i int) types.Datum {
	if v.Const {
		i = 0
	}
	return types.DatumAt(v.Array, i)
}
