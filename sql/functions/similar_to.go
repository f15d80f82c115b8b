package functions

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/regex"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var errEscapeString = pgerror.New(pgerror.InvalidEscapeSequence, "invalid escape string").
	WithHint("Escape string must be empty or one character.")

var errTooManyQuotes = pgerror.New(pgerror.InvalidUseOfEscapeCharacter, "SQL regular expression may not contain more than two escape-double-quote separators")

// similarParts turns a SIMILAR TO pattern into regular expressions: one, or the
// three around the part that SUBSTRING ... SIMILAR cuts out.
func similarParts(pattern, escape string) ([]string, error) {
	if utf8.RuneCountInString(escape) > 1 {
		return nil, errEscapeString
	}
	var parts []string
	var b strings.Builder
	afterEscape, inClass := false, false
	for i := 0; i < len(pattern); {
		_, n := utf8.DecodeRuneInString(pattern[i:])
		ch := pattern[i : i+n]
		i += n
		switch {
		case afterEscape:
			afterEscape = false
			if ch == `"` && !inClass {
				if parts = append(parts, b.String()); len(parts) > 2 {
					return nil, errTooManyQuotes
				}
				b.Reset()
				continue
			}
			b.WriteString(`\` + ch)
		case escape != "" && ch == escape:
			afterEscape = true
		case inClass:
			if ch == `\` {
				b.WriteByte('\\')
			}
			b.WriteString(ch)
			inClass = ch != "]"
		case ch == "[":
			b.WriteString(ch)
			inClass = true
		case ch == "%":
			b.WriteString(".*")
		case ch == "_":
			b.WriteByte('.')
		case ch == "(":
			b.WriteString("(?:")
		case ch == `\`, ch == ".", ch == "^", ch == "$":
			b.WriteString(`\` + ch)
		default:
			b.WriteString(ch)
		}
	}
	return append(parts, b.String()), nil
}

func similarEscape(pattern, escape string) (string, error) {
	parts, err := similarParts(pattern, escape)
	if err != nil {
		return "", err
	}
	out := "^(?:" + parts[0]
	if len(parts) > 1 {
		out += "){1,1}?(" + parts[1]
	}
	if len(parts) > 2 {
		out += "){1,1}(?:" + parts[2]
	}
	return out + ")$", nil
}

// similarSubstring is SUBSTRING(s SIMILAR pattern ESCAPE escape): of the three
// parts the first is as short as it can be, then the second as long.
func similarSubstring(_ *Context, s, pattern, escape string) (string, bool, error) {
	parts, err := similarParts(pattern, escape)
	if err != nil {
		return "", false, err
	}
	if len(parts) == 1 {
		re, err := regex.Compile("^(?:"+parts[0]+")$", "")
		if err != nil {
			return "", false, err
		}
		return s, re.MatchString(s), nil
	}
	if len(parts) == 2 {
		parts = append(parts, "")
	}
	var res [3]*regexp.Regexp
	for i, p := range parts {
		if res[i], err = regex.Compile("^(?:"+p+")$", ""); err != nil {
			return "", false, err
		}
	}
	rest, err := regex.Compile("^(?:"+parts[1]+")(?:"+parts[2]+")$", "")
	if err != nil {
		return "", false, err
	}
	for i := range len(s) + 1 {
		if !isBoundary(s, i) || !res[0].MatchString(s[:i]) || !rest.MatchString(s[i:]) {
			continue
		}
		for j := len(s); j >= i; j-- {
			if isBoundary(s, j) && res[2].MatchString(s[j:]) && res[1].MatchString(s[i:j]) {
				return s[i:j], true, nil
			}
		}
	}
	return "", false, nil
}

func isBoundary(s string, i int) bool { return i == len(s) || utf8.RuneStart(s[i]) }

// likeEscape turns a LIKE pattern with another escape character into one with backslashes.
func likeEscape(pattern, escape string) (string, error) {
	if utf8.RuneCountInString(escape) > 1 {
		return "", errEscapeString
	}
	if escape == `\` {
		return pattern, nil
	}
	var b strings.Builder
	after := false
	for i := 0; i < len(pattern); {
		_, n := utf8.DecodeRuneInString(pattern[i:])
		ch := pattern[i : i+n]
		i += n
		switch {
		case escape != "" && ch == escape && !after:
			b.WriteByte('\\')
			after = true
			continue
		case ch == `\`:
			if !after {
				b.WriteByte('\\')
			}
		}
		b.WriteString(ch)
		after = false
	}
	return b.String(), nil
}

var (
	_ = define("similar_to_escape(text)", `Turns a SIMILAR TO pattern with \ as escape character into a regular expression.`,
		fn1E(func(p string) (string, error) { return similarEscape(p, `\`) }), ex("similar_to_escape('a_c%')", "^(?:a.c.*)$"))
	_ = define("similar_to_escape(text,text)", "Turns a SIMILAR TO pattern into a regular expression.", fn2E(similarEscape), ex("similar_to_escape('a#_c', '#')", `^(?:a\_c)$`))
	_ = define("similar_escape(text,text)", `Turns a SIMILAR TO pattern into a regular expression; a NULL escape character is \.`,
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			if args[0].IsNull() {
				return types.Null, nil
			}
			escape := `\`
			if !args[1].IsNull() {
				escape = args[1].S
			}
			return datumOr(similarEscape(args[0].S, escape))
		}), ex("similar_escape('(a|b)', NULL)", "^(?:(?:a|b))$"))
	_ = define("substring(text,text,text)", "The part of a string that an SQL regular expression marks.",
		body{Kernel: map3X(similarSubstring), Eval: func(c *Context, d []types.Datum) (types.Datum, error) {
			return datumOrNull(similarSubstring(c, d[0].S, d[1].S, d[2].S))
		}}, ex(`substring('Thomas' similar '%#"o_a#"_' escape '#')`, "oma"))
	_ = define("like_escape(text,text)", "Turns a LIKE pattern with another escape character into one with backslashes.", fn2E(likeEscape),
		ex("like_escape('a#%b', '#')", `a\%b`))
	_ = define("like_escape(bytea,bytea)", "Turns a LIKE pattern with another escape character into one with backslashes.",
		fn2E(func(p, e binary) (binary, error) {
			if len(e) > 1 {
				return "", errEscapeString
			}
			s, err := likeEscape(latin(p), latin(e))
			return unlatin(s), err
		}), ex(`like_escape('a#%b'::bytea, '#'::bytea)`, `\x615c2562`))
)

// latin and unlatin make a character of each byte and back.
func latin(b binary) string {
	r := make([]rune, len(b))
	for i := range len(b) {
		r[i] = rune(b[i])
	}
	return string(r)
}

func unlatin(s string) binary {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return binary(b)
}
