package functions

import (
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func uintText(v int64) string { return strconv.FormatUint(uint64(v), 10) }

// describeProc is a body over a function's number: f prints PostgreSQL's own, the
// session that part of those that users made.
func describeProc(part byte, f func(p *pgProc) (string, error)) body {
	return evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		id := types.OID(args[0].I)
		if s, ok := c.Session.(RoutineSession); ok && id >= types.FirstUserOID {
			text, ok, _ := s.RoutineText(id, part)
			if !ok {
				return types.Null, nil
			}
			return types.NewString(text), nil
		}
		p := procs().byOID[id]
		if p == nil || f == nil {
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
	_ = define("pg_get_function_arguments(oid)", "Lists the parameters of a function with their defaults.",
		describeProc('a', func(p *pgProc) (string, error) { return p.arguments(), nil }),
		ex("pg_get_function_arguments(871)", "text"))
	_ = define("pg_get_function_identity_arguments(oid)", "Lists the parameters of a function by which it is told from others.",
		describeProc('i', func(p *pgProc) (string, error) { return p.arguments(), nil }),
		ex("pg_get_function_identity_arguments(3058)", `VARIADIC "any"`))
	_ = define("pg_get_function_sqlbody(oid)", "Gives the SQL-standard body of a function, NULL if it has none.",
		describeProc('b', nil),
		ex("pg_get_function_sqlbody(871)", "NULL"))
	_ = define("pg_get_function_result(oid)", "Gives the result type of a function.",
		describeProc('r', func(p *pgProc) (string, error) { return p.resultText(), nil }),
		ex("pg_get_function_result(871)", "text"), ex("pg_get_function_result(2331)", "SETOF anyelement"))
	_ = define("pg_get_functiondef(oid)", "Gives the CREATE FUNCTION statement of a function.",
		describeProc('d', func(p *pgProc) (string, error) {
			if p.kind == 'a' {
				return "", errIsAggregate(p.name)
			}
			return "", pgerror.Unsupported("pg_get_functiondef of a built-in function")
		}),
		ex("pg_get_functiondef(1)", "NULL"))
)
