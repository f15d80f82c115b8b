package functions

import (
	"bytes"
	"strings"
)

func byteTrim(left, right bool) body {
	return fn2(func(b, set []byte) []byte {
		for left && len(b) > 0 && bytes.IndexByte(set, b[0]) >= 0 {
			b = b[1:]
		}
		for right && len(b) > 0 && bytes.IndexByte(set, b[len(b)-1]) >= 0 {
			b = b[:len(b)-1]
		}
		return b
	})
}

var (
	_ = define("btrim(text)", "Removes blanks from both ends.", fn1(func(s string) string { return strings.Trim(s, " ") }),
		ex("btrim('  tide ')", "tide"), ex("trim(both from ' a ')", "a"))
	_ = define("ltrim(text)", "Removes blanks from the start.", fn1(func(s string) string { return strings.TrimLeft(s, " ") }), ex("ltrim('  tide')", "tide"))
	_ = define("rtrim(text)", "Removes blanks from the end.", fn1(func(s string) string { return strings.TrimRight(s, " ") }), ex("rtrim('tide  ')", "tide"))
	_ = define("btrim(text,text)", "Removes characters of a set from both ends.", fn2(strings.Trim), ex("btrim('xyxtrimyyx', 'xyz')", "trim"))
	_ = define("ltrim(text,text)", "Removes characters of a set from the start.", fn2(strings.TrimLeft), ex("ltrim('zzzytest', 'xyz')", "test"))
	_ = define("rtrim(text,text)", "Removes characters of a set from the end.", fn2(strings.TrimRight), ex("rtrim('testxxzx', 'xyz')", "test"))
	_ = define("btrim(bytea,bytea)", "Removes bytes of a set from both ends.", byteTrim(true, true), ex(`btrim('\x1234567890'::bytea, '\x9012'::bytea)`, `\x345678`))
	_ = define("ltrim(bytea,bytea)", "Removes bytes of a set from the start.", byteTrim(true, false), ex(`ltrim('\x1234567890'::bytea, '\x9012'::bytea)`, `\x34567890`))
	_ = define("rtrim(bytea,bytea)", "Removes bytes of a set from the end.", byteTrim(false, true), ex(`rtrim('\x1234567890'::bytea, '\x9012'::bytea)`, `\x12345678`))
)
