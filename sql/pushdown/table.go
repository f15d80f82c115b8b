package pushdown

import "github.com/tidemarkdb/tidemark/sql/types"

// function is a function that the stores compute as we do.
type function struct {
	names []string // pg_proc.proname
	kind  Kind     // of the arguments
	sig   string   // tipb.ScalarFuncSig; "" if the value is passed on as it is
	// ordered: the order of byte strings counts, not only whether they are equal.
	ordered bool
	// args, if set, restricts the function to these types (several functions have the name).
	args []types.OID
	// check, if set, says what else must hold.
	check argumentCheck
	// negated: the store's function is to be negated.
	negated bool
	// swap is the comparison with its arguments exchanged.
	swap string
	// note is for the documents.
	note string
}

type argumentCheck uint8

const (
	noCheck argumentCheck = iota
	divisor               // the second argument is a constant other than 0 and -1
	pattern               // the second argument is a pattern that matches bytes as it does characters
)

// The integer types' comparison prefixes.
var intTypes = []string{"int2", "int24", "int28", "int42", "int4", "int48", "int82", "int84", "int8", "date_", "time_", "timestamp_", "timestamptz_", "cash_", "bool"}

var (
	textTypes = []string{"text", "text_", "bytea", "name", "nametext", "textname", "char", "uuid_"}
	realTypes = []string{"float4", "float8", "float48", "float84"}
)

// comparisons are the six comparisons of a kind.
func comparisons(kind Kind, prefixes []string, suffix string) []function {
	var out []function
	for _, c := range []struct{ name, sig, swap string }{
		{"eq", "EQ", "EQ"}, {"ne", "NE", "NE"}, {"lt", "LT", "GT"}, {"le", "LE", "GE"}, {"gt", "GT", "LT"}, {"ge", "GE", "LE"},
	} {
		f := function{kind: kind, sig: c.sig + suffix, ordered: c.sig != "EQ" && c.sig != "NE", swap: c.swap + suffix}
		for _, p := range prefixes {
			switch p {
			case "nametext":
				f.names = append(f.names, "name"+c.name+"text")
			case "textname":
				f.names = append(f.names, "text"+c.name+"name")
			default:
				f.names = append(f.names, p+c.name)
			}
		}
		switch kind {
		case Bytes:
			f.note = "by bytes, as the collation C; values that may be longer than 64 KiB: below"
			if !f.ordered {
				f.note = "values that may be longer than 64 KiB with constants only"
			}
		case Float:
			f.note = "a column with a constant; NaN is the greatest, and -0 is 0"
		}
		out = append(out, f)
	}
	return out
}

// computed are all functions that are pushed.
var computed = append(append(append(
	comparisons(Int, intTypes, "Int"), comparisons(Bytes, textTypes, "String")...), comparisons(Float, realTypes, "String")...),
	function{
		names: []string{"int2mod", "int4mod", "int8mod", "mod"}, kind: Int, sig: "ModInt", check: divisor, note: "by a constant other than 0 and -1",
		args: []types.OID{types.Int2, types.Int4, types.Int8},
	},
	function{
		names: []string{"int2div", "int24div", "int28div", "int42div", "int4div", "int48div", "int82div", "int84div", "int8div"},
		kind:  Int, sig: "IntDivideInt", check: divisor, note: "by a constant other than 0 and -1",
	},
	function{names: []string{"int28pl", "int48pl", "int82pl", "int84pl", "int8pl"}, kind: Int, sig: "PlusInt", note: "of 64 bits; what overflows there is computed here again"},
	function{names: []string{"int28mi", "int48mi", "int82mi", "int84mi", "int8mi"}, kind: Int, sig: "MinusInt", note: "as above"},
	function{names: []string{"int28mul", "int48mul", "int82mul", "int84mul", "int8mul"}, kind: Int, sig: "MultiplyInt", note: "as above"},
	function{names: []string{"textlike", "namelike"}, kind: Bytes, ordered: true, sig: "LikeSig", check: pattern, note: "a constant without _ and \\"},
	function{names: []string{"textnlike", "namenlike"}, kind: Bytes, ordered: true, sig: "LikeSig", check: pattern, negated: true, note: "as above"},
	function{names: []string{"int8"}, kind: Int, note: "casts of smaller integers", args: []types.OID{types.Int2, types.Int4}},
	function{names: []string{"int4"}, kind: Int, note: "casts of smaller integers", args: []types.OID{types.Int2}},
)

var byName = func() map[string][]*function {
	out := map[string][]*function{}
	for i := range computed {
		f := &computed[i]
		for _, n := range f.names {
			out[n] = append(out[n], f)
		}
	}
	return out
}()
