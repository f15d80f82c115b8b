package executor

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore"
)

// TestPushedLookupSort puts answers of several regions, some rows of which were
// filtered out there, into the order of an index's entries.
func TestPushedLookupSort(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	result := []arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true}}
	l := &pushedLookup{env: &Env{Alloc: alloc}, schema: arrow.NewSchema(result, nil)}
	l.spec.Schema = arrow.NewSchema(append(result, arrow.Field{Name: "handle", Type: arrow.PrimitiveTypes.Int64}), nil)
	answer := func(values []string, handles []int64) {
		b := array.NewRecordBuilder(alloc, l.spec.Schema)
		defer b.Release()
		b.Field(0).(*array.StringBuilder).AppendValues(values, nil)
		b.Field(1).(*array.Int64Builder).AppendValues(handles, nil)
		l.window = append(l.window, b.NewRecordBatch())
	}
	answer([]string{"a", "b"}, []int64{-5, 1})
	answer([]string{"c"}, []int64{7})
	var keys []kv.Key
	for _, h := range []int64{7, 3, -5, 2, 1} {
		keys = append(keys, rowstore.IntHandle(rowstore.TableSpan(&catalog.Table{Storage: 9}).Start, h))
	}
	if err := l.sort(keys); err != nil {
		t.Fatal(err)
	}
	defer l.drop()
	if len(l.window) != 1 || l.window[0].NumCols() != 1 {
		t.Fatalf("%d batches", len(l.window))
	}
	if got := l.window[0].Column(0).String(); got != `["c" "a" "b"]` {
		t.Errorf("got %s", got)
	}
}
