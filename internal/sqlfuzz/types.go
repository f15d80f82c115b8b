package sqlfuzz

import (
	"fmt"
	"strings"
)

// Type is a type of columns and expressions by its SQL name.
type Type string

// typeInfo says how values of a type are written and declared.
type typeInfo struct {
	name Type
	// columns are the declarations a column of the type may have.
	columns []string
	// values are what columns and literals hold, simple ones first.
	values []string
	// extremes are values at the type's ends, drawn less often.
	extremes []string
	// weight is how often a column has the type.
	weight int
}

var typeTable = []typeInfo{
	{
		name: "int4", columns: []string{"int4"}, weight: 10,
		values: strings.Fields("0 1 2 3 4 5 7 10 -1 -2 42 100"), extremes: strings.Fields("2147483647 -2147483648 32768 65536 1000000"),
	},
	{
		name: "text", columns: []string{"text"}, weight: 6,
		values: []string{"a", "b", "", "ab", "abc", "B", "foo", "a b", " a", "12", "%", "a_c", "Ä", "日本"}, extremes: []string{"zzzzzzzzzzzzzzzzzzzzzzzzz", "\\", "'", "😀", "-5", "1e3"},
	},
	{name: "bool", columns: []string{"bool"}, weight: 3, values: []string{"t", "f"}, extremes: []string{"t"}},
	{
		name: "int8", columns: []string{"int8"}, weight: 4,
		values: strings.Fields("0 1 2 3 5 10 -1 -7 1000"), extremes: strings.Fields("9223372036854775807 -9223372036854775808 4294967296 2147483648"),
	},
	{
		name: "numeric", columns: []string{"numeric(10,2)", "numeric(10,2)", "numeric(5,0)", "numeric"}, weight: 5,
		values: strings.Fields("0 1 2 0.5 1.25 -1.5 3.14 10 99.99 -42"), extremes: strings.Fields("0.01 -999.99 99999 0.10"),
	},
	{
		name: "float8", columns: []string{"float8"}, weight: 3,
		values: strings.Fields("0 1 2 0.5 -1.25 3.75 10 100.25"), extremes: strings.Fields("NaN Infinity -Infinity"),
	},
	{
		name: "int2", columns: []string{"int2"}, weight: 2,
		values: strings.Fields("0 1 2 3 5 -1 10"), extremes: strings.Fields("32767 -32768"),
	},
	{
		name: "date", columns: []string{"date"}, weight: 3,
		values:   strings.Fields("2000-01-01 2024-02-29 1999-12-31 2020-06-15 2024-12-30 1970-01-01"),
		extremes: []string{"infinity", "-infinity", "0001-01-01", "9999-12-31", "4713-01-01 BC"},
	},
	{
		name: "timestamp", columns: []string{"timestamp", "timestamp(0)", "timestamp(3)"}, weight: 2,
		values:   []string{"2000-01-01 00:00:00", "2024-02-29 12:34:56", "1999-12-31 23:59:59.999", "2020-06-15 01:00:00"},
		extremes: []string{"infinity", "-infinity", "1970-01-01 00:00:00.000001", "0001-01-01 00:00:00"},
	},
	{
		name: "varchar", columns: []string{"varchar(10)", "varchar"}, weight: 2,
		values: []string{"a", "b", "", "ab", "abc ", "B", "xyz"}, extremes: []string{"0123456789", "ÄÖÜ"},
	},
	{
		name: "bpchar", columns: []string{"char(5)", "char(1)"}, weight: 2,
		values: []string{"a", "b", "", "x", " "}, extremes: []string{"Z", "é"},
	},
	{
		name: "interval", columns: []string{"interval"}, weight: 1,
		values:   []string{"1 day", "00:00:00", "1 mon", "02:30:00", "1 year 2 mons", "-3 days"},
		extremes: []string{"100 years", "1 mon 2 days 03:04:05.678901", "-00:00:01"},
	},
	{
		name: "timestamptz", columns: []string{"timestamptz"}, weight: 1,
		values:   []string{"2000-01-01 00:00:00+00", "2024-03-10 12:34:56+05:30", "2020-06-15 01:00:00-08"},
		extremes: []string{"infinity", "2024-11-03 06:30:00+00"},
	},
	{
		name: "time", columns: []string{"time"}, weight: 1,
		values: []string{"00:00:00", "12:34:56", "23:59:59.5", "06:00:00"}, extremes: []string{"24:00:00", "00:00:00.000001"},
	},
	{
		name: "float4", columns: []string{"float4"}, weight: 1,
		values: strings.Fields("0 1 2 0.5 -1.25 3.75 10"), extremes: strings.Fields("NaN Infinity 0.1"),
	},
	{
		name: "uuid", columns: []string{"uuid"}, weight: 1,
		values:   []string{"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000001"},
		extremes: []string{"ffffffff-ffff-ffff-ffff-ffffffffffff"},
	},
	{name: "bytea", columns: []string{"bytea"}, weight: 1, values: []string{`\x`, `\x00`, `\x61`, `\x6162`, `\xff`}, extremes: []string{`\x0001020304050607`}},
	{
		name: "jsonb", columns: []string{"jsonb"}, weight: 1,
		values:   []string{"1", "null", "\"a\"", "{\"a\": 1}", "[1, 2]", "{}", "[]", "true"},
		extremes: []string{"{\"a\": {\"b\": [1, null, \"x\"]}, \"c\": 1.50}", "-1e3"},
	},
	{name: "_int4", columns: []string{"int4[]"}, weight: 1, values: []string{"{}", "{1}", "{1,2}", "{2,1}", "{NULL}", "{1,NULL,3}"}, extremes: []string{"{{1,2},{3,4}}", "{2147483647}"}},
	{name: "_text", columns: []string{"text[]"}, weight: 1, values: []string{"{}", "{a}", "{a,b}", "{\"a b\",\"\"}", "{NULL}"}, extremes: []string{"{\"NULL\",\"\\\"\"}"}},
}

