package regex

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

func regexError(reason string) error {
	return pgerror.New(pgerror.InvalidRegularExpression, "invalid regular expression: %s", reason)
}

// translate turns PostgreSQL's advanced regular expression into RE2's
// syntax. Back references and lookaround have no counterpart: 0A000.
func translate(pattern, flags string) (*regexp.Regexp, error) {
	t := reTranslator{in: pattern}
	for _, f := range flags {
		if err := t.flag(f); err != nil {
			return nil, err
		}
	}
	if err := t.director(); err != nil {
		return nil, err
	}
	if t.literal {
		t.out.WriteString(regexp.QuoteMeta(t.in[t.pos:]))
	} else if err := t.run(); err != nil {
		return nil, err
	}
	re, err := regexp.Compile(t.prefix() + t.out.String())
	if err != nil {
		return nil, syntaxReason(err)
	}
	if !t.lazy { // POSIX: of the matches at the leftmost place the longest
		re.Longest()
	}
	return re, nil
}

// syntaxReason gives RE2's complaint in PostgreSQL's words.
func syntaxReason(err error) error {
	var se *syntax.Error
	if !errors.As(err, &se) {
		return regexError(err.Error())
	}
	switch se.Code {
	case syntax.ErrMissingParen, syntax.ErrUnexpectedParen:
		return regexError("parentheses () not balanced")
	case syntax.ErrMissingBracket:
		return regexError("brackets [] not balanced")
	case syntax.ErrMissingRepeatArgument, syntax.ErrInvalidRepeatOp:
		return regexError("quantifier operand invalid")
	case syntax.ErrInvalidRepeatSize:
		return regexError("invalid repetition count(s)")
	case syntax.ErrInvalidCharRange:
		if strings.Contains(se.Expr, "[:") {
			return regexError("invalid character class")
		}
		return regexError("invalid character range")
	case syntax.ErrInvalidEscape, syntax.ErrTrailingBackslash:
		return regexError(`invalid escape \ sequence`)
	}
	return regexError("regular expression is too complex")
}

type reTranslator struct {
	in      string
	pos     int
	out     strings.Builder
	fold    bool // i
	newline bool // n: . and [^ do not match newlines, ^ and $ match at lines
	partial bool // p: as n for . and [^
	weird   bool // w: as n for ^ and $
	expand  bool // x
	literal bool // q, ***=
	lazy    bool // a non-greedy quantifier stands in it
	depth   int
}

func (t *reTranslator) flag(f rune) error {
	switch f {
	case 'i':
		t.fold = true
	case 'c':
		t.fold = false
	case 'n', 'm':
		t.newline = true
	case 's':
		t.newline = false
	case 'p':
		t.partial = true
	case 'w':
		t.weird = true
	case 'x':
		t.expand = true
	case 't':
		t.expand = false
	case 'q':
		t.literal = true
	case 'b', 'e':
	default:
		return pgerror.New(pgerror.InvalidParameterValue, "invalid regular expression option: %q", string(f))
	}
	return nil
}

// director reads *** and (?flags) at the start.
func (t *reTranslator) director() error {
	if rest, ok := strings.CutPrefix(t.in, "***="); ok {
		t.in, t.literal = rest, true
		return nil
	}
	t.in = strings.TrimPrefix(t.in, "***:")
	if strings.HasPrefix(t.in, "***") {
		return regexError("quantifier operand invalid")
	}
	if t.literal || !strings.HasPrefix(t.in, "(?") {
		return nil
	}
	end := 2
	for end < len(t.in) && t.in[end] >= 'a' && t.in[end] <= 'z' {
		end++
	}
	if end == 2 || end == len(t.in) || t.in[end] != ')' {
		return nil
	}
	for _, f := range t.in[2:end] {
		if t.flag(f) != nil {
			return regexError("invalid embedded option")
		}
	}
	t.in = t.in[end+1:]
	return nil
}

func (t *reTranslator) prefix() string {
	flags := ""
	if t.fold {
		flags += "i"
	}
	if !t.newline && !t.partial {
		flags += "s"
	}
	if t.newline || t.weird {
		flags += "m"
	}
	if flags == "" {
		return ""
	}
	return "(?" + flags + ")"
}

