package binder

import (
	"sync"

	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

type opKey struct {
	name        string
	left, right types.OID
}

// opFound is a resolved operator with the types its operands are coerced to.
type opFound struct {
	op          *functions.Operator
	left, right types.OID
	returns     types.OID
}

// opCache remembers how operators of built-in types were resolved; the answer
// depends on the registry only. It is bounded by the number of type pairs.
var opCache sync.Map // opKey -> *opFound

// findOperator resolves an operator by its operand types (oper(), left_oper()).
func (b *Binder) findOperator(schema, name string, left, right types.OID, loc int) (*opFound, error) {
	if schema != "" && schema != "pg_catalog" {
		if b.cat == nil || b.cat.Schema(schema) == nil {
			return nil, pgerror.New(pgerror.UndefinedSchema, "schema %q does not exist", schema).At(loc)
		}
		return nil, b.noOperator(schema+"."+name, left, right, false, loc)
	}
	builtin := left < types.FirstUserOID && right < types.FirstUserOID
	key := opKey{name, left, right}
	if builtin {
		if f, ok := opCache.Load(key); ok {
			return f.(*opFound), nil
		}
	}
	f, several := b.searchOperator(name, left, right)
	if f == nil {
		return nil, b.noOperator(name, left, right, several, loc)
	}
	if builtin {
		opCache.Store(key, f)
	}
	return f, nil
}

func (b *Binder) searchOperator(name string, left, right types.OID) (f *opFound, several bool) {
	prefix := left == 0
	all := functions.Operators(name)
	exact := func(l, r types.OID) *opFound {
		for _, o := range all {
			if o.Left == l && o.Right == r {
				return &opFound{op: o, left: o.Left, right: o.Right, returns: o.Fn.Returns.OID}
			}
		}
		return nil
	}
	if prefix {
		if right != types.Unknown {
			if f := exact(0, right); f != nil {
				return f, false
			}
			if base := b.base(types.Of(right)).OID; base != right {
				if f := exact(0, base); f != nil {
					return f, false
				}
			}
		}
	} else {
		// An unknown operand is first taken to be of the other's type.
		l, r := left, right
		if l == types.Unknown && r != types.Unknown {
			l = r
		} else if r == types.Unknown && l != types.Unknown {
			r = l
		}
		if f := exact(l, r); f != nil {
			return f, false
		}
		if left == types.Unknown || right == types.Unknown {
			if base := b.base(types.Of(l)).OID; base != l {
				if f := exact(base, base); f != nil {
					return f, false
				}
			}
		}
	}
	args := []types.OID{right}
	if !prefix {
		args = []types.OID{left, right}
	}
	var cands []candidate
	for _, o := range all {
		if (o.Left == 0) != prefix {
			continue
		}
		c := candidate{ref: o, args: []types.OID{o.Right}, returns: o.Fn.Returns.OID}
		if !prefix {
			c.args = []types.OID{o.Left, o.Right}
		}
		cands = append(cands, c)
	}
	cands = b.matchArgs(args, cands)
	var best *candidate
	switch len(cands) {
	case 0:
		return nil, false
	case 1:
		best = &cands[0]
	default:
		best = b.selectCandidate(args, cands)
		if best == nil {
			return nil, true
		}
	}
	return b.polyOperator(best, args), false
}

// polyOperator fills in the polymorphic types of an operator (anyarray = anyarray).
func (b *Binder) polyOperator(c *candidate, args []types.OID) *opFound {
	o := c.ref.(*functions.Operator)
	f := &opFound{op: o, left: o.Left, right: o.Right, returns: o.Fn.Returns.OID}
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = types.Of(a)
	}
	p, err := b.resolvePolymorphic(c.args, ts, true)
	if err != nil {
		return f
	}
	resolve := func(t types.OID) types.OID {
		if isPolymorphic(t) {
			if a := p.actual(t); a != 0 {
				return a
			}
		}
		return t
	}
	f.left, f.right, f.returns = resolve(o.Left), resolve(o.Right), resolve(f.returns)
	return f
}

