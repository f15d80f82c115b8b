package sqltests

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Dialect is a way to write values and rows; the corpora have their own.
type Dialect int

// The dialects.
const (
	// Own is ours: one row a line, values apart by tabs, values as PostgreSQL prints them.
	Own Dialect = iota
	// SQLite is one value a line, printed by the column's letter.
	SQLite
	// DuckDB is one row a line, values apart by tabs, or one value a line; numbers compare as numbers.
	DuckDB
	// Rust is sqllogictest-rs: one row a line, values apart by blanks.
	Rust
	// Psql is a script for psql with the output expected of it.
	Psql
)

// compare returns "" when the result is what the record asks for, else what differs.
func (d Dialect) compare(r *Record, got *result) string {
	if d == Own && r.types != "" && len(r.types) != len(got.names) {
		return fmt.Sprintf("%d columns, want %d (%s)", len(got.names), len(r.types), r.types)
	}
	values := d.values(got, r.types, r.sort)
	columns := max(len(got.names), 1)
	want := r.expected
	if len(want) == 1 && isHash(want[0]) {
		if line := hashLine(values); line != want[0] {
			return "got " + line
		}
		return ""
	}
	var same bool
	switch d {
	case SQLite:
		same = slices.Equal(values, want)
	case Own:
		same = slices.Equal(join(values, columns, "\t"), want)
	case DuckDB:
		same = compareRows(r, got, values, columns, func(s string) []string { return strings.Split(s, "\t") }) ||
			len(want) == len(values) && compareCells(want, values, got.oids, columns)
	case Rust:
		same = compareRows(r, got, values, columns, strings.Fields) || compareText(r, values, columns)
	}
	if same {
		return ""
	}
	return "got:\n" + strings.Join(join(values, columns, "\t"), "\n")
}

func isHash(line string) bool { return hashForm.MatchString(line) }

var hashForm = regexp.MustCompile(`^\d+ values hashing to [0-9a-f]{32}$`)

// join makes one line of each row.
func join(values []string, columns int, separator string) []string {
	out := make([]string, 0, len(values)/columns)
	for row := range slices.Chunk(values, columns) {
		out = append(out, strings.Join(row, separator))
	}
	return out
}

// compareRows compares line by line, each split into its values.
func compareRows(r *Record, got *result, values []string, columns int, split func(string) []string) bool {
	want := slices.Clone(r.expected)
	if len(want)*columns != len(values) {
		return false
	}
	if r.sort == rowSort {
		// The expected rows were sorted as their engine printed them.
		lines := join(values, columns, "\t")
		slices.Sort(lines)
		slices.Sort(want)
		values = nil
		for _, line := range lines {
			values = append(values, strings.Split(line, "\t")...)
		}
	}
	cells := make([]string, 0, len(values))
	for _, line := range want {
		row := split(line)
		if columns == 1 {
			row = []string{line}
		}
		if len(row) != columns {
			return false
		}
		cells = append(cells, row...)
	}
	return len(cells) == len(values) && compareCells(cells, values, got.oids, columns)
}

// compareText compares whole lines with runs of blanks as one.
func compareText(r *Record, values []string, columns int) bool {
	squeeze := func(lines []string) []string {
		out := make([]string, len(lines))
		for i, line := range lines {
			out[i] = strings.Join(strings.Fields(line), " ")
		}
		if r.sort == rowSort {
			slices.Sort(out)
		}
		return out
	}
	return slices.Equal(squeeze(r.expected), squeeze(join(values, columns, " ")))
}

func compareCells(want, got []string, oids []uint32, columns int) bool {
	for i := range want {
		if !sameCell(want[i], got[i], oids[i%columns]) {
			return false
		}
	}
	return true
}

// The types whose printed form differs from engine to engine.
const (
	oidBool    = 16
	oidInt8    = 20
	oidInt2    = 21
	oidInt4    = 23
	oidFloat4  = 700
	oidFloat8  = 701
	oidNumeric = 1700
	oidJSONB   = 3802
)

// sameCell compares one expected value with one of ours of the given type.
func sameCell(want, got string, oid uint32) bool {
	if want == got || strings.TrimSpace(want) == strings.TrimSpace(got) {
		return true
	}
	if pattern, ok := strings.CutPrefix(want, "<REGEX>:"); ok {
		re, err := regexp.Compile("(?s)" + pattern)
		return err == nil && re.MatchString(got)
	}
	switch oid {
	case oidBool:
		return classicInteger(strings.ToLower(want)) == classicInteger(got) && got != "NULL" && want != "NULL"
	case oidInt2, oidInt4, oidInt8, oidFloat4, oidFloat8, oidNumeric, oidJSONB:
		w, err1 := strconv.ParseFloat(strings.TrimSpace(want), 64)
		g, err2 := strconv.ParseFloat(got, 64)
		if err1 != nil || err2 != nil {
			return false
		}
		tolerance := 1e-9
		if oid == oidFloat4 {
			tolerance = 1e-5
		}
		return w == g || math.IsNaN(w) && math.IsNaN(g) || math.Abs(w-g) <= tolerance*math.Max(math.Abs(w), math.Abs(g))
	}
	return false
}
