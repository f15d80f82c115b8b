package binder

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// parameters are pg_proc's names of the parameters of functions that have them.
var parameters = map[string][]functions.Param{
	"make_interval":    namedList("years", "0", "months", "0", "weeks", "0", "days", "0", "hours", "0", "mins", "0", "secs", "0"),
	"make_date":        namedList("year", "", "month", "", "day", ""),
	"make_time":        namedList("hour", "", "min", "", "sec", ""),
	"make_timestamp":   namedList("year", "", "month", "", "mday", "", "hour", "", "min", "", "sec", ""),
	"make_timestamptz": namedList("year", "", "month", "", "mday", "", "hour", "", "min", "", "sec", "", "timezone", ""),
	"jsonb_set":        namedList("jsonb_in", "", "path", "", "replacement", "", "create_if_missing", "true"),
	"jsonb_set_lax":    namedList("jsonb_in", "", "path", "", "replacement", "", "create_if_missing", "true", "null_value_treatment", "'use_json_null'"),
	"jsonb_insert":     namedList("jsonb_in", "", "path", "", "replacement", "", "insert_after", "false"),
	"parse_ident":      namedList("str", "", "strict", "true"),
}

// namedList makes parameters of pairs: a name, and the default as SQL reads it.
func namedList(pairs ...string) []functions.Param {
	out := make([]functions.Param, len(pairs)/2)
	for i := range out {
		out[i] = functions.Param{Name: pairs[2*i], Default: pairs[2*i+1]}
	}
	return out
}

// parameterLists are the different parameters that functions of a name state.
func parameterLists(name string) [][]functions.Param {
	var out [][]functions.Param
	for _, d := range functionsNamed(name) {
		same := func(list []functions.Param) bool { return slices.Equal(list, d.params) }
		if d.params != nil && !slices.ContainsFunc(out, same) {
			out = append(out, d.params)
		}
	}
	return out
}

// namedArgs puts named arguments in their place, and the defaults of those
// that are left out before others. Arguments left out at the end are for the
// function to supply. Of several lists of parameters the first one counts whose
// functions take arguments of these types; it is returned, as no others are meant.
func (b *Binder) namedArgs(s *scope, f *ast.FuncCall) ([]ast.Expr, []functions.Param, error) {
	name := f.Name[len(f.Name)-1]
	if !slices.ContainsFunc(f.Args, func(a ast.Expr) bool { _, named := a.(*ast.NamedArg); return named }) {
		return f.Args, nil, nil
	}
	if list := parameters[name]; list != nil {
		args, err := b.placeArgs(s, f, list)
		return args, nil, err
	}
	lists := parameterLists(name)
	if len(lists) < 2 {
		args, err := b.placeArgs(s, f, slices.Concat(lists...))
		return args, nil, err
	}
	for _, list := range lists {
		args, lerr := b.placeArgs(s, f, list)
		if lerr != nil {
			continue
		}
		oids := make([]types.OID, len(args))
		for i, a := range args {
			e, eerr := b.bindExpr(s, a)
			if eerr != nil {
				return nil, nil, eerr
			}
			oids[i] = e.Type().OID
		}
		if _, how, _ := b.searchFunction(name, oids, true, list); how == foundFunction {
			return args, list, nil
		}
	}
	return nil, nil, b.noNamedFunction(s, f)
}

func (b *Binder) placeArgs(s *scope, f *ast.FuncCall, params []functions.Param) ([]ast.Expr, error) {
	first := 0
	for first < len(f.Args) {
		if _, ok := f.Args[first].(*ast.NamedArg); ok {
			break
		}
		first++
	}
	if first == len(f.Args) {
		return f.Args, nil
	}
	out := make([]ast.Expr, max(len(params), len(f.Args)))
	copy(out, f.Args[:first])
	last := first - 1
	for _, a := range f.Args[first:] {
		n, ok := a.(*ast.NamedArg)
		if !ok {
			return nil, at(a, pgerror.SyntaxError, "positional argument cannot follow named argument")
		}
		pos := -1
		for k := range params {
			if params[k].Name == n.Name && out[k] == nil {
				pos = k
			}
		}
		if pos < 0 {
			return nil, b.noNamedFunction(s, f)
		}
		out[pos], last = n.Arg, max(last, pos)
	}
	for k := range out[:last+1] {
		if out[k] != nil {
			continue
		}
		if params[k].Default == "" {
			return nil, b.noNamedFunction(s, f)
		}
		e, err := parser.ParseExpr(params[k].Default)
		if err != nil {
			return nil, err
		}
		out[k] = e
	}
	return out[:last+1], nil
}

// noNamedFunction is the error of a call that no function's parameter names fit.
func (b *Binder) noNamedFunction(s *scope, f *ast.FuncCall) error {
	args := make([]string, len(f.Args))
	for i, a := range f.Args {
		n, named := a.(*ast.NamedArg)
		if named {
			a = n.Arg
		}
		e, err := b.bindExpr(s, a)
		if err != nil {
			return err
		}
		args[i] = b.typeName(e.Type())
		if named {
			args[i] = n.Name + " => " + args[i]
		}
	}
	if name := strings.Join(f.Name, "."); functions.Refused(name) {
		return pgerror.Unsupported("function %s", name).At(f.Loc())
	}
	word := b.routineWord(f)
	return at(f, pgerror.UndefinedFunction, "%s %s(%s) does not exist", word, strings.Join(f.Name, "."), strings.Join(args, ", ")).
		WithHint("No %s matches the given name and argument types. You might need to add explicit type casts.", word)
}
