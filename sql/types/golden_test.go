package types

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// The files testdata/*.golden hold what PostgreSQL 15 answers: a line "set
// name = value" changes a setting, a line "type NAME" the type, all others are
// a quoted input, " => ", and either the quoted text and the binary form in
// hexadecimal, or "ERROR" and the error's fields.
//
// With TYPES_ORACLE set to a connection string the test asks that server and
// rewrites the answers; inputs are added by writing the line without answer.

type goldenState struct {
	io  IO
	typ Type
	sql string
}

func (g *goldenState) set(t *testing.T, line string) {
	name, value, _ := strings.Cut(strings.TrimPrefix(line, "set "), " = ")
	value = strings.Trim(value, "'")
	switch name {
	case "datestyle":
		style, order, _ := strings.Cut(value, ", ")
		g.io.DateStyle = style
		g.io.DateOrder = map[string]DateOrder{"MDY": OrderMDY, "DMY": OrderDMY, "YMD": OrderYMD}[order]
	case "intervalstyle":
		g.io.IntervalStyle = value
	case "timezone":
		loc, _, ok := LoadZone(value)
		if !ok {
			t.Fatalf("no zone %s", value)
		}
		g.io.TimeZone = loc
	case "extra_float_digits":
		g.io.ExtraFloatDigits, _ = strconv.Atoi(value)
	case "bytea_output":
		g.io.ByteaOutput = value
	default:
		t.Fatalf("unknown setting %s", name)
	}
}

func formatError(e *pgerror.Error) string {
	s := fmt.Sprintf("ERROR %s %s", e.Code, strconv.Quote(e.Message))
	for _, f := range []string{e.Detail, e.Hint, e.Where} {
		s += " " + strconv.Quote(f)
	}
	return s
}

func (g *goldenState) answer(in string) string {
	typ := Of(g.typ.OID)
	if typ.OID == Interval {
		typ = g.typ
	}
	d, err := Parse(typ, in, &g.io)
	if err == nil {
		d, err = ApplyMod(g.typ, d, true)
	}
	if err != nil {
		return formatError(pgerror.From(err))
	}
	text := AppendText(nil, g.typ, d, &g.io)
	return strconv.Quote(string(text)) + " " + hex.EncodeToString(AppendBinary(nil, g.typ, d, &g.io))
}

func oracleAnswer(conn *pgconn.PgConn, typ, in string) string {
	ctx := context.Background()
	sql := "select '" + strings.ReplaceAll(in, "'", "''") + "'::" + typ
	var out []string
	for _, format := range []int16{0, 1} {
		r := conn.ExecParams(ctx, sql, nil, nil, nil, []int16{format}).Read()
		var pe *pgconn.PgError
		if errors.As(r.Err, &pe) {
			return formatError(&pgerror.Error{Code: pgerror.Code(pe.Code), Message: pe.Message, Detail: pe.Detail, Hint: pe.Hint, Where: pe.Where})
		}
		if r.Err != nil {
			return "ERROR " + r.Err.Error()
		}
		if format == 0 {
			out = append(out, strconv.Quote(string(r.Rows[0][0])))
		} else {
			out = append(out, hex.EncodeToString(r.Rows[0][0]))
		}
	}
	return strings.Join(out, " ")
}

func TestGolden(t *testing.T) {
	for _, file := range []string{"scalar", "numeric", "datetime", "interval", "array", "json", "range"} {
		t.Run(file, func(t *testing.T) { runGolden(t, "testdata/"+file+".golden") })
	}
}

func runGolden(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var conn *pgconn.PgConn
	if dsn := os.Getenv("TYPES_ORACLE"); dsn != "" {
		if conn, err = pgconn.Connect(context.Background(), dsn); err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
	}
	g := goldenState{io: *DefaultIO()}
	var out strings.Builder
	sc := bufio.NewScanner(strings.NewReader(string(data)))
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		line := sc.Text()
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "set "):
			g.set(t, line)
			if conn != nil {
				if _, err := conn.Exec(context.Background(), line).ReadAll(); err != nil {
					t.Fatal(err)
				}
			}
		case strings.HasPrefix(line, "type "):
			g.sql = line[5:]
			if g.typ, err = ParseTypeName(g.sql, nil); err != nil {
				t.Fatal(err)
			}
		default:
			quoted, want, _ := strings.Cut(line, " => ")
			in, err := strconv.Unquote(quoted)
			if err != nil {
				t.Fatalf("line %d: %v", n, err)
			}
			if conn != nil {
				want = oracleAnswer(conn, g.sql, in)
				line = quoted + " => " + want
			}
			got := g.answer(in)
			if got != want && strings.Join(strings.Fields(got), " ") != want {
				t.Errorf("line %d: %s %s:\n got %s\nwant %s", n, g.sql, quoted, got, want)
			}
			g.roundTrip(t, in)
		}
		out.WriteString(line + "\n")
	}
	if conn != nil {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// roundTrip checks that text and binary forms read back as the same value.
func (g *goldenState) roundTrip(t *testing.T, in string) {
	typ := Of(g.typ.OID)
	d, err := Parse(typ, in, &g.io)
	if err != nil {
		return
	}
	back, err := ParseBinary(typ, AppendBinary(nil, typ, d, &g.io), &g.io)
	if err != nil || Compare(typ, d, back) != 0 || TextOf(typ, back, &g.io) != TextOf(typ, d, &g.io) {
		t.Errorf("%s %q: binary round trip: %v %v", g.sql, in, back, err)
	}
	if Hash(typ, d, 7) != Hash(typ, back, 7) {
		t.Errorf("%s %q: hashes differ", g.sql, in)
	}
	iso := *DefaultIO()
	text := TextOf(typ, d, &iso)
	back, err = Parse(typ, text, &iso)
	if err != nil || Compare(typ, d, back) != 0 {
		t.Errorf("%s %q: text round trip of %q: %v", g.sql, in, text, err)
	}
}
