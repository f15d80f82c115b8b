package sqlfuzz

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Outcome is what a server answers to a statement.
type Outcome struct {
	// Code is the SQLSTATE of an error.
	Code, Message string
	// Types are the OIDs of the columns.
	Types []uint32
	// Rows are values as text, "NULL" for NULL.
	Rows [][]string
	// Tag is the command's, e.g. "UPDATE 3".
	Tag string
}

// Run runs a statement in the simple protocol. The error is the connection's.
func Run(ctx context.Context, conn *pgconn.PgConn, sql string) (*Outcome, error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	return outcome(results, err)
}

func outcome(results []*pgconn.Result, err error) (*Outcome, error) {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return &Outcome{Code: pgErr.Code, Message: pgErr.Message}, nil
	}
	if err != nil {
		return nil, err
	}
	out := &Outcome{}
	for _, r := range results {
		out.Tag = r.CommandTag.String()
		for _, f := range r.FieldDescriptions {
			out.Types = append(out.Types, f.DataTypeOID)
		}
		for _, row := range r.Rows {
			out.Rows = append(out.Rows, textRow(row))
		}
	}
	return out, nil
}

func textRow(row [][]byte) []string {
	out := make([]string, len(row))
	for i, v := range row {
		out[i] = "NULL"
		if v != nil {
			out[i] = string(v)
		}
	}
	return out
}

// looseNumbers matches statements that choose one of several values that are
// equal and print differently (1.0 and 1.00, char with blanks).
var looseNumbers = regexp.MustCompile(`(?i)\b(DISTINCT|GROUP|UNION|INTERSECT|EXCEPT|min|max|ORDER|USING|NATURAL|greatest|least|BY)\b`)

// Compare says how two answers to a statement differ, or "".
func Compare(s Statement, got, want *Outcome) string {
	switch {
	case got.Code == "XX000":
		return "internal error: " + got.Message
	case want.Code == "0A000" || want.Code == "XX000" && got.Code != "": // its own bug
		return ""
	case got.Code != "" && want.Code != "":
		if got.Code == want.Code || s.Fails && !s.Strict && got.isDataError() && want.isDataError() {
			return ""
		}
		return fmt.Sprintf("error %s (%s), want error %s (%s)", got.Code, got.Message, want.Code, want.Message)
	case got.Code != "":
		if s.Fails && !s.Strict && got.isDataError() {
			return ""
		}
		return fmt.Sprintf("error %s (%s), want rows", got.Code, got.Message)
	case want.Code != "":
		if s.Fails && want.isDataError() && !s.Strict {
			return ""
		}
		return fmt.Sprintf("rows, want error %s (%s)", want.Code, want.Message)
	}
	return compareRows(s, got, want)
}

// isDataError tells errors that values raise while a statement runs; PostgreSQL
// has a code of other errors for those of arrays with several dimensions.
func (o *Outcome) isDataError() bool {
	return strings.HasPrefix(o.Code, "22") || strings.HasPrefix(o.Code, "21") || strings.HasPrefix(o.Code, "23") ||
		o.Code == "0A000" && strings.Contains(o.Message, "multidimensional arrays")
}

func compareRows(s Statement, got, want *Outcome) string {
	if !slices.Equal(got.Types, want.Types) {
		return fmt.Sprintf("types %v, want %v", got.Types, want.Types)
	}
	if len(want.Types) == 0 && got.Tag != want.Tag {
		return fmt.Sprintf("%s, want %s", got.Tag, want.Tag)
	}
	loose := looseNumbers.MatchString(s.Text)
	a, b := canonical(got, s.Ordered, loose), canonical(want, s.Ordered, loose)
	if slices.EqualFunc(a, b, func(x, y []string) bool { return sameRow(x, y, want.Types) }) {
		return ""
	}
	return "got:\n" + printRows(a) + "want:\n" + printRows(b)
}

// canonical prints what is equal in one way if asked, and sorts the rows.
func canonical(o *Outcome, ordered, loose bool) [][]string {
	rows := make([][]string, len(o.Rows))
	for i, row := range o.Rows {
		rows[i] = slices.Clone(row)
		for j, v := range row {
			if loose {
				rows[i][j] = canonicalValue(v, o.Types[j])
			}
		}
	}
	if !ordered {
		slices.SortFunc(rows, slices.Compare)
	}
	return rows
}

const (
	oidFloat4  = 700
	oidFloat8  = 701
	oidNumeric = 1700
	oidBpchar  = 1042
)

func canonicalValue(v string, oid uint32) string {
	switch {
	case oid == oidNumeric && strings.Contains(v, "."):
		v = strings.TrimSuffix(strings.TrimRight(v, "0"), ".")
	case (oid == oidFloat4 || oid == oidFloat8) && v == "-0":
		return "0"
	case oid == oidBpchar:
		return strings.TrimRight(v, " ")
	}
	return v
}

func sameRow(a, b []string, types []uint32) bool {
	for i := range a {
		if a[i] != b[i] && !closeFloats(a[i], b[i], types[i]) {
			return false
		}
	}
	return true
}

// closeFloats allows for sums in another order.
func closeFloats(a, b string, oid uint32) bool {
	tolerance := 1e-12
	switch oid {
	case oidFloat8:
	case oidFloat4:
		tolerance = 1e-5
	default:
		return false
	}
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return err1 == nil && err2 == nil && math.Abs(x-y) <= tolerance*math.Max(math.Abs(x), math.Abs(y))
}

func printRows(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		if i == 20 {
			fmt.Fprintf(&b, "  ... %d rows\n", len(rows))
			break
		}
		b.WriteString("  " + strings.Join(row, "\t") + "\n")
	}
	return b.String()
}
