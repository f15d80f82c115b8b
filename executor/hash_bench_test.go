package executor_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/executor"
	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// batchSource yields batches that lie in memory.
type batchSource struct {
	plan.Base
	schema  *arrow.Schema
	batches []arrow.RecordBatch
}

func (s *batchSource) Open(*executor.Env) (executor.Operator, error) {
	return &batchOperator{source: s}, nil
}

type batchOperator struct {
	source *batchSource
	at     int
}

func (o *batchOperator) Schema() *arrow.Schema { return o.source.schema }
func (o *batchOperator) Close() error          { return nil }

func (o *batchOperator) Next(context.Context) (arrow.RecordBatch, error) {
	if o.at == len(o.source.batches) {
		return nil, io.EOF
	}
	b := o.source.batches[o.at]
	o.at++
	b.Retain()
	return b, nil
}

// keyedRows are rows of (i int4, b int8, t text, n numeric, f float8, v int4)
// of which all but f and v are functions of a random key in [0, keys).
func keyedRows(rows, keys int) *batchSource {
	s := &batchSource{Base: Cols("i int4, b int8, t text, n numeric, f float8, v int4")}
	var fields []arrow.Field
	for _, c := range s.Cols {
		fields = append(fields, arrow.Field{Name: c.Name, Type: types.ArrowType(c.Type), Nullable: true})
	}
	s.schema = arrow.NewSchema(fields, nil)
	rng := rand.New(rand.NewPCG(1, 2))
	for at := 0; at < rows; at += executor.BatchRows {
		n := min(executor.BatchRows, rows-at)
		var bs []array.Builder
		for _, c := range s.Cols {
			bs = append(bs, types.NewBuilder(memory.DefaultAllocator, c.Type))
		}
		for range n {
			k := rng.IntN(keys)
			for i, d := range []types.Datum{
				types.NewInt4(int32(k)), types.NewInt8(int64(k) << 20), types.NewString(fmt.Sprintf("customer#%09d", k)),
				types.NewDecimal(int64(k)*100+7, 2).Datum(), types.NewFloat64(rng.Float64()), types.NewInt4(rng.Int32N(1000)),
			} {
				types.AppendDatum(bs[i], d)
			}
		}
		var cols []arrow.Array
		for _, b := range bs {
			cols = append(cols, b.NewArray())
		}
		s.batches = append(s.batches, array.NewRecordBatch(s.schema, cols, int64(n)))
	}
	return s
}

// The limit of the hash operators is memory latency once the table leaves the
// cache (1M keys), and the work of a row in the kernels before that.

func BenchmarkHashAggregate(b *testing.B) {
	const rows = 1 << 20
	for _, keys := range []int{1000, 1 << 20} {
		in := keyedRows(rows, keys)
		for _, c := range []struct {
			name, cols string
			keys       []int
		}{
			{"int", "i int4", []int{0}},
			{"text", "t text", []int{2}},
			{"int,int", "i int4, b int8", []int{0, 1}},
			{"int,text", "i int4, t text", []int{0, 2}},
			{"numeric", "n numeric", []int{3}},
		} {
			b.Run(fmt.Sprintf("keys=%d/%s", keys, c.name), func(b *testing.B) {
				n := &plan.Aggregate{Base: Cols(c.cols + ", c int8, s int8"), Input: in, Aggs: []plan.AggCall{Agg("count"), Agg("sum", Col(in, 5))}}
				for _, k := range c.keys {
					n.Keys = append(n.Keys, Col(in, k))
				}
				benchPlan(b, rows, n)
			})
		}
	}
}

func BenchmarkAggregateKernels(b *testing.B) {
	const rows = 1 << 20
	in := keyedRows(rows, 1000)
	for _, c := range []struct {
		name, result string
		arg          int
	}{
		{"sum", "int8", 0},
		{"sum", "numeric", 1},
		{"sum", "numeric", 3},
		{"sum", "float8", 4},
		{"avg", "numeric", 3},
		{"avg", "float8", 4},
		{"min", "int4", 0},
		{"max", "text", 2},
		{"max", "numeric", 3},
		// Lists: appending to the bytes of a group, a cache miss each of them, and copying
		// the result.
		{"array_agg", "int4[]", 0},
		{"array_agg", "text[]", 2},
	} {
		b.Run(c.name+"/"+in.Cols[c.arg].Name, func(b *testing.B) {
			benchPlan(b, rows, &plan.Aggregate{
				Base: Cols("k int4, r " + c.result), Input: in, Keys: []expr.Expr{Col(in, 0)}, Aggs: []plan.AggCall{Agg(c.name, Col(in, c.arg))},
			})
		})
	}
}

func BenchmarkHashJoinLarge(b *testing.B) {
	const rows = 2_000_000
	for _, key := range []int{0, 2} {
		probe, build := keyedRows(rows, 100_000), keyedRows(100_000, 100_000)
		b.Run(probe.Cols[key].Name, func(b *testing.B) {
			benchPlan(b, rows, &plan.HashJoin{
				Base: Cols("", probe, build), Left: probe, Right: build,
				LeftKeys: []expr.Expr{Col(probe, key)}, RightKeys: []expr.Expr{Col(build, key)},
			})
		})
	}
}

func BenchmarkDistinct(b *testing.B) {
	const rows = 1 << 20
	for _, keys := range []int{1000, 1 << 20} {
		in := keyedRows(rows, keys)
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			p := &plan.Project{Base: Cols("i int4, b int8"), Input: in, Exprs: []expr.Expr{Col(in, 0), Col(in, 1)}}
			benchPlan(b, rows, &plan.Distinct{Base: p.Base, Input: p})
		})
	}
}
