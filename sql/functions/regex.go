package functions

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/regex"
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

func regexBody(flags string, not bool) body {
	match := func(s, pattern string) (bool, error) {
		re, err := regex.Compile(pattern, flags)
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
			re, err := regex.Compile(load[string](args[1].Array)[0], flags)
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
