package functions

import (
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func uintText(v int64) string { return strconv.FormatUint(uint64(v), 10) }

// describeProc is a body over a function's number. It knows PostgreSQL's own
// functions; user-defined ones there are none.
func describeProc(f func(p *pgProc) (string, error)) body {
	return evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
		p := procs().byOID[types.OID(args[0].I)]
		if p == nil {
			return types.Null, nil
		}
		return datumOr(f(p))
	})
}

func (p *pgProc) arguments() string {
	parts := make([]string, len(p.args))
	for i, a := range p.args {
		parts[i] = types.Format(types.Of(a))
		if p.variadic != 0 && i == len(p.args)-1 {
			parts[i] = "VARIADIC " + parts[i]
		}
	}
	return strings.Join(parts, ", ")
}

func (p *pgProc) resultText() string {
	text := types.Format(types.Of(p.returns))
	if p.setof {
		return "SETOF " + text
	}
	return text
}

var (
	_ = define("pg_get_function_arguments(oid) pg_get_function_identity_arguments(oid)", "Lists the argument types of a function.",
		describeProc(func(p *pgProc) (string, error) { return p.arguments(), nil }),
		ex("pg_get_function_arguments(871)", "text"), ex("pg_get_function_identity_arguments(3058)", `VARIADIC "any"`))
	_ = define("pg_get_function_result(oid)", "Gives the result type of a function.",
		describeProc(func(p *pgProc) (string, error) { return p.resultText(), nil }),
		ex("pg_get_function_result(871)", "text"), ex("pg_get_function_result(2331)", "SETOF anyelement"))
	_ = define("pg_get_functiondef(oid)", "Gives the CREATE FUNCTION statement of a function.",
		describeProc(func(p *pgProc) (string, error) {
			if p.kind == 'a' {
				return "", errIsAggregate(p.name)
			}
			return "", pgerror.Unsupported("pg_get_functiondef of a built-in function")
		}),
		ex("pg_get_functiondef(1)", "NULL"))
)
