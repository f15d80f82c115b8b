package ddl

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// createFunction executes CREATE FUNCTION and CREATE PROCEDURE in SQL.
func createFunction(ctx context.Context, env *Env, st *ast.CreateFunction) error {
	schemaName := ""
	if len(st.Name) > 1 {
		schemaName = st.Name[len(st.Name)-2]
	}
	schema, err := schemaFor(env, schemaName, -1)
	if err != nil {
		return err
	}
	f := &catalog.Function{
		Name: st.Name[len(st.Name)-1], Schema: schema.ID, Owner: roleID(env, env.User), Procedure: st.Procedure, Volatility: 'v', Parallel: 'u',
	}
	body, err := functionOptions(f, st)
	if err != nil {
		return err
	}
	if err := functionParams(ctx, env, f, st); err != nil {
		return err
	}
	if err := functionReturns(env, f, st); err != nil {
		return err
	}
	if err := checkFunctionTypes(env, f); err != nil {
		return err
	}
	old := sameFunction(env, f)
	if old != nil {
		if !st.Replace {
			return pgerror.New(pgerror.DuplicateFunction, "function %q already exists with same argument types", f.Name)
		}
		if err := checkReplaced(env, old, f); err != nil {
			return err
		}
	}
	if st.Body != nil {
		if err := standardBody(ctx, env, f, st); err != nil {
			return err
		}
		return putFunction(env, old, f)
	}
	f.Body = body
	if err := putFunction(env, old, f); err != nil {
		return err
	}
	return checkBody(ctx, env, f) // last, for a body that is text may call the function itself
}

// putFunction adds f, or puts it where old is.
func putFunction(env *Env, old, f *catalog.Function) error {
	if old == nil {
		return env.Editor.CreateFunction(f)
	}
	f.ID, f.Owner, f.Comment = old.ID, old.Owner, old.Comment
	return env.Editor.UpdateFunction(f)
}

// functionOptions reads what stands behind a function's head, and returns the text of AS.
func functionOptions(f *catalog.Function, st *ast.CreateFunction) (body string, err error) {
	seen := map[string]bool{}
	language, hasBody := "", false
	for _, o := range st.Options {
		if seen[o.Name] {
			return "", pgerror.New(pgerror.SyntaxError, "conflicting or redundant options").At(o.Loc())
		}
		seen[o.Name] = true
		switch o.Name {
		case "as":
			list, ok := o.Arg.(*ast.List)
			if !ok || len(list.Items) == 0 {
				return "", pgerror.New(pgerror.InvalidFunctionDefinition, "no function body specified")
			}
			if len(list.Items) > 1 {
				return "", pgerror.New(pgerror.InvalidFunctionDefinition, "only one AS item needed for language %q", "sql")
			}
			hasBody = true
			body = (&ast.Option{Arg: list.Items[0]}).Text()
		case "language":
			language = strings.ToLower(o.Text())
		default:
			if err := functionAttribute(f, o); err != nil {
				return "", err
			}
		}
	}
	if language == "" && st.Body == nil {
		return "", pgerror.New(pgerror.InvalidFunctionDefinition, "no language specified")
	}
	switch language {
	case "", "sql":
	case "plpgsql", "c", "internal", "plperl", "plperlu", "plpython3u", "pltcl", "pltclu":
		return "", pgerror.Unsupported("CREATE %s ... LANGUAGE %s", strings.ToUpper(f.Word()), language)
	default:
		return "", pgerror.New(pgerror.UndefinedObject, "language %q does not exist", language)
	}
	switch {
	case hasBody && st.Body != nil:
		return "", pgerror.New(pgerror.InvalidFunctionDefinition, "duplicate function body specified")
	case !hasBody && st.Body == nil:
		return "", pgerror.New(pgerror.InvalidFunctionDefinition, "no function body specified")
	}
	return body, nil
}

