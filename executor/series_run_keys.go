package executor

import (
	"context"
	"slices"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// runKey is a key of an aggregation over runs: a column, a bucket of the time
// (functions.Steps), or what is computed of a bucket, once for each run.
type runKey struct {
	column int // of the scan; -1 for a bucket
	bucket func(t int64) (result, lo, hi int64, err error)
	phys   types.Phys // of the bucket
	of     *scalar    // over the bucket as the only column, nil for the bucket itself
	timeBucket
	// known are buckets that were computed, in that order; at is the one in hand.
	known []timeBucket
	at    int
}

// timeBucket is what a bucket function returns for the times lo <= t < hi; for none
// that is known if these are empty.
type timeBucket struct{ start, lo, hi int64 }

func (b *timeBucket) has(t int64) bool { return b.lo <= t && t < b.hi }

// maxKnownBuckets bounds the known buckets of a key.
const maxKnownBuckets = 1024

// enter puts the bucket of a time into hand. Series have mostly the same buckets
// one after another: what follows the one in hand, or the first, is looked at
// before anything is computed.
func (k *runKey) enter(t int64) (err error) {
	if k.has(t) {
		return nil
	}
	next := k.at + 1
	if next >= len(k.known) || !k.known[next].has(t) {
		next = 0
	}
	if len(k.known) > 0 && k.known[next].has(t) {
		k.at, k.timeBucket = next, k.known[next]
		return nil
	}
	if k.start, k.lo, k.hi, err = k.bucket(t); err != nil || !k.has(t) {
		return err
	}
	if len(k.known) == maxKnownBuckets {
		k.known = k.known[:0]
	}
	k.at, k.known = len(k.known), append(k.known, k.timeBucket)
	return nil
}

// key is an expression as a key; ok is false if it is none.
func (r *seriesRuns) key(compile func(expr.Expr) (*scalar, error), e expr.Expr) (k runKey, ok bool, err error) {
	if o, is := e.(*expr.Ordinal); is {
		return runKey{column: o.Index}, r.stored(o.Index) && slices.Contains(r.scan.layout.Tags, r.scan.node.Output[o.Index]), nil
	}
	k.column = -1
	var bucket expr.Expr
	column := &expr.Ordinal{} // stands for it
	several := false
	of := expr.Transform(e, func(x expr.Expr) expr.Expr {
		if steps, args := stepsOf(x); steps == nil || !r.isTime(args[steps.Of-1]) {
			return x
		}
		several = several || bucket != nil && !expr.Equal(bucket, x)
		bucket, column.Typ = x, x.Type()
		return column
	})
	if bucket == nil || several || !onlyOf(of, column) {
		return k, false, nil
	}
	k.phys = column.Typ.Phys()
	if k.bucket, err = r.bucketOf(bucket); err != nil || k.bucket == nil {
		return k, false, nil // what is wrong with it the rows will tell
	}
	if of != column {
		k.of, err = compile(of)
	}
	return k, err == nil, err
}

// stepsOf are the steps of a call or cast, nil for none, and its arguments.
func stepsOf(e expr.Expr) (*functions.Steps, []expr.Expr) {
	switch x := e.(type) {
	case *expr.Call:
		if x.Fn != nil && x.Fn.Steps != nil && len(x.Args) >= x.Fn.Steps.Of {
			return x.Fn.Steps, x.Args
		}
	case *expr.Cast:
		if x.Kind == expr.CastFunc && x.Fn != nil && x.Fn.Steps != nil && len(x.Fn.Args) == 1 && x.Domain == 0 {
			return x.Fn.Steps, []expr.Expr{x.Arg}
		}
	}
	return nil, nil
}

// isTime reports whether an expression is the time column.
func (r *seriesRuns) isTime(e expr.Expr) bool {
	o, ok := e.(*expr.Ordinal)
	return ok && o.Index < len(r.scan.node.Output) && r.scan.node.Output[o.Index] == r.scan.layout.Time
}

// onlyOf reports whether an expression is the same for the same value of a column and
// looks at nothing else.
func onlyOf(e expr.Expr, column *expr.Ordinal) bool {
	ok := expr.Volatility(e) != functions.Volatile
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Ordinal:
			ok = ok && x == column
		case *expr.Subplan, *expr.Column:
			ok = false
		}
		return ok
	})
	return ok
}

