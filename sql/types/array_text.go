package types

import (
	"math"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// appendArray appends array_out's form.
func appendArray(dst []byte, d Datum, io *IO) []byte {
	a := DecodeArray(d.S)
	if a.ndim == 0 {
		return append(dst, '{', '}')
	}
	elem := Of(a.elem)
	delim := byte(',')
	if info := Lookup(a.elem); info != nil {
		delim = info.Delim
	}
	var dimBuf [maxArrayDims]int
	dims := dimBuf[:a.ndim]
	plain := true
	for i := range dims {
		d := a.Dim(i)
		dims[i] = d.Length
		plain = plain && d.Lower == 1
	}
	if !plain {
		for i := range dims {
			d := a.Dim(i)
			dst = appendInt(append(dst, '['), int64(d.Lower))
			dst = appendInt(append(dst, ':'), int64(d.Lower+d.Length-1))
			dst = append(dst, ']')
		}
		dst = append(dst, '=')
	}
	for i, e := range a.All() {
		// Open a brace for each dimension that starts here.
		opens, n := 0, 1
		for j := len(dims) - 1; j >= 0; j-- {
			if n *= dims[j]; i%n != 0 {
				break
			}
			opens++
		}
		if i > 0 {
			dst = append(dst, delim)
		}
		for range opens {
			dst = append(dst, '{')
		}
		if e.P == PhysNull {
			dst = append(dst, "NULL"...)
		} else {
			start := len(dst)
			dst = AppendText(dst, elem, e, io)
			dst = quoteElement(dst, start, delim)
		}
		n = 1
		for j := len(dims) - 1; j >= 0; j-- {
			if n *= dims[j]; (i+1)%n != 0 {
				break
			}
			dst = append(dst, '}')
		}
	}
	return dst
}

// quoteElement quotes the text from start on if an array needs it.
func quoteElement(dst []byte, start int, delim byte) []byte {
	s := dst[start:]
	need, escapes := len(s) == 0 || len(s) == 4 && strings.EqualFold(string(s), "null"), 0
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			escapes++
			need = true
		case c == '{' || c == '}' || c == delim || isSpace(c):
			need = true
		}
	}
	if !need {
		return dst
	}
	n := len(s)
	for range escapes + 2 {
		dst = append(dst, 0)
	}
	// Move from the end, so that nothing is overwritten before it is read.
	w := len(dst) - 1
	dst[w] = '"'
	for r := start + n - 1; r >= start; r-- {
		c := dst[r]
		w--
		dst[w] = c
		if c == '"' || c == '\\' {
			w--
			dst[w] = '\\'
		}
	}
	dst[start] = '"'
	return dst
}

func malformedArray(s, detail string, args ...any) error {
	e := pgerror.New(pgerror.InvalidTextRepresentation, "malformed array literal: \"%s\"", s)
	if detail != "" {
		e = e.WithDetail(detail, args...)
	}
	return e
}

// arrayParser reads array_in's form.
type arrayParser struct {
	src  string
	s    string
	elem Type
	io   *IO
	del  byte

	vals []Datum
	lens [maxArrayDims]int // of each dimension, -1 unknown
	ndim int               // 0 unknown
}

// parseArray reads the text of an array of elem.
func parseArray(elem Type, s string, io *IO) (Datum, error) {
	p := &arrayParser{src: s, s: s, elem: elem, io: io, del: ','}
	if info := Lookup(p.elem.OID); info != nil {
		p.del = info.Delim
	}
	bounds, err := p.bounds()
	if err != nil {
		return Datum{}, err
	}
	p.space()
	if p.s == "" || p.s[0] != '{' {
		if bounds == nil {
			return Datum{}, malformedArray(s, "Array value must start with \"{\" or dimension information.")
		}
		return Datum{}, malformedArray(s, "Array contents must start with \"{\".")
	}
	for i := range p.lens {
		p.lens[i] = -1
	}
	if err := p.level(0); err != nil {
		return Datum{}, err
	}
	p.space()
	if p.s != "" {
		return Datum{}, malformedArray(s, "Junk after closing right brace.")
	}
	if len(p.vals) == 0 {
		return buildArray(p.elem.OID, nil, nil), nil
	}
	dims := make([]ArrayDim, p.ndim)
	for i := range dims {
		dims[i] = ArrayDim{Length: p.lens[i], Lower: 1}
	}
	if bounds != nil {
		if len(bounds) != len(dims) {
			return Datum{}, malformedArray(s, "Specified array dimensions do not match array contents.")
		}
		for i := range dims {
			if bounds[i].Length != dims[i].Length {
				return Datum{}, malformedArray(s, "Specified array dimensions do not match array contents.")
			}
			dims[i].Lower = bounds[i].Lower
		}
	}
	return buildArray(p.elem.OID, p.vals, dims), nil
}

