package parser

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// KWDB's statements that make time-series tables and databases, which PostgreSQL's
// grammar refuses:
//
//	CREATE TABLE t (columns) TAGS|ATTRIBUTES (columns) PRIMARY TAGS|ATTRIBUTES (names)
//	  [RETENTIONS d] [ACTIVETIME d] [PARTITION INTERVAL d] [DICT ENCODING] [WITH HASH (n)]
//	CREATE [TS] DATABASE name [RETENTIONS d] [PARTITION INTERVAL d]
//
// with the clauses in any order, TAGS among them, and durations such as 10d. What is KWDB's is cut out and
// leaves blanks, the tags become columns behind the others, so that every error position
// stays right; PostgreSQL's parser reads the rest, and the clauses become parameters
// of CREATE TABLE ... USING timeseries.

// formToken is a token of a statement: a word in lower case, a name without its quotes,
// or other text as it is.
type formToken struct {
	start, end int
	text       string
	quoted     bool
}

// is reports whether the token is a word or a sign, not a name in quotes that looks so.
func (t *formToken) is(text string) bool { return !t.quoted && t.text == text }

// formTokens splits a text; comments are left out.
func formTokens(s string) []formToken {
	var out []formToken
	for i := 0; i < len(s); {
		start := i
		switch c := s[i]; {
		case isSpace(c):
			i++
			continue
		case strings.HasPrefix(s[i:], "--"):
			if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
				i += n
			} else {
				i = len(s)
			}
			continue
		case strings.HasPrefix(s[i:], "/*"):
			n := strings.Index(s[i+2:], "*/")
			if n < 0 {
				return nil
			}
			i += n + 4
			continue
		case c == '\'':
			i = stringEnd(s, i, false)
			out = append(out, formToken{start, i, s[start:i], false})
			continue
		case c == '"':
			for i++; i < len(s) && (s[i] != '"' || i+1 < len(s) && s[i+1] == '"'); i++ {
				if s[i] == '"' {
					i++
				}
			}
			i = min(i+1, len(s))
			out = append(out, formToken{start, i, strings.ReplaceAll(strings.Trim(s[start:i], `"`), `""`, `"`), true})
			continue
		case isIdentStart(c):
			for i < len(s) && isIdentPart(s[i]) {
				i++
			}
		case isDigit(c):
			i = digitsEnd(s, i)
		default:
			i++
		}
		out = append(out, formToken{start, i, strings.ToLower(s[start:i]), false})
	}
	return out
}

// CallEnd is the offset behind a call of a function that starts at an offset.
func CallEnd(sql string, start int) int {
	depth := 0
	for _, t := range formTokens(sql[start:]) {
		switch {
		case t.is("("):
			depth++
		case t.is(")"):
			if depth--; depth == 0 {
				return start + t.end
			}
		}
	}
	return len(sql)
}

// seriesForm reads one of KWDB's statements.
type seriesForm struct {
	sql     string
	tokens  []formToken
	at      int
	blanked []byte
	options []*ast.Option
	primary []string
}

// word reports whether the token at hand is one of the words, and takes it.
func (f *seriesForm) word(words ...string) bool {
	for _, w := range words {
		if f.at < len(f.tokens) && f.tokens[f.at].is(w) {
			f.at++
			return true
		}
	}
	return false
}

func (f *seriesForm) unexpected() error {
	if f.at >= len(f.tokens) {
		return pgerror.New(pgerror.SyntaxError, "syntax error at end of input").At(len(f.sql))
	}
	t := f.tokens[f.at]
	return pgerror.New(pgerror.SyntaxError, "syntax error at or near %q", f.sql[t.start:t.end]).At(t.start)
}

func (f *seriesForm) blank(from, to int) {
	for i := from; i < to; i++ {
		if f.blanked[i] != '\n' {
			f.blanked[i] = ' '
		}
	}
}

