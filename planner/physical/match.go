package physical

import (
	"math"
	"sort"
	"strings"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// maxRanges bounds how many ranges the IN lists of one scan make.
const maxRanges = 512

// keyColumn is a column of a key: a table column or an index expression.
type keyColumn struct {
	expr             expr.Expr
	typ              types.Type
	desc, nullsFirst bool
	notNull          bool
}

// bound is one condition as an index understands it.
type bound struct {
	op    string // "=", "<", "<=", ">", ">=", "in", "null", "notnull"
	vals  []expr.Expr
	exact bool // the condition needs no further check
}

// maxUnknown bounds the values of an IN list that are not constants: making
// them distinct compares each with all before it.
const maxUnknown = 64

func countUnknown(list []expr.Expr) int {
	n := 0
	for _, e := range list {
		if _, ok := e.(*expr.Const); !ok {
			n++
		}
	}
	return n
}

var commuted = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// matchKey reads a condition as a bound of a key column; inner are the columns
// of the scanned table, which a bound's value must not use.
func (b *Builder) matchKey(cond expr.Expr, key *keyColumn, inner *logical.ColSet) (out []bound) {
	switch x := cond.(type) {
	case *expr.Call:
		if len(x.Args) != 2 {
			return nil
		}
		if op, ok := commuted[x.Op]; ok {
			l, r := x.Args[0], x.Args[1]
			if isKey(l, key) && b.usable(r, inner) {
				return keyBound(x.Op, r, key)
			}
			if isKey(r, key) && b.usable(l, inner) {
				return keyBound(op, l, key)
			}
			return nil
		}
		if x.Op == "~~" && isKey(x.Args[0], key) {
			return likeBounds(x.Args[1], key)
		}
	case *expr.InList:
		if x.Not || !isKey(x.Left, key) || len(x.List) > maxRanges {
			return nil
		}
		in := bound{op: "in", exact: true}
		if unknown := countUnknown(x.List); unknown > maxUnknown {
			return nil
		}
		for _, v := range x.List {
			if !b.usable(v, inner) {
				return nil
			}
			c := keyBound("=", v, key)
			if len(c) != 1 || len(c[0].vals) != 1 {
				return nil
			}
			in.vals = append(in.vals, c[0].vals[0])
		}
		return []bound{in}
	case *expr.IsNull:
		if isKey(x.Arg, key) && !x.Row {
			if x.Not {
				return []bound{{op: "notnull", exact: true}}
			}
			return []bound{{op: "null", exact: true}}
		}
	case *expr.Column:
		if key.typ.OID == types.Bool && logical.Equal(x, key.expr) {
			return []bound{{op: "=", vals: []expr.Expr{boolConst(true)}, exact: true}}
		}
	case *expr.Not:
		if key.typ.OID == types.Bool && logical.Equal(x.Arg, key.expr) {
			return []bound{{op: "=", vals: []expr.Expr{boolConst(false)}, exact: true}}
		}
	}
	return nil
}

func boolConst(v bool) expr.Expr {
	return &expr.Const{Value: types.NewBool(v), Typ: types.Of(types.Bool)}
}

// isKey reports whether an operand is the key column, up to a relabelling that
// keeps its order.
func isKey(e expr.Expr, key *keyColumn) bool {
	if logical.Equal(e, key.expr) {
		return true
	}
	s := stripRelabel(e)
	return s != e && logical.Equal(s, key.expr) && sameOrder(e.Type().OID, key.typ.OID)
}

// sameOrder reports whether values of both types are stored and ordered alike.
func sameOrder(a, c types.OID) bool {
	if a == c {
		return true
	}
	text := func(t types.OID) bool { return t == types.Text || t == types.Varchar || t == types.Name }
	oid := func(t types.OID) bool { return types.Of(t).Phys() == types.PhysUint32 }
	return text(a) && text(c) || oid(a) && oid(c)
}

// usable reports whether a value is known before the scan starts.
func (b *Builder) usable(e expr.Expr, inner *logical.ColSet) bool {
	if !stable(e) {
		return false
	}
	cols := logical.Columns(e)
	return !cols.Intersects(inner)
}

// keyBound converts the value of a comparison to the key's type.
func keyBound(op string, v expr.Expr, key *keyColumn) []bound {
	vt := v.Type()
	if vt.OID == key.typ.OID {
		return []bound{{op: op, vals: []expr.Expr{v}, exact: true}}
	}
	if sameOrder(vt.OID, key.typ.OID) {
		return []bound{{op: op, vals: []expr.Expr{relabel(v, key.typ)}, exact: true}}
	}
	from, to := intBits(vt.OID), intBits(key.typ.OID)
	if from == 0 || to == 0 {
		return nil
	}
	if c, ok := v.(*expr.Const); ok {
		return constIntBound(op, c, key, to)
	}
	cast := functions.FindCast(vt.OID, key.typ.OID)
	if cast == nil || cast.Fn == nil {
		return nil
	}
	conv := func(e expr.Expr) expr.Expr {
		return &expr.Cast{Arg: e, Typ: types.Of(key.typ.OID), Kind: expr.CastFunc, Fn: cast.Fn}
	}
	if from <= to {
		return []bound{{op: op, vals: []expr.Expr{conv(v)}, exact: true}}
	}
	// A wider value may lie outside of the key's type.
	lo, hi := intLimits(to)
	limit := func(n int64) expr.Expr {
		return &expr.Const{Value: types.NewInt(vt.Phys(), n), Typ: types.Of(vt.OID)}
	}
	if op == "=" {
		// CASE WHEN v BETWEEN lo AND hi THEN v END: NULL finds nothing.
		ge := functions.OperatorFor(">=", vt.OID, vt.OID)
		le := functions.OperatorFor("<=", vt.OID, vt.OID)
		if ge == nil || le == nil {
			return nil
		}
		in := &expr.Logic{Args: []expr.Expr{
			&expr.Call{Fn: ge.Fn, Op: ">=", Args: []expr.Expr{v, limit(lo)}, Typ: types.Of(types.Bool)},
			&expr.Call{Fn: le.Fn, Op: "<=", Args: []expr.Expr{v, limit(hi)}, Typ: types.Of(types.Bool)},
		}}
		return []bound{{op: op, vals: []expr.Expr{&expr.Case{Whens: []expr.When{{Cond: in, Then: conv(v)}}, Typ: types.Of(key.typ.OID)}}, exact: true}}
	}
	// Clamped and inclusive; the condition itself is checked again. The CASE
	// keeps a NULL value NULL.
	clamp := &expr.MinMax{Least: true, Typ: types.Of(vt.OID), Args: []expr.Expr{
		&expr.MinMax{Typ: types.Of(vt.OID), Args: []expr.Expr{v, limit(lo)}}, limit(hi),
	}}
	val := &expr.Case{Whens: []expr.When{{Cond: &expr.IsNull{Arg: v, Not: true}, Then: conv(clamp)}}, Typ: types.Of(key.typ.OID)}
	return []bound{{op: op[:1] + "=", vals: []expr.Expr{val}}}
}

func relabel(v expr.Expr, t types.Type) expr.Expr {
	if c, ok := v.(*expr.Const); ok {
		return &expr.Const{Value: c.Value, Typ: types.Of(t.OID)}
	}
	return &expr.Cast{Arg: v, Typ: types.Of(t.OID), Kind: expr.CastRelabel}
}

func intBits(t types.OID) int {
	switch t {
	case types.Int2:
		return 16
	case types.Int4:
		return 32
	case types.Int8:
		return 64
	}
	return 0
}

func intLimits(bits int) (lo, hi int64) {
	switch bits {
	case 16:
		return math.MinInt16, math.MaxInt16
	case 32:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

func constIntBound(op string, c *expr.Const, key *keyColumn, bits int) []bound {
	if c.Value.IsNull() {
		return []bound{{op: op, vals: []expr.Expr{&expr.Const{Typ: types.Of(key.typ.OID)}}, exact: true}}
	}
	v := c.Value.Int()
	lo, hi := intLimits(bits)
	mk := func(n int64) []expr.Expr {
		return []expr.Expr{&expr.Const{Value: types.NewInt(key.typ.Phys(), n), Typ: types.Of(key.typ.OID)}}
	}
	if v >= lo && v <= hi {
		return []bound{{op: op, vals: mk(v), exact: true}}
	}
	none := []bound{{op: "=", vals: []expr.Expr{&expr.Const{Typ: types.Of(key.typ.OID)}}, exact: true}}
	switch {
	case op == "=", op[0] == '<' && v < lo, op[0] == '>' && v > hi:
		return none
	}
	return []bound{{op: "notnull", exact: true}}
}

// likeBounds are the bounds of a pattern with a fixed start.
func likeBounds(p expr.Expr, key *keyColumn) []bound {
	c, ok := p.(*expr.Const)
	if !ok || c.Value.IsNull() || !sameOrder(key.typ.OID, types.Text) {
		return nil
	}
	pat := c.Value.S
	prefix, exact := pat, true
	if i := strings.IndexAny(pat, `%_\`); i >= 0 {
		if pat[i] == '\\' {
			return nil
		}
		prefix, exact = pat[:i], false
	}
	mk := func(s string) []expr.Expr {
		return []expr.Expr{&expr.Const{Value: types.NewString(s), Typ: types.Of(key.typ.OID)}}
	}
	if exact {
		return []bound{{op: "=", vals: mk(prefix), exact: true}}
	}
	if prefix == "" {
		return nil
	}
	out := []bound{{op: ">=", vals: mk(prefix)}}
	// The next string after all that start so: the last ASCII byte plus one.
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0x7e {
			return append(out, bound{op: "<", vals: mk(prefix[:i] + string(rune(prefix[i]+1)))})
		}
	}
	return out
}

// inValues makes the values of an IN list distinct: constants by sorting them,
// others by letting a repeated value become NULL, which finds nothing.
func inValues(vals []expr.Expr, typ types.Type) []expr.Expr {
	var consts []*expr.Const
	var rest []expr.Expr
	for _, v := range vals {
		if c, ok := v.(*expr.Const); ok {
			if !c.Value.IsNull() {
				consts = append(consts, c)
			}
			continue
		}
		rest = append(rest, v)
	}
	sort.SliceStable(consts, func(i, j int) bool { return types.Compare(typ, consts[i].Value, consts[j].Value) < 0 })
	out := make([]expr.Expr, 0, len(vals))
	for i, c := range consts {
		if i == 0 || types.Compare(typ, consts[i-1].Value, c.Value) != 0 {
			out = append(out, c)
		}
	}
	eq := functions.OperatorFor("=", typ.OID, typ.OID)
	for _, v := range rest {
		if len(out) > 0 {
			if eq == nil {
				return nil
			}
			seen := &expr.InList{Left: v, List: append([]expr.Expr(nil), out...), Eq: eq.Fn}
			v = &expr.Case{Whens: []expr.When{{Cond: seen, Then: &expr.Const{Typ: types.Of(typ.OID)}}}, Else: v, Typ: types.Of(typ.OID)}
		}
		out = append(out, v)
	}
	if len(out) == 0 {
		out = append(out, &expr.Const{Typ: types.Of(typ.OID)}) // only NULLs: one empty range
	}
	return out
}

// addBound puts a range condition into a key range; false if that end is taken.
func addBound(r *plan.KeyRange, bd *bound) bool {
	switch bd.op {
	case ">", ">=":
		if r.Lower != nil {
			return false
		}
		r.Lower = &plan.Bound{Value: bd.vals[0], Inclusive: bd.op == ">="}
	case "<", "<=":
		if r.Upper != nil {
			return false
		}
		r.Upper = &plan.Bound{Value: bd.vals[0], Inclusive: bd.op == "<="}
	case "notnull":
	default:
		return false
	}
	r.NotNull = true
	return true
}
