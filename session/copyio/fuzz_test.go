package copyio

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// fuzzDecoder feeds arbitrary bytes to a format: rows or an error of the
// client's come out, never a panic, and no memory stays.
func fuzzDecoder(f *testing.F, opts Options, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	cols := []Column{
		{Name: "a", Type: types.Of(types.Int4)},
		{Name: "b", Type: types.Of(types.Text)},
		{Name: "c", Type: types.Of(types.Numeric)},
		{Name: "d", Type: types.Of(types.Timestamptz)},
	}
	tio := types.DefaultIO()
	f.Fuzz(func(t *testing.T, data []byte) {
		alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
		defer alloc.AssertSize(t, 0)
		d := NewDecoder(alloc, bytes.NewReader(data), "t", cols, opts, tio)
		defer d.Release()
		for {
			batch, err := d.Next(3)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				if pgerror.CodeOf(err) == pgerror.InternalError {
					t.Fatal(err)
				}
				return
			}
			if batch.NumCols() != 4 || batch.NumRows() == 0 || batch.NumRows() > 3 {
				t.Fatalf("a batch of %d columns and %d rows", batch.NumCols(), batch.NumRows())
			}
			batch.Release()
		}
	})
}

func FuzzCopyText(f *testing.F) {
	opts, err := ParseOptions(nil, true)
	if err != nil {
		f.Fatal(err)
	}
	fuzzDecoder(f, opts, "1\tx\t1.5\t2024-01-01\n", "\\N\t\\\\\\x41\\101\\b\t\\N\t\\N\n\\.\n", "1\t", "\x00", "1\t\xff\t1\t\\N")
}

func FuzzCopyCSV(f *testing.F) {
	fuzzDecoder(f, Options{Format: CSV, Delimiter: ',', Quote: '"', Escape: '\\'}, "1,x,1.5,2024-01-01\n", "1,\"a\\\"b\nc\",,\n", "\"", "1,\"\\", ",,,\n\\.\n")
}

func FuzzCopyBinary(f *testing.F) {
	head := signature + "\x00\x00\x00\x00\x00\x00\x00\x00"
	fuzzDecoder(f, Options{Format: Binary}, head+"\xff\xff", head+"\x00\x04\x00\x00\x00\x04\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		head+"\x00\x04\x7f\xff\xff\xff", head+"\x00\x01", signature, head+"\x00\x04\x00\x00\x00\x04\x00\x00\x00\x01\x00\x00\x00\x01x\x00\x00\x00\x08\x00\x01\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff")
}
