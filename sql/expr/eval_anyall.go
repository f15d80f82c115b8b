package expr

import (
	"strings"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// anyAllEval is left op ANY/ALL (array). A constant array (also a parameter)
// is unpacked once: into a set for = ANY and <> ALL of many values, else into
// one comparison for each element.
type anyAllEval struct {
	left, array Evaluator
	fn          *functions.Scalar
	sig         functions.Signature
	all         bool
	settable    bool // = ANY or <> ALL between types that one set can hold
	last        atomic.Pointer[unpackedArray]
}

// unpackedArray is a constant array made ready.
type unpackedArray struct {
	source string
	set    *valueSet
	elems  []arrow.Array // arrays of one value, Go memory
}

func compileAnyAll(e *AnyAll) (Evaluator, error) {
	left, err := Compile(e.Left)
	if err != nil {
		return nil, err
	}
	arr, err := Compile(e.Array)
	if err != nil {
		return nil, err
	}
	elem := e.Array.Type().Elem()
	return &anyAllEval{
		left: left, array: arr, fn: e.Fn, sig: boolSignature(e.Left, elem), all: e.All,
		settable: (e.Op == "=" && !e.All || e.Op == "<>" && e.All) && setComparable(e.Left.Type(), elem),
	}, nil
}

func (e *anyAllEval) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	var vals [2]functions.Value
	if err := evalAll(c, []Evaluator{e.left, e.array}, cols, n, vals[:]); err != nil {
		return functions.Value{}, err
	}
	defer functions.ReleaseAll(vals[:])
	left, arr := vals[0], vals[1]
	constant := left.Const && arr.Const && n > 0
	if constant {
		n = 1
	}
	var x truth
	var err error
	switch {
	case !arr.Const:
		x, err = e.byRow(c, left, arr, n)
	case arr.Array.IsNull(0):
		x = newTruth(n)
	default:
		x, err = e.byElement(c, left, e.unpack(types.DatumAt(arr.Array, 0)), n)
	}
	if err != nil {
		return functions.Value{}, err
	}
	return functions.Value{Array: x.array(c), Const: constant}, nil
}

func (e *anyAllEval) unpack(d types.Datum) *unpackedArray {
	if u := e.last.Load(); u != nil && u.source == d.S {
		return u
	}
	u := &unpackedArray{source: strings.Clone(d.S)}
	elems := types.DecodeArray(u.source).Elements()
	if e.settable && len(elems) >= setThreshold {
		u.set = newValueSet(e.sig.Args[0], elems)
	} else {
		c := &functions.Context{Alloc: memory.DefaultAllocator}
		for _, x := range elems {
			u.elems = append(u.elems, functions.DatumArray(c, e.sig.Args[1].Phys(), x))
		}
	}
	e.last.Store(u)
	return u
}

func (e *anyAllEval) byElement(c *functions.Context, left functions.Value, u *unpackedArray, n int) (truth, error) {
	if u.set != nil {
		if left.Const {
			x := u.set.lookup(left.Array, 1)
			d := types.Null
			if x.t[0]&1 == 1 {
				d = types.NewBool(true)
			} else if x.f[0]&1 == 1 {
				d = types.NewBool(false)
			}
			x = newTruth(n)
			x.fill(d)
			return e.negateAll(x), nil
		}
		return e.negateAll(u.set.lookup(left.Array, n)), nil
	}
	acc := newTruth(n)
	acc.fill(types.NewBool(e.all))
	for _, elem := range u.elems {
		v, err := runFunction(c, e.fn, e.sig, []functions.Value{left, {Array: elem, Const: true}}, n)
		if err != nil {
			return acc, err
		}
		x := truthOf(v, n)
		v.Array.Release()
		acc.combine(&x, !e.all)
	}
	return acc, nil
}

func (e *anyAllEval) negateAll(x truth) truth {
	if e.all {
		notBits(&x)
	}
	return x
}

func (e *anyAllEval) byRow(c *functions.Context, left, arr functions.Value, n int) (truth, error) {
	x := newTruth(n)
	for i := range n {
		d, err := anyAllDatum(c, e.fn, e.sig, e.all, datumOf(left, i), datumOf(arr, i))
		if err != nil {
			return x, err
		}
		if !d.IsNull() {
			if d.Bool() {
				x.t[i>>3] |= 1 << (i & 7)
			} else {
				x.f[i>>3] |= 1 << (i & 7)
			}
		}
	}
	return x, nil
}

func anyAllDatum(c *functions.Context, fn *functions.Scalar, sig functions.Signature, all bool, left, arr types.Datum) (types.Datum, error) {
	if arr.IsNull() {
		return types.Null, nil
	}
	q := quantified{fn: fn, all: all}
	for _, elem := range arr.Array().All() {
		done, err := q.add(c, sig, left, elem)
		if err != nil {
			return types.Null, err
		}
		if done {
			break
		}
	}
	return q.result(), nil
}

func anyAllRow(c *functions.Context, e *AnyAll, row []types.Datum) (types.Datum, error) {
	ds, err := evalRowAll(c, []Expr{e.Left, e.Array}, row)
	if err != nil {
		return types.Null, err
	}
	return anyAllDatum(c, e.Fn, boolSignature(e.Left, e.Array.Type().Elem()), e.All, ds[0], ds[1])
}
