package sqltests

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// result is what a query answered.
type result struct {
	names []string
	oids  []uint32
	rows  [][][]byte
}

// values prints all values of a result as dialect d does, row by row, sorted
// as asked.
func (d Dialect) values(r *result, types string, mode sortMode) []string {
	rows := make([][]string, len(r.rows))
	for i, row := range r.rows {
		rows[i] = make([]string, len(row))
		for j, v := range row {
			rows[i][j] = d.value(v, typeAt(types, j))
		}
	}
	if mode == rowSort {
		slices.SortStableFunc(rows, slices.Compare)
	}
	out := slices.Concat(rows...)
	if mode == valueSort {
		slices.Sort(out)
	}
	return out
}

func typeAt(types string, i int) byte {
	if i < len(types) {
		return types[i]
	}
	return 'T'
}

func (d Dialect) value(v []byte, typ byte) string {
	if v == nil {
		return "NULL"
	}
	s := string(v)
	if d == SQLite {
		switch typ {
		case 'I':
			return classicInteger(s)
		case 'R':
			return classicReal(s)
		}
	}
	if s == "" {
		return "(empty)"
	}
	if d != SQLite {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '@'
		}
	}
	return string(b)
}

// classicInteger prints a value as C's atoi reads its text.
func classicInteger(s string) string {
	switch s {
	case "t", "true":
		return "1"
	case "f", "false":
		return "0"
	}
	s = strings.TrimLeft(s, " \t")
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && (s[end] == '-' || s[end] == '+')) {
		end++
	}
	n, err := strconv.ParseInt(s[:end], 10, 64)
	if err != nil {
		return "0"
	}
	return strconv.FormatInt(n, 10)
}

// classicReal prints a value with three digits after the point.
func classicReal(s string) string {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && s != "" {
		f = 0
	}
	return strconv.FormatFloat(f, 'f', 3, 64)
}

// hash is the MD5 of every value followed by a newline.
func hash(values []string) string {
	h := md5.New()
	for _, v := range values {
		_, _ = io.WriteString(h, v+"\n") // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
}

func hashLine(values []string) string {
	return fmt.Sprintf("%d values hashing to %s", len(values), hash(values))
}