func (p *arrayParser) space() {
	for p.s != "" && isSpace(p.s[0]) {
		p.s = p.s[1:]
	}
}

// bounds reads "[2:4][1:2]=", nil if there is none.
func (p *arrayParser) bounds() ([]ArrayDim, error) {
	var dims []ArrayDim
	for {
		p.space()
		if p.s == "" || p.s[0] != '[' {
			break
		}
		if len(dims) >= maxArrayDims {
			return nil, pgerror.New(pgerror.ProgramLimitExceeded,
				"number of array dimensions (%d) exceeds the maximum allowed (%d)", len(dims)+1, maxArrayDims)
		}
		p.s = p.s[1:]
		lower, upper := 1, 0
		n, ok := p.integer()
		if !ok {
			return nil, malformedArray(p.src, "\"[\" must introduce explicitly-specified array dimensions.")
		}
		upper = n
		if p.s != "" && p.s[0] == ':' {
			p.s = p.s[1:]
			lower = n
			if upper, ok = p.integer(); !ok {
				return nil, malformedArray(p.src, "Missing array dimension value.")
			}
		}
		if p.s == "" || p.s[0] != ']' {
			return nil, malformedArray(p.src, "Missing \"%s\" after array dimensions.", "]")
		}
		p.s = p.s[1:]
		if upper < lower {
			return nil, pgerror.New(pgerror.ArraySubscriptError, "upper bound cannot be less than lower bound")
		}
		if upper >= math.MaxInt32 || upper-lower+1 > maxArrayLength {
			return nil, arrayTooLarge()
		}
		dims = append(dims, ArrayDim{Length: upper - lower + 1, Lower: lower})
	}
	if dims == nil {
		return nil, nil
	}
	if p.s == "" || p.s[0] != '=' {
		return nil, malformedArray(p.src, "Missing \"%s\" after array dimensions.", "=")
	}
	p.s = p.s[1:]
	return dims, nil
}

func (p *arrayParser) integer() (int, bool) {
	i := 0
	if i < len(p.s) && (p.s[i] == '-' || p.s[i] == '+') {
		i++
	}
	for i < len(p.s) && isDigit(p.s[i]) {
		i++
	}
	v, err := strconv.ParseInt(p.s[:i], 10, 32)
	if err != nil {
		return 0, false
	}
	p.s = p.s[i:]
	return int(v), true
}

