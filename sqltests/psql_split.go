package sqltests

import (
	"regexp"
	"strings"
)

// psqlUnit is what psql reads before it answers: the lines that end with a
// statement's semicolon or a meta-command, with the comments before it.
type psqlUnit struct {
	// line is the 1-based line on which the statement begins, comments left out.
	line int
	// lines are the script's lines, empty ones left out: psql -a echoes them.
	lines []string
}

func (u psqlUnit) text() string { return strings.Join(u.lines, "\n") }

// psqlSplitter follows psql's lexer as far as is needed to see where statements end.
type psqlSplitter struct {
	units []psqlUnit
	unit  psqlUnit

	quote   string // what ends the open quote: ' E' " */ or a $tag$
	comment int    // depth of nested comments
	parens  int
	begins  int    // depth of BEGIN ATOMIC and CASE bodies in CREATE FUNCTION
	sql     string // the open statement, quotes and comments left out
	ended   bool   // a statement ended on this line
}

// splitPsql splits a psql script. The data lines of COPY FROM STDIN belong to no unit.
func splitPsql(script string) []psqlUnit {
	var s psqlSplitter
	inData := false
	for i, line := range strings.Split(script, "\n") {
		if inData {
			inData = line != `\.`
			continue
		}
		if line == "" && s.quote == "" {
			continue
		}
		s.unit.lines = append(s.unit.lines, line)
		inData = s.scan(i+1, line)
		if s.ended && strings.TrimSpace(s.sql) == "" && s.quote == "" && s.comment == 0 {
			s.units = append(s.units, s.unit)
			s.unit, s.ended = psqlUnit{}, false
		}
	}
	if s.unit.line > 0 {
		s.units = append(s.units, s.unit)
	}
	return s.units
}

var (
	copyStdin = regexp.MustCompile(`(?is)^\s*copy\s.*\sfrom\s+stdin\b`)
	endsQuery = regexp.MustCompile(`^\\(g|gx|gset|gexec|gdesc|crosstabview|watch|r|reset)\b`)
	dollarTag = regexp.MustCompile(`^\$([A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$`)
	sqlWord   = regexp.MustCompile(`^[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*`)
	makesBody = regexp.MustCompile(`(?i)^\s*create\s+(or\s+replace\s+)?(function|procedure)\b`)
)

// scan reads a line and tells whether the data of a COPY follows.
func (s *psqlSplitter) scan(number int, line string) (data bool) {
	for rest := line + "\n"; rest != ""; {
		if n := s.skip(rest); n > 0 {
			rest = rest[n:]
			continue
		}
		if s.unit.line == 0 && strings.TrimSpace(rest[:1]) != "" {
			s.unit.line = number
		}
		switch c := rest[0]; {
		case c == '\\' && strings.HasPrefix(rest, `\;`):
			rest = rest[2:]
		case c == '\\':
			if strings.TrimSpace(s.sql) == "" || endsQuery.MatchString(rest) {
				data = data || copyStdin.MatchString(rest[1:]) // \copy
				s.end()
			}
			return data
		case c == ';' && s.parens == 0 && s.begins == 0:
			data = data || copyStdin.MatchString(s.sql)
			s.end()
			rest = rest[1:]
		default:
			rest = rest[s.token(rest):]
		}
	}
	return data
}

func (s *psqlSplitter) end() { s.sql, s.parens, s.begins, s.ended = "", 0, 0, true }

// skip passes over what is quoted or a comment and returns its length.
func (s *psqlSplitter) skip(rest string) int {
	switch {
	case s.comment > 0:
		return s.skipComment(rest)
	case s.quote != "":
		return s.skipQuoted(rest)
	case strings.HasPrefix(rest, "--"):
		return len(rest)
	case strings.HasPrefix(rest, "/*"):
		s.comment = 1
		return 2
	}
	return 0
}

func (s *psqlSplitter) skipComment(rest string) int {
	open, closing := strings.Index(rest, "/*"), strings.Index(rest, "*/")
	switch {
	case closing < 0 && open < 0:
		return len(rest)
	case open >= 0 && (closing < 0 || open < closing):
		s.comment++
		return open + 2
	}
	s.comment--
	return closing + 2
}

func (s *psqlSplitter) skipQuoted(rest string) int {
	for i := 0; i < len(rest); i++ {
		if s.quote == "E'" && rest[i] == '\\' {
			i++
			continue
		}
		end := strings.TrimPrefix(s.quote, "E")
		if strings.HasPrefix(rest[i:], end) {
			s.quote = ""
			return i + len(end) // a doubled quote opens the next one at once
		}
	}
	return len(rest)
}

// token reads one token outside quotes and returns its length.
func (s *psqlSplitter) token(rest string) int {
	if word := sqlWord.FindString(rest); word != "" {
		if strings.EqualFold(word, "e") && strings.HasPrefix(rest[1:], "'") {
			s.quote = "E'"
			s.sql += "E"
			return 2
		}
		s.word(word)
		return len(word)
	}
	if tag := dollarTag.FindString(rest); tag != "" {
		s.quote = tag
		s.sql += tag
		return len(tag)
	}
	switch rest[0] {
	case '\'', '"':
		s.quote = rest[:1]
	case '(':
		s.parens++
	case ')':
		s.parens = max(s.parens-1, 0)
	}
	s.sql += rest[:1]
	return 1
}

// word counts the BEGIN and CASE of an SQL-standard function body, as psql does.
func (s *psqlSplitter) word(word string) {
	if makesBody.MatchString(s.sql) {
		switch strings.ToLower(word) {
		case "begin":
			s.begins++
		case "case":
			if s.begins > 0 {
				s.begins++
			}
		case "end":
			s.begins = max(s.begins-1, 0)
		}
	}
	s.sql += word
}
