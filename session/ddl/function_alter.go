package ddl

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// findFunction finds the function that a statement names by its name and argument types
// (LookupFuncWithArgs).
func findFunction(env *Env, kind ast.ObjectKind, o *ast.ObjectRef) (*catalog.Function, error) {
	snap, opts := env.Editor.Snapshot(), env.PlanOptions()
	word := "function"
	if kind == ast.ObjectProcedure {
		word = "procedure"
	} else if kind == ast.ObjectRoutine {
		word = "routine"
	}
	var args []catalog.OID
	var names []string
	for _, tn := range o.Args {
		t, err := planner.ResolveType(tn, opts)
		if err != nil {
			return nil, err
		}
		args, names = append(args, t.OID), append(names, catalog.FormatType(snap, opts.SearchPath, t))
	}
	if len(o.Names) > 1 && snap.Schema(o.Names[len(o.Names)-2]) == nil {
		return nil, pgerror.New(pgerror.UndefinedSchema, "schema %q does not exist", o.Names[len(o.Names)-2])
	}
	full := strings.Join(o.Names, ".")
	text := full + "(" + strings.Join(names, ", ") + ")"
	var found []*catalog.Function
	for _, f := range snap.FunctionsIn(opts.SearchPath, o.Names) {
		if o.ArgsUnspecified || slices.Equal(f.ArgTypes(), args) {
			found = append(found, f)
		}
	}
	switch {
	case len(found) == 0 && catalog.IsBuiltInFunction(o.Names, args, o.ArgsUnspecified):
		return nil, pgerror.New(pgerror.DependentObjectsStillExist, "cannot drop function %s because it is required by the database system", text)
	case len(found) == 0 && o.ArgsUnspecified:
		return nil, pgerror.New(pgerror.UndefinedFunction, "could not find a %s named %q", word, full)
	case len(found) == 0:
		return nil, pgerror.New(pgerror.UndefinedFunction, "%s %s does not exist", word, text)
	case len(found) > 1 && o.ArgsUnspecified:
		return nil, pgerror.New(pgerror.AmbiguousFunction, "%s name %q is not unique", word, full).
			WithHint("Specify the argument list to select the %s unambiguously.", word)
	}
	f := found[0]
	if kind == ast.ObjectFunction && f.Procedure || kind == ast.ObjectProcedure && !f.Procedure {
		return nil, pgerror.New(pgerror.WrongObjectType, "%s is not a %s", catalog.FunctionSignature(snap, opts.SearchPath, f), word)
	}
	return f, nil
}

func dropFunction(env *Env, st *ast.Drop, o *ast.ObjectRef) (catalog.ObjectRef, error) {
	f, err := findFunction(env, st.Kind, o)
	if err != nil {
		e := pgerror.From(err)
		switch e.Code {
		case pgerror.UndefinedFunction, pgerror.UndefinedObject, pgerror.UndefinedSchema:
			if st.IfExists && strings.HasPrefix(e.Message, "could not find a ") {
				e = pgerror.New(e.Code, "%s %s() does not exist", kindWord(st.Kind), strings.Join(o.Names, "."))
			}
			if !st.IfExists {
				return catalog.ObjectRef{}, err
			}
			return catalog.ObjectRef{}, missing(env, st, e.WithoutPosition())
		}
		return catalog.ObjectRef{}, err
	}
	return catalog.ObjectRef{Class: catalog.ObjectFunction, ID: f.ID}, nil
}

// alterFunction executes ALTER FUNCTION ... with attributes.
func alterFunction(env *Env, st *ast.AlterFunction) error {
	old, err := findFunction(env, st.Kind, st.Func)
	if err != nil {
		return err
	}
	next := *old
	for _, o := range st.Options {
		if err := functionAttribute(&next, o); err != nil {
			return err
		}
	}
	if next.Rows != 0 && !next.ReturnsSet {
		return pgerror.New(pgerror.InvalidParameterValue, "ROWS is not applicable when function does not return a set")
	}
	return env.Editor.UpdateFunction(&next)
}
