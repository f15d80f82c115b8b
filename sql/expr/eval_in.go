package expr

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// inListEval is left = ANY (expressions) as an OR of comparisons. Lists of
// constants longer than setThreshold become a set (see eval_set.go).
type inListEval struct {
	left Evaluator
	list []Evaluator
	eq   *functions.Scalar
	sigs []functions.Signature
	not  bool
}

func compileInList(e *InList) (Evaluator, error) {
	left, err := Compile(e.Left)
	if err != nil {
		return nil, err
	}
	if set := constantSet(e); set != nil {
		return &setEval{left: left, set: set, not: e.Not}, nil
	}
	list, err := compileAll(e.List)
	if err != nil {
		return nil, err
	}
	k := &inListEval{left: left, list: list, eq: e.Eq, not: e.Not}
	for _, x := range e.List {
		k.sigs = append(k.sigs, boolSignature(e.Left, x.Type()))
	}
	return k, nil
}

func (e *inListEval) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	left, err := e.left.Eval(c, cols, n)
	if err != nil {
		return functions.Value{}, err
	}
	defer left.Array.Release()
	acc := newTruth(n)
	acc.fill(types.NewBool(false))
	constant := n > 0
	for i, item := range e.list {
		v, err := item.Eval(c, cols, n)
		if err != nil {
			return functions.Value{}, err
		}
		eq, err := runFunction(c, e.eq, e.sigs[i], []functions.Value{left, v}, n)
		v.Array.Release()
		if err != nil {
			return functions.Value{}, err
		}
		x := truthOf(eq, n)
		constant = constant && eq.Const
		eq.Array.Release()
		acc.combine(&x, true)
	}
	if e.not {
		notBits(&acc)
	}
	if constant {
		acc = acc.first()
	}
	return functions.Value{Array: acc.array(c), Const: constant}, nil
}
