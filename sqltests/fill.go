package sqltests

import (
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// answer is what fill writes for a record: its first line and the lines below ----.
type answer struct {
	head  string
	lines []string
	has   bool
}

// answer is the record as it would be written for the given outcome.
func (d Dialect) answer(rec *Record, got *result, err *pgconn.PgError) answer {
	switch {
	case err != nil:
		return answer{head: "statement error " + err.Code, lines: strings.Split(describe(err), "\n"), has: true}
	case rec.kind == query || len(got.names) > 0 && rec.kind == statementError:
		types := rec.types
		if len(types) != len(got.names) {
			types = letters(got.oids)
		}
		head := "query " + types
		switch rec.sort {
		case rowSort:
			head += " rowsort"
		case valueSort:
			head += " valuesort"
		}
		if rec.label != "" {
			head += " " + rec.label
		}
		values := d.values(got, types, rec.sort)
		if d == SQLite {
			return answer{head: head, lines: values, has: true}
		}
		return answer{head: head, lines: join(values, max(len(got.names), 1), "\t"), has: true}
	}
	return answer{head: "statement ok"}
}

// letters are the type letters of columns.
func letters(oids []uint32) string {
	var b strings.Builder
	for _, oid := range oids {
		switch oid {
		case oidInt2, oidInt4, oidInt8:
			b.WriteByte('I')
		case oidFloat4, oidFloat8, oidNumeric:
			b.WriteByte('R')
		default:
			b.WriteByte('T')
		}
	}
	return b.String()
}

// rewrite writes the file with the answers filled in.
func (r *runner) rewrite(path string) error {
	var out []string
	next := 0
	for i, rec := range r.file.Records {
		a, ok := r.answers[i]
		if !ok {
			continue
		}
		out = append(out, r.file.lines[next:rec.Line-1]...)
		head := a.head
		if rec.conn != "" && strings.Contains(r.file.lines[rec.Line-1], " "+rec.conn) {
			head += " " + rec.conn
		}
		out = append(out, head)
		out = append(out, r.file.lines[rec.Line:rec.sqlEnd]...)
		if a.has {
			out = append(out, "----")
			out = append(out, a.lines...)
		}
		next = rec.resultEnd
	}
	out = append(out, r.file.lines[next:]...)
	return os.WriteFile(path, []byte(strings.Join(out, "\n")), 0o644)
}
