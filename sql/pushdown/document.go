package pushdown

import (
	"fmt"
	"slices"
	"strings"
)

// Blockable are the names that may be blocked besides functions and aggregates.
var Blockable = []string{"case", "coalesce", "distinct", "in", "index", "backwards"}

// Document is docs/pushdown.md's tables.
func Document() string {
	var b strings.Builder
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
