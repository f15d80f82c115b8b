package binder

import (
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// bindFuncCall is ParseFuncOrColumn.
func (b *Binder) bindFuncCall(s *scope, f *ast.FuncCall) (expr.Expr, error) {
	if f.WithinGroup && hypotheticalSet[f.Name[len(f.Name)-1]] {
		return b.bindHypothetical(s, f)
	}
	if respell := spellings[f.Name[len(f.Name)-1]]; respell != nil {
		if e, err := respell(b, s, f); e != nil || err != nil {
			return e, err
		}
	}
	return b.bindCall(s, f)
}

// bindCall binds a call of the function that it names.
func (b *Binder) bindCall(s *scope, f *ast.FuncCall) (expr.Expr, error) {
	call, err := b.resolveCall(s, f)
	if err != nil {
		return nil, err
	}
	if call.done != nil {
		return call.done, nil
	}
	return b.finishCall(s, f, call)
}

// boundCall is a call whose function is known and whose arguments are coerced.
type boundCall struct {
	done    expr.Expr // a cast in function form
	ref     any
	args    []expr.Expr
	returns types.Type
	sig     functions.Signature
	name    string
	keys    []expr.SortKey
	routine *catalog.Function // the function, if a user made it
	poly    poly
}

func (b *Binder) resolveCall(s *scope, f *ast.FuncCall) (*boundCall, error) {
	name := f.Name[len(f.Name)-1]
	full := strings.Join(f.Name, ".")
	if len(f.Name) > 1 {
		switch schema := f.Name[len(f.Name)-2]; schema {
		case "pg_catalog", "information_schema":
		default:
			if b.cat == nil || b.cat.Schema(schema) == nil {
				return nil, at(f, pgerror.UndefinedSchema, "schema %q does not exist", schema)
			}
			// Functions of extensions are registered under their bare name; the user's come first.
		}
	}
	routines := b.routinesNamed(f.Name)
	argNodes, names, err := b.routineArgs(f, routines)
	if err != nil {
		return nil, err
	}
	var params []functions.Param
	if names == nil {
		if argNodes, params, err = b.namedArgs(s, f); err != nil {
			return nil, err
		}
	}
	args := make([]expr.Expr, 0, len(argNodes)+len(f.OrderBy))
	locs := make([]int, 0, len(argNodes)+len(f.OrderBy))
	for _, a := range argNodes {
		e, err := b.bindExpr(s, a)
		if err != nil {
			return nil, err
		}
		args, locs = append(args, e), append(locs, leftmost(a))
	}
	direct := len(args)
	if f.WithinGroup {
		for _, o := range f.OrderBy {
			e, err := b.bindExpr(s, o.Expr)
			if err != nil {
				return nil, err
			}
			args, locs = append(args, e), append(locs, leftmost(o.Expr))
		}
	}
	oidArgs := make([]types.OID, len(args))
	for i, a := range args {
		oidArgs[i] = a.Type().OID
	}
	var c *candidate
	var how lookup
	var target types.OID
	switch {
	case len(routines) > 0:
		c, how, target = b.findRoutine(f, oidArgs, names, routines)
	case params != nil:
		c, how, target = b.searchFunction(name, oidArgs, !f.Variadic, params)
	default:
		c, how, target = b.findFunction(name, oidArgs, !f.Variadic)
	}
	switch how {
	case foundCoercion:
		if f.Star || f.Distinct || f.Over != nil || f.Filter != nil || f.OrderBy != nil {
			return nil, b.noFunction(f, full, oidArgs)
		}
		e, err := b.coerce(args[0], b.domainBase(target), functions.CastExplicit, locs[0])
		if u := b.domain(target); u != nil && err == nil && e != nil {
			e, err = b.checkDomain(e, u)
		}
		if err != nil {
			return nil, err
		}
		return &boundCall{done: e}, nil
	case foundNone:
		if names != nil {
			return nil, b.noNamedFunction(s, f)
		}
		return nil, b.noFunction(f, full, oidArgs)
	case foundSeveral:
		return nil, at(f, pgerror.AmbiguousFunction, "function %s is not unique", b.signature(full, oidArgs)).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
	}
	out := &boundCall{ref: c.ref, name: name, routine: c.fn}
	if c.fn != nil {
		if c, args, locs, err = b.placeRoutineArgs(c, args, locs); err != nil {
			return nil, err
		}
	}
	if err := b.coerceArgs(out, c, args, locs, f); err != nil {
		return nil, err
	}
	switch {
	case c.fn != nil:
		if err := b.finishRoutine(f, out); err != nil {
			return nil, err
		}
	case f == b.opts.Procedure:
		return nil, b.noProcedure(f, name, oidArgs)
	}
	if f.WithinGroup {
		for i, o := range f.OrderBy {
			k, err := b.sortKey(out.args[direct+i], o)
			if err != nil {
				return nil, err
			}
			out.keys = append(out.keys, k)
		}
	}
	return out, nil
}

// coerceArgs converts the arguments to the declared types (make_fn_arguments).
func (b *Binder) coerceArgs(out *boundCall, c *candidate, args []expr.Expr, locs []int, f ast.Node) error {
	actual := make([]types.Type, len(args))
	poly := isPolymorphic(c.returns)
	for i, a := range args {
		actual[i] = a.Type()
		poly = poly || isPolymorphic(c.args[i])
	}
	want := c.args
	ret := c.returns
	if poly {
		p, err := b.resolvePolymorphic(c.args, actual, false)
		if err != nil {
			return withLoc(err, f.Loc())
		}
		out.poly = p
		want = make([]types.OID, len(c.args))
		for i, t := range c.args {
			want[i] = p.actual(t)
		}
		if ret = p.actual(ret); ret == 0 {
			return at(f, pgerror.DatatypeMismatch, "could not determine polymorphic type because input has type unknown")
		}
	}
	for i := range args {
		if actual[i].OID == want[i] || want[i] == 0 {
			continue
		}
		if want[i] == types.Any && actual[i].OID == types.Unknown {
			// As for pg_typeof and format: an unknown literal is text to the kernel.
			if _, isParam := args[i].(*expr.Param); !isParam {
				e, err := b.toText(args[i], locs[i])
				if err != nil {
					return err
				}
				args[i] = e
				continue
			}
		}
		e, err := b.coerceType(args[i], types.Of(want[i]), functions.CastImplicit, locs[i], -1)
		if err != nil {
			return err
		}
		if e == nil {
			return at(f, pgerror.InternalError, "argument %d cannot become %s", i+1, b.typeName(types.Of(want[i])))
		}
		args[i] = e
	}
	if c.variadic != 0 {
		n := c.nominal - 1
		elem := types.Of(want[len(want)-1])
		arr, ok := b.arrayOf(elem)
		if !ok {
			return at(f, pgerror.UndefinedObject, "could not find array type for data type %s", b.typeName(elem))
		}
		args = append(args[:n:n], &expr.Array{Args: args[n:], Typ: arr})
	}
	out.args = args
	out.sig.Args = make([]types.Type, len(args))
	for i, a := range args {
		out.sig.Args[i] = a.Type()
	}
	out.returns = types.Of(ret)
	switch r := out.ref.(type) {
	case *functions.Scalar:
		if r.Resolve != nil {
			out.returns = r.Resolve(out.sig.Args)
		}
	case *functions.Aggregate:
		if r.Resolve != nil {
			out.returns = r.Resolve(out.sig.Args)
		}
	}
	out.sig.Returns = out.returns
	return nil
}

func (b *Binder) noFunction(f *ast.FuncCall, name string, args []types.OID) error {
	if functions.Refused(name) {
		return pgerror.Unsupported("function %s", name).At(f.Loc())
	}
	word := b.routineWord(f)
	err := at(f, pgerror.UndefinedFunction, "%s %s does not exist", word, b.signature(name, args))
	if len(f.OrderBy) > 1 && !f.WithinGroup {
		return err.WithHint("No aggregate function matches the given name and argument types. Perhaps you misplaced ORDER BY; ORDER BY must appear after all regular arguments of the aggregate.")
	}
	return err.WithHint("No %s matches the given name and argument types. You might need to add explicit type casts.", word)
}

// routineWord is what PostgreSQL calls what f names: CALL looks for a procedure.
func (b *Binder) routineWord(f *ast.FuncCall) string {
	if f == b.opts.Procedure {
		return "procedure"
	}
	return "function"
}

// finishCall makes the expression of a resolved call.
func (b *Binder) finishCall(s *scope, f *ast.FuncCall, c *boundCall) (expr.Expr, error) {
	switch fn := c.ref.(type) {
	case *functions.Aggregate:
		if f.Over != nil {
			return b.windowCall(s, f, c, fn)
		}
		return b.aggregate(s, f, c, fn)
	case *windowFunc:
		if f.Over == nil && groupWindows[c.name] != 0 {
			return b.groupWindow(s, f, c)
		}
		if f.Over == nil {
			return nil, at(f, pgerror.WrongObjectType, "window function %s requires an OVER clause", c.name)
		}
		return b.windowCall(s, f, c, nil)
	}
	switch {
	case f.Star:
		return nil, at(f, pgerror.WrongObjectType, "%s(*) specified, but %s is not an aggregate function", c.name, c.name)
	case f.Distinct:
		return nil, at(f, pgerror.WrongObjectType, "DISTINCT specified, but %s is not an aggregate function", c.name)
	case f.WithinGroup:
		return nil, at(f, pgerror.WrongObjectType, "WITHIN GROUP specified, but %s is not an aggregate function", c.name)
	case len(f.OrderBy) > 0:
		return nil, at(f, pgerror.WrongObjectType, "ORDER BY specified, but %s is not an aggregate function", c.name)
	case f.Filter != nil:
		return nil, at(f, pgerror.WrongObjectType, "FILTER specified, but %s is not an aggregate function", c.name)
	case f.Over != nil:
		return nil, at(f, pgerror.WrongObjectType, "OVER specified, but %s is not a window function nor an aggregate function", c.name)
	}
	switch fn := c.ref.(type) {
	case *functions.Scalar:
		b.changes = b.changes || fn.ChangesCatalog
		if c.routine != nil {
			return b.routineCall(s, c, fn)
		}
		if f.Variadic && fn.Variadic && fn.Args[len(fn.Args)-1].OID == types.Any {
			last := c.args[len(c.args)-1]
			if !b.isArray(last.Type().OID) {
				return nil, pgerror.New(pgerror.DatatypeMismatch, "VARIADIC argument must be an array").At(leftmost(f.Args[len(f.Args)-1]))
			}
			fn = functions.Spread(fn)
		}
		return &expr.Call{Fn: fn, Args: c.args, Typ: c.returns}, nil
	case *functions.TableFunc:
		b.changes = b.changes || fn.ChangesCatalog
		return b.setCall(s, f, c, fn)
	}
	return nil, at(f, pgerror.InternalError, "function %s cannot be called", c.name)
}

// setCall is a set-returning function outside of FROM.
func (b *Binder) setCall(s *scope, f *ast.FuncCall, c *boundCall, fn *functions.TableFunc) (expr.Expr, error) {
	k := kindInfo[s.kind]
	switch {
	case s.kind == kindFromFunction:
		return nil, at(f, pgerror.FeatureNotSupported, "set-returning functions must appear at top level of FROM")
	case k.srf != "":
		return nil, at(f, pgerror.FeatureNotSupported, "set-returning functions are not allowed in %s", k.srf)
	}
	if fn.OpenRecord != nil {
		return nil, pgerror.New(pgerror.FeatureNotSupported, "could not determine row type for result of %s", fn.Name).
			WithHint("Provide a non-null record argument, or call the function in the FROM clause using a column definition list.")
	}
	if fn.Routine && len(fn.Columns) == 0 {
		fn = b.routineRecords(fn)
	}
	s.hasSRF = true
	names := b.tableFuncColumns(fn, c)
	e := &logical.SetCall{Call: logical.Call{Fn: fn, Args: c.args, Sig: c.sig, Names: names}, Column: -1, Typ: types.Of(types.Record), Position: f.Loc()}
	if len(names) == 1 {
		e.Column, e.Typ = 0, names[0].Type
	}
	return e, nil
}

// tableFuncColumns are a table function's result columns; a single one takes
// the polymorphic result type.
func (b *Binder) tableFuncColumns(fn *functions.TableFunc, c *boundCall) []plan.Column {
	cols := fn.Columns
	if fn.Resolve != nil {
		cols = fn.Resolve(c.sig.Args)
	}
	out := make([]plan.Column, len(cols))
	for i, col := range cols {
		out[i] = plan.Column{Name: col.Name, Type: col.Type}
		if len(cols) == 1 && isPolymorphic(col.Type.OID) {
			out[i].Type = c.returns
		}
	}
	return out
}
