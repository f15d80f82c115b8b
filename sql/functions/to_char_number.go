package functions

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// The patterns of number templates, in upper or lower case; SP is read and
// does nothing.
var numberKeys = []string{",", ".", "0", "9", "B", "D", "EEEE", "FM", "G", "L", "MI", "PL", "PR", "RN", "SG", "SP", "S", "TH", "V"}

type numberNode struct {
	key  string // upper case, "" for text
	text string // the text, or the pattern as written
}

type lsign uint8

const (
	lsignNone lsign = iota
	lsignPre
	lsignPost
)

// numberTemplate follows PostgreSQL's NUMDesc: how many digits before and
// after the point, where zeros begin and end, and what else was asked for.
type numberTemplate struct {
	nodes                              []numberNode
	pre, post, multi                   int
	zeroStart, zeroEnd, preLsign       int
	lsign                              lsign
	zero, decimal, fill, minus, plus   bool
	bracket, roman, multiple, exponent bool
}

func templateError(format string, a ...any) error {
	return pgerror.New(pgerror.SyntaxError, format, a...)
}

func parseNumberTemplate(s string) (*numberTemplate, error) {
	t := &numberTemplate{}
next:
	for s != "" {
		if s[0] == '"' {
			var b strings.Builder
			i := 1
			for ; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' && i+1 < len(s) {
					i++
				}
				b.WriteByte(s[i])
			}
			t.nodes = append(t.nodes, numberNode{text: b.String()})
			s = s[min(i+1, len(s)):]
			continue
		}
		for _, k := range numberKeys {
			if len(s) >= len(k) && (s[:len(k)] == k || s[:len(k)] == strings.ToLower(k)) {
				if err := t.add(k); err != nil {
					return nil, err
				}
				t.nodes = append(t.nodes, numberNode{key: k, text: s[:len(k)]})
				s = s[len(k):]
				continue next
			}
		}
		if s[0] == '\\' && len(s) > 1 && s[1] == '"' {
			s = s[1:]
		}
		c := firstChar(s)
		t.nodes = append(t.nodes, numberNode{text: c})
		s = s[len(c):]
	}
	return t, nil
}

// add is NUMDesc_prepare.
func (t *numberTemplate) add(key string) error {
	if t.exponent && key != "EEEE" {
		return templateError("\"EEEE\" must be the last pattern used")
	}
	switch key {
	case "9":
		switch {
		case t.bracket:
			return templateError("\"9\" must be ahead of \"PR\"")
		case t.multiple:
			t.multi++
		case t.decimal:
			t.post++
		default:
			t.pre++
		}
	case "0":
		if t.bracket {
			return templateError("\"0\" must be ahead of \"PR\"")
		}
		if !t.zero && !t.decimal {
			t.zero, t.zeroStart = true, t.pre+1
		}
		if t.decimal {
			t.post++
		} else {
			t.pre++
		}
		t.zeroEnd = t.pre + t.post
	case "D", ".":
		switch {
		case t.decimal:
			return templateError("multiple decimal points")
		case t.multiple:
			return templateError("cannot use \"V\" and decimal point together")
		}
		t.decimal = true
	case "FM":
		t.fill = true
	case "S":
		switch {
		case t.lsign != lsignNone:
			return templateError("cannot use \"S\" twice")
		case t.plus || t.minus || t.bracket:
			return templateError("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together")
		case !t.decimal:
			t.lsign, t.preLsign = lsignPre, t.pre
		default:
			t.lsign = lsignPost
		}
	case "MI", "PL", "SG":
		if t.lsign != lsignNone {
			return templateError("cannot use \"S\" and \"%s\" together", key)
		}
		t.minus = t.minus || key != "PL"
		t.plus = t.plus || key != "MI"
	case "PR":
		if t.lsign != lsignNone || t.plus || t.minus {
			return templateError("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together")
		}
		t.bracket = true
	case "RN":
		t.roman = true
	case "V":
		if t.decimal {
			return templateError("cannot use \"V\" and decimal point together")
		}
		t.multiple = true
	case "EEEE":
		switch {
		case t.exponent:
			return templateError("cannot use \"EEEE\" twice")
		case t.fill || t.lsign != lsignNone || t.bracket || t.minus || t.plus || t.roman || t.multiple:
			return pgerror.New(pgerror.SyntaxError, "\"EEEE\" is incompatible with other formats").
				WithDetail("\"EEEE\" may only be used together with digit and decimal point patterns.")
		}
		t.exponent = true
	}
	return nil
}

// numberPrinter is NUMProc: it walks the template and the digits together.
type numberPrinter struct {
	*numberTemplate
	out          []byte
	number       string
	pos, curr    int
	count        int
	spaces       int // blanks or zeros before the number's first digit
	negative     bool
	signWritten  bool
	digits       bool // a digit was written
	lastRelevant int  // FM: the last digit that counts, -1 without
}

