package expr

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// distinctEval is IS [NOT] DISTINCT FROM: NULLs equal each other.
type distinctEval struct {
	args [2]Evaluator
	eq   *functions.Scalar
	sig  functions.Signature
	not  bool
}

func compileDistinct(e *Distinct) (Evaluator, error) {
	left, err := Compile(e.Left)
	if err != nil {
		return nil, err
	}
	right, err := Compile(e.Right)
	if err != nil {
		return nil, err
	}
	return &distinctEval{args: [2]Evaluator{left, right}, eq: e.Eq, sig: boolSignature(e.Left, e.Right.Type()), not: e.Not}, nil
}

// boolSignature is the signature of a comparison of left with a value of type right.
func boolSignature(left Expr, right types.Type) functions.Signature {
	return functions.Signature{Args: []types.Type{left.Type(), right}, Returns: boolType}
}

func (e *distinctEval) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	var vals [2]functions.Value
	if err := evalAll(c, e.args[:], cols, n, vals[:]); err != nil {
		return functions.Value{}, err
	}
	defer functions.ReleaseAll(vals[:])
	eq, err := runFunction(c, e.eq, e.sig, vals[:], n)
	if err != nil {
		return functions.Value{}, err
	}
	defer eq.Array.Release()
	if eq.Const {
		n = 1
	}
	x := truthOf(eq, n)
	out := newTruth(n)
	for i := range n {
		ln, rn := nullAt(vals[0], i), nullAt(vals[1], i)
		same := ln && rn || !ln && !rn && x.t[i>>3]>>(i&7)&1 == 1
		if same == e.not {
			out.t[i>>3] |= 1 << (i & 7)
		} else {
			out.f[i>>3] |= 1 << (i & 7)
		}
	}
	return functions.Value{Array: out.array(c), Const: eq.Const}, nil
}

func nullAt(v functions.Value, i int) bool {
	if v.Const {
		i = 0
	}
	return v.Array.IsNull(i)
}
