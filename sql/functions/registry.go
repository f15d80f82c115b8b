package functions

import (
	"fmt"
	"iter"
	"sync"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// registry holds everything the language can call. It is filled while package
// variables are initialized and read-only afterwards.
type registry struct {
	scalars    map[string][]*Scalar
	aggregates map[string][]*Aggregate
	tableFuncs map[string][]*TableFunc
	operators  map[string][]*Operator
	casts      map[[2]types.OID]*Cast
	byOID      map[types.OID]any // *Scalar, *Aggregate, *TableFunc
	order      []any             // in registration order
	nextOID    types.OID
}

var reg registry

// firstOwnOID is the first pg_proc.oid given to functions that PostgreSQL does not have.
const firstOwnOID types.OID = 9000

// register adds a function, operator or cast to the language. It is called
// from package-level variables only and panics on a second registration of the
// same signature. For functions that PostgreSQL has, a zero OID and a zero
// Volatility are filled in from its pg_proc.
func register[T Scalar | Aggregate | TableFunc | Operator | Cast](x T) *T {
	if reg.byOID == nil {
		reg.scalars = map[string][]*Scalar{}
		reg.aggregates = map[string][]*Aggregate{}
		reg.tableFuncs = map[string][]*TableFunc{}
		reg.operators = map[string][]*Operator{}
		reg.casts = map[[2]types.OID]*Cast{}
		reg.byOID = map[types.OID]any{}
		reg.nextOID = firstOwnOID
	}
	p := &x
	switch f := any(p).(type) {
	case *Scalar:
		row := reg.identify(&f.OID, f.Name, f.Args)
		if f.Volatility == 0 {
			f.Volatility = Immutable
			if row != nil {
				f.Volatility = row.volatility
			}
		}
		reg.scalars[f.Name] = append(reg.scalars[f.Name], f)
		reg.add(f.OID, f.Name, f)
	case *Aggregate:
		reg.identify(&f.OID, f.Name, f.Args)
		reg.aggregates[f.Name] = append(reg.aggregates[f.Name], f)
		reg.add(f.OID, f.Name, f)
	case *TableFunc:
		row := reg.identify(&f.OID, f.Name, f.Args)
		if f.Volatility == 0 {
			f.Volatility = Immutable
			if row != nil {
				f.Volatility = row.volatility
			}
		}
		reg.tableFuncs[f.Name] = append(reg.tableFuncs[f.Name], f)
		reg.add(f.OID, f.Name, f)
	case *Operator:
		for _, o := range reg.operators[f.Name] {
			if o.Left == f.Left && o.Right == f.Right {
				panic(fmt.Sprintf("functions: operator %s(%d, %d) registered twice", f.Name, f.Left, f.Right))
			}
		}
		reg.operators[f.Name] = append(reg.operators[f.Name], f)
	case *Cast:
		key := [2]types.OID{f.From, f.To}
		if reg.casts[key] != nil {
			panic(fmt.Sprintf("functions: cast %d to %d registered twice", f.From, f.To))
		}
		reg.casts[key] = f
	}
	return p
}

func (r *registry) identify(oid *types.OID, name string, args []types.Type) *pgProc {
	row := procs().find(name, args)
	if *oid != 0 {
		return row
	}
	if row != nil {
		*oid = row.oid
		return row
	}
	*oid = r.nextOID
	r.nextOID++
	return nil
}

func (r *registry) add(oid types.OID, name string, f any) {
	if r.byOID[oid] != nil {
		panic(fmt.Sprintf("functions: %s (oid %d) registered twice", name, oid))
	}
	r.byOID[oid] = f
	r.order = append(r.order, f)
}

// body is what a function computes, without its signature; see Scalar. A body
// with both Kernel and Eval is also fast for single values.
type body struct {
	Kernel      Kernel
	Eval        func(c *Context, args []types.Datum) (types.Datum, error)
	EvalTyped   func(c *Context, t Signature, args []types.Datum) (types.Datum, error)
	KernelTyped func(c *Context, t Signature, args []Value, n int) (arrowArray, error)
	Resolve     func(args []types.Type) types.Type
}

// behind gives b to the functions behind PostgreSQL's operators and casts that
// are written in C as src; signature, strictness and volatility are pg_proc's.
// It returns the first one.
func behind(src string, b body) *Scalar {
	var first *Scalar
	x := procs()
	for _, p := range x.bySource[src] {
		if !x.internal[p.oid] {
			continue
		}
		s := register(p.scalar(b))
		if first == nil {
			first = s
		}
	}
	if first == nil {
		panic("functions: no operator or cast uses " + src)
	}
	return first
}

func (p *pgProc) scalar(b body) Scalar {
	return Scalar{
		OID: p.oid, Name: p.name, Args: typesOf(p.args), Returns: types.Of(p.returns),
		Variadic: p.variadic != 0, Defaults: p.defaults, Strict: p.strict, Volatility: p.volatility, Hidden: true,
		Kernel: b.Kernel, Eval: b.Eval, EvalTyped: b.EvalTyped, KernelTyped: b.KernelTyped, Resolve: b.Resolve,
	}
}

// complete adds PostgreSQL's operators and casts whose functions are there.
var complete = sync.OnceFunc(func() {
	for i := range pgOperators {
		o := &pgOperators[i]
		fn, ok := reg.byOID[o.code].(*Scalar)
		if !ok {
			continue
		}
		register(Operator{
			OID: o.oid, Name: o.name, Left: o.left, Right: o.right, Fn: fn,
			Commutator: o.commutator, Negator: o.negator,
		})
	}
	for i := range pgCasts {
		addPgCast(&pgCasts[i])
	}
})

// Scalars returns the scalar functions of a lower-case name without schema.
func Scalars(name string) []*Scalar { return reg.scalars[name] }

// Aggregates returns the aggregates of a name.
func Aggregates(name string) []*Aggregate { return reg.aggregates[name] }

// TableFuncs returns the set-returning functions of a name.
func TableFuncs(name string) []*TableFunc { return reg.tableFuncs[name] }

// Operators returns the operators of a name.
func Operators(name string) []*Operator {
	complete()
	return reg.operators[name]
}

// OperatorFor returns the operator with exactly these operand types (left is 0
// for prefix operators), nil if there is none.
func OperatorFor(name string, left, right types.OID) *Operator {
	for _, o := range Operators(name) {
		if o.Left == left && o.Right == right {
			return o
		}
	}
	return nil
}

// ByOID returns the *Scalar, *Aggregate or *TableFunc of a pg_proc.oid, nil if there is none.
func ByOID(oid types.OID) any { return reg.byOID[oid] }

// All yields every *Scalar, *Aggregate, *TableFunc, *Operator and *Cast.
func All() iter.Seq[any] {
	return func(yield func(any) bool) {
		complete()
		for _, f := range reg.order {
			if !yield(f) {
				return
			}
		}
		for i := range pgOperators {
			for _, o := range reg.operators[pgOperators[i].name] {
				if o.OID == pgOperators[i].oid && !yield(o) {
					return
				}
			}
		}
		for i := range pgCasts {
			if c := reg.casts[[2]types.OID{pgCasts[i].from, pgCasts[i].to}]; c != nil && !yield(c) {
				return
			}
		}
	}
}
