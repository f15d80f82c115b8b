package block

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
)

// BenchmarkPack packs deltas of 4000 groups, of which each has two rows or three in
// a delta, with ten columns of floats: every row lies between those of other deltas.
func BenchmarkPack(b *testing.B) {
	const deltas, perDelta, groups = 40, 8000, 4000
	ctx := context.Background()
	store, err := embedded.Open(ctx, embedded.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	alloc, prefix := memory.NewGoAllocator(), kv.Key("p")
	var columns []Column
	for i := range 10 {
		columns = append(columns, Column{ID: uint32(i), Type: arrow.PrimitiveTypes.Float64})
	}
	columns = append(columns, Column{ID: 10, Type: arrow.BinaryTypes.String})
	begin := func() kv.Txn {
		txn, err := store.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			b.Fatal(err)
		}
		return txn
	}
	rng := rand.New(rand.NewPCG(1, 2))
	txn := begin()
	for d := range deltas {
		var arrays []arrow.Array
		for range 10 {
			fb := array.NewFloat64Builder(alloc)
			for range perDelta {
				fb.Append(float64(rng.IntN(100)))
			}
			arrays = append(arrays, fb.NewArray())
		}
		arrays = append(arrays, array.MakeArrayOfNull(alloc, arrow.BinaryTypes.String, perDelta))
		in := NewInput(columns, arrays)
		rows := make([]Row, perDelta)
		for i := range rows {
			rows[i] = Row{Group: uint64(i / (perDelta / groups)), Position: int64(d*perDelta + i), Input: in, Index: int32(i)}
		}
		o := Order{TS: kv.Timestamp(d + 1), Seq: uint64(d)}
		v, err := BuildDelta(ctx, alloc, columns, rows, o)
		if err == nil {
			err = txn.Put(DeltaKey(prefix, o), v)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if _, err := txn.Commit(ctx, false); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		txn := begin()
		p, err := Pack(ctx, alloc, txn, prefix, PackOptions{Columns: columns, Name: "t", Run: 1})
		if err != nil || p.Rows != deltas*perDelta {
			b.Fatal(p, err)
		}
		txn.Rollback()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(deltas*perDelta), "ns/row")
}
