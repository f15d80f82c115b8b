package functions

import (
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
		switch {
		case types.Lookup(oid) == nil:
		case args[1].IsNull():
			return types.NewString(types.FormatID(oid)), nil
		default:
			return types.NewString(types.Format(t)), nil
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
