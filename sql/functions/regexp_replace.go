package functions

import (
	"regexp"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/regex"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// regexpReplace replaces the n-th match from a byte position on, or (n = 0) all.
func regexpReplace(re *regexp.Regexp, s, with string, from, n int) string {
	plain := strings.IndexByte(with, '\\') < 0
	var out []byte
	last, count := 0, 0
	eachMatch(re, s, from, func(m []int) bool {
		count++
		if n > 0 && count != n {
			return count < n
		}
		out = append(out, s[last:m[0]]...)
		if plain {
			out = append(out, with...)
		} else {
			out = expandReplacement(out, s, with, m)
		}
		last = m[1]
		return n == 0
	})
	if last == 0 && out == nil {
		return s
	}
	return viewString(append(out, s[last:]...))
}

// expandReplacement appends a replacement with \1 .. \9 and \& filled in.
func expandReplacement(out []byte, s, with string, m []int) []byte {
	for i := 0; i < len(with); i++ {
		c := with[i]
		if c != '\\' || i+1 == len(with) {
			out = append(out, c)
			continue
		}
		i++
		switch c = with[i]; {
		case c >= '1' && c <= '9':
			if g := 2 * int(c-'0'); g < len(m) && m[g] >= 0 {
				out = append(out, s[m[g]:m[g+1]]...)
			}
		case c == '&':
			out = append(out, s[m[0]:m[1]]...)
		case c == '\\':
			out = append(out, c)
		default: // copied; the character is read again
			out = append(out, '\\')
			i--
			if with[i+1] != '\\' {
				i++
				out = append(out, with[i])
			}
		}
	}
	return out
}

func badValue(parameter string, v int64) error {
	return pgerror.New(pgerror.InvalidParameterValue, "invalid value for parameter \"%s\": %d", parameter, v)
}

var (
	_ = define("regexp_replace(text,text,text)", `Replaces the first match of a regular expression; \1 is the first group, \& the match.`,
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			re, err := regex.Compile(args[1].S, "")
			if err != nil {
				return types.Null, err
			}
			return types.NewString(regexpReplace(re, args[0].S, args[2].S, 0, 1)), nil
		}), ex("regexp_replace('foobarbaz', 'b..', 'X')", "fooXbaz"))
	_ = define("regexp_replace(text,text,text,text)", "Replaces the first match, with the flag g all matches, of a regular expression.",
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			flags := args[3].S
			if flags != "" && flags[0] >= '0' && flags[0] <= '9' {
				return types.Null, pgerror.New(pgerror.InvalidParameterValue, "invalid regular expression option: \"%s\"", flags[:1]).
					WithHint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.")
			}
			re, global, err := compileFlags(args[1].S, flags)
			if err != nil {
				return types.Null, err
			}
			n := 1
			if global {
				n = 0
			}
			return types.NewString(regexpReplace(re, args[0].S, args[2].S, 0, n)), nil
		}), ex("regexp_replace('foobarbaz', 'b(..)', 'X\\1Y', 'g')", "fooXarYXazY"))
	_ = define("regexp_replace(text,text,text,int4) regexp_replace(text,text,text,int4,int4) regexp_replace(text,text,text,int4,int4,text)",
		"Replaces the n-th match (0: all) of a regular expression from a position on.",
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			start, n := args[3].I, int64(1)
			if start <= 0 {
				return types.Null, badValue("start", start)
			}
			if len(args) > 4 {
				if n = args[4].I; n < 0 {
					return types.Null, badValue("n", n)
				}
			}
			re, _, err := compileFlags(args[1].S, textArg(args, 5))
			if err != nil {
				return types.Null, err
			}
			return types.NewString(regexpReplace(re, args[0].S, args[2].S, runeAt(args[0].S, int(start)-1), int(n))), nil
		}), ex("regexp_replace('A PostgreSQL function', 'a|e|i|o|u', 'X', 1, 3, 'i')", "A PostgrXSQL function"))
)
