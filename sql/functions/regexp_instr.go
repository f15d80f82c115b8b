package functions

import (
	"strings"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// regexpSearch are the common arguments of regexp_count, _instr and _substr.
type regexpSearch struct {
	name             string
	start, n, endOpt int64
	flags            string
	subexpr          int64
}

func (q *regexpSearch) check() error {
	switch {
	case q.start <= 0:
		return badValue("start", q.start)
	case q.n <= 0:
		return badValue("n", q.n)
	case q.endOpt < 0 || q.endOpt > 1:
		return badValue("endoption", q.endOpt)
	case q.subexpr < 0:
		return badValue("subexpr", q.subexpr)
	}
	return nil
}

// find gives the bounds of the asked match or group; ok is false without one.
func (q *regexpSearch) find(s, pattern string) (from, to int, ok bool, err error) {
	if err := q.check(); err != nil {
		return 0, 0, false, err
	}
	re, err := compileLocal(q.name, pattern, q.flags)
	if err != nil {
		return 0, 0, false, err
	}
	if int(q.start) > utf8.RuneCountInString(s)+1 {
		return 0, 0, false, nil
	}
	count := int64(0)
	eachMatch(re, s, runeAt(s, int(q.start)-1), func(m []int) bool {
		if count++; count < q.n {
			return true
		}
		if g := 2 * int(q.subexpr); g+1 < len(m) && m[g] >= 0 {
			from, to, ok = m[g], m[g+1], true
		}
		return false
	})
	return from, to, ok, nil
}

func intArg(args []types.Datum, i int, otherwise int64) int64 {
	if i < len(args) {
		return args[i].I
	}
	return otherwise
}

func signatures(name, base string, more ...string) string {
	out := []string{name + "(" + base + ")"}
	for _, m := range more {
		base += "," + m
		out = append(out, name+"("+base+")")
	}
	return strings.Join(out, " ")
}

var (
	_ = define(signatures("regexp_instr", "text,text", "int4", "int4", "int4", "text", "int4"),
		"The position of the n-th match of a regular expression, 0 if there is none: (string, pattern, start, n, 1 for the end, flags, group).",
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			q := regexpSearch{"regexp_instr", intArg(args, 2, 1), intArg(args, 3, 1), intArg(args, 4, 0), textArg(args, 5), intArg(args, 6, 0)}
			from, to, ok, err := q.find(args[0].S, args[1].S)
			if err != nil || !ok {
				return types.NewInt4(0), err
			}
			if q.endOpt == 1 {
				from = to
			}
			return types.NewInt4(int32(utf8.RuneCountInString(args[0].S[:from])) + 1), nil
		}), ex("regexp_instr('ABCDEF', 'c(.)(..)', 1, 1, 0, 'i')", "3"), ex("regexp_instr('ABCDEF', 'c(.)(..)', 1, 1, 0, 'i', 2)", "5"))
	_ = define(signatures("regexp_substr", "text,text", "int4", "int4", "text", "int4"),
		"The text of the n-th match of a regular expression: (string, pattern, start, n, flags, group).",
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			q := regexpSearch{"regexp_substr", intArg(args, 2, 1), intArg(args, 3, 1), 0, textArg(args, 4), intArg(args, 5, 0)}
			from, to, ok, err := q.find(args[0].S, args[1].S)
			if err != nil || !ok {
				return types.Null, err
			}
			return types.NewString(args[0].S[from:to]), nil
		}), ex("regexp_substr('ABCDEF', 'c(.)(..)', 1, 1, 'i')", "CDEF"), ex("regexp_substr('ABCDEF', 'c(.)(..)', 1, 1, 'i', 2)", "EF"))
	_ = define(signatures("regexp_count", "text,text", "int4", "text"), "How often a regular expression matches: (string, pattern, start, flags).",
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			start := intArg(args, 2, 1)
			if start <= 0 {
				return types.Null, badValue("start", start)
			}
			re, err := compileLocal("regexp_count", args[1].S, textArg(args, 3))
			if err != nil {
				return types.Null, err
			}
			count := int32(0)
			if int(start) <= utf8.RuneCountInString(args[0].S)+1 {
				eachMatch(re, args[0].S, runeAt(args[0].S, int(start)-1), func([]int) bool { count++; return true })
			}
			return types.NewInt4(count), nil
		}), ex(`regexp_count('123456789012', '\d\d\d', 2)`, "3"))
	_ = define("regexp_like(text,text) regexp_like(text,text,text)", "Says whether a regular expression matches.",
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			re, err := compileLocal("regexp_like", args[1].S, textArg(args, 2))
			if err != nil {
				return types.Null, err
			}
			return types.NewBool(re.MatchString(args[0].S)), nil
		}), ex("regexp_like('Hello World', 'world$', 'i')", "t"))
)
