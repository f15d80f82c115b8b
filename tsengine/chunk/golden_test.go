package chunk

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/cockroachdb/datadriven"
)

// TestGolden keeps the bytes of each encoding: what was written once is read
// for ever. A line `encode name rows` writes one of the test columns; `decode`
// reads bytes that an older build wrote.
func TestGolden(t *testing.T) {
	datadriven.RunTest(t, "testdata/chunks", func(t *testing.T, d *datadriven.TestData) string {
		alloc := memory.DefaultAllocator
		var name string
		var rows int
		d.ScanArgs(t, "column", &name)
		d.ScanArgs(t, "rows", &rows)
		for _, c := range columns(alloc, rows) {
			if strings.ReplaceAll(c.name, " ", "_") != name {
				continue
			}
			switch d.Cmd {
			case "encode":
				b, err := Append(nil, c.a, Options{})
				if err != nil {
					return err.Error()
				}
				info, err := Describe(b)
				if err != nil {
					return err.Error()
				}
				return fmt.Sprintf("%s, %d bytes\n%s", info.Encoding, len(b), hex.Dump(b))
			case "decode":
				b, err := hex.DecodeString(strings.Join(strings.Fields(d.Input), ""))
				if err != nil {
					return err.Error()
				}
				a, err := Decode(alloc, c.a.DataType(), b)
				if err != nil {
					return err.Error()
				}
				defer a.Release()
				same(t, c.a, a)
				return "as the column"
			}
		}
		return "no such column or command"
	})
}
