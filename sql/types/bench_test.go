package types

import "testing"

var benchCases = []struct{ name, typ, in string }{
	{"int4", "int4", "123456789"},
	{"int8", "int8", "-1234567890123"},
	{"text", "text", "the quick brown fox"},
	{"float8", "float8", "12345.678901"},
	{"numeric", "numeric", "12345.6789"},
	{"numeric_big", "numeric", "123456789012345678901234567890.123456789"},
	{"date", "date", "2024-02-29"},
	{"timestamp", "timestamp", "2024-02-29 12:34:56.789"},
	{"timestamptz", "timestamptz", "2024-02-29 12:34:56.789+01"},
	{"interval", "interval", "1 day 02:03:04"},
	{"uuid", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	{"int4_array", "int4[]", "{1,2,3,4,5,6,7,8}"},
	{"jsonb", "jsonb", `{"a": 1, "b": [1, 2, {"c": null}]}`},
}

func benchIO(b *testing.B) *IO {
	loc, _, ok := LoadZone("Europe/Berlin")
	if !ok {
		b.Fatal("no zone")
	}
	io := DefaultIO()
	io.TimeZone = loc
	return io
}

func BenchmarkParse(b *testing.B) {
	for _, c := range benchCases {
		b.Run(c.name, func(b *testing.B) {
			io := benchIO(b)
			typ, _ := ParseTypeName(c.typ, nil)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(typ, c.in, io); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func benchAppend(b *testing.B, f func([]byte, Type, Datum, *IO) []byte) {
	for _, c := range benchCases {
		b.Run(c.name, func(b *testing.B) {
			io := benchIO(b)
			typ, _ := ParseTypeName(c.typ, nil)
			d, err := Parse(typ, c.in, io)
			if err != nil {
				b.Fatal(err)
			}
			buf := make([]byte, 0, 256)
			b.ReportAllocs()
			for b.Loop() {
				buf = f(buf[:0], typ, d, io)
			}
		})
	}
}

func BenchmarkAppendText(b *testing.B)   { benchAppend(b, AppendText) }
func BenchmarkAppendBinary(b *testing.B) { benchAppend(b, AppendBinary) }

func BenchmarkNumeric(b *testing.B) {
	x, y := NewDecimal(123456789, 4), NewDecimal(-98765, 2)
	run := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
	run("add", func() { x, _ = NewDecimal(123456789, 4).Add(y) })
	run("mul", func() { x, _ = NewDecimal(123456789, 4).Mul(y) })
	run("div", func() { x, _ = NewDecimal(123456789, 4).Div(y) })
	run("cmp", func() { x.Cmp(y) })
	run("round", func() { x = NewDecimal(123456789, 4).Round(2) })
	var s DecimalSum
	run("sum", func() { s.Add(y) })
	enc := string(y.AppendEncode(nil))
	run("decode_cmp_hash", func() { DecodeNumeric(enc).Hash(1) })
}

func BenchmarkCompare(b *testing.B) {
	for _, c := range benchCases {
		b.Run(c.name, func(b *testing.B) {
			typ, _ := ParseTypeName(c.typ, nil)
			d, _ := Parse(typ, c.in, nil)
			e := d.Clone()
			b.ReportAllocs()
			for b.Loop() {
				Compare(typ, d, e)
			}
		})
	}
}