func (t *reTranslator) run() error {
	for t.pos < len(t.in) {
		c := t.in[t.pos]
		switch {
		case c == '\\':
			if err := t.escape(); err != nil {
				return err
			}
		case c == '[':
			if err := t.bracket(); err != nil {
				return err
			}
		case c == '(':
			if err := t.group(); err != nil {
				return err
			}
		case c == ')':
			if t.depth == 0 {
				return regexError("parentheses () not balanced")
			}
			t.depth--
			t.copy(1)
		case c == '?' && t.pos > 0 && strings.IndexByte("*+?}", t.in[t.pos-1]) >= 0:
			t.lazy = true
			t.copy(1)
		case t.expand && strings.IndexByte(" \t\n\r\f\v", c) >= 0:
			t.pos++
		case t.expand && c == '#':
			for t.pos < len(t.in) && t.in[t.pos] != '\n' {
				t.pos++
			}
		default:
			_, n := utf8.DecodeRuneInString(t.in[t.pos:])
			t.copy(n)
		}
	}
	if t.depth > 0 {
		return regexError("parentheses () not balanced")
	}
	return nil
}

func (t *reTranslator) copy(n int) {
	t.out.WriteString(t.in[t.pos : t.pos+n])
	t.pos += n
}

// group reads "(", "(?:", and refuses lookaround.
func (t *reTranslator) group() error {
	rest := t.in[t.pos:]
	switch {
	case strings.HasPrefix(rest, "(?:"):
		t.depth++
		t.copy(3)
	case strings.HasPrefix(rest, "(?="), strings.HasPrefix(rest, "(?!"), strings.HasPrefix(rest, "(?<="), strings.HasPrefix(rest, "(?<!"):
		return pgerror.Unsupported("lookaround in regular expressions")
	case strings.HasPrefix(rest, "(?#"):
		end := strings.IndexByte(rest, ')')
		if end < 0 {
			return regexError("parentheses () not balanced")
		}
		t.pos += end + 1
	case strings.HasPrefix(rest, "(?"):
		return regexError("quantifier operand invalid")
	default:
		t.depth++
		t.copy(1)
	}
	return nil
}

// The classes of C.UTF-8: letters of all scripts, digits of ASCII.
const (
	reAlpha = `\p{L}\p{M}`
	reWord  = `\p{L}\p{M}\p{N}_`
	reSpace = `\s\v\x{85}\x{2028}\x{2029}`
)

