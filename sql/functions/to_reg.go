package functions

import (
	"errors"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// toReg registers to_regclass and its like: the object of a name, or NULL.
func toReg(name string, reg types.OID, example Example) *Scalar {
	return define(name+"(text)", "Gives the object of a name as "+types.Format(types.Of(reg))+", NULL if there is none.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			if c.IO.Resolve == nil {
				return types.Null, pgerror.Unsupported("%s without a catalog", name)
			}
			text := args[0].S
			if text != "" && text[0] >= '0' && text[0] <= '9' { // numbers are no names here
				return types.Null, nil
			}
			oid, err := c.IO.Resolve.RegIn(reg, text)
			var pe *pgerror.Error
			if errors.As(err, &pe) {
				switch pe.Code {
				case pgerror.UndefinedTable, pgerror.UndefinedObject, pgerror.UndefinedFunction, pgerror.InvalidSchemaName, pgerror.AmbiguousFunction:
					return types.Null, nil
				}
			}
			return datumOr(oid, err)
		}), example)
}

var (
	_ = toReg("to_regclass", types.Regclass, ex("to_regclass('nope')", "NULL"))
	_ = toReg("to_regtype", types.Regtype, ex("to_regtype('nope')", "NULL"))
	_ = toReg("to_regproc", types.Regproc, ex("to_regproc('nope')", "NULL"))
	_ = toReg("to_regprocedure", types.Regprocedure, ex("to_regprocedure('nope(integer)')", "NULL"))
	_ = toReg("to_regoper", types.Regoper, ex("to_regoper('@#@#')", "NULL"))
	_ = toReg("to_regoperator", types.Regoperator, ex("to_regoperator('@#@#(integer, integer)')", "NULL"))
	_ = toReg("to_regnamespace", types.Regnamespace, ex("to_regnamespace('nope')", "NULL"))
	_ = toReg("to_regrole", types.Regrole, ex("to_regrole('nope')", "NULL"))
	_ = toReg("to_regcollation", types.Regcollation, ex("to_regcollation('nope')", "NULL"))
)

var _ = define("pg_typeof(any)", "Gives the type of the argument.",
	evalTyped(func(_ *Context, t Signature, _ []types.Datum) (types.Datum, error) {
		return types.NewOid(uint32(t.Args[0].OID)), nil
	}), ex("pg_typeof(1.5)", "numeric"), ex("pg_typeof(ARRAY[1])", "integer[]"))
