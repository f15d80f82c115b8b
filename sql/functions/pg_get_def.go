package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// describeOID is a body over an object's number and an optional "pretty" flag
// or column; objects that do not exist give NULL.
func describeOID(feature string, f func(s CatalogSession, oid uint32, rest []types.Datum) (string, bool)) body {
	return evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		s, err := asSession[CatalogSession](c, feature)
		if err != nil {
			return types.Null, err
		}
		text, ok := f(s, uint32(args[0].I), args[1:])
		return datumOrNull(text, ok, nil)
	})
}

func isPretty(rest []types.Datum) bool { return len(rest) > 0 && rest[len(rest)-1].Bool() }

var (
	_ = define("pg_get_expr(pg_node_tree,oid) pg_get_expr(pg_node_tree,oid,bool)",
		"Gives the text of an expression in the catalog (a default, a check, an index predicate).",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			if s, ok := c.Session.(ExprSession); ok {
				return types.NewString(s.ExprText(uint32(args[1].I), args[0].S, isPretty(args[2:]))), nil
			}
			return args[0], nil
		}),
		ex("pg_get_expr(NULL, 0)", "NULL"))
	_ = define("pg_get_indexdef(oid)", "Gives the CREATE INDEX statement of an index.",
		describeOID("pg_get_indexdef", func(s CatalogSession, oid uint32, _ []types.Datum) (string, bool) { return s.IndexDef(oid, 0, false) }),
		ex("pg_get_indexdef(2662)", "CREATE UNIQUE INDEX pg_class_oid_index ON pg_catalog.pg_class USING btree (oid)"))
	_ = define("pg_get_indexdef(oid,int4,bool)", "Gives the CREATE INDEX statement of an index or, with a number, one of its columns.",
		describeOID("pg_get_indexdef", func(s CatalogSession, oid uint32, rest []types.Datum) (string, bool) {
			return s.IndexDef(oid, int(rest[0].I), rest[1].Bool())
		}),
		ex("pg_get_indexdef(2662, 1, true)", "oid"))
	_ = define("pg_get_constraintdef(oid) pg_get_constraintdef(oid,bool)", "Gives the definition of a constraint.",
		describeOID("pg_get_constraintdef", func(s CatalogSession, oid uint32, rest []types.Datum) (string, bool) {
			return s.ConstraintDef(oid, isPretty(rest))
		}),
		ex("pg_get_constraintdef(0)", "NULL"))
	_ = define("pg_get_viewdef(oid) pg_get_viewdef(oid,bool)", "Gives the query of a view.",
		describeOID("pg_get_viewdef", func(s CatalogSession, oid uint32, rest []types.Datum) (string, bool) {
			return s.ViewDef(oid, isPretty(rest))
		}),
		ex("pg_get_viewdef(0)", "NULL"))
	_ = define("pg_get_viewdef(oid,int4)", "Gives the query of a view; the width of lines is not used.",
		describeOID("pg_get_viewdef", func(s CatalogSession, oid uint32, _ []types.Datum) (string, bool) { return s.ViewDef(oid, true) }),
		ex("pg_get_viewdef(0, 80)", "NULL"))
	_ = define("pg_get_viewdef(text) pg_get_viewdef(text,bool)", "Gives the query of a view of this name.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			s, err := asSession[CatalogSession](c, "pg_get_viewdef")
			if err != nil {
				return types.Null, err
			}
			oid, err := s.RelationByName(args[0].S)
			if err != nil {
				return types.Null, err
			}
			text, ok := s.ViewDef(oid, isPretty(args[1:]))
			return datumOrNull(text, ok, nil)
		}),
		ex("pg_get_viewdef('pg_class')", "NULL"))
)

// What Tidemark does not have gives NULL, as for numbers of missing objects.
func always(d types.Datum) body {
	return evalRow(func(*Context, []types.Datum) (types.Datum, error) { return d, nil })
}

var (
	_ = define("pg_get_triggerdef(oid) pg_get_triggerdef(oid,bool)", "Gives the definition of a trigger; there are none.",
		always(types.Null), ex("pg_get_triggerdef(1)", "NULL"))
	_ = define("pg_get_ruledef(oid) pg_get_ruledef(oid,bool)", "Gives the definition of a rule; there are none.",
		always(types.Null), ex("pg_get_ruledef(1)", "NULL"))
	_ = define("pg_get_partkeydef(oid)", "Gives the partition key of a table; there are no partitioned tables.",
		always(types.Null), ex("pg_get_partkeydef(1259)", "NULL"))
	_ = define("pg_get_partition_constraintdef(oid)", "Gives the constraint of a partition; there are none.",
		always(types.Null), ex("pg_get_partition_constraintdef(1259)", "NULL"))
	_ = define("pg_get_statisticsobjdef(oid) pg_get_statisticsobjdef_columns(oid)", "Gives the definition of an extended statistics object; there are none.",
		always(types.Null), ex("pg_get_statisticsobjdef(1)", "NULL"))
	_ = define("pg_get_statisticsobjdef_expressions(oid)", "Gives the expressions of an extended statistics object; there are none.",
		always(types.Null), ex("pg_get_statisticsobjdef_expressions(1)", "NULL"))
	_ = define("pg_get_function_arg_default(oid,int4)", "Gives the default of a function's argument.",
		always(types.Null), ex("pg_get_function_arg_default(871, 1)", "NULL"))
	_ = define("pg_get_replica_identity_index(regclass)", "Gives the index of the replica identity.",
		always(types.Null), ex("pg_get_replica_identity_index(1259)", "NULL"))
)

var _ = define("pg_get_serial_sequence(text,text)", "Gives the name of the sequence that feeds a serial or identity column.",
	evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		s, err := asSession[CatalogSession](c, "pg_get_serial_sequence")
		if err != nil {
			return types.Null, err
		}
		rel, err := s.RelationByName(args[0].S)
		if err != nil {
			return types.Null, err
		}
		return datumOrNull(s.SerialSequence(rel, args[1].S))
	}),
	ex("pg_get_serial_sequence('pg_class', 'oid')", "NULL"))

var _ = define("pg_get_userbyid(oid)", "Gives the name of a role.",
	evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		s, err := asSession[CatalogSession](c, "pg_get_userbyid")
		if err != nil {
			return types.Null, err
		}
		name, ok := s.Name(ClassRole, uint32(args[0].I))
		if !ok {
			name = "unknown (OID=" + uintText(args[0].I) + ")"
		}
		return types.NewString(name), nil
	}),
	ex("pg_get_userbyid(10)", "postgres"), ex("pg_get_userbyid(12345)", "unknown (OID=12345)"))

var errIsAggregate = func(name string) error {
	return pgerror.New(pgerror.WrongObjectType, "\"%s\" is an aggregate function", name)
}
