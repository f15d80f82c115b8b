// Package sqltests runs SQL logic tests over the wire: SQL in, rows out. Its
// folders hold our own tests (one folder a feature, one file a case); the same
// runner reads the public corpora of SQLite, DuckDB, DataFusion and RisingWave.
// README.md in this folder describes the form of a test.
package sqltests

import (
	"slices"
	"strings"
)

// kind says what a record asks for.
type kind int

const (
	statementOK    kind = iota // succeeds
	statementError             // fails, perhaps with a given code or message
	query                      // succeeds with given rows
	sleep                      // waits
	hashThreshold              // accepted, hashes are recognised by their form
)

// sortMode says what is done to a result before it is compared.
type sortMode int

const (
	noSort    sortMode = iota
	rowSort            // rows are sorted by bytes
	valueSort          // values are sorted by bytes, whatever their row
)

// Record is one statement or query of a file with what it must answer.
type Record struct {
	// Line is the 1-based line of the statement or query line.
	Line int
	kind kind
	sql  string
	// conn names the connection, empty for the default one.
	conn string

	types string   // one letter a column: T, I, R and others
	sort  sortMode // of a query
	label string   // results with one label are equal
	// expected are the lines below ----; hasExpected tells none from no rows.
	expected    []string
	hasExpected bool

	code    string // SQLSTATE of an expected error, or empty
	pattern string // regular expression on the error's text, or empty
	count   int    // affected rows, or -1
	seconds float64

	// sqlEnd is the index of the line after the SQL, resultEnd that after the
	// answer: what fill replaces.
	sqlEnd, resultEnd int
}

// File is a parsed test file.
type File struct {
	Name    string
	Records []Record
	// Halted is set when an applicable halt ended the file.
	Halted bool
	lines  []string
	// expanded is set when loops make one line stand for several records.
	expanded bool
}

// anyOrder lets the rows of queries without ORDER BY come in any order.
func (f *File) anyOrder() {
	for i := range f.Records {
		r := &f.Records[i]
		if r.kind != query || r.sort != noSort || !r.hasExpected || strings.Contains(strings.ToLower(r.sql), "order by") {
			continue
		}
		r.sort = rowSort
		rows := make([][]string, len(r.expected))
		for k, line := range r.expected {
			rows[k] = strings.Split(line, "\t")
		}
		slices.SortStableFunc(rows, slices.Compare)
		for k, row := range rows {
			r.expected[k] = strings.Join(row, "\t")
		}
	}
}
