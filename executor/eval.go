package executor

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// scalar is a compiled expression; plain columns do not go through the evaluator.
type scalar struct {
	typ     types.Type
	ordinal int // the column, -1 if it is not a plain one
	eval    expr.Evaluator
}

// compile compiles an expression, once for each statement: lateral joins and
// correlated subplans build their operators again and again.
func (r *run) compile(e expr.Expr) (*scalar, error) {
	if o, ok := e.(*expr.Ordinal); ok {
		return &scalar{typ: o.Typ, ordinal: o.Index}, nil
	}
	if s := r.compiled[e]; s != nil {
		return s, nil
	}
	ev, err := expr.Compile(e)
	if err != nil {
		return nil, err
	}
	s := &scalar{typ: e.Type(), ordinal: -1, eval: ev}
	if r.compiled == nil {
		r.compiled = map[expr.Expr]*scalar{}
	}
	r.compiled[e] = s
	return s, nil
}

// compileOptional is compile for an expression that may be nil.
func (r *run) compileOptional(e expr.Expr) (*scalar, error) {
	if e == nil {
		return nil, nil
	}
	return r.compile(e)
}

func (r *run) compileAll(es []expr.Expr) ([]*scalar, error) {
	out := make([]*scalar, len(es))
	for i, e := range es {
		if e == nil {
			continue
		}
		s, err := r.compile(e)
		if err != nil {
			return nil, err
		}
		out[i] = s
	}
	return out, nil
}

// value computes the expression over n rows of cols, which may be coded; what it
// returns is plain. The caller releases the array.
func (s *scalar) value(env *Env, cols []arrow.Array, n int) (functions.Value, error) {
	if s.ordinal >= 0 {
		return functions.Value{Array: types.Plain(env.Alloc, cols[s.ordinal])}, nil
	}
	return s.eval.Eval(env.Functions, cols, n)
}

// codedColumn is column for who knows coded ones: a plain column is passed on.
func (s *scalar) codedColumn(env *Env, cols []arrow.Array, n int) (arrow.Array, error) {
	if s.ordinal >= 0 {
		cols[s.ordinal].Retain()
		return cols[s.ordinal], nil
	}
	return s.column(env, cols, n)
}

// column is value with constants spread over the rows.
func (s *scalar) column(env *Env, cols []arrow.Array, n int) (arrow.Array, error) {
	v, err := s.value(env, cols, n)
	if err != nil {
		return nil, err
	}
	if !v.Const || n == 1 {
		return v.Array, nil
	}
	defer v.Array.Release()
	if v.Array.IsNull(0) {
		return nullArray(env.Alloc, v.Array.DataType(), n), nil
	}
	return repeat(env.Alloc, v.Array, 0, n)
}

// columns computes several expressions.
func columns(env *Env, ss []*scalar, cols []arrow.Array, n int) ([]arrow.Array, error) {
	return computeAll(ss, func(s *scalar) (arrow.Array, error) { return s.column(env, cols, n) })
}

// codedKeys is columns for who knows coded ones.
func codedKeys(env *Env, ss []*scalar, cols []arrow.Array, n int) ([]arrow.Array, error) {
	return computeAll(ss, func(s *scalar) (arrow.Array, error) { return s.codedColumn(env, cols, n) })
}

func computeAll(ss []*scalar, fn func(*scalar) (arrow.Array, error)) ([]arrow.Array, error) {
	out := make([]arrow.Array, len(ss))
	for i, s := range ss {
		a, err := fn(s)
		if err != nil {
			releaseAll(out)
			return nil, err
		}
		out[i] = a
	}
	return out, nil
}

// values computes several expressions, constants stay single values.
func values(env *Env, ss []*scalar, cols []arrow.Array, n int) ([]functions.Value, error) {
	out := make([]functions.Value, len(ss))
	for i, s := range ss {
		v, err := s.value(env, cols, n)
		if err != nil {
			releaseValues(out)
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func releaseValues(vs []functions.Value) {
	for _, v := range vs {
		if v.Array != nil {
			v.Array.Release()
		}
	}
}

// selection appends to dst the rows for which a condition is true.
func (s *scalar) selection(env *Env, cols []arrow.Array, n int, dst []int32) ([]int32, error) {
	return s.rowsOf(env, cols, n, dst, true)
}

// chosen is selection for FILTER, whose AND is an expression like others in PostgreSQL.
func (s *scalar) chosen(env *Env, cols []arrow.Array, n int) ([]int32, error) {
	return s.rowsOf(env, cols, n, nil, false)
}

func (s *scalar) rowsOf(env *Env, cols []arrow.Array, n int, dst []int32, condition bool) ([]int32, error) {
	var v functions.Value
	var err error
	if condition && s.ordinal < 0 {
		v, err = expr.EvalCondition(s.eval, env.Functions, cols, n)
	} else {
		v, err = s.value(env, cols, n)
	}
	if err != nil {
		return nil, err
	}
	defer v.Array.Release()
	return expr.FilterMask(v, n, dst), nil
}

// constant computes an expression without columns.
func (e *Env) constant(x expr.Expr) (types.Datum, error) {
	return expr.EvalConst(e.Functions, x)
}
