package functions

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var _ = define("to_number(text,text)", "Reads a number by a template; what the template does not name is passed over.",
	fn2X(func(_ *Context, s, template string) (binary, bool, error) {
		if template == "" {
			return "", false, nil
		}
		v, err := toNumber(s, template)
		if err != nil {
			return "", false, err
		}
		return binary(v.Datum().S), true, nil
	}), ex("to_number('12,454.8-', '99G999D9S')", "-12454.8"))

// numberReader follows NUM_processor: it reads the input along the template.
type numberReader struct {
	t           *numberTemplate
	in          string
	sign        byte // ' ' while none was read
	digits      []byte
	pre, post   int // digits read before and after the point
	seenDecimal bool
}

// toNumber is numeric_to_number.
func toNumber(s, template string) (types.Decimal, error) {
	t, err := parseNumberTemplate(template)
	if err != nil {
		return types.Decimal{}, err
	}
	if t.exponent {
		return types.Decimal{}, pgerror.New(pgerror.FeatureNotSupported, "\"EEEE\" not supported for input")
	}
	r := &numberReader{t: t, in: s, sign: ' '}
	if err := r.read(); err != nil {
		return types.Decimal{}, err
	}
	text := strings.TrimSuffix(string(r.sign)+string(r.digits), ".")
	v, err := types.ParseDecimal(text)
	if err != nil {
		return types.Decimal{}, err
	}
	precision := t.pre + t.multi + r.post
	if precision > 0 {
		if v, err = v.ApplyMod(int32(precision<<16|r.post) + 4); err != nil {
			return types.Decimal{}, err
		}
	}
	if t.multi == 0 {
		return v, nil
	}
	shift, err := types.DecimalFromInt(10).Power(types.DecimalFromInt(int64(-t.multi)))
	if err != nil {
		return types.Decimal{}, err
	}
	return v.Mul(shift)
}

func (r *numberReader) read() error {
	for _, n := range r.t.nodes {
		if r.in == "" {
			return nil
		}
		switch n.key {
		case "RN", "EEEE":
			return pgerror.New(pgerror.FeatureNotSupported, "%q not supported for input", n.key)
		case "9", "0", ".", "D":
			r.part(n.key == "9" || n.key == "0")
			r.next()
		case ",", "G":
			if !r.t.fill && r.in[0] == ',' {
				r.next()
			}
		case "L":
			r.passOver(1)
		case "TH":
			if r.sign != '-' && !r.t.decimal {
				r.passOver(2)
			}
		case "MI", "PL", "SG":
			r.signAt(n.key)
		case "":
			r.passOver(len([]rune(n.text)))
		}
	}
	return nil
}

// next passes over the character that was read.
func (r *numberReader) next() {
	if r.in != "" {
		r.in = r.in[len(firstChar(r.in)):]
	}
}

// passOver skips up to n characters that are no part of a number.
func (r *numberReader) passOver(n int) {
	for ; n > 0 && r.in != "" && !strings.ContainsRune("0123456789.,+-", rune(r.in[0])); n-- {
		r.next()
	}
}

func (r *numberReader) signAt(key string) {
	c := r.in[0]
	if c == '-' && key != "PL" || c == '+' && key != "MI" {
		r.sign = c
		r.next()
		return
	}
	r.passOver(1)
}

// part is NUM_numpart_from_char: it reads a sign before the number, a digit or
// the point, and a sign behind the number. The last character read is left
// for the caller to pass over.
func (r *numberReader) part(digit bool) {
	if r.in[0] == ' ' {
		r.in = r.in[1:]
	}
	if r.in != "" && r.sign == ' ' && digit && r.pre+r.post == 0 {
		r.leadingSign()
	}
	if r.in == "" {
		return
	}
	read := false
	switch c := r.in[0]; {
	case c >= '0' && c <= '9':
		if r.seenDecimal && r.post == r.t.post {
			return
		}
		r.digits = append(r.digits, c)
		if r.seenDecimal {
			r.post++
		} else {
			r.pre++
		}
		read = true
	case r.t.decimal && !r.seenDecimal && c == '.':
		r.digits = append(r.digits, '.')
		r.seenDecimal, read = true, true
	}
	if r.sign == ' ' && r.pre+r.post > 0 {
		r.trailingSign(read)
	}
}

func (r *numberReader) leadingSign() {
	c := r.in[0]
	if c == '+' || c == '-' {
		r.sign, r.in = c, r.in[1:]
	} else if c == '<' && r.t.bracket {
		r.sign, r.in = '-', r.in[1:]
	}
}

func (r *numberReader) trailingSign(read bool) {
	switch {
	case r.t.lsign != lsignNone:
		if read && len(r.in) > 1 && (r.in[1] == '-' || r.in[1] == '+') {
			r.sign, r.in = r.in[1], r.in[1:]
		}
	case !read && !r.t.plus && !r.t.minus && (r.in[0] == '-' || r.in[0] == '+'):
		r.sign = r.in[0]
	}
}
