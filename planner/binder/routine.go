package binder

import (
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Calls of functions that users made. The session runs them (functions.RoutineSession),
// unless the body takes the place of the call (inline.go).

// routinesNamed lists the user's functions that a name may mean, those of the
// schemas that are searched first in front.
func (b *Binder) routinesNamed(names []string) []*catalog.Function {
	if b.cat == nil || !b.cat.HasFunctions() {
		return nil
	}
	name := names[len(names)-1]
	path := b.path
	if len(names) > 1 {
		path = names[len(names)-2 : len(names)-1]
	}
	var out []*catalog.Function
	for _, p := range path {
		if sch := b.cat.Schema(p); sch != nil {
			for _, f := range b.cat.FunctionsNamed(sch.ID, name) {
				args := f.ArgTypes()
				if !slices.ContainsFunc(out, func(o *catalog.Function) bool { return slices.Equal(o.ArgTypes(), args) }) {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// routineArgs splits named arguments from their names ("" for one without), when one of
// the routines has parameters of these names; nil names leave the call to the others.
func (b *Binder) routineArgs(f *ast.FuncCall, routines []*catalog.Function) ([]ast.Expr, []string, error) {
	var args []ast.Expr
	var names []string
	named := false
	for _, a := range f.Args {
		n, ok := a.(*ast.NamedArg)
		switch {
		case ok:
			named = true
			args, names = append(args, n.Arg), append(names, n.Name)
		case named && len(routines) > 0:
			return nil, nil, at(a, pgerror.SyntaxError, "positional argument cannot follow named argument")
		default:
			args, names = append(args, a), append(names, "")
		}
	}
	if !named {
		return f.Args, nil, nil
	}
	for i, n := range names {
		if n != "" && slices.Contains(names[:i], n) && len(routines) > 0 {
			return nil, nil, at(f.Args[i], pgerror.SyntaxError, "argument name %q used more than once", n)
		}
	}
	for _, r := range routines {
		if _, ok := namedPlaces(r.Inputs(), names); ok {
			return args, names, nil
		}
	}
	return f.Args, nil, nil
}

// namedPlaces says for each input which argument it gets, -1 for its default.
func namedPlaces(inputs []catalog.FunctionParam, names []string) ([]int, bool) {
	if len(names) > len(inputs) {
		return nil, false
	}
	places := make([]int, len(inputs))
	for i := range places {
		places[i] = -1
	}
	for k, name := range names {
		at := k
		if name != "" {
			at = slices.IndexFunc(inputs, func(p catalog.FunctionParam) bool { return p.Name == name })
		}
		if at < 0 || places[at] >= 0 {
			return nil, false
		}
		places[at] = k
	}
	for i, k := range places {
		if k < 0 && inputs[i].Default == "" {
			return nil, false
		}
	}
	return places, true
}

// findRoutine is findFunction where the user has functions of the name.
func (b *Binder) findRoutine(f *ast.FuncCall, args []types.OID, names []string, routines []*catalog.Function) (*candidate, lookup, types.OID) {
	name := f.Name[len(f.Name)-1]
	var cands []candidate
	if names == nil && (len(f.Name) == 1 || f.Name[len(f.Name)-2] == "pg_catalog") {
		cands = funcCandidates(name, len(args), !f.Variadic, nil)
	}
	for _, r := range routines {
		c, ok := b.routineCandidate(r, len(args), names, !f.Variadic)
		if ok && !slices.ContainsFunc(cands, func(o candidate) bool { return sameOIDs(o.args, c.args) && !laterForm(&o, &c) }) {
			cands = slices.DeleteFunc(cands, func(o candidate) bool { return o.fn != nil && sameOIDs(o.args, c.args) })
			cands = append(cands, c)
		}
	}
	return b.chooseFunction(name, args, !f.Variadic && names == nil, cands)
}

// laterForm reports whether o uses defaults or takes a list where c takes the call as it is.
func laterForm(o, c *candidate) bool {
	return o.fn != nil && (o.defaults > c.defaults || o.variadic != 0 && c.variadic == 0)
}

// routineCandidate is a function as a call of n arguments would use it.
func (b *Binder) routineCandidate(r *catalog.Function, n int, names []string, expand bool) (candidate, bool) {
	inputs := r.Inputs()
	declared := make([]types.OID, len(inputs))
	for i := range inputs {
		declared[i] = b.base(inputs[i].Type).OID
	}
	c := candidate{fn: r, ref: r, returns: b.base(r.Returns).OID, nominal: len(inputs)}
	variadic := r.Variadic()
	switch {
	case names != nil:
		places, ok := namedPlaces(inputs, names)
		if !ok {
			return c, false
		}
		c.places, c.args = places, make([]types.OID, n)
		for i, k := range places {
			if k >= 0 {
				c.args[k] = declared[i]
			} else {
				c.defaults++
			}
		}
	case len(inputs) == n && !(variadic && expand):
		c.args = declared
	case variadic && expand && n >= len(inputs):
		last := declared[len(declared)-1]
		elem := b.variadicElem(last)
		c.args = slices.Clone(declared[:len(declared)-1])
		for len(c.args) < n {
			c.args = append(c.args, elem)
		}
		c.variadic = elem
	case n < len(inputs) && n >= len(inputs)-r.Defaults() && !(variadic && expand && n == len(inputs)):
		c.args, c.defaults = declared[:n], len(inputs)-n
	default:
		return c, false
	}
	return c, true
}

func (b *Binder) variadicElem(array types.OID) types.OID {
	if e, ok := b.elem(types.Of(array)); ok && !isPolymorphic(array) {
		return e.OID
	}
	return elemOfVariadic(array)
}

// placeRoutineArgs puts a call's arguments into the order of the inputs, with the
// defaults of those that are left out.
func (b *Binder) placeRoutineArgs(c *candidate, args []expr.Expr, locs []int) (*candidate, []expr.Expr, []int, error) {
	if c.places == nil && c.defaults == 0 {
		return c, args, locs, nil
	}
	inputs := c.fn.Inputs()
	out := *c
	out.args = make([]types.OID, len(inputs))
	newArgs, newLocs := make([]expr.Expr, len(inputs)), make([]int, len(inputs))
	for i := range inputs {
		out.args[i] = b.base(inputs[i].Type).OID
		k := i
		if c.places != nil {
			k = c.places[i]
		}
		if k >= 0 && k < len(args) {
			newArgs[i], newLocs[i] = args[k], locs[k]
			continue
		}
		e, err := b.catalogExpr(inputs[i].Default, &scope{depth: 1})
		if err != nil {
			return nil, nil, nil, err
		}
		if !isPolymorphic(out.args[i]) { // its text does not show the assignment's cast
			converted, err := b.coerce(e, types.Of(out.args[i]), functions.CastAssignment, -1)
			if err != nil {
				return nil, nil, nil, err
			}
			if converted != nil {
				e = converted
			}
		}
		newArgs[i], newLocs[i] = e, -1
	}
	return &out, newArgs, newLocs, nil
}

// noProcedure is the error of CALL of a function.
func (b *Binder) noProcedure(f *ast.FuncCall, name string, args []types.OID) error {
	return at(f, pgerror.WrongObjectType, "%s is not a procedure", b.signature(name, args)).WithHint("To call a function, use SELECT.")
}

// finishRoutine gives a resolved call what it runs, and checks arguments of domains.
func (b *Binder) finishRoutine(f *ast.FuncCall, c *boundCall) error {
	r := c.routine
	switch called := f == b.opts.Procedure; {
	case r.Procedure && !called:
		return at(f, pgerror.WrongObjectType, "%s is a procedure", b.signature(r.Name, r.ArgTypes())).WithHint("To call a procedure, use CALL.")
	case called && !r.Procedure:
		return b.noProcedure(f, r.Name, r.ArgTypes())
	}
	for i, p := range r.Inputs() {
		if u := b.domain(p.Type.OID); u != nil {
			e, err := b.checkDomain(c.args[i], u)
			if err != nil {
				return err
			}
			c.args[i] = e
		}
	}
	b.traceFunction(f.Loc(), r)
	b.called = b.called || b.mayWrite(r)
	if r.ReturnsSet {
		c.ref = b.routineTable(c, b.routineColumns(c))
		return nil
	}
	c.ref = b.routineScalar(c)
	return nil
}

// routineColumns are the columns of a function's result in FROM; nil for a record that
// a column definition list describes, one without a name for a plain value.
func (b *Binder) routineColumns(c *boundCall) []functions.Column {
	r := c.routine
	outs := r.Outputs()
	if len(outs) > 0 {
		cols := make([]functions.Column, len(outs))
		for i, p := range outs {
			cols[i] = functions.Column{Name: p.Name, Type: types.Of(c.poly.actual(b.base(p.Type).OID))}
			if p.Name == "" && len(outs) > 1 {
				cols[i].Name = "column" + itoa(i+1)
			}
		}
		return cols
	}
	if r.Returns.OID == types.Record {
		return nil
	}
	if fields := b.compositeFields(c.returns); fields != nil {
		cols := make([]functions.Column, len(fields))
		for i, f := range fields {
			cols[i] = functions.Column{Name: f.name, Type: f.typ}
		}
		return cols
	}
	return []functions.Column{{Type: c.returns}}
}

// compositeFields are the fields of a user's composite type or of a relation's row type.
func (b *Binder) compositeFields(t types.Type) []column {
	if b.cat == nil || t.OID < types.FirstUserOID {
		return nil
	}
	u, array := b.cat.TypeOrRow(t.OID)
	if u == nil || array || u.Kind != 'c' {
		return nil
	}
	out := []column{}
	for i := range u.Fields {
		if f := &u.Fields[i]; !f.Dropped {
			out = append(out, column{name: f.Name, typ: f.Type})
		}
	}
	return out
}

// routineScalar is a function that yields one value as the executor calls it.
func (b *Binder) routineScalar(c *boundCall) *functions.Scalar {
	r := c.routine
	for _, known := range b.scalars {
		if known.OID == r.ID && known.Returns == c.returns && slices.Equal(known.Args, c.sig.Args) {
			return known
		}
	}
	id := r.ID
	var cols []functions.Column
	if outs := b.routineColumns(c); len(outs) > 1 || r.Returns.OID == types.Record {
		cols = outs
	}
	out := &functions.Scalar{
		OID: id, Name: b.qualifiedRoutine(r), Args: c.sig.Args, Returns: c.returns, Strict: r.Strict,
		Volatility: functions.Volatility(r.Volatility), Hidden: true, Routine: true,
	}
	out.EvalTyped = func(ctx *functions.Context, t functions.Signature, args []types.Datum) (types.Datum, error) {
		s, ok := ctx.Session.(functions.RoutineSession)
		if !ok {
			return types.Null, pgerror.Unsupported("a call of function %s here", r.Name)
		}
		return s.CallRoutine(ctx, &functions.Routine{ID: id, Signature: t, Columns: cols}, args)
	}
	b.scalars = append(b.scalars, out)
	return out
}

func (b *Binder) qualifiedRoutine(r *catalog.Function) string {
	name := catalog.QuoteIdent(r.Name)
	if sch := b.cat.SchemaByID(r.Schema); sch != nil {
		name = catalog.QuoteIdent(sch.Name) + "." + name
	}
	return name
}

// routineTable is a function that yields rows.
func (b *Binder) routineTable(c *boundCall, cols []functions.Column) *functions.TableFunc {
	r := c.routine
	out := &functions.TableFunc{
		OID: r.ID, Name: r.Name, Args: c.sig.Args, Columns: cols, Strict: r.Strict, Volatility: functions.Volatility(r.Volatility), Routine: true,
	}
	out.Open = openRoutine(&functions.Routine{ID: r.ID, Columns: cols}, r.Name)
	b.tables = true
	return out
}

func openRoutine(call *functions.Routine, name string) func(*functions.Context, functions.Signature, []types.Datum) (functions.RowSource, error) {
	return func(ctx *functions.Context, t functions.Signature, args []types.Datum) (functions.RowSource, error) {
		s, ok := ctx.Session.(functions.RoutineSession)
		if !ok {
			return nil, pgerror.Unsupported("a call of function %s here", name)
		}
		r := *call
		r.Signature = t
		return s.OpenRoutine(ctx, &r, args)
	}
}

// routineRecords is a function returning SETOF record where no definition list can be:
// its rows are values of type record.
func (b *Binder) routineRecords(fn *functions.TableFunc) *functions.TableFunc {
	out := *fn
	out.Columns = []functions.Column{{Name: fn.Name, Type: types.Of(types.Record)}}
	out.Open = openRoutine(&functions.Routine{ID: fn.OID, Records: true}, fn.Name)
	return &out
}

// routineRows is a function returning record with the columns of a definition list;
// nil if it is none that a user made.
func (b *Binder) routineRows(fn *functions.TableFunc, names []plan.Column) *functions.TableFunc {
	if fn == nil || !fn.Routine {
		return nil
	}
	out := *fn
	out.Columns = nil
	for _, n := range names {
		out.Columns = append(out.Columns, functions.Column{Name: n.Name, Type: n.Type})
	}
	out.Open = openRoutine(&functions.Routine{ID: fn.OID, Columns: out.Columns}, fn.Name)
	return &out
}

// routineCall is a call of a function that yields one value.
func (b *Binder) routineCall(s *scope, c *boundCall, fn *functions.Scalar) (expr.Expr, error) {
	e, err := b.inlineScalar(s, c)
	if e != nil || err != nil {
		return e, err
	}
	if b.opts.NoFold {
		// What may be stored depends on what the call becomes when it is planned.
		if e, err := b.inlineExpression(s, c); e != nil && err == nil {
			stored := *fn
			stored.Volatility = expr.Volatility(e)
			fn = &stored
		}
	}
	return &expr.Call{Fn: fn, Args: c.args, Typ: c.returns}, nil
}

// routineFields are the fields of a call's value, nil if they are not known.
func (b *Binder) routineFields(e *expr.Call) []column {
	if !e.Fn.Routine || b.cat == nil {
		return nil
	}
	r := b.cat.Function(e.Fn.OID)
	if r == nil {
		return nil
	}
	c := &boundCall{routine: r, args: e.Args, returns: e.Typ}
	if outs := r.Outputs(); len(outs) > 1 {
		declared, actual := r.ArgTypes(), make([]types.Type, len(e.Args))
		for i, a := range e.Args {
			actual[i] = a.Type()
		}
		if len(declared) == len(actual) {
			c.poly, _ = b.resolvePolymorphic(declared, actual, true)
		}
		var out []column
		for _, col := range b.routineColumns(c) {
			out = append(out, column{name: col.Name, typ: col.Type})
		}
		return out
	}
	return b.compositeFields(e.Typ)
}

// Routine is the function whose body a statement belongs to.
type Routine struct {
	Name   string
	Params []string // names of the inputs, "" for none
	// Result, if set, is what the statement's rows must fit: it is the last one.
	Result *RoutineResult
}

// RoutineResult is what a function yields.
type RoutineResult struct {
	// Declared is the result's type, Type what it is in this call.
	Declared, Type types.Type
	// Columns are those of a composite value, nil for a plain one; Any accepts all (record).
	Columns []types.Type
	Any     bool
	// Whole is set when the statement yields the composite value in one column.
	Whole bool
}

// routineScope are the parameters that a body may name.
type routineScope struct {
	name   string
	names  []string
	types  []types.Type
	inline bool
}

// param is a parameter; where the body is put in place of a call it has a number below
// zero, and the argument takes its place once all is bound.
func (r *routineScope) param(i int) expr.Expr {
	if r.inline {
		return &expr.Param{Index: -1 - i, Typ: r.types[i]}
	}
	return &expr.Param{Index: i, Typ: r.types[i]}
}

// routineColumn resolves a name that is no column as a parameter: name, function.name
// or a field of either (sql_fn_post_column_ref); nil if it is none.
func (b *Binder) routineColumn(c *ast.ColumnRef) (expr.Expr, error) {
	r := b.routine
	if r == nil || c.Star {
		return nil, nil
	}
	names := c.Names
	if len(names) > 1 && names[0] == r.name {
		if e, err := b.routineName(names[1:], c); e != nil || err != nil {
			return e, err
		}
	}
	return b.routineName(names, c)
}

func (b *Binder) routineName(names []string, c *ast.ColumnRef) (expr.Expr, error) {
	i := slices.Index(b.routine.names, names[0])
	if i < 0 || names[0] == "" {
		return nil, nil
	}
	e := b.routine.param(i)
	for _, field := range names[1:] {
		f, err := b.field(e, field, c)
		if err != nil {
			return nil, nil //nolint:nilerr // then the name is no parameter's
		}
		e = f
	}
	return e, nil
}

// routineResult checks a body's last statement against the function's result and
// converts its columns (check_sql_fn_retval).
func (b *Binder) routineResult(q *query, stmt ast.Statement, r *Routine) error {
	res := r.Result
	if res == nil || res.Type.OID == types.Void {
		return nil
	}
	mismatch := pgerror.New(pgerror.InvalidFunctionDefinition, "return type mismatch in function declared to return %s", b.typeName(res.Declared))
	if !returnsRows(stmt) {
		return mismatch.WithDetail("Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.")
	}
	if res.Columns == nil && !res.Any {
		if len(q.cols) != 1 {
			return mismatch.WithDetail("Final statement must return exactly one column.")
		}
		e, err := b.routineValue(q, 0, res.Type)
		if err != nil {
			return err
		}
		if e == nil {
			return mismatch.WithDetail("Actual return type is %s.", b.typeName(b.MD.Cols[q.cols[0].id].Type))
		}
		b.projectResult(q, []expr.Expr{e})
		return nil
	}
	if len(q.cols) == 1 && b.isWhole(q, res) {
		res.Whole = true
		return nil
	}
	if res.Any {
		return nil
	}
	if len(q.cols) > len(res.Columns) {
		if err := b.columnMismatch(q, res, mismatch); err != nil {
			return err
		}
		return mismatch.WithDetail("Final statement returns too many columns.")
	}
	out := make([]expr.Expr, len(q.cols))
	for i := range q.cols {
		e, err := b.routineValue(q, i, res.Columns[i])
		if err != nil {
			return err
		}
		if e == nil {
			return mismatch.WithDetail("Final statement returns %s instead of %s at column %d.",
				b.typeName(b.MD.Cols[q.cols[i].id].Type), b.typeName(res.Columns[i]), i+1)
		}
		out[i] = e
	}
	if len(q.cols) < len(res.Columns) {
		return mismatch.WithDetail("Final statement returns too few columns.")
	}
	b.projectResult(q, out)
	return nil
}

// columnMismatch is the error of the first column that does not fit.
func (b *Binder) columnMismatch(q *query, res *RoutineResult, mismatch *pgerror.Error) error {
	for i, t := range res.Columns {
		if e, err := b.routineValue(q, i, t); err == nil && e == nil {
			return mismatch.WithDetail("Final statement returns %s instead of %s at column %d.",
				b.typeName(b.MD.Cols[q.cols[i].id].Type), b.typeName(t), i+1)
		}
	}
	return nil
}

// isWhole reports whether a query's only column is the composite value itself.
func (b *Binder) isWhole(q *query, res *RoutineResult) bool {
	id := q.cols[0].id
	t := b.MD.Cols[id].Type
	if t.OID == res.Type.OID && t.OID != types.Record {
		return true
	}
	if t.OID != types.Record {
		return false
	}
	fields := b.recordFields(b.MD.Col(id))
	if fields == nil || res.Any {
		return len(res.Columns) != 1
	}
	if len(fields) != len(res.Columns) {
		return false
	}
	for i, f := range fields {
		if b.base(f.typ).OID != b.base(res.Columns[i]).OID {
			return false
		}
	}
	return true
}

// routineValue converts column i of a query to a type, nil if it cannot be.
func (b *Binder) routineValue(q *query, i int, t types.Type) (expr.Expr, error) {
	e, err := b.coerce(b.MD.Col(q.cols[i].id), b.base(t), functions.CastAssignment, -1)
	if e == nil || err != nil {
		return nil, err
	}
	if u := b.domain(t.OID); u != nil {
		return b.checkDomain(e, u)
	}
	return e, nil
}

// projectResult puts a projection over a query where a column is not what it yields.
func (b *Binder) projectResult(q *query, exprs []expr.Expr) {
	items := make([]logical.Item, len(exprs))
	changed := false
	for i, e := range exprs {
		if col, ok := e.(*expr.Column); ok {
			items[i] = logical.Item{ID: col.ID, Expr: e}
			continue
		}
		changed = true
		items[i] = logical.Item{ID: b.addColumn(1, q.cols[i].name, e), Expr: e}
	}
	if !changed {
		return
	}
	q.node = &logical.Project{Input: q.node, Items: items}
	cols := slices.Clone(q.cols)
	for i := range cols {
		cols[i].id, cols[i].typ = items[i].ID, exprs[i].Type()
	}
	q.cols, q.items = cols, nil
}

func returnsRows(stmt ast.Statement) bool {
	switch s := stmt.(type) {
	case *ast.Select:
		return true
	case *ast.Insert:
		return len(s.Returning) > 0
	case *ast.Update:
		return len(s.Returning) > 0
	case *ast.Delete:
		return len(s.Returning) > 0
	}
	return false
}
