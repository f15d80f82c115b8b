package executor

import (
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestLateBatch: rows that are not copied are those of a copy, whatever is asked for in
// which order, after their buffer was cleared, and cut, picked and projected.
func TestLateBatch(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer alloc.AssertSize(t, 0)
	env := &Env{Alloc: alloc}
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "s", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	b := newRowBuffer(env, schema)
	var refs []rowRef
	for k := range 2 {
		n, s := array.NewInt64Builder(alloc), array.NewStringBuilder(alloc)
		for i := range lateShare {
			n.Append(int64(100*k + i))
			if s.Append(fmt.Sprint("s", k, i)); i == 3 {
				s.AppendNull()
				n.AppendNull()
			}
			refs = append(refs, refOf(1-k, lateShare-1-i))
		}
		cols := []arrow.Array{n.NewArray(), s.NewArray()}
		b.keep(newBatch(schema, cols, cols[0].Len()))
		n.Release()
		s.Release()
	}
	if b.late(schema, refs[:2*lateShare-1]) != nil {
		t.Error("a few rows of many chunks are not copied")
	}
	want, err := b.gather(refs)
	if err != nil {
		t.Fatal(err)
	}
	defer want.Release()
	b.columns[1][1] = types.NewCoded(0, nil, 0, newBuffer(alloc, 0), b.columns[1][0].Data())
	if b.late(schema, refs) != nil {
		t.Error("strings that are coded in some chunks are not copied")
	}
	b.columns[1][1].Release()
	b.columns[1][1] = b.chunks[1].Column(1)
	late := b.late(schema, refs)
	b.clear()
	same := func(name string, got arrow.RecordBatch, want arrow.RecordBatch) {
		t.Helper()
		if !array.RecordEqual(got, want) || !got.Schema().Equal(want.Schema()) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	for i := range refs {
		chunk, row := late.Place(i)
		if got, want := late.ChunkColumn(chunk, 0).(*array.Int64).Value(row), want.Column(0).(*array.Int64).Value(i); got != want {
			t.Errorf("row %d is %d, want %d", i, got, want)
		}
	}
	if got := late.Column(1); !array.Equal(got, want.Column(1)) {
		t.Errorf("column 1: got %v, want %v", got, want.Column(1))
	}
	cut, wantCut := late.NewSlice(2, 7), want.NewSlice(2, 7)
	same("cut", cut, wantCut)
	wantCut.Release()
	cut.Release()
	rows := []int32{0, 4, 9}
	picked, wantPicked := late.take(rows), pickCopy(t, env, want, rows)
	same("picked", picked, wantPicked)
	wantPicked.Release()
	picked.Release()
	swapped := arrow.NewSchema([]arrow.Field{schema.Field(1), schema.Field(0), schema.Field(1)}, nil)
	projected, wantProjected := late.project(swapped, []int{1, 0, 1}), newBatchOf(swapped, want.Column(1), want.Column(0), want.Column(1))
	same("projected", projected, wantProjected)
	wantProjected.Release()
	projected.Release()
	late.Retain()
	late.Release()
	same("all", late, want)
	chunk, row := late.Place(5)
	if got, want := late.ChunkColumn(chunk, 0).(*array.Int64).Value(row), want.Column(0).(*array.Int64).Value(5); late.Chunks() != 1 || got != want {
		t.Errorf("row 5 is %d of %d chunks when all were asked for, want %d of 1", got, late.Chunks(), want)
	}
	cut, wantCut = late.NewSlice(2, 7), want.NewSlice(2, 7)
	same("cut of all", cut, wantCut)
	wantCut.Release()
	cut.Release()
	late.Release()
}

func pickCopy(t *testing.T, env *Env, b arrow.RecordBatch, rows []int32) arrow.RecordBatch {
	out, err := takeBatch(env.Alloc, b, rows)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func newBatchOf(schema *arrow.Schema, cols ...arrow.Array) arrow.RecordBatch {
	return array.NewRecordBatch(schema, cols, int64(cols[0].Len()))
}
