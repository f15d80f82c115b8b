package functions

import (
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = behind("textcat", fn2(func(a, b string) string { return a + b }))
	_ = behind("byteacat", fn2(func(a, b binary) binary { return a + b }))
	_ = behind("textanycat", body{EvalTyped: func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
		return types.NewString(args[0].S + textOf(c, t.Args[1], args[1])), nil
	}})
	_ = behind("anytextcat", body{EvalTyped: func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
		return types.NewString(textOf(c, t.Args[0], args[0]) + args[1].S), nil
	}})
)

// textOf is a value converted to text as a cast does.
func textOf(c *Context, t types.Type, d types.Datum) string {
	if d.P == types.PhysString {
		switch t.OID {
		case types.Text, types.Varchar, types.Name, types.Unknown, types.JSON, types.JSONB:
			return d.S
		}
	}
	if t.OID == types.Bool { // booltext, not boolout
		if d.Bool() {
			return "true"
		}
		return "false"
	}
	return string(types.AppendText(nil, t, d, c.IO))
}
