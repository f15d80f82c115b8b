package expr

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/functions"
)

// subplanEval hands a subquery to the executor: the values of Args, then of
// Left, spread over the rows, are the hook's arguments.
type subplanEval struct {
	plan *Subplan
	args []Evaluator
}

func compileSubplan(e *Subplan) (Evaluator, error) {
	args, err := compileAll(append(append([]Expr(nil), e.Args...), e.Left...))
	if err != nil {
		return nil, err
	}
	return &subplanEval{plan: e, args: args}, nil
}

func (e *subplanEval) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	if c.Subplan == nil {
		return functions.Value{}, internalf("no executor for a subplan")
	}
	vals := make([]functions.Value, len(e.args))
	if err := evalAll(c, e.args, cols, n, vals); err != nil {
		return functions.Value{}, err
	}
	defer functions.ReleaseAll(vals)
	constant := allConst(vals) && n > 0
	if constant {
		n = 1
	}
	a, err := c.Subplan(c, e.plan, vals, n)
	if err != nil {
		return functions.Value{}, err
	}
	return functions.Value{Array: a, Const: constant}, nil
}
