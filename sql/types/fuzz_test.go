package types

import (
	"strings"
	"testing"
)

// fuzzTypes are the types whose parsers are fuzzed together.
var fuzzTypes = []string{
	"int4", "int8", "float4", "float8", "bool", "text", "varchar(3)", "char(4)", "bytea", "oid", "numeric",
	"date", "time", "timetz", "timestamp", "timestamptz", "interval", "uuid", "json", "jsonb",
	"inet", "cidr", "macaddr", "bit(3)", "varbit", "money", "tid", "pg_lsn", "int4[]", "text[]", "jsonb[]", "oidvector",
	"int4range", "numrange", "daterange", "tsrange", "int4multirange", "nummultirange", "numrange[]",
}

// FuzzParse checks that no input makes a parser panic and that what it prints
// reads back as the same value.
func FuzzParse(f *testing.F) {
	seeds := []string{
		"1", "-1.5e10", "NaN", "infinity", "2000-01-01 10:20:30.5+01", "Jan 1, 99 BC", "1 year -2 mons 3:04:05.6",
		"P1Y2M3DT4H5M6.7S", "P0001-02-03T04:05:06", `{"a":[1,"é\u00e9",null]}`, `[2:3]={"a b",NULL}`, "{{1,2},{3,4}}",
		`\xdeadbeef`, `a\\b\001`, "10.0.0.0/8", "::1", "08:00:2b:01:02:03", "x1f", "($1,234.56)", "(1,2)", "16/B374D848",
		"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "J2451187.5", "20011225T040506.789-07", "04:05:06 PST", "1-2 3 4:5:6", "now", "1e-16383", `["1",2)`, "{[1,2],empty,(4,)}",
	}
	for i := range fuzzTypes {
		for _, s := range seeds {
			f.Add(uint8(i), s)
		}
	}
	types := make([]Type, len(fuzzTypes))
	for i, name := range fuzzTypes {
		var err error
		if types[i], err = ParseTypeName(name, nil); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, s string) {
		typ := types[int(which)%len(types)]
		d, err := Parse(typ, s, nil)
		if err != nil {
			return
		}
		text := TextOf(typ, d, nil)
		if len(text) > 1<<16 {
			return // numerics of 131072 digits are slow to compare
		}
		back, err := Parse(typ, text, nil)
		// A "char" of a NUL byte and an array's bare text excepted, every
		// printed value reads back.
		if err != nil || Compare(typ, d, back) != 0 {
			t.Fatalf("%s %q: printed %q reads back as %q, %v", Format(typ), s, text, TextOf(typ, back, nil), err)
		}
		if Hash(typ, d, 1) != Hash(typ, back, 1) {
			t.Fatalf("%s %q: hash changed", Format(typ), s)
		}
		bin := AppendBinary(nil, typ, d, nil)
		if back, err = ParseBinary(typ, bin, nil); err != nil || Compare(typ, d, back) != 0 {
			t.Fatalf("%s %q: binary: %v", Format(typ), s, err)
		}
		for _, style := range []string{"postgres_verbose", "sql_standard", "iso_8601"} {
			if typ.OID == Interval {
				io := &IO{IntervalStyle: style, ExtraFloatDigits: 1}
				text := TextOf(typ, d, io)
				if back, err = Parse(typ, text, io); err != nil || d != back {
					t.Fatalf("%s %q: printed %q: %v", style, s, text, err)
				}
			}
		}
	})
}

// FuzzParseBinary checks that no bytes make a receive function panic and that
// accepted values print and compare.
func FuzzParseBinary(f *testing.F) {
	var types []Type
	for _, info := range Builtins() {
		types = append(types, Of(info.OID))
	}
	for _, s := range []string{"", "\x00\x00\x00\x01", "12345678", "\x00\x02\x00\x00\x00\x00\x00\x02\x00\x01\x13\x88", strings.Repeat("\x01", 16)} {
		f.Add(uint16(3), []byte(s))
		f.Add(uint16(60), []byte(s))
	}
	f.Fuzz(func(t *testing.T, which uint16, b []byte) {
		typ := types[int(which)%len(types)]
		d, err := ParseBinary(typ, b, nil)
		if err != nil {
			return
		}
		if Compare(typ, d, d) != 0 {
			t.Fatalf("%s: value differs from itself", Format(typ))
		}
		AppendText(nil, typ, d, nil)
		Hash(typ, d, 1)
		AppendBinary(nil, typ, d, nil)
	})
}

// FuzzDecode checks that broken stored bytes make no decoder panic.
func FuzzDecode(f *testing.F) {
	f.Add("\x01\x02345678901")
	f.Add("\x01\x01\x17\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01aaaa")
	f.Fuzz(func(t *testing.T, s string) {
		n := DecodeNumeric(s)
		if n.IsFinite() && len(s) < 1000 {
			_ = n.String()
			_ = n.Hash(1)
		}
		DecodeArray(s).Elements()
		NewBinary(s).Record()
		AppendText(nil, Of(Int4Array), NewBinary(s), nil)
		AppendText(nil, Of(TextArray), NewBinary(s), nil)
		AppendText(nil, Of(Record), NewBinary(s), nil)
		for _, oid := range []OID{Interval, Timetz, Inet, Bit, Varbit, UUID, Tid, Macaddr, Int4Range, NumRange, NumMultirange} {
			AppendText(nil, Of(oid), NewBinary(s), nil)
			AppendBinary(nil, Of(oid), NewBinary(s), nil)
		}
	})
}

// FuzzTypeName checks the parser of type names and that format's text reads
// back.
func FuzzTypeName(f *testing.F) {
	for _, s := range []string{"numeric(10,2)", "timestamp(3) with time zone[]", `"char"`, "interval day to second(3)", "pg_catalog.int4", "character varying(10)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		typ, err := ParseTypeName(s, nil)
		if err != nil {
			return
		}
		back, err := ParseTypeName(Format(typ), nil)
		if err != nil || back != typ {
			t.Fatalf("%q is %v, its text %q is %v, %v", s, typ, Format(typ), back, err)
		}
	})
}