// option notes a parameter with the place of its clause.
func (f *seriesForm) option(name, value string, at int) {
	f.options = append(f.options, &ast.Option{Pos: ast.At(at), Name: name, Arg: &ast.Const{Pos: ast.At(at), Kind: ast.ConstString, Text: value}})
}

// close is the token of the parenthesis that closes the one at hand, -1 if none does.
func (f *seriesForm) close() int {
	depth := 0
	for i := f.at; i < len(f.tokens); i++ {
		switch t := &f.tokens[i]; {
		case t.is("("):
			depth++
		case t.is(")"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

var formUnits = map[string]string{
	"ns": "", "us": "microseconds", "ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks", "mon": "months", "y": "years",
	"second": "seconds", "minute": "minutes", "hour": "hours", "day": "days", "week": "weeks", "month": "months", "year": "years",
}

// duration takes a number with a unit.
func (f *seriesForm) duration() (string, error) {
	if f.at+1 >= len(f.tokens) || f.tokens[f.at].quoted || !isDigit(f.tokens[f.at].text[0]) {
		return "", f.unexpected()
	}
	n := f.tokens[f.at].text
	f.at++
	unit := formUnits[f.tokens[f.at].text]
	if unit == "" {
		return "", f.unexpected()
	}
	f.at++
	return n + " " + unit, nil
}

// clause takes one clause behind the columns; ok is false at the end.
func (f *seriesForm) clause(table bool) (ok bool, err error) {
	if f.at >= len(f.tokens) || f.tokens[f.at].is(";") {
		return false, nil
	}
	start := f.tokens[f.at].start
	var value string
	switch {
	case f.word("retentions"):
		value, err = f.duration()
		f.option("retention", value, start)
	case f.word("partition"):
		if !f.word("interval") {
			return false, f.unexpected()
		}
		value, err = f.duration()
		f.option("partition_interval", value, start)
	case table && f.word("activetime"):
		value, err = f.duration()
		f.option("activetime", value, start)
	case table && f.word("dict"):
		if !f.word("encoding") {
			return false, f.unexpected()
		}
		f.option("dict_encoding", "true", start)
	case table && f.word("with"):
		if !f.word("hash") || !f.word("(") || f.at >= len(f.tokens) {
			return false, f.unexpected()
		}
		f.option("hash_buckets", f.tokens[f.at].text, start)
		f.at++
		if !f.word(")") {
			return false, f.unexpected()
		}
	case table && f.word("primary"):
		if !f.word("tags", "attributes") {
			return false, f.unexpected()
		}
		err = f.names()
	default:
		return false, f.unexpected()
	}
	return err == nil, err
}

// names takes the list of the primary tags.
func (f *seriesForm) names() error {
	if !f.word("(") {
		return f.unexpected()
	}
	for f.at < len(f.tokens) {
		f.primary = append(f.primary, f.tokens[f.at].text)
		f.at++
		if f.word(")") {
			return nil
		}
		if !f.word(",") {
			break
		}
	}
	return f.unexpected()
}

// clauses takes all clauses up to the end of the only statement.
func (f *seriesForm) clauses(table bool) error {
	if f.at < len(f.tokens) {
		f.blank(f.tokens[f.at].start, len(f.sql))
	}
	for {
		ok, err := f.clause(table)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
	}
	for f.word(";") {
	}
	if f.at < len(f.tokens) {
		return f.unexpected()
	}
	return nil
}

// parseSeriesForm parses a text that PostgreSQL's parser refused; ok is false if it is
// none of KWDB's statements either.
func parseSeriesForm(sql string) (stmts []ast.RawStmt, ok bool, err error) {
	f := &seriesForm{sql: sql, blanked: []byte(sql)}
	trimmed := strings.TrimLeft(sql, " \t\n\r\f\v")
	if len(sql) > maxFormText || len(trimmed) < 6 || !strings.EqualFold(trimmed[:6], "create") && !strings.EqualFold(trimmed[:5], "alter") {
		return nil, false, nil
	}
	f.tokens = formTokens(sql)
	if f.word("alter") {
		return f.alter()
	}
	if !f.word("create") {
		return nil, false, nil
	}
	switch {
	case f.word("table"):
		return f.table()
	case f.word("ts"):
		if !f.word("database") {
			return nil, false, nil
		}
		f.blank(f.tokens[f.at-2].start, f.tokens[f.at-2].end)
	case !f.word("database") || f.at+1 >= len(f.tokens) || !f.tokens[f.at+1].is("retentions") && !f.tokens[f.at+1].is("partition"):
		return nil, false, nil // what the other parser said holds
	}
	return f.database()
}

// maxFormText bounds the statements that are looked at again after a syntax error.
const maxFormText = 1 << 20

func (f *seriesForm) database() ([]ast.RawStmt, bool, error) {
	if f.at >= len(f.tokens) {
		return nil, false, nil
	}
	f.at++ // the name
	if err := f.clauses(false); err != nil {
		return nil, true, err
	}
	stmts, err := f.parse()
	if err != nil {
		return nil, true, err
	}
	st, ok := stmts[0].Stmt.(*ast.CreateDatabase)
	if !ok {
		return nil, false, nil
	}
	st.Options = append(st.Options, f.options...)
	return stmts, true, nil
}

func (f *seriesForm) table() ([]ast.RawStmt, bool, error) {
	for f.at < len(f.tokens) && !f.tokens[f.at].is("(") {
		f.at++
	}
	end := f.close()
	if end < 0 {
		return nil, false, nil
	}
	for f.at = end + 1; !f.word("tags", "attributes"); {
		if ok, err := f.clause(true); !ok || err != nil {
			return nil, false, nil //nolint:nilerr // what the other parser said holds
		}
	}
	if f.at >= len(f.tokens) || !f.tokens[f.at].is("(") {
		return nil, false, nil
	}
	// The columns' parenthesis becomes a comma: the tags go on.
	f.blanked[f.tokens[end].start] = ','
	f.blank(f.tokens[end+1].start, f.tokens[f.at].end)
	last := f.close()
	if last < 0 {
		return nil, true, f.unexpected()
	}
	f.at = last + 1
	if err := f.clauses(true); err != nil {
		return nil, true, err
	}
	stmts, err := f.parse()
	if err != nil {
		return nil, true, err
	}
	st, ok := stmts[0].Stmt.(*ast.CreateTable)
	if !ok {
		return nil, false, nil
	}
	return stmts, true, f.finish(st)
}

func (f *seriesForm) parse() ([]ast.RawStmt, error) {
	stmts, err := Parse(string(f.blanked))
	if err != nil {
		return nil, err
	}
	if len(stmts) != 1 {
		return nil, f.unexpected()
	}
	text := strings.TrimRight(f.sql[stmts[0].Start:], " \t\n\r\f\v;")
	stmts[0].Text, stmts[0].Len = text, len(text)
	return stmts, nil
}

// finish makes the statement one of USING timeseries: the first column is the time, the
// primary tags name the series and are, with the time, the key.
func (f *seriesForm) finish(st *ast.CreateTable) error {
	var first *ast.ColumnDef
	if len(st.Elements) > 0 {
		first, _ = st.Elements[0].(*ast.ColumnDef)
	}
	switch {
	case first == nil:
		return pgerror.New(pgerror.InvalidTableDefinition, "the first column of a time-series table must be its time")
	case len(f.primary) == 0:
		return pgerror.New(pgerror.InvalidTableDefinition, "a time-series table needs PRIMARY TAGS")
	}
	quote := func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
	tags := make([]string, len(f.primary))
	for i, name := range f.primary {
		tags[i] = quote(name)
	}
	f.option("time", quote(first.Name), first.Loc())
	f.option("tags", strings.Join(tags, ","), first.Loc())
	st.AccessMethod, st.Options = "timeseries", f.options
	st.Elements = append(st.Elements, &ast.Constraint{Kind: ast.ConstraintPrimary, Keys: append(append([]string(nil), f.primary...), first.Name)})
	return nil
}
