package functions

import (
	"strings"
	"unicode"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func isIdentStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func isIdentPart(c byte) bool { return isIdentStart(c) || c >= '0' && c <= '9' || c == '$' }

// parseIdent splits a qualified name into its parts.
func parseIdent(text string, strict bool) ([]string, error) {
	bad := pgerror.New(pgerror.InvalidParameterValue, "string is not a valid identifier: \"%s\"", text)
	const space = " \t\n\r\f\v"
	s := strings.TrimLeft(text, space)
	var parts []string
	afterDot := false
	for {
		switch {
		case s != "" && s[0] == '"':
			end := 1
			var b strings.Builder
			for {
				i := strings.IndexByte(s[end:], '"')
				if i < 0 {
					return nil, bad.WithDetail("String has unclosed double quotes.")
				}
				b.WriteString(s[end : end+i])
				end += i + 1
				if end < len(s) && s[end] == '"' {
					b.WriteByte('"')
					end++
					continue
				}
				break
			}
			if b.Len() == 0 {
				return nil, bad.WithDetail("Quoted identifier must not be empty.")
			}
			parts = append(parts, truncateName(b.String()))
			s = s[end:]
		case s != "" && isIdentStart(s[0]):
			end := 1
			for end < len(s) && isIdentPart(s[end]) {
				end++
			}
			parts = append(parts, truncateName(strings.Map(func(r rune) rune {
				if r < unicode.MaxASCII {
					return unicode.ToLower(r)
				}
				return r
			}, s[:end])))
			s = s[end:]
		case s != "" && s[0] == '.':
			return nil, bad.WithDetail("No valid identifier before \".\".")
		case afterDot:
			return nil, bad.WithDetail("No valid identifier after \".\".")
		default:
			return nil, bad
		}
		s = strings.TrimLeft(s, space)
		if s == "" {
			return parts, nil
		}
		if s[0] != '.' {
			if strict {
				return nil, bad
			}
			return parts, nil
		}
		s = strings.TrimLeft(s[1:], space)
		afterDot = true
	}
}

var _ = define("parse_ident(text,bool)", "Splits a qualified name into its parts; with false text after it is no error.",
	evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
		parts, err := parseIdent(args[0].S, len(args) < 2 || args[1].Bool())
		if err != nil {
			return types.Null, err
		}
		return stringArray(types.Text, parts), nil
	}), ex(`parse_ident('"SomeSchema".someTable')`, "{SomeSchema,sometable}"))