// escape translates an escape outside of brackets.
func (t *reTranslator) escape() error {
	t.pos++
	if t.pos == len(t.in) {
		return regexError(`invalid escape \ sequence`)
	}
	c := t.in[t.pos]
	t.pos++
	switch c {
	case 'd', 'D':
		t.out.WriteString(`\` + string(c))
	case 'w':
		t.out.WriteString("[" + reWord + "]")
	case 'W':
		t.out.WriteString("[^" + reWord + "]")
	case 's':
		t.out.WriteString("[" + reSpace + "]")
	case 'S':
		t.out.WriteString("[^" + reSpace + "]")
	case 'A':
		t.out.WriteString(`\A`)
	case 'Z':
		t.out.WriteString(`\z`)
	case 'y', 'm', 'M': // RE2 has no one-sided word boundary
		t.out.WriteString(`\b`)
	case 'Y':
		t.out.WriteString(`\B`)
	default:
		if c >= '1' && c <= '9' {
			return pgerror.Unsupported("back references in regular expressions")
		}
		r, err := t.charEscape(c)
		if err != nil {
			return err
		}
		t.out.WriteString(regexp.QuoteMeta(string(r)))
	}
	return nil
}

// charEscape reads the rest of an escape that stands for one character; c is
// the byte after the backslash.
func (t *reTranslator) charEscape(c byte) (rune, error) {
	hex := func(max int) (rune, error) {
		end := t.pos
		for end < len(t.in) && end-t.pos < max && isHex(t.in[end]) {
			end++
		}
		v, err := strconv.ParseUint(t.in[t.pos:end], 16, 32)
		if err != nil || v > utf8.MaxRune {
			return 0, regexError(`invalid escape \ sequence`)
		}
		t.pos = end
		return rune(v), nil
	}
	switch c {
	case 'a':
		return 7, nil
	case 'b':
		return 8, nil
	case 'B':
		return '\\', nil
	case 'e':
		return 27, nil
	case 'f':
		return 12, nil
	case 'n':
		return 10, nil
	case 'r':
		return 13, nil
	case 't':
		return 9, nil
	case 'v':
		return 11, nil
	case '0':
		return 0, nil
	case 'c':
		if t.pos < len(t.in) {
			t.pos++
			return rune(t.in[t.pos-1] & 31), nil
		}
	case 'u':
		return hex(4)
	case 'U':
		return hex(8)
	case 'x':
		return hex(6)
	}
	if c < utf8.RuneSelf && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
		return 0, regexError(`invalid escape \ sequence`)
	}
	if c < utf8.RuneSelf {
		return rune(c), nil
	}
	r, n := utf8.DecodeRuneInString(t.in[t.pos-1:])
	t.pos += n - 1
	return r, nil
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// bracket translates a bracket expression.
func (t *reTranslator) bracket() error {
	rest := t.in[t.pos:]
	if strings.HasPrefix(rest, "[[:<:]]") || strings.HasPrefix(rest, "[[:>:]]") {
		t.pos += 7
		t.out.WriteString(`\b`)
		return nil
	}
	t.copy(1)
	negated := t.pos < len(t.in) && t.in[t.pos] == '^'
	if negated {
		t.copy(1)
		if t.newline || t.partial {
			t.out.WriteString(`\n`)
		}
	}
	for first := true; ; first = false {
		if t.pos >= len(t.in) {
			return regexError("brackets [] not balanced")
		}
		c := t.in[t.pos]
		switch {
		case c == ']' && !first:
			t.copy(1)
			return nil
		case c == '[' && t.pos+1 < len(t.in) && strings.IndexByte(":.=", t.in[t.pos+1]) >= 0:
			if err := t.class(); err != nil {
				return err
			}
		case c == '\\':
			if err := t.bracketEscape(); err != nil {
				return err
			}
		case c == '-':
			t.pos++
			if first || t.pos < len(t.in) && t.in[t.pos] == ']' {
				t.out.WriteString(`\-`)
			} else {
				t.out.WriteString("-")
			}
		case strings.IndexByte("[]^&~", c) >= 0:
			t.pos++
			t.out.WriteString(`\` + string(c))
		default:
			_, n := utf8.DecodeRuneInString(t.in[t.pos:])
			t.copy(n)
		}
	}
}

var reClasses = map[string]string{
	"alpha": reAlpha, "alnum": reAlpha + `\p{N}`, "digit": `0-9`, "space": reSpace, "upper": `\p{Lu}`, "lower": `\p{Ll}`,
	"punct": `\p{P}\p{S}`, "blank": `\t `, "cntrl": `\p{Cc}`, "xdigit": `0-9A-Fa-f`, "print": `\p{L}\p{M}\p{N}\p{P}\p{S} `,
	"graph": `\p{L}\p{M}\p{N}\p{P}\p{S}`, "word": reWord, "ascii": `\x00-\x7f`,
}

// class translates [:name:], [.x.] and [=x=] inside of brackets.
func (t *reTranslator) class() error {
	kind := t.in[t.pos+1]
	body := t.in[t.pos+2:]
	end := strings.Index(body, string(kind)+"]")
	if end < 0 {
		return regexError("brackets [] not balanced")
	}
	name := body[:end]
	t.pos += end + 4
	if kind == ':' {
		class, ok := reClasses[name]
		if !ok {
			return regexError("invalid character class")
		}
		t.out.WriteString(class)
		return nil
	}
	if utf8.RuneCountInString(name) != 1 {
		return regexError("invalid collating element")
	}
	t.out.WriteString(regexp.QuoteMeta(name))
	return nil
}

func (t *reTranslator) bracketEscape() error {
	t.pos++
	if t.pos == len(t.in) {
		return regexError(`invalid escape \ sequence`)
	}
	c := t.in[t.pos]
	t.pos++
	switch c {
	case 'd':
		t.out.WriteString(`0-9`)
		return nil
	case 'w':
		t.out.WriteString(reWord)
		return nil
	case 's':
		t.out.WriteString(reSpace)
		return nil
	}
	r, err := t.charEscape(c)
	if err != nil {
		return err
	}
	t.out.WriteString(`\x{` + strconv.FormatInt(int64(r), 16) + `}`)
	return nil
}
