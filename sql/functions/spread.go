package functions

import (
	"sync"

	"github.com/tidemarkdb/tidemark/sql/types"
)

var spreads sync.Map // *Scalar -> *Scalar

// Spread is the function of VARIADIC "any" called with VARIADIC before its last
// argument, an array: its elements stand for arguments. As in PostgreSQL a NULL
// array makes the result NULL, but is no arguments to format.
func Spread(fn *Scalar) *Scalar {
	if s, ok := spreads.Load(fn); ok {
		return s.(*Scalar)
	}
	s := *fn
	s.Kernel, s.KernelTyped, s.Eval = nil, nil, nil
	s.EvalTyped = func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
		last := len(args) - 1
		array := args[last]
		if array.IsNull() && fn.Name != "format" {
			return types.Null, nil
		}
		elem := t.Args[last].Elem()
		sig := Signature{Args: append([]types.Type(nil), t.Args[:last]...), Returns: t.Returns}
		given := append([]types.Datum(nil), args[:last]...)
		if !array.IsNull() {
			for _, d := range array.Array().All() {
				sig.Args, given = append(sig.Args, elem), append(given, d)
			}
		}
		return fn.RunDatum(c, sig, given)
	}
	actual, _ := spreads.LoadOrStore(fn, &s)
	return actual.(*Scalar)
}