func (b *Binder) noOperator(name string, left, right types.OID, several bool, loc int) error {
	sig := name + " " + b.typeName(types.Of(right))
	if left != 0 {
		sig = b.typeName(types.Of(left)) + " " + sig
	}
	if several {
		return pgerror.New(pgerror.AmbiguousFunction, "operator is not unique: %s", sig).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.").At(loc)
	}
	err := pgerror.New(pgerror.UndefinedFunction, "operator does not exist: %s", sig).At(loc)
	if left == 0 {
		return err.WithHint("No operator matches the given name and argument type. You might need to add an explicit type cast.")
	}
	return err.WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
}

// operator makes `left name right`, or a prefix operator if left is nil
// (make_op). lloc and rloc are the operands' places.
func (b *Binder) operator(schema, name string, left, right expr.Expr, loc, lloc, rloc int) (expr.Expr, error) {
	var lt types.OID
	if left != nil {
		lt = left.Type().OID
	}
	f, err := b.findOperator(schema, name, lt, right.Type().OID, loc)
	if err != nil {
		return nil, err
	}
	return b.applyOperator(f, left, right, loc, lloc, rloc)
}

func (b *Binder) applyOperator(f *opFound, left, right expr.Expr, loc, lloc, rloc int) (expr.Expr, error) {
	call := &expr.Call{Fn: f.op.Fn, Op: f.op.Name, Typ: types.Of(f.returns)}
	right, err := b.operand(right, f.right, rloc)
	if err != nil {
		return nil, err
	}
	if left == nil {
		call.Args = []expr.Expr{right}
	} else {
		if left, err = b.operand(left, f.left, lloc); err != nil {
			return nil, err
		}
		call.Args = []expr.Expr{left, right}
	}
	if f.op.Fn.Resolve != nil {
		ts := make([]types.Type, len(call.Args))
		for i, a := range call.Args {
			ts[i] = a.Type()
		}
		call.Typ = f.op.Fn.Resolve(ts)
	}
	return call, nil
}

func (b *Binder) operand(e expr.Expr, to types.OID, loc int) (expr.Expr, error) {
	if e.Type().OID == to {
		return e, nil
	}
	out, err := b.coerceType(e, types.Of(to), functions.CastImplicit, loc, -1)
	if err == nil && out == nil {
		err = pgerror.New(pgerror.InternalError, "operand of type %s cannot become %s", b.typeName(e.Type()), b.typeName(types.Of(to)))
	}
	return out, err
}

// equality finds the = operator of a type (for DISTINCT, IN, USING, ...).
func (b *Binder) equality(t types.Type, loc int) (*functions.Scalar, error) {
	f, err := b.findOperator("", "=", t.OID, t.OID, loc)
	if err != nil {
		return nil, pgerror.New(pgerror.UndefinedFunction, "could not identify an equality operator for type %s", b.typeName(t)).At(loc)
	}
	return f.op.Fn, nil
}

// sortable checks that a type can be ordered (json cannot).
func (b *Binder) sortable(t types.Type, loc int) error {
	switch t.OID {
	case types.JSON, types.XML, types.JSONPath, types.PgNodeTree:
		return pgerror.New(pgerror.UndefinedFunction, "could not identify an ordering operator for type %s", b.typeName(t)).
			WithHint("Use an explicit ordering operator or modify the query.").At(loc)
	}
	return nil
}

// groupable checks that a type has an equality (json has none).
func (b *Binder) groupable(t types.Type, loc int) error {
	switch t.OID {
	case types.JSON, types.XML, types.JSONPath, types.PgNodeTree:
		return pgerror.New(pgerror.UndefinedFunction, "could not identify an equality operator for type %s", b.typeName(t)).At(loc)
	}
	return nil
}
