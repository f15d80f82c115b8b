package pgwire_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// binaryValues are values of the types whose binary form drivers use.
var binaryValues = []struct {
	typ    string
	values []string
}{
	{"bool", []string{"t", "f"}},
	{"int2", []string{"-32768", "7"}},
	{"int4", []string{"-2147483648", "7"}},
	{"int8", []string{"-9223372036854775808", "7"}},
	{"float4", []string{"-1.5", "NaN", "Infinity", "1e-30"}},
	{"float8", []string{"0.1", "NaN", "-Infinity", "1.7976931348623157e+308"}},
	{"numeric", []string{"0", "-1.50", "12345678901234567890.000000012", "NaN", "Infinity", "-Infinity", "1e-20", "10000"}},
	{"text", []string{"", "tide", "Grüße"}},
	{"varchar(5)", []string{"tide"}},
	{"char(6)", []string{"tide"}},
	{`"char"`, []string{"x"}},
	{"name", []string{"tide"}},
	{"bytea", []string{`\x`, `\x00ff10`}},
	{"date", []string{"2024-02-29", "0001-01-01", "infinity", "-infinity", "4713-01-01 BC"}},
	{"time", []string{"00:00:00", "23:59:59.999999", "24:00:00"}},
	{"timetz", []string{"10:20:30.5+02", "00:00:00-11:30"}},
	{"timestamp", []string{"2024-02-29 10:20:30.123456", "infinity", "-infinity", "1999-12-31 23:59:59"}},
	{"timestamptz", []string{"2024-02-29 10:20:30.123456+00", "infinity"}},
	{"interval", []string{"1 year 2 mons 3 days 04:05:06.7", "-00:00:01", "-3 days"}},
	{"uuid", []string{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}},
	{"json", []string{`{"b":  1, "a": [true, null]}`}},
	{"jsonb", []string{`{"a": [true, null, 1.50], "b": "x"}`, `7`}},
	{"oid", []string{"4294967295"}},
	{"regclass", []string{"pg_class"}},
	{"regtype", []string{"integer"}},
	{"regproc", []string{"now"}},
	{"regnamespace", []string{"pg_catalog"}},
	{"int4[]", []string{"{}", "{1,NULL,3}", "[0:1]={5,6}"}},
	{"text[]", []string{`{a,"b c",NULL,""}`}},
	{"numeric[]", []string{"{1.50,NaN}"}},
	{"bool[]", []string{"{t,f}"}},
	{"timestamptz[]", []string{`{"2024-02-29 10:20:30+00"}`}},
	{"uuid[]", []string{"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"}},
	{"jsonb[]", []string{`{"{\"a\": 1}"}`}},
	{"interval[]", []string{"{1 day}"}},
	{"bytea[]", []string{`{"\\x00ff"}`}},
}

// TestBinary: each type's values go in and out in binary form, as parameters,
// as results of expressions and of tables, and through COPY. The forms in
// testdata/binary.golden are PostgreSQL's: -rewrite -oracle ADDRESS.
func TestBinary(t *testing.T) {
	const golden = "testdata/binary.golden"
	if flag.Lookup("rewrite").Value.String() == "true" && *oracle != "" {
		if err := os.WriteFile(golden, []byte(binaryForms(t, "postgres://postgres@"+*oracle+"/postgres?sslmode=disable")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(binaryForms(t, "postgres://tidemark@"+startServer(t).addr+"/tidemark?sslmode=disable"), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != line {
			t.Errorf("line %d: got %q, want %q", i+1, append(got, make([]string, i+1)...)[i], line)
		}
	}
}

// binaryForms sends each value as text and reads it in binary form, sends that
// and reads it as text, from a table, too, and copies it in and out.
func binaryForms(t *testing.T, server string) string {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	pg := conn.PgConn()
	exec(t, conn, "set timezone = 'UTC'")
	one := func(sql string, value []byte, in, out int16) []byte {
		res := pg.ExecParams(ctx, sql, [][]byte{value}, nil, []int16{in}, []int16{out}).Read()
		if res.Err != nil {
			t.Errorf("%s of %q: %v", sql, value, res.Err)
			return nil
		}
		if len(res.Rows) == 0 {
			return nil
		}
		return res.Rows[0][0]
	}
	var out strings.Builder
	for i, c := range binaryValues {
		table := fmt.Sprintf("binary_%d", i)
		exec(t, conn, fmt.Sprintf("create temp table %s (v %s)", table, c.typ))
		for _, v := range c.values {
			exec(t, conn, "delete from "+table)
			binary := one("select $1::"+c.typ, []byte(v), 0, 1)
			text := one("select $1::"+c.typ, binary, 1, 0)
			fmt.Fprintf(&out, "%s\t%s\t%s\n", c.typ, text, hex.EncodeToString(binary))
			one("insert into "+table+" values ($1)", binary, 1, 0)
			copied := copyBinary(t, pg, table)
			res := pg.ExecParams(ctx, "select v, v from "+table, nil, nil, nil, []int16{0, 1}).Read()
			if res.Err != nil || len(res.Rows) != 2 {
				t.Errorf("%s %s: %d rows, %v", c.typ, v, len(res.Rows), res.Err)
				continue
			}
			for _, row := range res.Rows {
				if string(row[0]) != string(text) || string(row[1]) != string(binary) {
					t.Errorf("%s from a table: %q %x, want %q %x (copied as %x)", c.typ, row[0], row[1], text, binary, copied)
				}
			}
		}
	}
	return out.String()
}

// copyBinary copies a table's rows out of it and into it again.
func copyBinary(t *testing.T, pg *pgconn.PgConn, table string) []byte {
	var data bytes.Buffer
	if _, err := pg.CopyTo(context.Background(), &data, "copy "+table+" to stdout (format binary)"); err != nil {
		t.Errorf("copy from %s: %v", table, err)
	}
	if _, err := pg.CopyFrom(context.Background(), bytes.NewReader(data.Bytes()), "copy "+table+" from stdin (format binary)"); err != nil {
		t.Errorf("copy to %s: %v", table, err)
	}
	return data.Bytes()
}
