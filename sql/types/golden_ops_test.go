package types

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// goldenOps are the operations of testdata/ops.golden: a line is the name, the
// quoted arguments, " => " and PostgreSQL's quoted answer. TYPES_ORACLE asks
// again, as in TestGolden.
var goldenOps = map[string]struct {
	sql  string
	eval func(a []string) (string, error)
}{
	"add":   {"$1::numeric + $2::numeric", dec2(Decimal.Add)},
	"sub":   {"$1::numeric - $2::numeric", dec2(Decimal.Sub)},
	"mul":   {"$1::numeric * $2::numeric", dec2(Decimal.Mul)},
	"div":   {"$1::numeric / $2::numeric", dec2(Decimal.Div)},
	"mod":   {"$1::numeric % $2::numeric", dec2(Decimal.Mod)},
	"idiv":  {"div($1::numeric, $2::numeric)", dec2(Decimal.DivTrunc)},
	"power": {"power($1::numeric, $2::numeric)", dec2(Decimal.Power)},
	"log": {"log($1::numeric, $2::numeric)", dec2(func(a, b Decimal) (Decimal, error) {
		return b.Log(a)
	})},
	"cmp": {"case when $1::numeric < $2::numeric then -1 when $1::numeric > $2::numeric then 1 else 0 end", dec2(func(a, b Decimal) (Decimal, error) {
		if c := a.Cmp(b); c != 0 {
			return DecimalFromInt(int64(c)), nil
		} else if a.Hash(3) != b.Hash(3) {
			return DecimalNaN, nil
		}
		return Decimal{}, nil
	})},
	"sqrt":  {"sqrt($1::numeric)", dec1(Decimal.Sqrt)},
	"exp":   {"exp($1::numeric)", dec1(Decimal.Exp)},
	"ln":    {"ln($1::numeric)", dec1(Decimal.Ln)},
	"ceil":  {"ceil($1::numeric)", dec1(func(d Decimal) (Decimal, error) { return d.Ceil(), nil })},
	"floor": {"floor($1::numeric)", dec1(func(d Decimal) (Decimal, error) { return d.Floor(), nil })},
	"neg":   {"-($1::numeric)", dec1(func(d Decimal) (Decimal, error) { return d.Neg(), nil })},
	"trim":  {"trim_scale($1::numeric)", dec1(func(d Decimal) (Decimal, error) { return d.TrimScale(), nil })},
	"round": {"round($1::numeric, $2::int)", decInt(Decimal.Round)},
	"trunc": {"trunc($1::numeric, $2::int)", decInt(Decimal.Trunc)},
	"int4": {"$1::numeric::int4", func(a []string) (string, error) {
		d, _ := ParseDecimal(a[0])
		v, err := d.ToInt(Int4)
		return strconv.FormatInt(v, 10), err
	}},
	"float8": {"$1::numeric::float8", func(a []string) (string, error) {
		d, _ := ParseDecimal(a[0])
		f, err := d.ToFloat(Float8)
		return string(appendFloat(nil, f, 64, 1)), err
	}},
	"fromfloat8": {"$1::float8::numeric", func(a []string) (string, error) {
		f, _ := parseFloat(Float8, a[0], 64)
		return DecimalFromFloat64(f).String(), nil
	}},
	"fromfloat4": {"$1::float4::numeric", func(a []string) (string, error) {
		f, _ := parseFloat(Float4, a[0], 32)
		return DecimalFromFloat32(float32(f)).String(), nil
	}},
	"age":   {"age($1::timestamp, $2::timestamp)", ts2(Age)},
	"tssub": {"$1::timestamp - $2::timestamp", ts2(TimestampSub)},
	"tsadd": {"$1::timestamp + $2::interval", func(a []string) (string, error) {
		x, err := ParseTimestamp(a[0], nil)
		if err != nil {
			return "", err
		}
		v, _ := ParseInterval(a[1], -1, nil)
		x, err = TimestampAdd(x, v)
		return string(AppendTimestamp(nil, x, nil)), err
	}},
	"tstzadd": {"$1::timestamptz + $2::interval", func(a []string) (string, error) {
		loc, _, _ := LoadZone("America/New_York")
		io := &IO{TimeZone: loc}
		x, err := ParseTimestamptz(a[0], io)
		if err != nil {
			return "", err
		}
		v, _ := ParseInterval(a[1], -1, nil)
		x, err = TimestamptzAdd(x, v, io)
		return string(AppendTimestamptz(nil, x, io)), err
	}},
	"atzone": {"$1::timestamp at time zone $2 at time zone 'UTC'", func(a []string) (string, error) {
		x, _ := ParseTimestamp(a[0], nil)
		loc, err := ZoneForName(a[1])
		return string(AppendTimestamp(nil, ToUTC(x, loc), nil)), err
	}},
	"ivadd": {"$1::interval + $2::interval", iv2(IntervalValue.Add)},
	"ivsub": {"$1::interval - $2::interval", iv2(IntervalValue.Sub)},
	"ivcmp": {"make_interval(days => case when $1::interval < $2::interval then -1 when $1::interval > $2::interval then 1 else 0 end)", iv2(func(a, b IntervalValue) (IntervalValue, error) {
		return IntervalValue{Days: int32(a.Cmp(b))}, nil
	})},
	"ivmul":     {"$1::interval * $2::float8", ivf(IntervalValue.Mul)},
	"ivdiv":     {"$1::interval / $2::float8", ivf(IntervalValue.Div)},
	"jhours":    {"justify_hours($1::interval)", iv1(IntervalValue.JustifyHours)},
	"jdays":     {"justify_days($1::interval)", iv1(IntervalValue.JustifyDays)},
	"justify":   {"justify_interval($1::interval)", iv1(IntervalValue.Justify)},
	"jsonbcmp":  {"case when $1::jsonb < $2::jsonb then -1 when $1::jsonb > $2::jsonb then 1 else 0 end", typeCmp(JSONB)},
	"inetcmp":   {"case when $1::inet < $2::inet then -1 when $1::inet > $2::inet then 1 else 0 end", typeCmp(Inet)},
	"rangecmp":  {"case when $1::numrange < $2::numrange then -1 when $1::numrange > $2::numrange then 1 else 0 end", typeCmp(NumRange)},
	"mrangecmp": {"case when $1::int4multirange < $2::int4multirange then -1 when $1::int4multirange > $2::int4multirange then 1 else 0 end", typeCmp(Int4Multirange)},
	"bitcmp":    {"case when $1::varbit < $2::varbit then -1 when $1::varbit > $2::varbit then 1 else 0 end", typeCmp(Varbit)},
	"arrcmp":    {"case when $1::int[] < $2::int[] then -1 when $1::int[] > $2::int[] then 1 else 0 end", typeCmp(Int4Array)},
	"timetzcmp": {"case when $1::timetz < $2::timetz then -1 when $1::timetz > $2::timetz then 1 else 0 end", typeCmp(Timetz)},
	"bpcharcmp": {"case when $1::bpchar < $2::bpchar then -1 when $1::bpchar > $2::bpchar then 1 else 0 end", typeCmp(Bpchar)},
	"floatcmp":  {"case when $1::float8 < $2::float8 then -1 when $1::float8 > $2::float8 then 1 else 0 end", typeCmp(Float8)},
}

