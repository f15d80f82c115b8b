package functions

import (
	"regexp"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = behind("textregexeq", regexBody("", false))
	_ = behind("textregexne", regexBody("", true))
	_ = behind("texticregexeq", regexBody("i", false))
	_ = behind("texticregexne", regexBody("i", true))
	_ = behind("nameregexeq", regexBody("", false))
	_ = behind("nameregexne", regexBody("", true))
	_ = behind("nameicregexeq", regexBody("i", false))
	_ = behind("nameicregexne", regexBody("i", true))
)

// maxRegexps bounds the cache of compiled expressions.
const maxRegexps = 256

var regexps struct {
	sync.RWMutex
	m map[string]*regexp.Regexp
}

// CompileRegexp compiles PostgreSQL's regular expression with its flags (of
// regexp_match and the like: i, n, s, x, q; g is the caller's). Compiled
// expressions are cached.
func CompileRegexp(pattern, flags string) (*regexp.Regexp, error) {
	key := flags + "\x00" + pattern
	regexps.RLock()
	re := regexps.m[key]
	regexps.RUnlock()
	if re != nil {
		return re, nil
	}
	re, err := translateRegexp(pattern, flags)
	if err != nil {
		return nil, err
	}
	regexps.Lock()
	defer regexps.Unlock()
	if len(regexps.m) >= maxRegexps || regexps.m == nil {
		regexps.m = make(map[string]*regexp.Regexp, maxRegexps)
	}
	regexps.m[strings.Clone(key)] = re
	return re, nil
}

func regexBody(flags string, not bool) body {
	match := func(s, pattern string) (bool, error) {
		re, err := CompileRegexp(pattern, flags)
		if err != nil {
			return false, err
		}
		return re.MatchString(s) != not, nil
	}
	general := map2E(match)
	return body{
		Kernel: func(c *Context, args []Value, n int) (arrow.Array, error) {
			if !args[1].Const || args[1].Array.IsNull(0) {
				return general(c, args, n)
			}
			re, err := CompileRegexp(load[string](args[1].Array)[0], flags)
			if err != nil {
				if args[0].Array.NullN() == n { // strict: nothing is matched
					return NullArray(c, types.PhysBool, n), nil
				}
				return nil, err
			}
			one := map1(func(s string) bool { return re.MatchString(s) != not })
			return one(c, args[:1], n)
		},
		Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
			return datumOr(match(d[0].S, d[1].S))
		},
	}
}