// print writes a number whose text (without sign) has post digits after the point.
func (t *numberTemplate) print(number string, negative bool) string {
	pre := strings.IndexByte(number, '.')
	if pre < 0 {
		pre = len(number)
	}
	p := numberPrinter{numberTemplate: t, number: number, negative: negative, lastRelevant: -1}
	width := t.pre + t.multi
	switch {
	case pre < width:
		p.spaces = width - pre
	case pre > width:
		b := []byte(strings.Repeat("#", width+t.post+1))
		b[width] = '.'
		p.number = string(b)
	}
	zeroStart := t.zeroStart
	if zeroStart > 0 {
		zeroStart--
	}
	side := t.lsign
	switch {
	case t.plus || t.minus:
		p.signWritten = !(t.plus && !t.minus)
	default:
		p.signWritten = !negative && t.fill && t.lsign == lsignNone
		if side == lsignPre && width == t.preLsign {
			side = lsignPost
		}
	}
	p.count = t.post + width - 1
	if t.fill && t.decimal {
		if dot := strings.IndexByte(p.number, '.'); dot >= 0 {
			p.lastRelevant = dot
			for i := dot + 1; i < len(p.number); i++ {
				if p.number[i] != '0' {
					p.lastRelevant = i
				}
			}
			if t.zeroEnd > p.spaces {
				p.lastRelevant = max(p.lastRelevant, min(len(p.number)-1, t.zeroEnd-p.spaces))
			}
		}
	}
	if !p.signWritten && p.spaces == 0 {
		p.count++
	}
	for _, n := range t.nodes {
		p.node(n, zeroStart, side)
	}
	return string(p.out)
}

func (p *numberPrinter) put(c byte) { p.out = append(p.out, c) }

func (p *numberPrinter) sign() byte {
	if p.negative {
		return '-'
	}
	return '+'
}

func (p *numberPrinter) node(n numberNode, zeroStart int, side lsign) {
	blank := func() {
		if !p.fill {
			p.put(' ')
		}
	}
	switch n.key {
	case "":
		p.out = append(p.out, n.text...)
	case "9", "0", ".", "D":
		p.digit(n.key, zeroStart, side)
	case ",", "G":
		if p.digits {
			p.put(',')
		} else {
			blank()
		}
	case "L":
		p.put(' ') // the C locale has no currency symbol
	case "TH":
		if !p.negative && !p.decimal && p.number[0] != '#' {
			th := ordinal(p.number, "th")
			if n.text == "TH" {
				th = strings.ToUpper(th)
			}
			p.out = append(p.out, th...)
		}
	case "MI":
		if p.negative {
			p.put('-')
		} else {
			blank()
		}
	case "PL":
		if p.negative {
			blank()
		} else {
			p.put('+')
		}
	case "SG":
		p.put(p.sign())
	}
}

// digit is NUM_numpart_to_char.
func (p *numberPrinter) digit(key string, zeroStart int, side lsign) {
	current := byte(0)
	if p.pos < len(p.number) {
		current = p.number[p.pos]
	}
	lastIsPoint := p.lastRelevant >= 0 && p.number[p.lastRelevant] == '.'
	leadingZero := !p.zero && p.pos == 0 && current == '0' && p.post != 0
	if !p.signWritten && (p.curr >= p.spaces || p.zero && zeroStart == p.curr) && (!leadingZero || lastIsPoint) {
		switch {
		case p.lsign != lsignNone:
			if side == lsignPre {
				p.put(p.sign())
				p.signWritten = true
			}
		case p.bracket:
			if p.negative {
				p.put('<')
			} else {
				p.put(' ')
			}
			p.signWritten = true
		case p.negative:
			p.put('-')
			p.signWritten = true
		default:
			if !p.fill {
				p.put(' ')
			}
			p.signWritten = true
		}
	}
	switch {
	case p.curr < p.spaces && (!p.zero || zeroStart > p.curr):
		if !p.fill {
			p.put(' ')
		}
	case p.curr < p.spaces:
		p.put('0')
		p.digits = true
	default:
		switch {
		case current == '.':
			if !lastIsPoint || p.fill {
				p.put('.')
			}
		case p.lastRelevant >= 0 && p.pos > p.lastRelevant && key != "0":
		case leadingZero:
			if !p.fill {
				p.put(' ')
			} else if lastIsPoint {
				p.put('0')
			}
		case current != 0:
			p.put(current)
			p.digits = true
		}
		if current != 0 {
			p.pos++
		}
	}
	end := p.count
	if p.spaces > 0 {
		end++
	}
	if p.decimal {
		end++
	}
	if p.lastRelevant >= 0 && p.lastRelevant == p.pos {
		end = p.curr
	}
	if p.curr+1 == end {
		switch {
		case p.signWritten && p.bracket:
			if p.negative {
				p.put('>')
			} else {
				p.put(' ')
			}
		case p.lsign != lsignNone && side == lsignPost:
			p.put(p.sign())
		}
	}
	p.curr++
}

