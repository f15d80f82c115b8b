package expr

import (
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// truth is a batch of three-valued booleans as two bitmaps: which rows are
// true and which are false; the rest is NULL.
//
// Invariant: bits from n on are 0, and no row is both.
type truth struct {
	t, f []byte
	n    int
}

func newTruth(n int) truth {
	size := int(bitutil.BytesForBits(int64(n)))
	buf := make([]byte, 2*size)
	return truth{t: buf[:size:size], f: buf[size:], n: n}
}

// fill sets all rows to a value.
func (x *truth) fill(d types.Datum) {
	if d.IsNull() {
		return
	}
	dst := x.f
	if d.Bool() {
		dst = x.t
	}
	for i := range dst {
		dst[i] = 0xff
	}
	maskTail(dst, x.n)
}

func maskTail(b []byte, n int) {
	if n&7 != 0 {
		b[n>>3] &= 1<<(n&7) - 1
	}
}

// truthOf reads a boolean value of n rows.
func truthOf(v functions.Value, n int) truth {
	x := newTruth(n)
	if n == 0 {
		return x
	}
	if v.Const {
		x.fill(types.DatumAt(v.Array, 0))
		return x
	}
	a, ok := v.Array.(*array.Boolean)
	if !ok { // untyped NULLs
		return x
	}
	d := a.Data()
	copyBits(x.t, d.Buffers()[1].Bytes(), d.Offset(), n)
	if a.NullN() == 0 {
		for i := range x.f {
			x.f[i] = ^x.t[i]
		}
	} else {
		copyBits(x.f, d.Buffers()[0].Bytes(), d.Offset(), n)
		for i, valid := range x.f {
			t := x.t[i]
			x.t[i], x.f[i] = t&valid, valid&^t
		}
	}
	maskTail(x.t, n)
	maskTail(x.f, n)
	return x
}

func copyBits(dst, src []byte, offset, n int) {
	if offset&7 == 0 {
		copy(dst, src[offset>>3:])
		return
	}
	bitutil.CopyBitmap(src, offset, n, dst, 0)
}

// array makes the Arrow form.
func (x *truth) array(c *functions.Context) arrow.Array {
	size := len(x.t)
	values := memory.NewResizableBuffer(c.Alloc)
	values.Resize(size)
	copy(values.Bytes(), x.t)
	var valid *memory.Buffer
	nulls := x.n - popcount(x.t) - popcount(x.f)
	if nulls > 0 {
		valid = memory.NewResizableBuffer(c.Alloc)
		valid.Resize(size)
		b := valid.Bytes()
		for i := range b {
			b[i] = x.t[i] | x.f[i]
		}
		defer valid.Release()
	}
	defer values.Release()
	d := array.NewData(arrow.FixedWidthTypes.Boolean, x.n, []*memory.Buffer{valid, values}, nil, nulls, 0)
	defer d.Release()
	return array.NewBooleanData(d)
}

func popcount(b []byte) int {
	total := 0
	for _, x := range b {
		total += bits.OnesCount8(x)
	}
	return total
}

// positions appends the rows whose bit is clear.
func clearRows(b []byte, n int, dst []int32) []int32 {
	for k, w := range b {
		w = ^w
		if k == n>>3 {
			w &= 1<<(n&7) - 1
		}
		for ; w != 0; w &= w - 1 {
			dst = append(dst, int32(k<<3+bits.TrailingZeros8(w)))
		}
	}
	return dst
}

// unaryBool maps a three-valued boolean.
type unaryBool struct {
	arg Evaluator
	fn  func(x *truth)
}

func compileUnaryBool(arg Expr, fn func(x *truth)) (Evaluator, error) {
	ev, err := Compile(arg)
	if err != nil {
		return nil, err
	}
	return &unaryBool{arg: ev, fn: fn}, nil
}

func (e *unaryBool) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	v, err := e.arg.Eval(c, cols, n)
	if err != nil {
		return functions.Value{}, err
	}
	defer v.Array.Release()
	if v.Const {
		n = 1
	}
	x := truthOf(v, n)
	e.fn(&x)
	return functions.Value{Array: x.array(c), Const: v.Const}, nil
}

func notBits(x *truth) { x.t, x.f = x.f, x.t }

func compileBoolTest(e *BoolTest) (Evaluator, error) {
	return compileUnaryBool(e.Arg, func(x *truth) {
		switch {
		case e.Want.IsNull():
			for i := range x.t {
				x.f[i] |= x.t[i]
				x.t[i] = ^x.f[i]
			}
			maskTail(x.t, x.n)
		case e.Want.Bool():
			for i := range x.t {
				x.f[i] = ^x.t[i]
			}
			maskTail(x.f, x.n)
		default:
			for i := range x.t {
				x.t[i] = x.f[i]
				x.f[i] = ^x.t[i]
			}
			maskTail(x.f, x.n)
		}
		if e.Not {
			notBits(x)
		}
	})
}

type isNullEval struct {
	arg Evaluator
	not bool
	// record says that the argument is a row: NULL when all fields are, NOT NULL when none is.
	record bool
}

func compileIsNull(e *IsNull) (Evaluator, error) {
	arg, err := Compile(e.Arg)
	if err != nil {
		return nil, err
	}
	return &isNullEval{arg: arg, not: e.Not, record: e.Row}, nil
}

func (e *isNullEval) Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	v, err := e.arg.Eval(c, cols, n)
	if err != nil {
		return functions.Value{}, err
	}
	defer v.Array.Release()
	if v.Const {
		n = 1
	}
	x := newTruth(n)
	for i := range n {
		var is bool
		if e.record {
			is = recordIsNull(types.DatumAt(v.Array, i), e.not)
		} else {
			is = v.Array.IsNull(i) != e.not
		}
		if is {
			x.t[i>>3] |= 1 << (i & 7)
		} else {
			x.f[i>>3] |= 1 << (i & 7)
		}
	}
	return functions.Value{Array: x.array(c), Const: v.Const}, nil
}
