package functions

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/regex"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// compileFlags compiles an expression; global is the flag g, which belongs to
// the function.
func compileFlags(pattern, flags string) (re *regexp.Regexp, global bool, err error) {
	if strings.IndexByte(flags, 'g') >= 0 {
		global = true
		flags = strings.ReplaceAll(flags, "g", "")
	}
	re, err = regex.Compile(pattern, flags)
	return re, global, err
}

// compileLocal is compileFlags for functions that know no flag g.
func compileLocal(name, pattern, flags string) (*regexp.Regexp, error) {
	re, global, err := compileFlags(pattern, flags)
	if err == nil && global {
		return nil, noGlobal(name)
	}
	return re, err
}

func noGlobal(name string) error {
	e := pgerror.New(pgerror.InvalidParameterValue, "%s() does not support the \"global\" option", name)
	if name == "regexp_match" {
		return e.WithHint("Use the regexp_matches function instead.")
	}
	return e
}

// looksBack reports whether an expression asks what stands before a place, so
// that a text must not be cut there.
func looksBack(re *regexp.Regexp) bool {
	s := strings.ReplaceAll(re.String(), "[^", "")
	return strings.Contains(s, "^") || strings.Contains(s, `\b`) || strings.Contains(s, `\B`) || strings.Contains(s, `\A`)
}

// eachMatch calls fn for the matches in s from a byte position on until it
// answers false. Unlike Go's FindAll, an empty match directly after another
// one counts.
func eachMatch(re *regexp.Regexp, s string, from int, fn func(m []int) bool) {
	if looksBack(re) {
		for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
			if m[0] >= from && !fn(m) {
				return
			}
		}
		return
	}
	for from <= len(s) {
		m := re.FindStringSubmatchIndex(s[from:])
		if m == nil {
			return
		}
		for i := range m {
			if m[i] >= 0 {
				m[i] += from
			}
		}
		if !fn(m) {
			return
		}
		from = m[1]
		if m[0] == m[1] {
			_, n := utf8.DecodeRuneInString(s[from:])
			from += max(n, 1)
		}
	}
}

// groups are the texts of a match's groups, or of the whole match without groups.
func groups(s string, m []int) types.Datum {
	if len(m) == 2 {
		return types.BuildArray(types.Text, []types.Datum{types.NewString(s[m[0]:m[1]])})
	}
	vals := make([]types.Datum, 0, len(m)/2-1)
	for i := 2; i < len(m); i += 2 {
		if m[i] < 0 {
			vals = append(vals, types.Null)
		} else {
			vals = append(vals, types.NewString(s[m[i]:m[i+1]]))
		}
	}
	return types.BuildArray(types.Text, vals)
}

// textArg is the i-th argument's text, "" if it was left out.
func textArg(args []types.Datum, i int) string {
	if i < len(args) {
		return args[i].S
	}
	return ""
}

var (
	_ = define("regexp_match(text,text) regexp_match(text,text,text)", "The groups of the first match of a regular expression, or the whole match.",
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			re, err := compileLocal("regexp_match", args[1].S, textArg(args, 2))
			if err != nil {
				return types.Null, err
			}
			m := re.FindStringSubmatchIndex(args[0].S)
			if m == nil {
				return types.Null, nil
			}
			return groups(args[0].S, m), nil
		}), ex("regexp_match('foobarbequebaz', '(bar)(beque)')", "{bar,beque}"), ex("regexp_match('abc', 'x')", "NULL"))

	_ = defineSet("regexp_matches(text,text) regexp_matches(text,text,text)", "The groups of the first match, with the flag g of all, one match a row.", nil,
		func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
			re, global, err := compileFlags(args[1].S, textArg(args, 2))
			if err != nil {
				return nil, err
			}
			var out []types.Datum
			eachMatch(re, args[0].S, 0, func(m []int) bool {
				out = append(out, groups(args[0].S, m))
				return global
			})
			return valuesOf(out), nil
		}, ex("* FROM regexp_matches('foobarbequebaz', 'ba.', 'g')", `{bar}\n{baz}`))

	_ = define("regexp_split_to_array(text,text) regexp_split_to_array(text,text,text)", "Splits a string where a regular expression matches.",
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			re, err := compileLocal("regexp_split_to_array", args[1].S, textArg(args, 2))
			if err != nil {
				return types.Null, err
			}
			return stringArray(types.Text, splitRegexp(re, args[0].S)), nil
		}), ex(`regexp_split_to_array('hello world', '\s+')`, "{hello,world}"))

	_ = defineSet("regexp_split_to_table(text,text) regexp_split_to_table(text,text,text)", "Splits a string where a regular expression matches, one part a row.", nil,
		func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
			re, err := compileLocal("regexp_split_to_table", args[1].S, textArg(args, 2))
			if err != nil {
				return nil, err
			}
			var out []types.Datum
			for _, p := range splitRegexp(re, args[0].S) {
				out = append(out, types.NewString(p))
			}
			return valuesOf(out), nil
		}, ex(`* FROM regexp_split_to_table('hello world', '\s+')`, `hello\nworld`))

	_ = define("substring(text,text)", "The part that matches a regular expression: its first group, or the whole match.",
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			re, err := regex.Compile(args[1].S, "")
			if err != nil {
				return types.Null, err
			}
			return firstGroup(re, args[0].S), nil
		}), ex("substring('Thomas' from '...$')", "mas"), ex("substring('foobar' from 'o(.)b')", "o"))
)

func firstGroup(re *regexp.Regexp, s string) types.Datum {
	m := re.FindStringSubmatchIndex(s)
	switch {
	case m == nil:
		return types.Null
	case len(m) == 2:
		return types.NewString(s[m[0]:m[1]])
	case m[2] < 0:
		return types.Null
	}
	return types.NewString(s[m[2]:m[3]])
}

// splitRegexp ignores empty matches at the ends and directly after a match.
func splitRegexp(re *regexp.Regexp, s string) []string {
	var parts []string
	last := 0
	eachMatch(re, s, 0, func(m []int) bool {
		if m[0] < len(s) && m[1] > last {
			parts = append(parts, s[last:m[0]])
			last = m[1]
		}
		return true
	})
	return append(parts, s[last:])
}