// level reads "{...}" of a nesting depth.
func (p *arrayParser) level(depth int) error {
	if depth >= maxArrayDims {
		return pgerror.New(pgerror.ProgramLimitExceeded,
			"number of array dimensions (%d) exceeds the maximum allowed (%d)", depth+1, maxArrayDims)
	}
	p.s = p.s[1:]
	count, nested := 0, false
	for {
		p.space()
		if p.s == "" {
			return malformedArray(p.src, "Unexpected end of input.")
		}
		switch c := p.s[0]; {
		case c == '}':
			if count > 0 || depth > 0 {
				return malformedArray(p.src, "Unexpected \"%c\" character.", '}')
			}
			p.s = p.s[1:]
			return nil
		case c == '{':
			if count > 0 && !nested {
				return malformedArray(p.src, "Unexpected \"%c\" character.", '{')
			}
			nested = true
			if p.ndim > 0 && depth+1 >= p.ndim {
				return p.irregular()
			}
			if err := p.level(depth + 1); err != nil {
				return err
			}
		case c == p.del:
			return malformedArray(p.src, "Unexpected \"%c\" character.", c)
		default:
			if nested {
				return malformedArray(p.src, "Unexpected array element.")
			}
			if p.ndim == 0 {
				p.ndim = depth + 1
			}
			if err := p.element(); err != nil {
				return err
			}
			if p.ndim != depth+1 {
				return p.irregular()
			}
		}
		count++
		p.space()
		switch {
		case p.s == "":
			return malformedArray(p.src, "Unexpected end of input.")
		case p.s[0] == p.del:
			p.s = p.s[1:]
		case p.s[0] == '}':
			p.s = p.s[1:]
			if p.lens[depth] < 0 {
				p.lens[depth] = count
			} else if p.lens[depth] != count {
				return p.irregular()
			}
			return nil
		case p.s[0] == '{':
			return malformedArray(p.src, "Unexpected \"%c\" character.", '{')
		default:
			return malformedArray(p.src, "Unexpected array element.")
		}
	}
}

func (p *arrayParser) irregular() error {
	return malformedArray(p.src, "Multidimensional arrays must have sub-arrays with matching dimensions.")
}

// element reads one value, quoted or not.
func (p *arrayParser) element() error {
	var text string
	quoted := p.s[0] == '"'
	if quoted {
		var b strings.Builder
		i := 1
		for {
			if i >= len(p.s) {
				return malformedArray(p.src, "Unexpected end of input.")
			}
			c := p.s[i]
			if c == '"' {
				break
			}
			if c == '\\' {
				if i++; i >= len(p.s) {
					return malformedArray(p.src, "Unexpected end of input.")
				}
				c = p.s[i]
			}
			b.WriteByte(c)
			i++
		}
		text, p.s = b.String(), p.s[i+1:]
	} else {
		i, escaped := 0, false
		for i < len(p.s) && p.s[i] != p.del && p.s[i] != '}' && p.s[i] != '{' && p.s[i] != '"' {
			if p.s[i] == '\\' {
				escaped = true
				i++
			}
			i++
		}
		if i > len(p.s) {
			return malformedArray(p.src, "Unexpected end of input.")
		}
		if i < len(p.s) && p.s[i] == '"' {
			return malformedArray(p.src, "Unexpected array element.")
		}
		text, p.s = p.s[:i], p.s[i:]
		if escaped {
			text = unescapeElement(text)
		} else {
			text = trimSpace(text)
			if strings.EqualFold(text, "null") {
				p.vals = append(p.vals, Datum{})
				return nil
			}
		}
	}
	if len(p.vals) >= maxArrayLength {
		return arrayTooLarge()
	}
	d, err := Parse(p.elem, text, p.io)
	if err != nil {
		return err
	}
	p.vals = append(p.vals, d)
	return nil
}

// unescapeElement drops backslashes and trailing blanks that are not escaped.
func unescapeElement(s string) string {
	b := make([]byte, 0, len(s))
	end := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			b = append(b, s[i])
			end = len(b)
			continue
		}
		b = append(b, s[i])
		if !isSpace(s[i]) {
			end = len(b)
		}
	}
	return string(b[:end])
}

// appendVector appends int2vector and oidvector: numbers with blanks between.
func appendVector(dst []byte, d Datum) []byte {
	for i, e := range DecodeArray(d.S).All() {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = appendInt(dst, e.I)
	}
	return dst
}

// BuildVector makes an int2vector or oidvector, whose lower bound is 0.
func BuildVector(elem OID, vals []Datum) Datum {
	return buildArray(elem, vals, []ArrayDim{{Length: len(vals), Lower: 0}})
}

func parseVector(t Type, s string, io *IO) (Datum, error) {
	elem := t.Elem().OID
	var vals []Datum
	for _, f := range strings.Fields(s) {
		d, err := Parse(Of(elem), f, io)
		if err != nil {
			return Datum{}, err
		}
		vals = append(vals, d)
	}
	return BuildVector(elem, vals), nil
}