var (
	typesByName = map[Type]*typeInfo{}
	// columnTypes holds each type as often as its weight says.
	columnTypes []Type
)

func init() {
	for i := range typeTable {
		t := &typeTable[i]
		typesByName[t.name] = t
		for range t.weight {
			columnTypes = append(columnTypes, t.name)
		}
	}
}

// value draws a value of a type; "" and false stand for NULL.
func (d draw) value(t Type, nulls int) (string, bool) {
	info := typesByName[t]
	switch {
	case d.chance(nulls):
		return "", false
	case d.chance(2):
		return pick(d, info.extremes), true
	}
	return pick(d, info.values), true
}

// quote writes a string constant.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Literals are written into the text between these marks, as type and value,
// so that one text can be sent with constants or with parameters.
const (
	literalStart = "\x01"
	literalValue = "\x02"
	literalEnd   = "\x03"
)

// literal marks a value of a type.
func literal(t Type, value string) string {
	return literalStart + string(t) + literalValue + value + literalEnd
}

// null is a NULL of a type.
func null(t Type) string { return fmt.Sprintf("CAST(NULL AS %s)", t) }

// constant writes a marked literal as a typed constant.
func constant(t Type, value string) string {
	switch t {
	case "int4":
		if !strings.HasPrefix(value, "-") {
			return value
		}
	case "bool":
		if value == "t" {
			return "true"
		}
		return "false"
	case "text", "date":
		return quote(value) + "::" + string(t)
	}
	return fmt.Sprintf("CAST(%s AS %s)", quote(value), t)
}

// expand replaces every marked literal by what write returns for it.
func expand(sql string, write func(t Type, value string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(sql, literalStart)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, rest, _ := strings.Cut(rest, literalValue)
		value, rest, _ := strings.Cut(rest, literalEnd)
		b.WriteString(write(Type(name), value))
		sql = rest
	}
}

// withConstants writes the literals as constants.
func withConstants(sql string) string { return expand(sql, constant) }

// withParameters writes the literals as parameters, equal ones as one, and
// returns their values.
func withParameters(sql string) (string, []string) {
	var values []string
	numbers := map[string]int{}
	sql = expand(sql, func(t Type, value string) string {
		key := string(t) + literalValue + value
		if numbers[key] == 0 {
			values = append(values, value)
			numbers[key] = len(values)
		}
		return fmt.Sprintf("$%d::%s", numbers[key], t)
	})
	return sql, values
}