func typeCmp(oid OID) func([]string) (string, error) {
	return func(s []string) (string, error) {
		t := Of(oid)
		a, err := Parse(t, s[0], nil)
		if err != nil {
			return "", err
		}
		b, err := Parse(t, s[1], nil)
		if err != nil {
			return "", err
		}
		c := Compare(t, a, b)
		if c == 0 && Hash(t, a, 5) != Hash(t, b, 5) {
			return "hashes differ", nil
		}
		if Compare(t, b, a) != -c {
			return "not symmetric", nil
		}
		return strconv.Itoa(c), nil
	}
}

func dec1(f func(Decimal) (Decimal, error)) func([]string) (string, error) {
	return func(a []string) (string, error) {
		x, err := ParseDecimal(a[0])
		if err != nil {
			return "", err
		}
		r, err := f(x)
		return r.String(), err
	}
}

func dec2(f func(a, b Decimal) (Decimal, error)) func([]string) (string, error) {
	return func(a []string) (string, error) {
		x, err := ParseDecimal(a[0])
		if err != nil {
			return "", err
		}
		y, err := ParseDecimal(a[1])
		if err != nil {
			return "", err
		}
		r, err := f(x, y)
		if err == nil && r.IsFinite() && string(r.AppendEncode(nil)) != string(r.canonical().AppendEncode(nil)) {
			return "not canonical", nil
		}
		return r.String(), err
	}
}