// bucketOf is the function of the time that a call or cast is, nil if its other
// arguments are not constant.
func (r *seriesRuns) bucketOf(e expr.Expr) (func(t int64) (result, lo, hi int64, err error), error) {
	steps, list := stepsOf(e)
	call, isCall := e.(*expr.Call)
	strict := !isCall || call.Fn.Strict
	args := make([]types.Datum, len(list))
	for i, a := range list {
		if i == steps.Of-1 {
			continue
		}
		switch a.(type) {
		case *expr.Const, *expr.Param:
		default:
			return nil, nil
		}
		var err error
		if args[i], err = r.agg.env.constant(a); err != nil || args[i].IsNull() && strict {
			return nil, err
		}
	}
	return steps.At(r.agg.env.Functions, args)
}

// keyColumns makes the columns of the keys, a row for each run.
func (r *seriesRuns) keyColumns(ctx context.Context) (cols []arrow.Array, err error) {
	cols = make([]arrow.Array, len(r.keys))
	defer func() {
		if err != nil {
			releaseAll(cols)
		}
	}()
	buckets, n := 0, 0
	for i := range r.keys {
		if r.keys[i].bucket != nil {
			buckets++
		}
	}
	for i := range r.keys {
		if r.keys[i].bucket == nil {
			cols[i], err = r.tags(ctx, r.keys[i].column)
		} else {
			cols[i], err = r.bucketColumn(&r.keys[i], n, buckets)
			n++
		}
		if err != nil {
			return nil, err
		}
	}
	return cols, nil
}

// tags are the values of a column at the first rows of the runs; they may be coded.
func (r *seriesRuns) tags(ctx context.Context, column int) (arrow.Array, error) {
	if a, err := r.codedTags(ctx, column); a != nil || err != nil {
		return a, err
	}
	b := array.NewBuilder(r.agg.env.Alloc, r.scan.schema.Field(column).Type)
	defer b.Release()
	from := 0
	for i := range r.parts {
		a, err := r.parts[i].Coded(ctx, r.scan.layout.Column(r.scan.node.Output[column]))
		if err != nil {
			return nil, err
		}
		appendRows(b, a, r.firstRows(from, r.ends[i]))
		from = r.ends[i]
	}
	return b.NewArray(), nil
}

// codedTags is tags of a single part whose column is coded; nil for others.
func (r *seriesRuns) codedTags(ctx context.Context, column int) (arrow.Array, error) {
	if len(r.parts) != 1 || !r.scan.mayBeCoded(column) {
		return nil, nil
	}
	a, err := r.parts[0].Coded(ctx, r.scan.layout.Column(r.scan.node.Output[column]))
	if err != nil || !types.IsCoded(a) {
		return nil, err
	}
	return types.TakeCoded(r.agg.env.Alloc, a, r.firstRows(0, r.ends[0])), nil
}

// firstRows are the first rows of runs.
func (r *seriesRuns) firstRows(from, to int) []int32 {
	r.first = r.first[:0]
	for _, run := range r.ranges[from:to] {
		r.first = append(r.first, run.From)
	}
	return r.first
}

// bucketColumn is the column of the bucket key number n of several.
func (r *seriesRuns) bucketColumn(k *runKey, n, of int) (arrow.Array, error) {
	var buckets arrow.Array
	switch k.phys {
	case types.PhysInt64:
		buckets = everyOf[int64](r.agg.env.Alloc, k.phys, r.values, n, of)
	case types.PhysInt32:
		buckets = everyOf[int32](r.agg.env.Alloc, k.phys, r.values, n, of)
	default:
		buckets = everyOf[int16](r.agg.env.Alloc, k.phys, r.values, n, of)
	}
	if k.of == nil {
		return buckets, nil
	}
	defer buckets.Release()
	return k.of.column(r.agg.env, []arrow.Array{buckets}, len(r.ranges))
}

// everyOf is the column of values n, n+of, n+2*of and so on.
func everyOf[T int16 | int32 | int64](alloc memory.Allocator, phys types.Phys, values []int64, n, of int) arrow.Array {
	rows := len(values) / of
	var zero T
	buf := newBuffer(alloc, rows*int(unsafe.Sizeof(zero)))
	if rows > 0 {
		out := unsafe.Slice((*T)(unsafe.Pointer(&buf.Bytes()[0])), rows)
		for i := range out {
			out[i] = T(values[i*of+n])
		}
	}
	return makeArray(phys.ArrowType(), rows, bitmap{}, buf)
}
