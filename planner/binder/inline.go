package binder

import (
	"slices"
	"strconv"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// The body of a SQL function takes the place of its call where PostgreSQL puts it
// there: a function whose body is SELECT expression becomes that expression
// (inline_function), one in FROM that yields the rows of one SELECT becomes a subquery
// (inline_set_returning_function). Volatility and strictness stay what was declared. What
// cannot be bound so is left to the session, which reports the error.

func itoa(n int) string { return strconv.Itoa(n) }

// inlineBody is the only statement of a function's body, nil if it has others, is not a
// SELECT or is being inlined already.
func (b *Binder) inlineBody(r *catalog.Function) *ast.Select {
	if b.trace != nil || slices.Contains(b.inlining, r) || len(b.inlining) > maxInline {
		return nil
	}
	body, err := RoutineBody(r)
	if err != nil || len(body.Stmts) != 1 {
		return nil
	}
	sel, _ := body.Stmts[0].Stmt.(*ast.Select)
	return sel
}

// maxInline bounds the nesting of functions that take the place of calls.
const maxInline = 40

// inlined runs bind with a function's parameters in scope.
func (b *Binder) inlined(r *catalog.Function, args []types.Type, bind func() error) error {
	routine, trace, record, path, called := b.routine, b.trace, b.record, b.path, b.called
	b.routine = &routineScope{name: r.Name, names: inputNames(r), types: args, inline: true}
	b.inlining = append(b.inlining, r)
	b.trace, b.record = nil, false
	if r.Standard() {
		b.path = viewPath(r.SearchPath, b.path)
	}
	b.noAuto++ // offsets in the body are not those of the statement
	err := bind()
	b.routine, b.trace, b.record, b.path = routine, trace, record, path
	b.inlining = b.inlining[:len(b.inlining)-1]
	b.noAuto--
	if err != nil {
		b.called = called
	}
	return err
}

func inputNames(r *catalog.Function) []string {
	var out []string
	for i := range r.Params {
		if r.Params[i].In() {
			out = append(out, r.Params[i].Name)
		}
	}
	return out
}

// inlineScalar is the expression that a call stands for, nil if it stays a call.
func (b *Binder) inlineScalar(s *scope, c *boundCall) (expr.Expr, error) {
	if b.opts.NoFold {
		return nil, nil
	}
	return b.inlineExpression(s, c)
}

func (b *Binder) inlineExpression(s *scope, c *boundCall) (expr.Expr, error) {
	r := c.routine
	if r.Returns.OID == types.Record || r.Returns.OID == types.Void || len(r.Outputs()) > 1 || b.compositeFields(c.returns) != nil {
		return nil, nil
	}
	sel := b.inlineBody(r)
	if sel == nil || !onlyExpression(sel) {
		return nil, nil
	}
	var e expr.Expr
	before := b.called
	err := b.inlined(r, c.sig.Args, func() error {
		inner := &scope{depth: s.depth, kind: kindCheck}
		var err error
		if e, err = b.bindExpr(inner, sel.Targets[0].Expr); err != nil {
			return err
		}
		e, err = b.coerce(e, b.base(c.returns), functions.CastAssignment, -1)
		return err
	})
	if err != nil || e == nil || !b.mayInline(r, e, c.args) {
		b.called = before || b.mayWrite(r)
		return nil, nil //nolint:nilerr // the session reports it when it runs the function
	}
	if u := b.domain(r.Returns.OID); u != nil {
		if e, err = b.checkDomain(e, u); err != nil {
			return nil, err
		}
	}
	return expr.Transform(e, substituteParams(c.args)), nil
}

// substituteParams puts arguments in the place of a body's parameters.
func substituteParams(args []expr.Expr) func(expr.Expr) expr.Expr {
	return func(x expr.Expr) expr.Expr {
		if p, ok := x.(*expr.Param); ok && p.Index < 0 && -1-p.Index < len(args) {
			return args[-1-p.Index]
		}
		return x
	}
}

// onlyExpression reports whether a query is SELECT expression and nothing else.
func onlyExpression(sel *ast.Select) bool {
	if sel.With != nil || sel.Distinct || sel.DistinctOn != nil || sel.Into != nil || sel.From != nil || sel.Where != nil || sel.GroupBy != nil ||
		sel.Having != nil || sel.Windows != nil || sel.Values != nil || sel.Op != ast.SetOpNone || sel.OrderBy != nil || sel.Limit != nil ||
		sel.Offset != nil || sel.Locking != nil || len(sel.Targets) != 1 {
		return false
	}
	ref, star := sel.Targets[0].Expr.(*ast.ColumnRef)
	return !star || !ref.Star
}

// mayInline reports whether a body's expression may take the place of a call.
func (b *Binder) mayInline(r *catalog.Function, body expr.Expr, args []expr.Expr) bool {
	if logical.Any(body, noExpression) {
		return false
	}
	v := expr.Volatility(body)
	if r.Volatility == 'i' && v != functions.Immutable || r.Volatility == 's' && v == functions.Volatile {
		return false
	}
	uses := make([]int, len(args))
	strict := true
	expr.Walk(body, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Param:
			if i := -1 - x.Index; i >= 0 && i < len(uses) {
				uses[i]++
			}
		case *expr.Call:
			strict = strict && x.Fn.Strict
		case *expr.Cast:
			strict = strict && x.Domain == 0 && (x.Fn == nil || x.Fn.Strict)
		case *expr.Const, *expr.Not:
		default:
			strict = false
		}
		return true
	})
	if r.Strict && (!strict || slices.Contains(uses, 0)) {
		return false
	}
	for i, n := range uses {
		if n != 1 && (expr.Volatility(args[i]) == functions.Volatile || n > 1 && logical.Any(args[i], costly)) || logical.Any(args[i], isSet) {
			return false
		}
	}
	return true
}

