package functions

import "github.com/tidemarkdb/tidemark/sql/types"

var (
	_ = define("pg_relation_is_updatable(regclass,bool)", "Tells what a relation's rows may be written by: 4 for UPDATE, 8 for INSERT and 16 for DELETE, added up.",
		body{Eval: func(c *Context, d []types.Datum) (types.Datum, error) {
			s, err := asSession[CatalogSession](c, "pg_relation_is_updatable")
			if err != nil {
				return types.Null, err
			}
			events, _ := s.Updatable(uint32(d[0].I), 0)
			return types.NewInt4(events), nil
		}}, ex("pg_relation_is_updatable(0, false)", "0"))
	_ = define("pg_column_is_updatable(regclass,int2,bool)", "Tells whether a column may be written.",
		body{Eval: func(c *Context, d []types.Datum) (types.Datum, error) {
			s, err := asSession[CatalogSession](c, "pg_column_is_updatable")
			if err != nil {
				return types.Null, err
			}
			_, written := s.Updatable(uint32(d[0].I), int16(d[1].I))
			return types.NewBool(written), nil
		}}, ex("pg_column_is_updatable(0, 1::int2, false)", "f"))
)
