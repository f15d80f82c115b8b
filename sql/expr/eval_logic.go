package expr

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/functions"
)

// logicEval is AND or OR. Arguments after the first must not fail for rows that
// are decided already: they are evaluated on the rest only, or, when most rows
// are left and nothing can be done twice by it, on all rows with the rest as
// the second try after an error.
type logicEval struct {
	or   bool
	args []arm
}

func compileLogic(e *Logic) (Evaluator, error) {
	l := &logicEval{or: e.Or}
	for _, a := range e.Args {
		x, err := compileArm(a)
		if err != nil {
			return nil, err
		}
		l.args = append(l.args, x)
	}
	return l, nil
}

func (e *logicEval) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	return e.eval(c, cols, n, false)
}

// eval is Eval; of a condition, where NULL is as good as false, the arguments of
// an AND are not evaluated for rows for which one before them is NULL either.
func (e *logicEval) eval(c *functions.Context, cols []arrow.Array, n int, condition bool) (functions.Value, error) {
	first, err := e.args[0].ev.Eval(c, cols, n)
	if err != nil {
		return functions.Value{}, err
	}
	constant := first.Const
	acc := truthOf(first, n)
	first.Array.Release()
	for i := 1; i < len(e.args); i++ {
		if condition {
			acc.settle()
		}
		x, isConst, err := e.next(c, cols, &acc, &e.args[i])
		if err != nil {
			return functions.Value{}, err
		}
		if x.n == 0 {
			break
		}
		constant = constant && isConst
		acc.combine(&x, e.or)
	}
	constant = constant && n > 0
	if constant {
		acc = acc.first()
	}
	return functions.Value{Array: acc.array(c), Const: constant}, nil
}

// next evaluates an argument; an empty truth says that every row is decided.
func (e *logicEval) next(c *functions.Context, cols []arrow.Array, acc *truth, a *arm) (x truth, constant bool, err error) {
	decided := acc.f
	if e.or {
		decided = acc.t
	}
	n := acc.n
	open := n - popcount(decided)
	if open == 0 {
		return truth{}, true, nil
	}
	if open == n || a.cheap && 8*open > n {
		v, err := a.ev.Eval(c, cols, n)
		if err == nil {
			x = truthOf(v, n)
			v.Array.Release()
			return x, v.Const, nil
		}
		if open == n {
			return x, false, err
		}
	}
	rows := clearRows(decided, n, make([]int32, 0, open))
	v, err := a.on(c, cols, rows)
	if err != nil {
		return x, false, err
	}
	part := truthOf(v, len(rows))
	v.Array.Release()
	return part.spread(rows, n), false, nil
}

// combine ands (or ors) y into x.
func (x *truth) combine(y *truth, or bool) {
	t, f := y.t, y.f
	if or {
		for i := range x.t {
			x.t[i] |= t[i]
			x.f[i] &= f[i]
		}
		return
	}
	for i := range x.t {
		x.t[i] &= t[i]
		x.f[i] |= f[i]
	}
}

// settle makes false of NULL.
func (x *truth) settle() {
	for i := range x.f {
		x.f[i] = ^x.t[i]
	}
	maskTail(x.f, x.n)
}

// spread places row j at rows[j] of n rows; the others are NULL.
func (x *truth) spread(rows []int32, n int) truth {
	out := newTruth(n)
	for j, r := range rows {
		out.t[r>>3] |= x.t[j>>3] >> (j & 7) & 1 << (r & 7)
		out.f[r>>3] |= x.f[j>>3] >> (j & 7) & 1 << (r & 7)
	}
	return out
}

// first keeps row 0.
func (x *truth) first() truth {
	return truth{t: []byte{x.t[0] & 1}, f: []byte{x.f[0] & 1}, n: 1}
}

// arm is a part of an expression that may be evaluated on some rows only.
type arm struct {
	ev       Evaluator
	ordinals []int // the columns it reads
	// cheap says that evaluating it on more rows than asked has no effect
	// that is seen: no volatile function, no subplan.
	cheap bool
}

func compileArm(e Expr) (arm, error) {
	ev, err := Compile(e)
	if err != nil {
		return arm{}, err
	}
	a := arm{ev: ev, cheap: Volatility(e) != functions.Volatile}
	seen := map[int]bool{}
	Walk(e, func(x Expr) bool {
		switch x := x.(type) {
		case *Ordinal:
			if !seen[x.Index] {
				seen[x.Index] = true
				a.ordinals = append(a.ordinals, x.Index)
			}
		case *Subplan:
			a.cheap = false
		}
		return true
	})
	return a, nil
}

// on evaluates the arm on some rows (nil: not asked for). The value has
// len(rows) rows.
func (a *arm) on(c *functions.Context, cols []arrow.Array, rows []int32) (functions.Value, error) {
	some := make([]arrow.Array, len(cols))
	defer func() {
		for _, i := range a.ordinals {
			if i < len(some) && some[i] != nil {
				some[i].Release()
			}
		}
	}()
	for _, i := range a.ordinals {
		if i < len(cols) && cols[i] != nil {
			some[i] = functions.Take(c, cols[i], rows)
		}
	}
	return a.ev.Eval(c, some, len(rows))
}
