package types

import "testing"

func mustDec(t testing.TB, s string) Decimal {
	t.Helper()
	d, err := ParseDecimal(s)
	if err != nil {
		t.Fatal(s, err)
	}
	return d
}

func TestQuick(t *testing.T) {
	for _, s := range []string{"0.1", "-12345.678", "0", "0.000", "1e50", "-1e-50", "NaN", "-inf", "99999999999999999999.5", "10000", "123456789.123456789", "1e131071", "1e-16383", "9223372036854775807", "-9223372036854775808", "0.00000000000000000000000000012"} {
		d := mustDec(t, s)
		e := DecodeNumeric(string(d.AppendEncode(nil)))
		if d.Cmp(e) != 0 || d.String() != e.String() {
			t.Error("encode", s)
		}
		f, err := ParseDecimalBinary(d.AppendBinary(nil))
		if err != nil || f.String() != d.String() {
			t.Error("binary", s, f, err)
		}
	}
	p := func(f func(Decimal) (Decimal, error), s string) string {
		r, err := f(mustDec(t, s))
		if err != nil {
			return err.Error()
		}
		return r.String()
	}
	for _, s := range []string{"2", "1e-8", "1e-9", "12345", "1e20", "1e-3"} {
		t.Log("sqrt", s, p(Decimal.Sqrt, s))
	}
	for _, s := range []string{"1", "-100", "0"} {
		t.Log("exp", s, p(Decimal.Exp, s))
	}
	for _, s := range []string{"2", "1.0001", "1e50"} {
		t.Log("ln", s, p(Decimal.Ln, s))
	}
	for _, s := range []string{"2", "1000"} {
		t.Log("log", s, p(Decimal.Log10, s))
	}
	for _, s := range [][2]string{{"2", "3"}, {"0.001", "5"}, {"2", "0.5"}, {"2", "-3"}, {"1e-10", "2"}, {"10", "20"}, {"1.5", "100"}, {"0", "0.5"}, {"0.1", "200"}} {
		r, err := mustDec(t, s[0]).Power(mustDec(t, s[1]))
		t.Log(s, r, err)
	}
}
