package functions

import (
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// lengthBody counts something of each value without making strings of them.
func lengthBody(count func(b []byte) int) body {
	kernel := func(c *Context, args []Value, n int) (arrow.Array, error) {
		m, all := strictNulls(c, n, args[0])
		if all {
			return NullArray(c, types.PhysInt32, n), nil
		}
		offsets, data := bytesOf(args[0].Array)
		out := newOutput[int32](c, n)
		for i := range out.vals {
			out.vals[i] = int32(count(data[offsets[i]:offsets[i+1]]))
		}
		return out.finish(c, m)
	}
	return body{Kernel: kernel, Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
		return types.NewInt4(int32(count(d[0].Bytes()))), nil
	}}
}

func byteLength(b []byte) int { return len(b) }

var (
	_ = define("length(text) char_length(text) character_length(text)", "The number of characters.", lengthBody(utf8.RuneCount),
		ex("length('jose')", "4"), ex("char_length('ærø')", "3"))
	_ = define("length(bpchar) char_length(bpchar) character_length(bpchar)", "The number of characters without the padding.",
		fn1(func(s string) int32 { return int32(utf8.RuneCountInString(strings.TrimRight(s, " "))) }), ex("length('ab  '::char(10))", "2"))
	_ = define("length(bytea) octet_length(bytea)", "The number of bytes.", lengthBody(byteLength), ex(`length('\x1234567890'::bytea)`, "5"))
	_ = define("octet_length(text)", "The number of bytes.", lengthBody(byteLength), ex("octet_length('ærø')", "5"))
	_ = define("octet_length(bpchar)", "The number of bytes with the padding.", lengthBody(byteLength), ex("octet_length('abc'::char(5))", "5"))
	_ = define("bit_length(text) bit_length(bytea)", "The number of bits, eight times the bytes.",
		lengthBody(func(b []byte) int { return 8 * len(b) }), ex("bit_length('jose')", "32"))
)
