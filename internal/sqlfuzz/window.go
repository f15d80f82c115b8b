package sqlfuzz

import (
	"fmt"
	"strings"
)

// windowCall makes a call of a window function that gives type t.
func (g *gen) windowCall(s *scope, t Type) (string, bool) {
	if len(s.columns) == 0 {
		return "", false
	}
	in := &scope{columns: s.columns}
	if fit := aggregates.byType[t]; len(fit) > 0 && g.chance(8) {
		call := g.aggregate(in, pick(g.draw, fit), t, 1, false)
		call = strings.Replace(call, "%", "", 1)
		return call + " OVER (" + g.partition(in) + g.totalOrder(s) + g.frame() + ")", true
	}
	switch {
	case t == "int8" && g.chance(12):
		call := oneOf(g.draw, "row_number()", "rank()", "dense_rank()")
		return call + " OVER (" + g.partition(in) + g.totalOrder(s) + ")", true
	case t == "int4" && g.chance(4):
		return "ntile(3) OVER (" + g.partition(in) + g.totalOrder(s) + ")", true
	case t == "float8" && g.chance(8):
		call := oneOf(g.draw, "percent_rank()", "cume_dist()")
		return call + " OVER (" + g.partition(in) + g.totalOrder(s) + ")", true
	}
	arg := g.expr(in, t, 1)
	switch g.intn(5) {
	case 0:
		return "lag(" + arg + ") OVER (" + g.partition(in) + g.totalOrder(s) + ")", true
	case 1:
		return fmt.Sprintf("lead(%s, %d) OVER (%s%s)", arg, g.intn(4), g.partition(in), g.totalOrder(s)), true
	case 2:
		return "first_value(" + arg + ") OVER (" + g.partition(in) + g.totalOrder(s) + g.frame() + ")", true
	case 3:
		return "last_value(" + arg + ") OVER (" + g.partition(in) + g.totalOrder(s) + g.frame() + ")", true
	default:
		return fmt.Sprintf("nth_value(%s, %d) OVER (%s%s%s)", arg, g.between(1, 3), g.partition(in), g.totalOrder(s), g.frame()), true
	}
}

func (g *gen) partition(s *scope) string {
	if g.chance(6) {
		return ""
	}
	key := pick(g.draw, s.columns).ref
	if g.chance(3) {
		key = g.fromTemplate(pick(g.draw, operators.byType["bool"]), s, "bool", 1)
	}
	return "PARTITION BY " + key + " "
}

// totalOrder orders by all columns in reach.
func (g *gen) totalOrder(s *scope) string {
	keys := make([]string, len(s.columns))
	first := g.intn(len(keys))
	for i := range keys {
		keys[i] = s.columns[(first+i)%len(keys)].ref + g.direction()
	}
	return "ORDER BY " + strings.Join(keys, ", ")
}

// frame makes a frame clause, or none.
func (g *gen) frame() string {
	if g.chance(6) {
		return ""
	}
	mode := oneOf(g.draw, "ROWS", "GROUPS")
	starts := []string{"UNBOUNDED PRECEDING", "2 PRECEDING", "1 PRECEDING", "CURRENT ROW", "1 FOLLOWING"}
	ends := []string{"1 PRECEDING", "CURRENT ROW", "1 FOLLOWING", "3 FOLLOWING", "UNBOUNDED FOLLOWING"}
	start := g.intn(len(starts))
	end := max(g.intn(len(ends)), start-1)
	if g.chance(3) {
		return oneOf(g.draw, " RANGE UNBOUNDED PRECEDING", " RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", " ROWS 2 PRECEDING")
	}
	exclude := oneOf(g.draw, "", "", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE NO OTHERS")
	return fmt.Sprintf(" %s BETWEEN %s AND %s%s", mode, starts[start], ends[end], exclude)
}
