package expr

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// callEval runs a function over its arguments.
type callEval struct {
	fn   *functions.Scalar
	sig  functions.Signature
	args []Evaluator
}

func compileCall(e *Call) (Evaluator, error) {
	args, err := compileAll(e.Args)
	if err != nil {
		return nil, err
	}
	return &callEval{fn: e.Fn, sig: signatureOf(e), args: args}, nil
}

func signatureOf(e *Call) functions.Signature {
	sig := functions.Signature{Args: make([]types.Type, len(e.Args)), Returns: e.Typ}
	for i, a := range e.Args {
		sig.Args[i] = a.Type()
	}
	return sig
}

func (e *callEval) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	var buf [4]functions.Value
	vals := buf[:]
	if len(e.args) > len(buf) {
		vals = make([]functions.Value, len(e.args))
	}
	vals = vals[:len(e.args)]
	if err := evalAll(c, e.args, cols, n, vals); err != nil {
		return functions.Value{}, err
	}
	defer functions.ReleaseAll(vals)
	return runFunction(c, e.fn, e.sig, vals, n)
}

// runFunction runs a function over values; constants give a constant unless
// the function is volatile, which is run for each row.
func runFunction(c *functions.Context, fn *functions.Scalar, sig functions.Signature, vals []functions.Value, n int) (functions.Value, error) {
	rows, constant := n, false
	if allConst(vals) {
		switch {
		case fn.Volatility != functions.Volatile:
			rows, constant = 1, true
		case n != 1 && fn.Eval == nil && fn.EvalTyped == nil:
			for i := range vals {
				vals[i] = functions.Value{Array: vals[i].Spread(c, n)}
			}
		}
	}
	a, err := fn.Run(c, sig, vals, rows)
	if err != nil {
		return functions.Value{}, err
	}
	return functions.Value{Array: a, Const: constant}, nil
}
