package binder

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
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

// namedArgs puts named arguments in their place, and the defaults of those
// that are left out before others. Arguments left out at the end are for the
// function to supply.
func (b *Binder) namedArgs(s *scope, f *ast.FuncCall) ([]ast.Expr, error) {
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
	params := parameters[f.Name[len(f.Name)-1]]
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
