package physical

import (
	"strings"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
)

// allOf is the conjunction of conditions, the cheapest first and otherwise in
// their order (PostgreSQL's order_qual_clauses): what a condition costs is paid
// for the rows only that those before it leave, and so are its errors raised.
// The costs are PostgreSQL's, so that the order is, too.
func allOf(conds []expr.Expr) expr.Expr { return logical.And(cheapestFirst(conds)) }

func cheapestFirst(conds []expr.Expr) []expr.Expr {
	if len(conds) < 2 {
		return conds
	}
	var few [8]float64
	costs, sorted := few[:0], true
	for i, c := range conds {
		costs = append(costs, conditionCost(c))
		sorted = sorted && (i == 0 || costs[i-1] <= costs[i])
	}
	if sorted {
		return conds
	}
	out := make([]expr.Expr, 0, len(conds))
	for i, c := range conds { // insertion, behind what costs the same
		j := len(out)
		out = append(out, c)
		for cost := costs[i]; j > 0 && costs[j-1] > cost; j-- {
			out[j], costs[j] = out[j-1], costs[j-1]
			out[j-1], costs[j-1] = c, cost
		}
	}
	return out
}

// subplanCost stands for running a subquery, which costs more than anything
// that looks at one row.
const subplanCost = 1e6

// conditionCost is cost_qual_eval's figure for one row in calls of a plain
// function: AND, OR, NOT, CASE and IS NULL cost nothing themselves.
func conditionCost(e expr.Expr) float64 {
	cost := 0.0
	logical.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Call:
			cost += functionCost(x.Fn)
		case *expr.Cast:
			cost += castCost(x)
		case *expr.Distinct, *expr.MinMax:
			cost++
		case *expr.InList:
			cost += float64(len(x.List)) / 2
		case *expr.AnyAll:
			cost += arrayLength(x.Array) / 2
		case *expr.Subplan:
			cost += subplanCost
		}
		return true
	})
	return cost
}

// arrayLength is estimate_array_length: 10 if nothing is known.
func arrayLength(e expr.Expr) float64 {
	switch x := e.(type) {
	case *expr.Array:
		return float64(len(x.Args))
	case *expr.Const:
		if !x.Value.IsNull() && x.Typ.IsArray() {
			return float64(x.Value.Array().Len())
		}
	}
	return 10
}

func castCost(c *expr.Cast) float64 {
	switch {
	case c.Kind == expr.CastRelabel:
		return 0
	case c.Kind == expr.CastIO:
		return 2
	}
	return 1
}

// functionCost is pg_proc.procost of the functions that are not 1.
func functionCost(fn *functions.Scalar) float64 {
	if fn == nil {
		return 1
	}
	switch fn.Name {
	case "to_tsvector", "to_tsquery", "plainto_tsquery", "phraseto_tsquery", "websearch_to_tsquery", "ts_headline", "ts_rewrite",
		"ts_match_tt", "ts_match_tq", "json_to_tsvector", "jsonb_to_tsvector", "col_description", "obj_description", "shobj_description":
		return 100
	case "has_any_column_privilege", "pg_relation_is_updatable", "pg_column_is_updatable":
		return 10
	}
	if strings.HasSuffix(fn.Name, "_is_visible") && strings.HasPrefix(fn.Name, "pg_") {
		return 10
	}
	return 1
}
