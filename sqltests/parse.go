package sqltests

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ParseFile reads a test file, gzip'd when its name ends in .gz. Records for
// other engines than the given names are left out.
func ParseFile(path, name string, d Dialect, engines []string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		zr, err := gzip.NewReader(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r = zr
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return Parse(name, string(text), d, engines)
}

// Parse reads the text of a test file.
func Parse(name, text string, d Dialect, engines []string) (*File, error) {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	f := &File{Name: name, lines: lines}
	p := parser{file: f, dialect: d, engines: engines}
	if err := p.block(0, len(lines), nil); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

type parser struct {
	file    *File
	dialect Dialect
	engines []string

	// Set by the lines before a record, for that record.
	skip bool
	conn string
	// skipping is set between mode skip and mode unskip.
	skipping bool
}

// variable is one binding of a loop.
type variable struct{ name, value string }

var sortModes = map[string]sortMode{"nosort": noSort, "rowsort": rowSort, "valuesort": valueSort}

// block parses the lines from start to before end.
func (p *parser) block(start, end int, vars []variable) error {
	for i := start; i < end && !p.file.Halted; {
		next, err := p.line(i, end, vars)
		if err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
		i = next
	}
	return nil
}

// line parses what starts at line i and returns the line after it.
func (p *parser) line(i, end int, vars []variable) (int, error) {
	text := strings.TrimSpace(substitute(p.file.lines[i], vars))
	if text == "" || strings.HasPrefix(text, "#") {
		return i + 1, nil
	}
	words := strings.Fields(text)
	switch words[0] {
	case "skipif", "onlyif":
		if len(words) < 2 {
			return 0, fmt.Errorf("%s without an engine", words[0])
		}
		ours := slices.Contains(p.engines, strings.ToLower(words[1]))
		p.skip = p.skip || ours == (words[0] == "skipif")
		return i + 1, nil
	case "connection":
		if len(words) > 1 && words[1] != "default" {
			p.conn = words[1]
		}
		return i + 1, nil
	case "mode":
		p.skipping = len(words) > 1 && words[1] == "skip"
		return i + 1, nil
	case "require", "subtest", "control":
		return i + 1, nil
	case "halt":
		p.file.Halted = !p.skip
		p.reset()
		return i + 1, nil
	case "loop", "foreach":
		return p.loop(i, end, words, vars)
	case "hash-threshold":
		p.reset()
		return i + 1, nil
	case "sleep":
		p.add(Record{Line: i + 1, kind: sleep, seconds: duration(words)})
		return i + 1, nil
	case "statement", "query":
		return p.record(i, end, words, text, vars)
	}
	if p.dialect == Rust {
		return i + 1, nil // the rest of an expected error of several paragraphs
	}
	return 0, fmt.Errorf("%q starts no record", text)
}

func (p *parser) reset() { p.skip, p.conn = false, "" }

func (p *parser) add(r Record) {
	if !p.skip && !p.skipping {
		if r.conn == "" {
			r.conn = p.conn
		}
		p.file.Records = append(p.file.Records, r)
	}
	p.reset()
}

// loop repeats the lines up to its endloop for each value of its variable.
func (p *parser) loop(i, end int, words []string, vars []variable) (int, error) {
	if len(words) < 3 {
		return 0, fmt.Errorf("%s without values", words[0])
	}
	depth, stop := 1, i+1
	for ; stop < end; stop++ {
		switch first, _, _ := strings.Cut(p.file.lines[stop], " "); first {
		case "loop", "foreach":
			depth++
		case "endloop":
			depth--
		}
		if depth == 0 {
			break
		}
	}
	if depth != 0 {
		return 0, fmt.Errorf("%s without endloop", words[0])
	}
	values := words[2:]
	if words[0] == "loop" {
		if len(words) < 4 {
			return 0, fmt.Errorf("loop without an end")
		}
		from, err1 := strconv.Atoi(words[2])
		to, err2 := strconv.Atoi(words[3])
		if err1 != nil || err2 != nil {
			return 0, fmt.Errorf("loop bounds %q and %q are not integers", words[2], words[3])
		}
		values = nil
		for n := from; n < to; n++ {
			values = append(values, strconv.Itoa(n))
		}
	}
	p.reset()
	p.file.expanded = true
	for _, v := range values {
		if err := p.block(i+1, stop, append(slices.Clone(vars), variable{words[1], v})); err != nil {
			return 0, err
		}
	}
	return stop + 1, nil
}

// substitute replaces ${name} and {name}.
func substitute(line string, vars []variable) string {
	for _, v := range vars {
		line = strings.ReplaceAll(line, "${"+v.name+"}", v.value)
		line = strings.ReplaceAll(line, "{"+v.name+"}", v.value)
	}
	return line
}

// typeLetters tell a type string from a sort mode where fill has yet to write it.
var typeLetters = regexp.MustCompile(`^([A-Z?]+|[itrb]+)$`)

var sqlState = regexp.MustCompile(`^[0-9A-Z]{5}$`)

// record parses a statement or query and its answer.
func (p *parser) record(i, end int, words []string, text string, vars []variable) (int, error) {
	r := Record{Line: i + 1, count: -1}
	if err := r.head(words, text); err != nil {
		return 0, err
	}
	var sql []string
	n := i + 1
	for ; n < end && strings.TrimSpace(p.file.lines[n]) != "" && !isSeparator(p.file.lines[n]); n++ {
		if !strings.HasPrefix(p.file.lines[n], "#") { // DuckDB's comments
			sql = append(sql, substitute(p.file.lines[n], vars))
		}
	}
	r.sql, r.sqlEnd = strings.Join(sql, "\n"), n
	if n < end && isSeparator(p.file.lines[n]) {
		r.hasExpected = true
		for n++; n < end && p.file.lines[n] != ""; n++ {
			r.expected = append(r.expected, substitute(p.file.lines[n], vars))
		}
	}
	r.resultEnd = n
	if r.sql == "" {
		return 0, fmt.Errorf("%s without SQL", words[0])
	}
	p.add(r)
	return n, nil
}

func isSeparator(line string) bool { return strings.TrimRight(line, " ") == "----" }

// head reads the line that starts a record.
func (r *Record) head(words []string, text string) error {
	if words[0] == "query" {
		r.kind = query
		if len(words) > 1 && words[1] == "error" {
			r.kind = statementError
			r.expectError(text)
			return nil
		}
		rest := words[1:]
		if len(rest) > 0 && typeLetters.MatchString(rest[0]) {
			r.types, rest = rest[0], rest[1:]
		}
		for _, w := range rest {
			if mode, ok := sortModes[w]; ok {
				r.sort = mode
			} else if isConnection(w) {
				r.conn = w
			} else {
				r.label = w
			}
		}
		return nil
	}
	if len(words) < 2 {
		return fmt.Errorf("statement without ok or error")
	}
	switch words[1] {
	case "ok", "maybe":
		r.kind = statementOK
		if len(words) > 2 && isConnection(words[2]) {
			r.conn = words[2]
		}
	case "count":
		n, err := strconv.Atoi(words[len(words)-1])
		if err != nil {
			return fmt.Errorf("statement count %q is not a number", words[len(words)-1])
		}
		r.kind, r.count = statementOK, n
	case "error":
		r.kind = statementError
		if last := words[len(words)-1]; isConnection(last) {
			r.conn, text = last, strings.TrimSuffix(text, last)
		}
		r.expectError(text)
	default:
		return fmt.Errorf("statement %q is neither ok nor error", words[1])
	}
	return nil
}

// isConnection recognises DuckDB's names of connections behind a statement's outcome.
func isConnection(w string) bool { return strings.HasPrefix(w, "con") && len(w) <= 5 }

// expectError reads what follows "error": a SQLSTATE, a pattern, or both.
func (r *Record) expectError(text string) {
	_, rest, _ := strings.Cut(text, "error")
	rest = strings.TrimSpace(rest)
	first, more, _ := strings.Cut(rest, " ")
	if sqlState.MatchString(first) {
		r.code, rest = first, strings.TrimSpace(more)
	}
	r.pattern = rest
}

// duration reads "sleep 1s", "sleep 1 second" and "sleep 200 milliseconds".
func duration(words []string) float64 {
	text := strings.Join(words[1:], "")
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0
	}
	if strings.HasPrefix(text[len(digits):], "m") {
		n /= 1000
	}
	return min(n, 5)
}
