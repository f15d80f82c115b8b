package executor_test

import (
	"context"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func openStore(b *testing.B) kv.Store {
	store, err := embedded.Open(context.Background(), embedded.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	return store
}

func rowKeyOf(dst []byte, t *catalog.Table, id int64) []byte {
	return rowstore.RowKey(dst, t, rowstore.IntHandle(nil, id))
}

func bulkItems(b *testing.B, f *fixture, t *catalog.Table, n int) {
	bulk, err := f.store.Bulk(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	defer bulk.Close()
	w := rowstore.NewBulkWriter(bulk, t)
	row := make([]types.Datum, len(t.Columns))
	for i := range n {
		row[0], row[2], row[3] = types.NewInt4(int32(i)), types.NewString("a name of some length"), types.NewInt4(int32(i))
		r := rowstore.Row{Values: row}
		h, err := w.HandleOf(r)
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Insert(r, h); err != nil {
			b.Fatal(err)
		}
	}
	if err := bulk.Flush(); err != nil {
		b.Fatal(err)
	}
}

// memorySource yields the same batch again and again.
type memorySource struct {
	plan.Base
	batch arrow.RecordBatch
	times int
}

func (m *memorySource) Open(*executor.Env) (executor.Operator, error) {
	return &memoryOperator{source: m}, nil
}

type memoryOperator struct {
	source *memorySource
	at     int
}

func (o *memoryOperator) Schema() *arrow.Schema { return o.source.batch.Schema() }
func (o *memoryOperator) Close() error          { return nil }

func (o *memoryOperator) Next(context.Context) (arrow.RecordBatch, error) {
	if o.at == o.source.times {
		return nil, io.EOF
	}
	o.at++
	o.source.batch.Retain()
	return o.source.batch, nil
}

// numbers are batches of (k int4, v int4, s text) with k in [0, keys).
func numbers(times, keys int) *memorySource {
	ids := array.NewInt32Builder(memory.DefaultAllocator)
	vals := array.NewInt32Builder(memory.DefaultAllocator)
	text := array.NewStringBuilder(memory.DefaultAllocator)
	x := uint32(1)
	for range executor.BatchRows {
		x = x*1664525 + 1013904223
		ids.Append(int32(x>>8) % int32(keys))
		vals.Append(int32(x >> 4 & 0xffff))
		text.Append([]string{"alpha", "beta", "gamma", "delta"}[x>>20&3])
	}
	base := Cols("k int4, v int4, s text")
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "k", Type: arrow.PrimitiveTypes.Int32}, {Name: "v", Type: arrow.PrimitiveTypes.Int32}, {Name: "s", Type: arrow.BinaryTypes.String},
	}, nil)
	batch := array.NewRecordBatch(schema, []arrow.Array{ids.NewArray(), vals.NewArray(), text.NewArray()}, executor.BatchRows)
	return &memorySource{Base: base, batch: batch, times: times}
}

func batchSize(batch arrow.RecordBatch) int64 {
	n := int64(0)
	for _, c := range batch.Columns() {
		n += int64(c.Data().SizeInBytes())
	}
	return n
}

// sourceBytes is what the sources of a plan yield.
func sourceBytes(n plan.Node) int64 {
	sum := int64(0)
	switch s := n.(type) {
	case *memorySource:
		return int64(s.times) * batchSize(s.batch)
	case *batchSource:
		for _, batch := range s.batches {
			sum += batchSize(batch)
		}
		return sum
	}
	for _, c := range n.Inputs() {
		sum += sourceBytes(c)
	}
	return sum
}

func benchPlan(b *testing.B, rows int, n plan.Node) {
	b.ReportAllocs()
	b.SetBytes(sourceBytes(n))
	for b.Loop() {
		op, err := executor.Build(NewEnv(memory.NewGoAllocator()), n)
		if err != nil {
			b.Fatal(err)
		}
		for {
			batch, err := op.Next(context.Background())
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			batch.Release()
		}
		op.Close()
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkFilter(b *testing.B) {
	in := numbers(64, 1000)
	benchPlan(b, 64*executor.BatchRows, &plan.Filter{Base: in.Base, Input: in, Cond: Op(Col(in, 0), "<", Int4(300))})
}

func BenchmarkHashJoin(b *testing.B) {
	probe, build := numbers(64, 100_000), numbers(4, 100_000)
	benchPlan(b, 64*executor.BatchRows, &plan.HashJoin{
		Base: Cols("", probe, build), Left: probe, Right: build, LeftKeys: []expr.Expr{Col(probe, 0)}, RightKeys: []expr.Expr{Col(build, 0)},
	})
}

func BenchmarkAggregate(b *testing.B) {
	in := numbers(64, 1000)
	aggs := []plan.AggCall{Agg("count"), Agg("sum", Col(in, 1))}
	for name, key := range map[string]int{"int": 0, "text": 2} {
		b.Run(name, func(b *testing.B) {
			benchPlan(b, 64*executor.BatchRows, &plan.Aggregate{Base: Cols("k " + []string{"int4", "", "text"}[key] + ", c int8, s int8"), Input: in, Keys: []expr.Expr{Col(in, key)}, Aggs: aggs})
		})
	}
}

func BenchmarkSort(b *testing.B) {
	in := numbers(64, 1_000_000)
	benchPlan(b, 64*executor.BatchRows, &plan.Sort{Base: in.Base, Input: in, Keys: []expr.SortKey{{Expr: Col(in, 1)}}})
}

func BenchmarkTopN(b *testing.B) {
	in := numbers(64, 1_000_000)
	benchPlan(b, 64*executor.BatchRows, &plan.Sort{Base: in.Base, Input: in, Keys: []expr.SortKey{{Expr: Col(in, 1)}}, TopCount: Int(10)})
}

// BenchmarkInserter is COPY's path: batches of ascending keys.
func BenchmarkInserter(b *testing.B) {
	store, tab := openStore(b), items(true)
	tab.Indexes = tab.Indexes[:1]
	f := &fixture{store: store}
	next := 0
	rows := 0
	b.ReportAllocs()
	for b.Loop() {
		txn, err := store.Begin(context.Background(), kv.TxnOptions{})
		if err != nil {
			b.Fatal(err)
		}
		ins, err := executor.NewInserter(f.env(memory.NewGoAllocator(), txn), insertItems(tab, nil))
		if err != nil {
			b.Fatal(err)
		}
		for range 8 {
			batch := itemBatch(next, executor.BatchRows)
			next += executor.BatchRows
			rows += executor.BatchRows
			if err := ins.Insert(context.Background(), batch); err != nil {
				b.Fatal(err)
			}
			batch.Release()
		}
		ins.Close()
		if _, err := txn.Commit(context.Background(), false); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

func itemBatch(first, n int) arrow.RecordBatch {
	ids := array.NewInt32Builder(memory.DefaultAllocator)
	vals := array.NewInt32Builder(memory.DefaultAllocator)
	text := array.NewStringBuilder(memory.DefaultAllocator)
	for i := range n {
		ids.Append(int32(first + i))
		vals.Append(int32(i + 1))
		text.Append("a name of some length")
	}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int32}, {Name: "name", Type: arrow.BinaryTypes.String}, {Name: "n", Type: arrow.PrimitiveTypes.Int32},
	}, nil)
	return array.NewRecordBatch(schema, []arrow.Array{ids.NewArray(), text.NewArray(), vals.NewArray()}, int64(n))
}
