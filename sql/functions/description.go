package functions

import "github.com/tidemarkdb/tidemark/sql/types"

func describeComment(class func(args []types.Datum) (ObjectClass, int)) body {
	return evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		s, err := asSession[CatalogSession](c, "comments")
		if err != nil {
			return types.Null, err
		}
		cls, sub := class(args)
		text, ok := s.Description(cls, uint32(args[0].I), sub)
		return datumOrNull(text, ok, nil)
	})
}

var (
	_ = define("obj_description(oid)", "Gives the comment of an object of any catalog.",
		describeComment(func([]types.Datum) (ObjectClass, int) { return "", 0 }),
		ex("obj_description(99999)", "NULL"))
	_ = define("obj_description(oid,name) shobj_description(oid,name)", "Gives the comment of an object of a catalog.",
		describeComment(func(args []types.Datum) (ObjectClass, int) { return ObjectClass(args[1].S), 0 }),
		ex("obj_description(11, 'pg_namespace')", "system catalog schema"))
	_ = define("col_description(oid,int4)", "Gives the comment of a table's column.",
		describeComment(func(args []types.Datum) (ObjectClass, int) { return ClassRelation, int(args[1].I) }),
		ex("col_description(1259, 1)", "NULL"))
)