// noExpression finds what belongs to a query of its own.
func noExpression(e expr.Expr) bool {
	switch e.(type) {
	case *expr.Subplan, *expr.Aggregate, *logical.WindowCall, *logical.SetCall, *logical.Grouping:
		return true
	}
	return false
}

// costly finds what is not to be computed twice.
func costly(e expr.Expr) bool {
	if c, ok := e.(*expr.Call); ok {
		return c.Fn.Routine
	}
	_, ok := e.(*expr.Subplan)
	return ok
}

func isSet(e expr.Expr) bool { _, ok := e.(*logical.SetCall); return ok }

// inlineRows is the query that a call in FROM stands for; nil if it stays a call.
func (b *Binder) inlineRows(s *scope, call *logical.Call) *query {
	if b.opts.NoFold || call.Fn == nil || !call.Fn.Routine || b.cat == nil {
		return nil
	}
	r := b.cat.Function(call.Fn.OID)
	if r == nil || !r.ReturnsSet || r.Volatility == 'v' || r.Strict || r.Returns.OID == types.Void {
		return nil
	}
	sel := b.inlineBody(r)
	if sel == nil || sel.Into != nil || sel.Locking != nil {
		return nil
	}
	for _, a := range call.Args {
		if expr.Volatility(a) == functions.Volatile || logical.Any(a, costly) || logical.Any(a, noExpression) {
			return nil
		}
	}
	res := &RoutineResult{Declared: r.Returns, Type: call.Sig.Returns}
	if plain := b.plainRows(r, call); !plain {
		for _, n := range call.Names {
			res.Columns = append(res.Columns, n.Type)
		}
	} else if u := b.domain(r.Returns.OID); u != nil {
		return nil
	} else {
		res.Type = call.Names[0].Type
	}
	var q query
	before := b.called
	err := b.inlined(r, call.Sig.Args, func() error {
		if err := b.enter(); err != nil {
			return err
		}
		defer func() { b.depth-- }()
		var err error
		if q, err = b.bindSelect(&scope{depth: s.depth}, sel, nil); err != nil {
			return err
		}
		return b.routineResult(&q, sel, &Routine{Result: res})
	})
	if err != nil || res.Whole || b.called != before {
		b.called = before || b.mayWrite(r)
		return nil
	}
	logical.MapTree(q.node, substituteParams(call.Args))
	return &q
}

// plainRows reports whether each row of a function is one value that is no record.
func (b *Binder) plainRows(r *catalog.Function, call *logical.Call) bool {
	return len(call.Names) == 1 && r.Returns.OID != types.Record && b.compositeFields(r.Returns) == nil
}
