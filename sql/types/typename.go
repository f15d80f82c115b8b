package types

import (
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// typeNameAliases maps the grammar's spellings (lower case, one blank between
// words) to the built-in types.
var typeNameAliases = map[string]OID{
	"bool": Bool, "boolean": Bool,
	"smallint": Int2, "int": Int4, "integer": Int4, "bigint": Int8,
	"real": Float4, "double precision": Float8, "float": Float8,
	"decimal": Numeric, "dec": Numeric, "numeric": Numeric,
	"character": Bpchar, "char": Bpchar, "national character": Bpchar, "national char": Bpchar, "nchar": Bpchar,
	"character varying": Varchar, "char varying": Varchar, "national character varying": Varchar,
	"national char varying": Varchar, "nchar varying": Varchar, "varchar": Varchar,
	"bit": Bit, "bit varying": Varbit,
	"time": Time, "time without time zone": Time, "time with time zone": Timetz,
	"timestamp": Timestamp, "timestamp without time zone": Timestamp, "timestamp with time zone": Timestamptz,
	"interval": Interval,
}

// intervalFieldMasks are the field restrictions an interval type can carry.
var intervalFieldMasks = map[string]int32{
	"year": intervalMaskYear, "month": intervalMaskMonth, "day": intervalMaskDay,
	"hour": intervalMaskHour, "minute": intervalMaskMinute, "second": intervalMaskSecond,
	"year to month":    intervalMaskYear | intervalMaskMonth,
	"day to hour":      intervalMaskDay | intervalMaskHour,
	"day to minute":    intervalMaskDay | intervalMaskHour | intervalMaskMinute,
	"day to second":    intervalMaskDay | intervalMaskHour | intervalMaskMinute | intervalMaskSecond,
	"hour to minute":   intervalMaskHour | intervalMaskMinute,
	"hour to second":   intervalMaskHour | intervalMaskMinute | intervalMaskSecond,
	"minute to second": intervalMaskMinute | intervalMaskSecond,
}

// IntervalRange returns the mask of an interval's fields ("day to second"), as
// ModFromArgs takes it; ok is false for other texts. The empty text is the
// full range.
func IntervalRange(fields string) (mask int32, ok bool) {
	if fields == "" {
		return intervalFullRange, true
	}
	mask, ok = intervalFieldMasks[fields]
	return mask, ok
}

// typeNameScanner cuts a type's name into words and signs.
type typeNameScanner struct {
	s      string
	pos    int
	tok    string // the current token; identifiers folded, "" at the end
	quoted bool
	bad    bool
}

func (p *typeNameScanner) next() {
	for p.pos < len(p.s) && isSpace(p.s[p.pos]) {
		p.pos++
	}
	p.tok, p.quoted = "", false
	if p.pos >= len(p.s) {
		return
	}
	c := p.s[p.pos]
	start := p.pos
	switch {
	case c == '"':
		var b strings.Builder
		for p.pos++; ; p.pos++ {
			if p.pos >= len(p.s) {
				p.bad = true
				return
			}
			if p.s[p.pos] == '"' {
				p.pos++
				if p.pos >= len(p.s) || p.s[p.pos] != '"' {
					break
				}
			}
			b.WriteByte(p.s[p.pos])
		}
		p.tok, p.quoted = b.String(), true
		if p.tok == "" {
			p.bad = true
		}
	case isIdentStart(c):
		for p.pos < len(p.s) && (isIdentStart(p.s[p.pos]) || isDigit(p.s[p.pos]) || p.s[p.pos] == '$') {
			p.pos++
		}
		p.tok = lowerASCII(p.s[start:p.pos])
	case isDigit(c) || c == '-':
		for p.pos++; p.pos < len(p.s) && isDigit(p.s[p.pos]); p.pos++ {
		}
		p.tok = p.s[start:p.pos]
	default:
		p.pos++
		p.tok = p.s[start:p.pos]
	}
}

func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (p *typeNameScanner) word(w string) bool {
	if !p.quoted && p.tok == w {
		p.next()
		return true
	}
	return false
}

// ParseTypeName reads a type as SQL writes it: "numeric(10,2)", "timestamp
// with time zone", "pg_catalog.int4[]". r finds user types and may be nil.
func ParseTypeName(s string, r Resolver) (Type, error) {
	p := &typeNameScanner{s: s}
	bad := func() (Type, error) {
		return Type{}, pgerror.New(pgerror.SyntaxError, "invalid type name %q", s)
	}
	p.next()
	if p.bad || p.tok == "" || !p.quoted && !isIdentStart(p.tok[0]) {
		return bad()
	}
	p.word("setof")
	schema, name, quoted := "", p.tok, p.quoted
	p.next()
	for p.tok == "." && !p.quoted {
		p.next()
		schema, name, quoted = name, p.tok, true
		if p.tok == "" {
			return bad()
		}
		p.next()
	}
	if !quoted {
		name = p.longName(name)
	}
	args, ok := p.args()
	if !ok {
		return bad()
	}
	fields := ""
	if !quoted {
		switch name {
		case "time", "timestamp":
			if p.word("with") {
				name += " with time zone"
			} else if p.word("without") {
				name += " without time zone"
			} else {
				break
			}
			if !p.word("time") || !p.word("zone") {
				return bad()
			}
		case "interval":
			if args == nil {
				fields = p.intervalFields()
				if args, ok = p.args(); !ok {
					return bad()
				}
			}
		}
	}
	oid, err := resolveTypeName(s, schema, name, quoted, &args, r)
	if err != nil {
		return Type{}, err
	}
	t := Of(oid)
	if oid == Interval && !quoted {
		mask, ok := IntervalRange(fields)
		if !ok {
			return bad()
		}
		args = append([]int32{mask}, args...)
	}
	if args != nil {
		if t.Mod, err = ModFromArgs(oid, args); err != nil {
			return Type{}, err
		}
	}
	return p.arraySuffix(t, s, r)
}

// longName joins the words of the grammar's longer type names.
func (p *typeNameScanner) longName(name string) string {
	switch name {
	case "double":
		if p.word("precision") {
			return "double precision"
		}
	case "national":
		if p.word("character") {
			name += " character"
		} else if p.word("char") {
			name += " char"
		}
	}
	switch name {
	case "character", "char", "nchar", "bit", "national character", "national char":
		if p.word("varying") {
			return name + " varying"
		}
	}
	return name
}

func (p *typeNameScanner) intervalFields() string {
	fields := ""
	switch p.tok {
	case "year", "month", "day", "hour", "minute", "second":
		fields = p.tok
		p.next()
		if p.word("to") {
			fields += " to " + p.tok
			p.next()
		}
	}
	return fields
}

// args reads "(1, 2)"; nil without parentheses.
func (p *typeNameScanner) args() ([]int32, bool) {
	if p.tok != "(" || p.quoted {
		return nil, true
	}
	var args []int32
	for {
		p.next()
		n, err := strconv.ParseInt(p.tok, 10, 32)
		if err != nil {
			return nil, false
		}
		args = append(args, int32(n))
		p.next()
		if p.tok == ")" {
			p.next()
			return args, true
		}
		if p.tok != "," {
			return nil, false
		}
	}
}

func (p *typeNameScanner) arraySuffix(t Type, s string, r Resolver) (Type, error) {
	dims := 0
	if p.word("array") {
		dims++
	}
	for p.tok == "[" && !p.quoted {
		dims++
		p.next()
		if p.tok != "" && isDigit(p.tok[0]) {
			p.next()
		}
		if p.tok != "]" {
			break
		}
		p.next()
	}
	if p.tok != "" || p.bad {
		return Type{}, pgerror.New(pgerror.SyntaxError, "invalid type name %q", s)
	}
	if dims == 0 {
		return t, nil
	}
	var arr OID
	if info := Lookup(t.OID); info != nil {
		arr = info.Array
	} else if r != nil {
		if info := r.TypeInfo(t.OID); info != nil {
			arr = info.Array
		}
	}
	if arr == 0 {
		return Type{}, pgerror.New(pgerror.UndefinedObject, "could not find array type for data type %s", Format(t))
	}
	return Type{OID: arr, Mod: t.Mod}, nil
}

// resolveTypeName finds the type of a name; args may change, as for float(n).
func resolveTypeName(s, schema, name string, quoted bool, args *[]int32, r Resolver) (OID, error) {
	if !quoted {
		if oid, ok := typeNameAliases[name]; ok {
			switch {
			case name == "float" && *args != nil:
				return floatPrecision(args)
			case (oid == Bpchar || oid == Bit) && *args == nil:
				*args = []int32{1}
			}
			return oid, nil
		}
	}
	if schema == "" || schema == "pg_catalog" {
		if info := LookupName(name); info != nil {
			return info.OID, nil
		}
	}
	if r != nil {
		if oid, ok := r.TypeByName(schema, name); ok {
			return oid, nil
		}
	}
	if schema != "" {
		name = schema + "." + name
	}
	return 0, pgerror.New(pgerror.UndefinedObject, "type %q does not exist", name)
}

func floatPrecision(args *[]int32) (OID, error) {
	if len(*args) != 1 {
		return 0, pgerror.New(pgerror.SyntaxError, "invalid type name %q", "float")
	}
	n := (*args)[0]
	*args = nil
	switch {
	case n < 1:
		return 0, pgerror.New(pgerror.InvalidParameterValue, "precision for type float must be at least 1 bit")
	case n <= 24:
		return Float4, nil
	case n <= 53:
		return Float8, nil
	}
	return 0, pgerror.New(pgerror.InvalidParameterValue, "precision for type float must be less than 54 bits")
}