func decInt(f func(Decimal, int) Decimal) func([]string) (string, error) {
	return func(a []string) (string, error) {
		x, _ := ParseDecimal(a[0])
		n, _ := strconv.Atoi(a[1])
		return f(x, n).String(), nil
	}
}

func ts2(f func(a, b int64) (IntervalValue, error)) func([]string) (string, error) {
	return func(a []string) (string, error) {
		x, _ := ParseTimestamp(a[0], nil)
		y, _ := ParseTimestamp(a[1], nil)
		v, err := f(x, y)
		return string(v.AppendText(nil, "")), err
	}
}

func iv1(f func(IntervalValue) (IntervalValue, error)) func([]string) (string, error) {
	return func(a []string) (string, error) {
		v, _ := ParseInterval(a[0], -1, nil)
		r, err := f(v)
		return string(r.AppendText(nil, "")), err
	}
}

func iv2(f func(a, b IntervalValue) (IntervalValue, error)) func([]string) (string, error) {
	return func(a []string) (string, error) {
		v, _ := ParseInterval(a[0], -1, nil)
		w, _ := ParseInterval(a[1], -1, nil)
		r, err := f(v, w)
		return string(r.AppendText(nil, "")), err
	}
}

func ivf(f func(IntervalValue, float64) (IntervalValue, error)) func([]string) (string, error) {
	return func(a []string) (string, error) {
		v, _ := ParseInterval(a[0], -1, nil)
		x, _ := strconv.ParseFloat(a[1], 64)
		r, err := f(v, x)
		return string(r.AppendText(nil, "")), err
	}
}

func TestGoldenOps(t *testing.T) {
	const file = "testdata/ops.golden"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	var conn *pgconn.PgConn
	if dsn := os.Getenv("TYPES_ORACLE"); dsn != "" {
		if conn, err = pgconn.Connect(ctx, dsn); err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, "set timezone = 'America/New_York'").ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		call, want, _ := strings.Cut(line, " => ")
		name, rest, _ := strings.Cut(call, " ")
		op, ok := goldenOps[name]
		if !ok {
			t.Fatalf("line %d: no operation %s", i+1, name)
		}
		var args []string
		for rest != "" {
			q, err := strconv.QuotedPrefix(rest)
			if err != nil {
				t.Fatalf("line %d: %v", i+1, err)
			}
			s, _ := strconv.Unquote(q)
			args = append(args, s)
			rest = strings.TrimSpace(rest[len(q):])
		}
		if conn != nil {
			want = oracleOp(conn, op.sql, args)
		}
		got, err := op.eval(args)
		if err != nil {
			e := pgerror.From(err)
			got = fmt.Sprintf("ERROR %s %q", e.Code, e.Message)
		} else {
			got = strconv.Quote(got)
		}
		if got != want {
			t.Errorf("line %d: %s: got %s, want %s", i+1, call, got, want)
		}
		out.WriteString(call + " => " + want + "\n")
	}
	if conn != nil {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func oracleOp(conn *pgconn.PgConn, sql string, args []string) string {
	for i, a := range args {
		sql = strings.ReplaceAll(sql, "$"+strconv.Itoa(i+1), "'"+a+"'")
	}
	r := conn.ExecParams(context.Background(), "select "+sql, nil, nil, nil, nil).Read()
	if r.Err != nil {
		if pe, ok := r.Err.(*pgconn.PgError); ok {
			return fmt.Sprintf("ERROR %s %q", pe.Code, pe.Message)
		}
		return "ERROR " + r.Err.Error()
	}
	return strconv.Quote(string(r.Rows[0][0]))
}
