package functions

import "github.com/tidemarkdb/tidemark/sql/types"

func visibility(name string, class ObjectClass, what string, example Example) *Scalar {
	return define(name+"(oid)", "Says whether the "+what+" is found by its name alone under the search path.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			s, err := asSession[CatalogSession](c, name)
			if err != nil {
				return types.Null, err
			}
			visible, ok := s.Visible(class, uint32(args[0].I))
			return datumOrNull(visible, ok, nil)
		}), example)
}

var (
	_ = visibility("pg_table_is_visible", ClassRelation, "relation", ex("pg_table_is_visible(1259)", "t"))
	_ = visibility("pg_type_is_visible", ClassType, "type", ex("pg_type_is_visible(23)", "t"))
	_ = visibility("pg_function_is_visible", ClassProc, "function", ex("pg_function_is_visible(871)", "t"))
	_ = visibility("pg_operator_is_visible", ClassOperator, "operator", ex("pg_operator_is_visible(96)", "t"))
	_ = visibility("pg_collation_is_visible", ClassCollation, "collation", ex("pg_collation_is_visible(100)", "t"))
	_ = visibility("pg_opclass_is_visible", ClassOpclass, "operator class", ex("pg_opclass_is_visible(0)", "NULL"))
	_ = visibility("pg_opfamily_is_visible", ClassOpfamily, "operator family", ex("pg_opfamily_is_visible(0)", "NULL"))
	_ = visibility("pg_conversion_is_visible", ClassConversion, "conversion", ex("pg_conversion_is_visible(0)", "NULL"))
	_ = visibility("pg_statistics_obj_is_visible", ClassStatistics, "statistics object", ex("pg_statistics_obj_is_visible(0)", "NULL"))
	_ = visibility("pg_ts_config_is_visible", ClassTSConfig, "text search configuration", ex("pg_ts_config_is_visible(0)", "NULL"))
	_ = visibility("pg_ts_dict_is_visible", ClassTSDict, "text search dictionary", ex("pg_ts_dict_is_visible(0)", "NULL"))
	_ = visibility("pg_ts_parser_is_visible", ClassTSParser, "text search parser", ex("pg_ts_parser_is_visible(0)", "NULL"))
	_ = visibility("pg_ts_template_is_visible", ClassTSTemplate, "text search template", ex("pg_ts_template_is_visible(0)", "NULL"))
)
