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

// parameter is a named parameter of a function, with its default as SQL reads
// it; "" if it must be given.
type parameter struct {
	name, def string
}

// parameters are pg_proc's names of the parameters of functions that have them.
var parameters = map[string][]parameter{
	"make_interval": {{"years", "0"}, {"months", "0"}, {"weeks", "0"}, {"days", "0"}, {"hours", "0"}, {"mins", "0"}, {"secs", "0"}},
	"make_date":     {{"year", ""}, {"month", ""}, {"day", ""}},
	"make_time":     {{"hour", ""}, {"min", ""}, {"sec", ""}},
	"make_timestamp": {
		{"year", ""}, {"month", ""}, {"mday", ""}, {"hour", ""}, {"min", ""}, {"sec", ""},
	},
	"make_timestamptz": {
		{"year", ""}, {"month", ""}, {"mday", ""}, {"hour", ""}, {"min", ""}, {"sec", ""}, {"timezone", ""},
	},
	"jsonb_set":     {{"jsonb_in", ""}, {"path", ""}, {"replacement", ""}, {"create_if_missing", "true"}},
	"jsonb_set_lax": {{"jsonb_in", ""}, {"path", ""}, {"replacement", ""}, {"create_if_missing", "true"}, {"null_value_treatment", "'use_json_null'"}},
	"jsonb_insert":  {{"jsonb_in", ""}, {"path", ""}, {"replacement", ""}, {"insert_after", "false"}},
	"parse_ident":   {{"str", ""}, {"strict", "true"}},
}

// parameterLists are the parameters of the functions of a name: PostgreSQL's, or
// those that our own functions state.
func parameterLists(name string) [][]parameter {
	if p := parameters[name]; p != nil {
		return [][]parameter{p}
	}
	var out [][]parameter
	for _, d := range functionsNamed(name) {
		var params []functions.Param
		switch fn := d.ref.(type) {
		case *functions.Scalar:
			params = fn.Params
		case *functions.Aggregate:
			params = fn.Params
		case *functions.TableFunc:
			params = fn.Params
		}
		if params == nil {
			continue
		}
		list := make([]parameter, len(params))
		for i, p := range params {
			list[i] = parameter{p.Name, p.Default}
		}
		out = append(out, list)
	}
	return out
}

// namedArgs puts named arguments in their place, and the defaults of those
// that are left out before others. Arguments left out at the end are for the
// function to supply. Of several lists of parameters the first one counts whose
// function takes arguments of these types.
func (b *Binder) namedArgs(s *scope, f *ast.FuncCall) ([]ast.Expr, error) {
	name := f.Name[len(f.Name)-1]
	lists := [][]parameter{nil}
	if slices.ContainsFunc(f.Args, func(a ast.Expr) bool { _, named := a.(*ast.NamedArg); return named }) {
		lists = parameterLists(name)
	}
	if len(lists) < 2 {
		return b.placeArgs(s, f, slices.Concat(lists...))
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
				return nil, eerr
			}
			oids[i] = e.Type().OID
		}
		if _, how, _ := b.findFunction(name, oids, true); how == foundFunction {
			return args, nil
		}
	}
	return nil, b.noNamedFunction(s, f)
}

func (b *Binder) placeArgs(s *scope, f *ast.FuncCall, params []parameter) ([]ast.Expr, error) {
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
			if params[k].name == n.Name && out[k] == nil {
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
		if params[k].def == "" {
			return nil, b.noNamedFunction(s, f)
		}
		e, err := parser.ParseExpr(params[k].def)
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
	return at(f, pgerror.UndefinedFunction, "function %s(%s) does not exist", strings.Join(f.Name, "."), strings.Join(args, ", ")).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}
