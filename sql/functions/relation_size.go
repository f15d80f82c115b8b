package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func relationSize(part SizePart) body {
	return evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		s, err := asSession[SizeSession](c, "sizes of relations")
		if err != nil {
			return types.Null, err
		}
		if len(args) == 2 {
			switch args[1].S {
			case "main":
			case "fsm", "vm", "init":
				return types.NewInt8(0), nil
			default:
				return types.Null, pgerror.New(pgerror.InvalidParameterValue, "invalid fork name").
					WithHint("Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\".")
			}
		}
		return datumOrNull(s.RelationSize(c.Ctx, uint32(args[0].I), part))
	})
}

var (
	_ = define("pg_relation_size(regclass) pg_relation_size(regclass,text)", "The bytes that the rows of a table or the entries of an index take.",
		relationSize(SizeMain), ex("pg_relation_size(1259) > 0", "t"))
	_ = define("pg_table_size(regclass)", "The bytes a table takes without its indexes.",
		relationSize(SizeTable), ex("pg_table_size(1259) > 0", "t"))
	_ = define("pg_indexes_size(regclass)", "The bytes a table's indexes take.",
		relationSize(SizeIndexes), ex("pg_indexes_size(1259) > 0", "t"))
	_ = define("pg_total_relation_size(regclass)", "The bytes a table takes with its indexes.",
		relationSize(SizeTotal), ex("pg_total_relation_size(1259) > 0", "t"))
	_ = define("pg_database_size(name) pg_database_size(oid)", "The bytes a database takes.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			s, err := asSession[interface {
				SizeSession
				CatalogSession
			}](c, "sizes of databases")
			if err != nil {
				return types.Null, err
			}
			oid := uint32(args[0].I)
			if args[0].P == types.PhysString {
				var ok bool
				if oid, ok = s.ByName(ClassDatabase, args[0].S); !ok {
					return types.Null, pgerror.New(pgerror.InvalidCatalogName, "database \"%s\" does not exist", args[0].S)
				}
			} else if !s.Exists(ClassDatabase, oid) {
				return types.Null, nil
			}
			return datumOr(s.DatabaseSize(c.Ctx, oid))
		}), ex("pg_database_size('postgres') > 0", "t"))
)

var (
	_ = define("pg_relation_is_publishable(regclass)", "Says whether a relation can be part of a publication.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			s, err := asSession[CatalogSession](c, "pg_relation_is_publishable")
			if err != nil {
				return types.Null, err
			}
			return toDatumOr(s.Publishable(uint32(args[0].I)))
		}), ex("pg_relation_is_publishable(1259)", "f"))
	_ = defineSet("pg_partition_ancestors(regclass)", "Lists a partition and the tables it is a part of.",
		[]Column{column("relid", types.Regclass)},
		func(c *Context, _ Signature, args []types.Datum) (RowSource, error) {
			s, err := asSession[CatalogSession](c, "pg_partition_ancestors")
			if err != nil {
				return nil, err
			}
			var vals []types.Datum
			for _, oid := range s.Ancestors(uint32(args[0].I)) {
				vals = append(vals, types.NewOid(oid))
			}
			return valuesOf(vals), nil
		}, ex("* FROM pg_partition_ancestors(1259)", ""))
)

func toDatumOr[R any](r R, ok bool) (types.Datum, error) { return datumOrNull(r, ok, nil) }
