package clientstmts

import (
	"fmt"
	"regexp"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Verdict is how one answer compares with PostgreSQL's.
type Verdict int

// The verdicts, from good to bad.
const (
	OK      Verdict = iota
	Differs         // both answer, but not the same
	Fails           // an error here, none there, or another error
)

func (v Verdict) String() string { return [...]string{"ok", "differs", "fails"}[v] }

// object numbers and other long numbers differ between databases.
var long = regexp.MustCompile(`[0-9]{5,}`)

// unstable are columns that never agree between two servers.
var unstable = regexp.MustCompile(`(?i)^(now|version|current_timestamp|clock_timestamp|pg_backend_pid|pid|oid|xmin|query plan|` +
	`.*size.*|datfrozenxid|relpages|reltuples|relfilenode|relfrozenxid|relminmxid|reltoastrelid|relallvisible|prosqlbody|agg.*|adbin|` +
	`conbin|.*owner|ev_action|indexprs|indpred|encoding|datname|current_database|(database|table_cat|catalog).*)$`)

// Compare says whether got is what PostgreSQL answered, and if not, why.
func Compare(want, got *Answer) (Verdict, string) {
	if got.Code != want.Code {
		return Fails, fmt.Sprintf("%s, PostgreSQL %s", describeError(got), describeError(want))
	}
	if want.Code != "" {
		return OK, ""
	}
	if len(got.Results) != len(want.Results) {
		return Differs, fmt.Sprintf("%d results, PostgreSQL %d", len(got.Results), len(want.Results))
	}
	for i := range want.Results {
		if why := compareResult(&want.Results[i], &got.Results[i]); why != "" {
			return Differs, why
		}
	}
	return OK, ""
}

func describeError(a *Answer) string {
	if a.Code == "" {
		return "no error"
	}
	return a.Code + " " + a.Message
}

func compareResult(want, got *Result) string {
	if w, g := columnNames(want.Columns), columnNames(got.Columns); w != g {
		return fmt.Sprintf("columns %s, PostgreSQL %s", g, w)
	}
	explain := strings.HasPrefix(want.Tag, "EXPLAIN")
	if want.Tag != got.Tag && !explain {
		return fmt.Sprintf("tag %s, PostgreSQL %s%s", got.Tag, want.Tag, firstDifference(want, got))
	}
	if explain {
		return ""
	}
	w, g := renderRows(want), renderRows(got)
	if strings.Join(w, "\n") == strings.Join(g, "\n") {
		return ""
	}
	sort.Strings(w)
	sort.Strings(g)
	if strings.Join(w, "\n") == strings.Join(g, "\n") {
		return ""
	}
	return "rows" + firstDifference(want, got)
}

func columnNames(fields []pgproto3.FieldDescription) string {
	var b strings.Builder
	for _, f := range fields {
		oid := fmt.Sprint(f.DataTypeOID)
		if f.DataTypeOID >= 10000 {
			oid = "N" // of a user's type or a catalog's own
		}
		fmt.Fprintf(&b, "%s:%s:%d:%d:%d ", f.Name, oid, f.DataTypeSize, f.TypeModifier, f.Format)
	}
	return b.String()
}

func renderRows(r *Result) []string {
	out := make([]string, len(r.Rows))
	for i, row := range r.Rows {
		var b strings.Builder
		for j, v := range row {
			if j > 0 {
				b.WriteByte('|')
			}
			b.WriteString(renderValue(r, j, v))
		}
		out[i] = b.String()
	}
	return out
}

func renderValue(r *Result, j int, v *string) string {
	if v == nil {
		return "NULL"
	}
	if j >= len(r.Columns) {
		return *v
	}
	f := r.Columns[j]
	switch f.DataTypeOID {
	case 1184, 1114: // a clock, unless it is old
		if f.Format == 0 && *v > "2026" {
			return "now"
		}
	case 26, 2205, 2206, 24:
		if f.Format == 1 {
			return "oid"
		}
	case 1034: // aclitem[]: owners' names
		return "acl"
	}
	if unstable.MatchString(string(f.Name)) {
		return "*"
	}
	return long.ReplaceAllString(*v, "N")
}

// firstDifference shows the first rows that differ, compared as sets.
func firstDifference(want, got *Result) string {
	w, g := renderRows(want), renderRows(got)
	return fmt.Sprintf(": %d rows, PostgreSQL %d; missing %s; surplus %s", len(g), len(w), minus(w, g), minus(g, w))
}

func minus(a, b []string) string {
	have := map[string]int{}
	for _, s := range b {
		have[s]++
	}
	var out []string
	for _, s := range a {
		if have[s]--; have[s] < 0 {
			if len(s) > 400 {
				s = s[:400] + "..."
			}
			out = append(out, s)
			if len(out) == 3 {
				break
			}
		}
	}
	return fmt.Sprintf("%q", out)
}
