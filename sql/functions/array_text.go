package functions

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = define("array_to_string(anyarray,text) array_to_string(anyarray,text,text)", "Joins the elements with a separator; NULLs are left out or, with a third argument, replaced.",
		evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
			if args[0].IsNull() || args[1].IsNull() {
				return types.Null, nil
			}
			a := args[0].Array()
			elem := elemType(c, t.Args[0], a)
			var b []byte
			first := true
			for _, v := range a.All() {
				if v.IsNull() && (len(args) < 3 || args[2].IsNull()) {
					continue
				}
				if !first {
					b = append(b, args[1].S...)
				}
				first = false
				if v.IsNull() {
					b = append(b, args[2].S...)
				} else {
					b = types.AppendText(b, elem, v, c.IO)
				}
			}
			return types.NewString(viewString(b)), nil
		}), ex("array_to_string(ARRAY[1,NULL,3], ',')", "1,3"), ex("array_to_string(ARRAY[1,NULL,3], ',', '*')", "1,*,3"))

	_ = define("string_to_array(text,text) string_to_array(text,text,text)", "Splits a string at a separator (NULL: into characters); parts equal to the third argument become NULL.",
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			if args[0].IsNull() {
				return types.Null, nil
			}
			return types.BuildArray(types.Text, splitText(args)), nil
		}), ex("string_to_array('xx~~yy~~zz', '~~')", "{xx,yy,zz}"), ex("string_to_array('a,,b', ',', '')", "{a,NULL,b}"))

	_ = defineSet("string_to_table(text,text) string_to_table(text,text,text)", "Splits a string at a separator (NULL: into characters) into rows.", nil,
		func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
			if args[0].IsNull() {
				return valuesOf(nil), nil
			}
			return valuesOf(splitText(args)), nil
		}, ex("* FROM string_to_table('xx~yy', '~')", `xx\nyy`))
)

// splitText is the common part of string_to_array and string_to_table.
func splitText(args []types.Datum) []types.Datum {
	s := args[0].S
	if s == "" {
		return nil
	}
	var parts []string
	switch {
	case args[1].IsNull():
		parts = strings.Split(s, "")
	case args[1].S == "":
		parts = []string{s}
	default:
		parts = strings.Split(s, args[1].S)
	}
	out := make([]types.Datum, len(parts))
	for i, p := range parts {
		if len(args) < 3 || args[2].IsNull() || p != args[2].S {
			out[i] = types.NewString(p)
		}
	}
	return out
}
