package functions

import (
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = define("concat(any)", "Joins the texts of the arguments that are not NULL.",
		evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
			return types.NewString(joinTexts(c, t.Args, args, "")), nil
		}), ex("concat('abcde', 2, NULL, 22)", "abcde222"))
	_ = define("concat_ws(text,any)", "Joins the texts of the arguments that are not NULL with the separator given first.",
		evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
			if args[0].IsNull() {
				return types.Null, nil
			}
			return types.NewString(joinTexts(c, t.Args[1:], args[1:], args[0].S)), nil
		}), ex("concat_ws(',', 'abcde', 2, NULL, 22)", "abcde,2,22"))
	_ = define("num_nulls(any)", "How many arguments are NULL.", evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
		return types.NewInt4(int32(countNulls(args))), nil
	}), ex("num_nulls(1, NULL, 2)", "1"))
	_ = define("num_nonnulls(any)", "How many arguments are not NULL.", evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
		return types.NewInt4(int32(len(args) - countNulls(args))), nil
	}), ex("num_nonnulls(1, NULL, 2)", "2"))
)

func joinTexts(c *Context, ts []types.Type, args []types.Datum, sep string) string {
	var b []byte
	first := true
	for i, d := range args {
		if d.IsNull() {
			continue
		}
		if !first {
			b = append(b, sep...)
		}
		first = false
		b = types.AppendText(b, ts[i], d, c.IO)
	}
	return viewString(b)
}

func countNulls(args []types.Datum) (n int) {
	for _, d := range args {
		if d.IsNull() {
			n++
		}
	}
	return n
}
