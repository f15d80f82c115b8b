package types

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

func TestBasicRoundTrip(t *testing.T) {
	cases := []struct{ typ, in, want string }{
		{"integer", " -42 ", "-42"},
		{"bigint", "-9223372036854775808", "-9223372036854775808"},
		{"int2", "32767", "32767"},
		{"bool", "yes", "t"},
		{"float8", "1e23", "9.999999999999999e+22"},
		{"float8", "9007199254740993", "9.007199254740992e+15"},
		{"float8", "-NaN", "NaN"},
		{"float4", "123456.7", "123456.7"},
		{"float4", "1000000", "1e+06"},
		{"float8", "-inf", "-Infinity"},
		{"float8", "0x10", "16"},
		{"varchar(3)", "abc   ", "abc"},
		{"char(5)", "ab", "ab   "},
		{"char", "a", "a"},
		{`"char"`, "abc", "a"},
		{"bytea", `\xDEad`, `\xdead`},
		{"bytea", `a\\b\001`, `\x615c6201`},
		{"oid", "-1", "4294967295"},
		{"numeric(6,2)", "1234.565", "1234.57"},
		{"numeric", "1e3", "1000"},
	}
	for _, c := range cases {
		typ, err := ParseTypeName(c.typ, nil)
		if err != nil {
			t.Fatal(c.typ, err)
		}
		d, err := Parse(typ, c.in, nil)
		if err != nil {
			t.Errorf("%s %q: %v", c.typ, c.in, err)
			continue
		}
		if got := TextOf(typ, d, nil); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.typ, c.in, got, c.want)
		}
		back, err := ParseBinary(typ, AppendBinary(nil, typ, d, nil), nil)
		if err != nil || back != d {
			t.Errorf("%s %q: binary round trip gives %v, %v", c.typ, c.in, back, err)
		}
		b := NewBuilder(memory.DefaultAllocator, typ)
		AppendDatum(b, d)
		AppendDatum(b, Null)
		a := b.NewArray()
		if DatumAt(a, 0) != d || !DatumAt(a, 1).IsNull() {
			t.Errorf("%s %q: arrow round trip", c.typ, c.in)
		}
	}
}

func TestBasicErrors(t *testing.T) {
	cases := []struct {
		typ, in string
		code    pgerror.Code
		want    string
	}{
		{"int", "x", "22P02", `invalid input syntax for type integer: "x"`},
		{"int", "99999999999x", "22003", `value "99999999999x" is out of range for type integer`},
		{"float8", "1e400", "22003", `"1e400" is out of range for type double precision`},
		{"varchar(3)", "abcd", "22001", "value too long for type character varying(3)"},
		{"char(3)", "abcd", "22001", "value too long for type character(3)"},
		{"bool", "o", "22P02", `invalid input syntax for type boolean: "o"`},
		{"text", "\xff", "22021", `invalid byte sequence for encoding "UTF8": 0xff`},
	}
	for _, c := range cases {
		typ, _ := ParseTypeName(c.typ, nil)
		_, err := Parse(typ, c.in, nil)
		if err == nil || err.Error() != c.want || pgerror.CodeOf(err) != c.code {
			t.Errorf("%s %q: got %v, want %s", c.typ, c.in, err, c.want)
		}
	}
}

func TestFormat(t *testing.T) {
	for in, want := range map[string]string{
		"numeric(10,2)": "numeric(10,2)", "numeric(3,-2)": "numeric(3,-2)", "timestamp(3) with time zone": "timestamp(3) with time zone",
		"int4[]": "integer[]", "varchar(10)[]": "character varying(10)[]", "interval day to second(3)": "interval day to second(3)",
		"char": "character(1)", "bpchar": "bpchar", "double precision": "double precision", "pg_catalog.int8": "bigint",
		"interval(2)": "interval(2)", "oidvector": "oidvector", "float(3)": "real", "bit varying": "bit varying",
		"interval year": "interval year", "_int4": "integer[]", "int array": "integer[]",
	} {
		typ, err := ParseTypeName(in, nil)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		} else if got := Format(typ); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}
