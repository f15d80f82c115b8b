package pushdown

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Blockable are the names that may be blocked besides functions and aggregates.
var Blockable = []string{"case", "coalesce", "distinct", "in", "index", "backwards"}

// Document is docs/pushdown.md's tables.
func Document() string {
	var b strings.Builder
	documentTypes(&b)
	b.WriteString("## Functions and operators\n\nBy PostgreSQL's name of the function, which is also what `tidemark.pushdown_blocklist` takes.\n\n")
	b.WriteString("| functions | arguments | in the store | |\n|---|---|---|---|\n")
	for _, f := range computed {
		sig := f.sig
		if sig == "" {
			sig = "(nothing to do)"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", strings.Join(f.names, ", "), f.kind, sig, f.note)
	}
	b.WriteString("\nOf values that may be longer than 64 KiB the stores know neither their order nor whether they match: a condition that consists of such a\n" +
		"comparison lets them pass there, and is checked again here (EXPLAIN shows it in both places).\n")
	b.WriteString("\n## Other expressions\n\n")
	b.WriteString("AND, OR, NOT, IS [NOT] NULL (of columns of any type), IS [NOT] TRUE, FALSE and UNKNOWN, IS [NOT] DISTINCT FROM of integers and\n" +
		"bytes, IN and `= ANY` with constants, CASE and COALESCE of integers; and whatever has no columns in it, which is computed once,\nhere. Names for the block list: " +
		strings.Join(Blockable, ", ") + " (scans backwards and scans by an index).\n")
	b.WriteString("\n## Aggregates\n\nWithout DISTINCT, FILTER and ORDER BY; grouped by integers and bytes.\n\n| aggregate | arguments | |\n|---|---|---|\n")
	for i := range aggregates {
		a := &aggregates[i]
		var kinds []string
		for _, k := range a.kinds {
			kinds = append(kinds, k.String())
		}
		if a.args != nil {
			kinds = []string{"int2, int4, int8"}
		}
		slices.Sort(kinds)
		fmt.Fprintf(&b, "| %s | %s | %s |\n", a.name, strings.Join(kinds, ", "), a.note)
	}
	return b.String()
}

// documented are the types of the document's table, those alike together, with what
// keeps opaque ones from the stores.
var documented = []struct {
	types []types.OID
	note  string
}{
	{[]types.OID{types.Int2, types.Int4, types.Int8, types.Bool, types.Date, types.Time, types.Timestamp, types.Timestamptz, types.Money}, "64-bit integers there"},
	{[]types.OID{types.Text, types.Varchar, types.Name}, "compared by bytes, as the collation C is"},
	{[]types.OID{types.Bytea, types.UUID, types.Char}, "compared by bytes. Not in indexes: a byte 0xFF at the beginning is escaped in rows and is not in keys"},
	{[]types.OID{types.Float4, types.Float8}, "as bytes whose order is PostgreSQL's: NaN is the greatest and equals itself, which the stores' own floating-point numbers do not know. Compared with constants only; not grouped, summed or sorted: -0 equals 0 and has other bytes, and sums depend on their order"},
	{[]types.OID{types.Numeric}, "the stores' decimals have 65 digits, 30 of them behind the point, no NaN and no infinity; PostgreSQL's have 131,072 and 16,383, all three, and a scale that belongs to the answer (1.0 and 1.00). Only IS [NOT] NULL and count"},
	{[]types.OID{types.Bpchar}, "blanks at the end do not count, which no function of the stores' does"},
	{[]types.OID{types.Interval, types.Timetz}, "equal values differ in their bytes (24 hours, a day; offsets)"},
	{[]types.OID{types.JSONB, types.JSON}, "the stores' JSON has other numbers, another order and other functions"},
	{[]types.OID{types.Int4Array, types.Inet}, "they have no such types (arrays, records and ranges alike)"},
}

// documentTypes writes what the stores see of each type.
func documentTypes(b *strings.Builder) {
	b.WriteString("## Types\n\nEXPLAIN says of each condition that is kept which of this is in its way.\n\n| types | in the stores | in indexes | |\n|---|---|---|---|\n")
	for _, d := range documented {
		var names []string
		kind, keys := KindOf(types.Of(d.types[0])), InKeys(types.Of(d.types[0]))
		for _, oid := range d.types {
			names = append(names, types.Format(types.Of(oid)))
			if t := types.Of(oid); KindOf(t) != kind || InKeys(t) != keys {
				panic("types that are documented together differ: " + types.Format(t))
			}
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", strings.Join(names, ", "), kind, map[bool]string{true: "yes", false: "no"}[keys], d.note)
	}
	b.WriteString("\nOf indexes the stores see columns in ascending order: a descending one has the bytes of its key inverted, and the requests have no word for that;\n" +
		"an expression's value is no column of the table that the request describes, and the rows would have to be read to compute it. Conditions on such\n" +
		"columns bound the range of entries that is read all the same, and rows that these name are filtered by the stores.\n\n")
}

// Sigs are the names of all functions that stores may be asked for.
func Sigs() []string {
	out := []string{
		"LogicalAnd", "LogicalOr", "UnaryNotInt", "IntIsNull", "StringIsNull", "IntIsTrue", "IntIsFalse", "NullEQInt", "NullEQString",
		"InInt", "InString", "CaseWhenInt", "CoalesceInt",
	}
	for i := range computed {
		if computed[i].sig != "" {
			out = append(out, computed[i].sig)
		}
	}
	return out
}