// functionAttribute reads an option that ALTER FUNCTION has too.
func functionAttribute(f *catalog.Function, o *ast.Option) error {
	if f.Procedure && o.Name != "security" && o.Name != "set" {
		return pgerror.New(pgerror.InvalidFunctionDefinition, "invalid attribute in procedure definition").At(o.Loc())
	}
	yes, _ := o.Bool()
	switch o.Name {
	case "volatility":
		f.Volatility = strings.ToLower(o.Text())[0]
	case "strict":
		f.Strict = yes
	case "leakproof":
		f.Leakproof = yes
	case "security":
		if yes {
			return pgerror.Unsupported("SECURITY DEFINER")
		}
	case "parallel":
		switch o.Text() {
		case "safe", "restricted", "unsafe":
			f.Parallel = o.Text()[0]
		default:
			return pgerror.New(pgerror.SyntaxError, "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE")
		}
	case "cost":
		v, err := strconv.ParseFloat(o.Text(), 64)
		if err != nil || v <= 0 {
			return pgerror.New(pgerror.InvalidParameterValue, "COST must be positive")
		}
		f.Cost = v
	case "rows":
		v, err := strconv.ParseFloat(o.Text(), 64)
		if err != nil || v <= 0 {
			return pgerror.New(pgerror.InvalidParameterValue, "ROWS must be positive")
		}
		f.Rows = v
	case "window":
		return pgerror.New(pgerror.InvalidFunctionDefinition, "SQL functions cannot be window functions")
	case "set":
		return pgerror.Unsupported("SET in the definition of a function")
	default:
		return pgerror.Unsupported("%s in the definition of a function", strings.ToUpper(o.Name))
	}
	return nil
}

// functionParams reads the parameters (interpret_function_parameter_list).
func functionParams(ctx context.Context, env *Env, f *catalog.Function, st *ast.CreateFunction) error {
	haveDefault, variadic := false, false
	for _, p := range st.Params {
		mode := byte(p.Mode)
		if p.Mode == ast.ParamDefault || mode == 0 {
			mode = 'i'
		}
		if p.Type.SetOf {
			if f.Procedure {
				return pgerror.New(pgerror.InvalidFunctionDefinition, "procedures cannot accept set arguments")
			}
			return pgerror.New(pgerror.InvalidFunctionDefinition, "functions cannot accept set arguments")
		}
		typ, err := planner.ResolveType(p.Type, env.PlanOptions())
		if pgerror.CodeOf(err) == pgerror.UndefinedObject {
			return pgerror.New(pgerror.UndefinedObject, "type %s does not exist", strings.Join(p.Type.Names, "."))
		}
		if err != nil {
			return err
		}
		param := catalog.FunctionParam{Name: p.Name, Type: types.Of(typ.OID), Mode: mode}
		if param.In() && variadic {
			return pgerror.New(pgerror.InvalidFunctionDefinition, "VARIADIC parameter must be the last input parameter")
		}
		if mode == 'v' {
			variadic = true
			if !isArrayType(env, typ.OID) {
				return pgerror.New(pgerror.InvalidFunctionDefinition, "VARIADIC parameter must be an array")
			}
		}
		if err := checkParamName(f, &param); err != nil {
			return err
		}
		if p.Default != nil {
			if !param.In() {
				return pgerror.New(pgerror.InvalidFunctionDefinition, "only input parameters can have default values")
			}
			haveDefault = true
			if err := paramDefault(ctx, env, f, &param, p.Default); err != nil {
				return err
			}
		} else if haveDefault && param.In() {
			return pgerror.New(pgerror.InvalidFunctionDefinition, "input parameters after one with a default value must also have defaults")
		} else if haveDefault && f.Procedure {
			return pgerror.New(pgerror.InvalidFunctionDefinition, "procedure OUT parameters cannot appear after one with a default value")
		}
		f.Params = append(f.Params, param)
	}
	return nil
}

func isArrayType(env *Env, id types.OID) bool {
	switch id {
	case types.Any, types.AnyArray, types.AnyCompatibleArray:
		return true
	}
	if info := types.Lookup(id); info != nil {
		return info.Elem != 0 && info.Category == 'A'
	}
	info := env.Editor.Snapshot().TypeInfo(id)
	return info != nil && info.Elem != 0 && info.Category == 'A'
}

