package copyio

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// A quoted field of many lines took time quadratic in its length.
func TestCSVManyLines(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer alloc.AssertSize(t, 0)
	value := strings.Repeat("a \"\"quoted\"\" line\n", 1_000_000)
	opts := Options{Format: CSV, Delimiter: ',', Quote: '"', Escape: '"'}
	d := NewDecoder(alloc, strings.NewReader("\""+value+"\"\nshort\n"), "t", []Column{{Name: "a", Type: types.Of(types.Text)}}, opts, types.DefaultIO())
	defer d.Release()
	batch, err := d.Next(10)
	if err != nil {
		t.Fatal(err)
	}
	defer batch.Release()
	want := strings.ReplaceAll(value, `""`, `"`)
	col, ok := batch.Column(0).(array.StringLike)
	if !ok || batch.NumRows() != 2 || col.Value(0) != want || col.Value(1) != "short" {
		t.Errorf("%d rows of %T", batch.NumRows(), batch.Column(0))
	}
}