func romanNumber(n int64, fill, lower bool) string {
	if n < 1 || n > 3999 {
		return strings.Repeat("#", 15)
	}
	var b strings.Builder
	for _, r := range []struct {
		v int64
		s string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for n >= r.v {
			b.WriteString(r.s)
			n -= r.v
		}
	}
	s := b.String()
	if lower {
		s = strings.ToLower(s)
	}
	if fill {
		return s
	}
	return fmt.Sprintf("%15s", s)
}

// roman finds RN in the template.
func (t *numberTemplate) romanText(n int64) string {
	lower := false
	for _, node := range t.nodes {
		lower = lower || node.key == "RN" && node.text == "rn"
	}
	return romanNumber(n, t.fill, lower)
}

func numberToChar(d types.Decimal, template string) (string, error) {
	t, err := parseNumberTemplate(template)
	if err != nil {
		return "", err
	}
	switch {
	case t.roman:
		n, _ := d.Round(0).Int64()
		return t.romanText(n), nil
	case t.exponent:
		return t.scientific(d)
	}
	if t.multiple {
		for range t.multi {
			if d, err = d.Mul(types.DecimalFromInt(10)); err != nil {
				return "", err
			}
		}
	}
	text, negative := strings.CutPrefix(d.Round(t.post).String(), "-")
	return t.print(text, negative), nil
}

func (t *numberTemplate) scientific(d types.Decimal) (string, error) {
	if !d.IsFinite() {
		return " " + strings.Repeat("#", t.pre) + "." + strings.Repeat("#", t.post+4), nil
	}
	digits := d.Abs().Coefficient().String()
	exp := len(digits) - 1 - d.Scale()
	if d.IsZero() {
		digits, exp = "0", 0
	}
	digits = digits[:min(len(digits), t.post+2)] // which decide how it is rounded
	mantissa, err := types.ParseDecimal(digits[:1] + "." + digits[1:] + "0")
	if err != nil {
		return "", err
	}
	mantissa = mantissa.Round(t.post) // PostgreSQL does not carry into the exponent either
	sign := " "
	if d.Sign() < 0 {
		sign = "-"
	}
	return fmt.Sprintf("%s%se%c%02d", sign, mantissa.String(), signOf(exp), abs(exp)), nil
}

// floatToChar keeps no more digits than the type has.
func floatToChar(f float64, digits int, template string) (string, error) {
	t, err := parseNumberTemplate(template)
	if err != nil {
		return "", err
	}
	switch {
	case t.roman:
		return t.romanText(int64(math.RoundToEven(f))), nil
	case t.exponent:
		if f != f || isInf(f) {
			return " " + strings.Repeat("#", t.pre) + "." + strings.Repeat("#", t.post+4), nil
		}
		s := strconv.FormatFloat(f, 'e', t.post, 64)
		if f >= 0 {
			s = " " + s
		}
		return s, nil
	}
	if t.multiple {
		f *= math.Pow(10, float64(t.multi))
	}
	switch {
	case f != f:
		return t.print("NaN", false), nil
	case isInf(f):
		return t.print("Infinity", f < 0), nil
	}
	if pre := len(strconv.FormatFloat(math.Abs(f), 'f', 0, 64)); pre >= digits {
		t.post = 0
	} else if pre+t.post > digits {
		t.post = digits - pre
	}
	text, negative := strings.CutPrefix(strconv.FormatFloat(f, 'f', t.post, 64), "-")
	return t.print(text, negative), nil
}

const numberDoc = "Writes a number by a template: 9, 0, ., ',', S, MI, PR, FM, EEEE, RN, ..."

var (
	_ = define("to_char(numeric,text)", numberDoc, fn2E(numberToChar), ex("to_char(-125.8, '999D99S')", "125.80-"), ex("to_char(1485, '9,999')", " 1,485"))
	_ = define("to_char(int4,text)", numberDoc, fn2E(func(v int32, t string) (string, error) { return numberToChar(types.DecimalFromInt(int64(v)), t) }), ex("to_char(125, '999')", " 125"))
	_ = define("to_char(int8,text)", numberDoc, fn2E(func(v int64, t string) (string, error) { return numberToChar(types.DecimalFromInt(v), t) }), ex("to_char(125::int8, '00000')", " 00125"))
	_ = define("to_char(float8,text)", numberDoc, fn2E(func(v float64, t string) (string, error) { return floatToChar(v, 15, t) }), ex("to_char(125.8::float8, '999D9')", " 125.8"))
	_ = define("to_char(float4,text)", numberDoc, fn2E(func(v float32, t string) (string, error) { return floatToChar(float64(v), 6, t) }), ex("to_char(125.5::float4, '999D9')", " 125.5"))
)
