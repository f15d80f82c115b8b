package binder

import (
	"slices"
	"strings"
	"sync"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// declared is a function of the registry in one shape for all sorts.
type declared struct {
	ref      any
	args     []types.OID
	returns  types.OID
	variadic bool
	defaults int
	params   []functions.Param
}

var declaredCache sync.Map // name -> []declared

// functionsNamed returns all functions of a name.
func functionsNamed(name string) []declared {
	if d, ok := declaredCache.Load(name); ok {
		return d.([]declared)
	}
	var out []declared
	for _, f := range functions.Scalars(name) {
		out = append(out, declared{f, oids(f.Args), f.Returns.OID, f.Variadic, f.Defaults, f.Params})
	}
	for _, f := range functions.Aggregates(name) {
		out = append(out, declared{f, oids(f.Args), f.Returns.OID, f.Variadic, 0, f.Params})
	}
	for _, f := range functions.TableFuncs(name) {
		ret := types.OID(types.Record)
		if len(f.Columns) == 1 {
			ret = f.Columns[0].Type.OID
		}
		out = append(out, declared{f, oids(f.Args), ret, f.Variadic, f.Defaults, f.Params})
	}
	for i := range windowFuncs {
		if f := &windowFuncs[i]; f.name == name {
			out = append(out, declared{f, f.args, f.returns, false, 0, nil})
		}
	}
	if len(out) > 0 {
		declaredCache.Store(name, out)
	}
	return out
}

func oids(ts []types.Type) []types.OID {
	out := make([]types.OID, len(ts))
	for i, t := range ts {
		out[i] = t.OID
	}
	return out
}

// windowFunc is a pure window function.
type windowFunc struct {
	name    string
	args    []types.OID
	returns types.OID
}

var windowFuncs = []windowFunc{
	{"row_number", nil, types.Int8},
	{"rank", nil, types.Int8},
	{"dense_rank", nil, types.Int8},
	{"percent_rank", nil, types.Float8},
	{"cume_dist", nil, types.Float8},
	{"ntile", []types.OID{types.Int4}, types.Int4},
	{"lag", []types.OID{types.AnyElement}, types.AnyElement},
	{"lag", []types.OID{types.AnyElement, types.Int4}, types.AnyElement},
	{"lag", []types.OID{types.AnyCompatible, types.Int4, types.AnyCompatible}, types.AnyCompatible},
	{"lead", []types.OID{types.AnyElement}, types.AnyElement},
	{"lead", []types.OID{types.AnyElement, types.Int4}, types.AnyElement},
	{"lead", []types.OID{types.AnyCompatible, types.Int4, types.AnyCompatible}, types.AnyCompatible},
	{"first_value", []types.OID{types.AnyElement}, types.AnyElement},
	{"last_value", []types.OID{types.AnyElement}, types.AnyElement},
	{"nth_value", []types.OID{types.AnyElement, types.Int4}, types.AnyElement},
	{"previous", []types.OID{types.AnyElement}, types.AnyElement},
	// Windows to group by (group_window.go).
	{"session_window", []types.OID{types.Timestamptz, types.Interval}, types.Timestamptz},
	{"session_window", []types.OID{types.Timestamp, types.Interval}, types.Timestamp},
	{"session_window", []types.OID{types.Int8, types.Int8}, types.Int8},
	{"state_window", []types.OID{types.AnyElement}, types.Int8},
	{"state_window", []types.OID{types.AnyElement, types.Any}, types.Int8},
	{"event_window", []types.OID{types.Bool, types.Bool}, types.Int8},
	{"event_window", []types.OID{types.Bool, types.Bool, types.Any}, types.Int8},
	{"count_window", []types.OID{types.Int8}, types.Int8},
	{"count_window", []types.OID{types.Int8, types.Int8}, types.Int8},
	{"count_window", []types.OID{types.Int8, types.Timestamptz}, types.Int8},
	{"count_window", []types.OID{types.Int8, types.Timestamp}, types.Int8},
	{"count_window", []types.OID{types.Int8, types.Int8, types.Any}, types.Int8},
	{"time_window", []types.OID{types.Timestamptz, types.Interval, types.Interval}, types.Timestamptz},
	{"time_window", []types.OID{types.Timestamp, types.Interval, types.Interval}, types.Timestamp},
	{"time_window", []types.OID{types.Date, types.Interval, types.Interval}, types.Date},
	{"time_window", []types.OID{types.Int8, types.Int8, types.Int8}, types.Int8},
}

// lookup is what findFunction found out.
type lookup uint8

const (
	foundNone lookup = iota
	foundSeveral
	foundFunction
	foundCoercion
)

type funcKey struct {
	name string
	n    int
	args [4]types.OID
	flag bool
}

// funcCache remembers how calls with built-in argument types were resolved.
var funcCache sync.Map // funcKey -> *candidate

// findFunction is func_get_detail. expand is false for a call with VARIADIC.
func (b *Binder) findFunction(name string, args []types.OID, expand bool) (*candidate, lookup, types.OID) {
	key := funcKey{name: name, n: len(args), flag: expand}
	cacheable := len(args) <= len(key.args)
	for i, a := range args {
		if a >= types.FirstUserOID {
			cacheable = false
		}
		if cacheable {
			key.args[i] = a
		}
	}
	if cacheable {
		if c, ok := funcCache.Load(key); ok {
			return c.(*candidate), foundFunction, 0
		}
	}
	c, how, target := b.searchFunction(name, args, expand, nil)
	if how == foundFunction && cacheable {
		funcCache.Store(key, c)
	}
	return c, how, target
}

// searchFunction finds the function of a call; params, if not nil, are those that it must have.
func (b *Binder) searchFunction(name string, args []types.OID, expand bool, params []functions.Param) (*candidate, lookup, types.OID) {
	return b.chooseFunction(name, args, expand, funcCandidates(name, len(args), expand, params))
}

// chooseFunction finds the one of the candidates that a call means.
func (b *Binder) chooseFunction(name string, args []types.OID, expand bool, cands []candidate) (*candidate, lookup, types.OID) {
	for i := range cands {
		if sameOIDs(cands[i].args, args) {
			return &cands[i], foundFunction, 0
		}
	}
	if len(args) == 1 && expand {
		if oid, ok := b.typeByName("", name); ok {
			if args[0] == types.Unknown {
				return nil, foundCoercion, oid
			}
			if c := b.castFor(args[0], oid, functions.CastExplicit); c != nil && c.Fn == nil {
				if !(c.InOut && b.category(oid) == 'S' && args[0] == types.Record) {
					return nil, foundCoercion, oid
				}
			}
		}
	}
	if len(cands) == 0 {
		return nil, foundNone, 0
	}
	match := b.matchArgs(args, cands)
	switch len(match) {
	case 0:
		return nil, foundNone, 0
	case 1:
		return &match[0], foundFunction, 0
	}
	if best := b.selectCandidate(args, match); best != nil {
		return best, foundFunction, 0
	}
	return nil, foundSeveral, 0
}

// funcCandidates lists the functions that could be called with n arguments
// (FuncnameGetCandidates).
func funcCandidates(name string, n int, expand bool, params []functions.Param) []candidate {
	var out []candidate
	for _, d := range functionsNamed(name) {
		if params != nil && !slices.Equal(d.params, params) {
			continue
		}
		c := candidate{ref: d.ref, returns: d.returns, nominal: len(d.args)}
		switch {
		case len(d.args) == n && !(d.variadic && expand):
			c.args = d.args
		case d.variadic && expand && n >= len(d.args):
			last := d.args[len(d.args)-1]
			elem := elemOfVariadic(last)
			c.args = append([]types.OID(nil), d.args[:len(d.args)-1]...)
			for len(c.args) < n {
				c.args = append(c.args, elem)
			}
			if last != types.Any {
				c.variadic = elem
			}
		case n < len(d.args) && n >= len(d.args)-d.defaults:
			c.args = d.args[:n]
			c.defaults = len(d.args) - n
		default:
			continue
		}
		// A form without defaults or variadic expansion hides the same one with.
		dup := false
		for i := range out {
			if sameOIDs(out[i].args, c.args) {
				dup = true
				if out[i].defaults > c.defaults || out[i].variadic != 0 && c.variadic == 0 {
					out[i] = c
				}
			}
		}
		if !dup {
			out = append(out, c)
		}
	}
	return out
}

func elemOfVariadic(t types.OID) types.OID {
	switch t {
	case types.Any:
		return types.Any
	case types.AnyArray:
		return types.AnyElement
	case types.AnyCompatibleArray:
		return types.AnyCompatible
	}
	if e := types.Of(t).Elem(); e.OID != 0 {
		return e.OID
	}
	return t
}

func sameOIDs(a, b []types.OID) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// signature prints a call for messages.
func (b *Binder) signature(name string, args []types.OID) string {
	var sb strings.Builder
	sb.WriteString(name)
	sb.WriteByte('(')
	for i, a := range args {
		if i > 0 {
			sb.WriteString(", ")
		}
		sb.WriteString(b.typeName(types.Of(a)))
	}
	sb.WriteByte(')')
	return sb.String()
}