// checkParamName refuses a name that another parameter of the same side has.
func checkParamName(f *catalog.Function, p *catalog.FunctionParam) error {
	for i := range f.Params {
		other := &f.Params[i]
		if p.Name == "" || other.Name != p.Name {
			continue
		}
		if p.In() && other.In() || p.Out() && other.Out() || p.Mode == 't' || other.Mode == 't' {
			return pgerror.New(pgerror.InvalidFunctionDefinition, "parameter name %q used more than once", p.Name)
		}
		if !(p.Mode == 'o' && other.In() && !other.Out() || p.In() && !p.Out() && other.Mode == 'o') {
			return pgerror.New(pgerror.InvalidFunctionDefinition, "parameter name %q used more than once", p.Name)
		}
	}
	return nil
}

// paramDefault binds a parameter's default.
func paramDefault(ctx context.Context, env *Env, f *catalog.Function, p *catalog.FunctionParam, e ast.Expr) error {
	col := &catalog.Column{Name: p.Name, Type: p.Type}
	if isPolymorphicType(p.Type.OID) {
		col = nil
	}
	bound, err := planner.BindTableExpr(ctx, e, planner.UseDefault, nil, col, asWritten(env))
	if err != nil {
		if pe := pgerror.From(err); pe.Code == pgerror.DatatypeMismatch && col != nil && strings.HasPrefix(pe.Message, "column ") {
			_, from, _ := strings.Cut(pe.Message, "expression is of type ")
			return pgerror.New(pgerror.DatatypeMismatch, "argument of DEFAULT must be type %s, not type %s", formatType(env, p.Type.OID), from)
		}
		return err
	}
	p.Default = deparse(env, bound, nil)
	for _, id := range dependencies(env, bound) {
		if !slices.Contains(f.DependsOn, id) {
			f.DependsOn = append(f.DependsOn, id)
		}
	}
	return nil
}

func formatType(env *Env, id types.OID) string {
	return catalog.FormatType(env.Editor.Snapshot(), env.PlanOptions().SearchPath, types.Of(id))
}

// functionReturns finds the type of the result.
func functionReturns(env *Env, f *catalog.Function, st *ast.CreateFunction) error {
	outs := f.Outputs()
	var required types.Type
	switch {
	case len(outs) == 1:
		required = outs[0].Type
	case len(outs) > 1:
		required = types.Of(types.Record)
	}
	if f.Procedure {
		f.Returns = types.Of(types.Void)
		if len(outs) > 0 {
			return pgerror.Unsupported("an OUT parameter of a procedure")
		}
		return nil
	}
	if st.Returns == nil {
		if len(outs) == 0 {
			return pgerror.New(pgerror.InvalidFunctionDefinition, "function result type must be specified")
		}
		f.Returns = required
		return nil
	}
	tn := *st.Returns
	tn.SetOf = false
	typ, err := planner.ResolveType(&tn, env.PlanOptions())
	if err != nil {
		return err
	}
	f.Returns, f.ReturnsSet = types.Of(typ.OID), st.Returns.SetOf
	if slices.ContainsFunc(f.Params, func(p catalog.FunctionParam) bool { return p.Mode == 't' }) {
		f.Returns, f.ReturnsSet = required, true
	} else if len(outs) > 0 && f.Returns.OID != required.OID {
		return pgerror.New(pgerror.InvalidFunctionDefinition, "function result type must be %s because of OUT parameters", formatType(env, required.OID))
	}
	if f.Rows != 0 && !f.ReturnsSet {
		return pgerror.New(pgerror.InvalidParameterValue, "ROWS is not applicable when function does not return a set")
	}
	return nil
}

func isPolymorphicType(id types.OID) bool {
	switch id {
	case types.AnyElement, types.AnyArray, types.AnyNonArray, types.AnyEnum, types.AnyRange, types.AnyMultirange,
		types.AnyCompatible, types.AnyCompatibleArray, types.AnyCompatibleNonArray:
		return true
	}
	return false
}

func isPseudo(env *Env, id types.OID) bool {
	info := types.Lookup(id)
	return info != nil && info.Type == 'p'
}

