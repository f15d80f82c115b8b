package logical

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// CannotFail reports whether an expression has a value whatever the values of
// its columns are. Who evaluates an expression for rows that the statement as it
// is written would not have looked at needs that: 1/x must not fail for a row
// that a join drops. It knows comparisons, conditions, CASE and its kin, sums
// and products of numerics (others overflow), concatenation of texts, and a few
// functions; anything else may fail for all it knows, subqueries too.
func CannotFail(e expr.Expr) bool { return CannotFailBut(e, nil) }

// CannotFailBut is CannotFail where subqueries are somebody else's to judge.
func CannotFailBut(e expr.Expr, subquery func(*expr.Subplan) bool) bool {
	switch x := e.(type) {
	case *expr.Subplan:
		if subquery == nil || !subquery(x) {
			return false
		}
	case nil, *expr.Column, *expr.Const, *expr.Param:
		return true
	case *expr.Logic, *expr.Not, *expr.IsNull, *expr.BoolTest, *expr.Distinct, *expr.Case, *expr.Coalesce, *expr.MinMax, *expr.Array:
	case *expr.InList, *expr.AnyAll:
		op := "="
		if a, ok := e.(*expr.AnyAll); ok {
			op = a.Op
		}
		if !comparison(op) {
			return false
		}
	case *expr.Cast:
		if x.Kind != expr.CastRelabel && (x.Kind != expr.CastFunc || !widens(x.Arg.Type(), x.Typ)) {
			return false
		}
	case *expr.Call:
		if !safeCall(x) {
			return false
		}
	default:
		return false
	}
	ok := true
	MapChildren(e, func(c expr.Expr) expr.Expr {
		ok = ok && CannotFailBut(c, subquery)
		return c
	})
	return ok
}

// widens: every value of a type has one of another.
func widens(from, to types.Type) bool {
	switch to.OID {
	case types.Numeric:
		return to.Mod < 0 && (integer(from.OID) || from.OID == types.Numeric)
	case types.Int8, types.Int4:
		return integer(from.OID) && (from.OID != types.Int8 || to.OID == types.Int8)
	case types.Float8:
		return integer(from.OID) || from.OID == types.Float4
	}
	return false
}

func integer(o types.OID) bool { return o == types.Int2 || o == types.Int4 || o == types.Int8 }

func comparison(op string) bool {
	return slices.Contains([]string{"=", "<>", "<", "<=", ">", ">="}, op)
}

// safeFunctions are functions with a value for each argument.
var safeFunctions = []string{"length", "char_length", "character_length", "octet_length", "lower", "upper", "btrim", "ltrim", "rtrim", "concat", "starts_with"}

func safeCall(c *expr.Call) bool {
	text := func() bool {
		return !slices.ContainsFunc(c.Args, func(a expr.Expr) bool {
			return !slices.Contains([]types.OID{types.Text, types.Varchar, types.Bpchar, types.Name}, a.Type().OID)
		})
	}
	switch c.Op {
	case "":
		return slices.Contains(safeFunctions, c.Fn.Name) && text()
	case "+", "-", "*":
		return c.Typ.OID == types.Numeric
	case "||":
		return text()
	case "~~", "!~~", "~~*", "!~~*":
		p, ok := c.Args[1].(*expr.Const)
		return ok && text() && (p.Value.IsNull() || !strings.Contains(p.Value.S, `\`))
	}
	return comparison(c.Op) && scalarTypes(c.Args)
}

// scalarTypes: values of these compare without a comparison of their parts,
// which some types do not have.
func scalarTypes(args []expr.Expr) bool {
	for _, a := range args {
		switch t := a.Type().OID; t {
		case types.Bool, types.Int2, types.Int4, types.Int8, types.Oid, types.Float4, types.Float8, types.Numeric, types.Text, types.Varchar, types.Bpchar,
			types.Name, types.Date, types.Time, types.Timestamp, types.Timestamptz, types.Interval, types.UUID, types.Bytea, types.JSONB:
		default:
			return false
		}
	}
	return true
}
