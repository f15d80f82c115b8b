package expr

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// castEval converts values one by one; relabelling costs nothing.
type castEval struct {
	arg  Evaluator
	cast *Cast
}

func compileCast(e *Cast) (Evaluator, error) {
	arg, err := Compile(e.Arg)
	if err != nil {
		return nil, err
	}
	switch e.Kind {
	case CastRelabel:
		return arg, nil
	case CastFunc:
		sig := functions.Signature{Args: []types.Type{e.Arg.Type()}, Returns: e.Typ}
		return &callEval{fn: e.Fn, sig: sig, args: []Evaluator{arg}}, nil
	case CastMod:
		if e.Typ.Mod < 0 {
			return arg, nil
		}
	}
	return &castEval{arg: arg, cast: e}, nil
}

func (e *castEval) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	v, err := e.arg.Eval(c, cols, n)
	if err != nil {
		return functions.Value{}, err
	}
	defer v.Array.Release()
	if v.Const {
		n = 1
	}
	b := types.NewBuilder(c.Alloc, e.cast.Typ)
	defer b.Release()
	b.Reserve(n)
	for i := range n {
		d, err := castDatum(c, e.cast, types.DatumAt(v.Array, i))
		if err != nil {
			return functions.Value{}, err
		}
		types.AppendDatum(b, d)
	}
	return functions.Value{Array: b.NewArray(), Const: v.Const}, nil
}

// castDatum converts one value.
func castDatum(c *functions.Context, e *Cast, d types.Datum) (types.Datum, error) {
	if e.Kind == CastRelabel {
		return d, nil
	}
	if d.IsNull() && e.Domain == 0 {
		return d, nil
	}
	switch e.Kind {
	case CastIO:
		var buf [64]byte
		text := types.AppendText(buf[:0], e.Arg.Type(), d, c.IO)
		return types.Parse(e.Typ, string(text), c.IO)
	case CastMod:
		return types.ApplyMod(e.Typ, d, e.Explicit)
	case CastFunc:
		sig := functions.Signature{Args: []types.Type{e.Arg.Type()}, Returns: e.Typ}
		return e.Fn.RunDatum(c, sig, []types.Datum{d})
	}
	return castArray(c, e, d)
}
