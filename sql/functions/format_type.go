package functions

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

var _ = define("format_type(oid,int4)", "Writes the SQL name of a type with a modifier (which may be NULL).",
	evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		if args[0].IsNull() {
			return types.Null, nil
		}
		oid := types.OID(args[0].I)
		t := types.Of(oid)
		if !args[1].IsNull() && args[1].I >= 0 {
			t.Mod = int32(args[1].I)
		}
		if oid == 0 {
			return types.NewString("-"), nil
		}
		if info := types.Lookup(oid); info != nil {
			return types.NewString(builtinTypeName(t, info, !args[1].IsNull())), nil
		}
		s, err := asSession[CatalogSession](c, "format_type without a catalog")
		if err != nil {
			return types.Null, err
		}
		if text, ok := s.FormatType(t); ok {
			return types.NewString(text), nil
		}
		return types.NewString("???"), nil
	}),
	ex("format_type(23, NULL)", "integer"), ex("format_type(1043, 24)", "character varying(20)"))

// builtinTypeName is format_type of a built-in type. A modifier of -1 tells
// bpchar and "bit" from the SQL types that have a length of 1.
func builtinTypeName(t types.Type, info *types.Info, modGiven bool) string {
	elem, suffix := t.OID, ""
	if info.Elem != 0 && t.Elem().OID != 0 && strings.HasPrefix(info.Name, "_") {
		elem, suffix = info.Elem, "[]"
	}
	if t.Mod < 0 {
		switch elem {
		case types.Bpchar:
			if modGiven {
				return "bpchar" + suffix
			}
			return "character" + suffix
		case types.Bit:
			if modGiven {
				return `"bit"` + suffix
			}
			return "bit" + suffix
		}
	}
	return types.Format(t)
}