// checkFunctionTypes refuses pseudo-types that a SQL function cannot take or return, and
// polymorphic results that no argument tells.
func checkFunctionTypes(env *Env, f *catalog.Function) error {
	family := func(id types.OID) (elem, compat bool) {
		switch id {
		case types.AnyCompatible, types.AnyCompatibleArray, types.AnyCompatibleNonArray:
			return false, true
		}
		return isPolymorphicType(id), false
	}
	elem, compat := false, false
	for _, id := range f.ArgTypes() {
		e, c := family(id)
		elem, compat = elem || e, compat || c
	}
	results := []types.OID{f.Returns.OID}
	for _, p := range f.Outputs() {
		results = append(results, p.Type.OID)
	}
	for _, id := range results {
		e, c := family(id)
		switch {
		case e && !elem:
			return pgerror.New(pgerror.InvalidFunctionDefinition, "cannot determine result data type").
				WithDetail("A result of type %s requires at least one input of type anyelement, anyarray, anynonarray, anyenum, anyrange, or anymultirange.", formatType(env, id))
		case c && !compat:
			return pgerror.New(pgerror.InvalidFunctionDefinition, "cannot determine result data type").
				WithDetail("A result of type %s requires at least one input of type anycompatible, anycompatiblearray, anycompatiblenonarray, anycompatiblerange, or anycompatiblemultirange.", formatType(env, id))
		}
	}
	if id := f.Returns.OID; isPseudo(env, id) && !isPolymorphicType(id) && id != types.Void && id != types.Record {
		return pgerror.New(pgerror.InvalidFunctionDefinition, "SQL functions cannot return type %s", formatType(env, id))
	}
	for _, id := range f.ArgTypes() {
		if isPseudo(env, id) && !isPolymorphicType(id) {
			return pgerror.New(pgerror.InvalidFunctionDefinition, "SQL functions cannot have arguments of type %s", formatType(env, id))
		}
	}
	return nil
}

// sameFunction is the function that a new one would replace.
func sameFunction(env *Env, f *catalog.Function) *catalog.Function {
	args := f.ArgTypes()
	for _, other := range env.Editor.Snapshot().FunctionsNamed(f.Schema, f.Name) {
		if slices.Equal(other.ArgTypes(), args) {
			return other
		}
	}
	return nil
}

// checkReplaced refuses what CREATE OR REPLACE may not change.
func checkReplaced(env *Env, old, f *catalog.Function) error {
	hint := "Use DROP " + strings.ToUpper(old.Word()) + " " + catalog.FunctionSignature(env.Editor.Snapshot(), env.PlanOptions().SearchPath, old) + " first."
	if old.Procedure != f.Procedure {
		return pgerror.New(pgerror.WrongObjectType, "cannot change routine kind").WithDetail("%q is a %s.", old.Name, old.Word())
	}
	if old.Returns.OID != f.Returns.OID || old.ReturnsSet != f.ReturnsSet {
		return pgerror.New(pgerror.InvalidFunctionDefinition, "cannot change return type of existing function").WithHint("%s", hint)
	}
	a, b := old.Outputs(), f.Outputs()
	same := slices.EqualFunc(a, b, func(x, y catalog.FunctionParam) bool { return x.Name == y.Name && x.Type == y.Type })
	if !same && f.Returns.OID == types.Record {
		return pgerror.New(pgerror.InvalidFunctionDefinition, "cannot change return type of existing function").
			WithDetail("Row type defined by OUT parameters is different.").WithHint("%s", hint)
	}
	ins, news := old.Inputs(), f.Inputs()
	for i := range ins {
		if ins[i].Name != "" && ins[i].Name != news[i].Name {
			return pgerror.New(pgerror.InvalidFunctionDefinition, "cannot change name of input parameter %q", ins[i].Name).WithHint("%s", hint)
		}
	}
	if f.Defaults() < old.Defaults() {
		return pgerror.New(pgerror.InvalidFunctionDefinition, "cannot remove parameter defaults from existing function").WithHint("%s", hint)
	}
	for i := range ins {
		if ins[i].Default != "" && news[i].Default != "" && ins[i].Type != news[i].Type {
			return pgerror.New(pgerror.InvalidFunctionDefinition, "cannot change data type of existing parameter default value").WithHint("%s", hint)
		}
	}
	return nil
}
