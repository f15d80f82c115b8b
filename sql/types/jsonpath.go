package types

import (
	"math"
	"strings"
	"sync"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/regex"
)

// JSONPathOp is what an item of a jsonpath does.
type JSONPathOp uint8

// The items. Predicates (PathAnd to PathExists) answer true, false or unknown.
const (
	PathNull JSONPathOp = iota
	PathBool
	PathNumber
	PathString
	PathVariable
	PathRoot     // $
	PathCurrent  // @
	PathLast     // last
	PathKey      // .key
	PathAnyKey   // .*
	PathAnyArray // [*]
	PathIndex    // [a, b to c]
	PathAny      // .**{first to last}
	PathFilter   // ?(Left)
	PathMethod   // .Str()
	PathDatetime // .datetime(Left); Left may be nil
	PathPlus     // unary
	PathMinus
	PathAdd
	PathSub
	PathMul
	PathDiv
	PathMod
	PathAnd
	PathOr
	PathNot
	PathIsUnknown
	PathEqual
	PathNotEqual
	PathLess
	PathGreater
	PathLessEqual
	PathGreaterEqual
	PathStartsWith
	PathLikeRegex // Left like_regex Str flag Flags
	PathExists
)

// pathSymbols are the operators as they print.
var pathSymbols = [...]string{
	PathPlus: "+", PathMinus: "-", PathAdd: "+", PathSub: "-", PathMul: "*", PathDiv: "/", PathMod: "%", PathAnd: "&&", PathOr: "||",
	PathEqual: "==", PathNotEqual: "!=", PathLess: "<", PathGreater: ">", PathLessEqual: "<=", PathGreaterEqual: ">=",
	PathStartsWith: "starts with",
}

// Symbol is an operator as it is written.
func (op JSONPathOp) Symbol() string { return pathSymbols[op] }

// IsPredicate reports whether items of this kind answer true, false or unknown.
func (op JSONPathOp) IsPredicate() bool { return op >= PathAnd }

// priority orders operators by how tightly they bind.
func (op JSONPathOp) priority() int {
	switch op {
	case PathOr:
		return 0
	case PathAnd:
		return 1
	case PathEqual, PathNotEqual, PathLess, PathGreater, PathLessEqual, PathGreaterEqual, PathStartsWith:
		return 2
	case PathAdd, PathSub:
		return 3
	case PathMul, PathDiv, PathMod:
		return 4
	case PathPlus, PathMinus:
		return 5
	}
	return 6
}

// JSONPathItem is a node of a jsonpath; Next is applied to what it yields.
// Items are read-only once parsed.
type JSONPathItem struct {
	Op          JSONPathOp
	Bool        bool
	Str         string // a string, key, variable, method or regular expression
	Num         Decimal
	Left, Right *JSONPathItem
	Subscripts  []JSONPathSubscript
	First, Last uint32 // levels of PathAny; JSONPathLastLevel is the deepest
	Flags       string // of like_regex, in the order i, s, m, q
	Next        *JSONPathItem
}

// JSONPathSubscript is From or From to To.
type JSONPathSubscript struct{ From, To *JSONPathItem }

// JSONPathLastLevel is the level "last" of .**{...}.
const JSONPathLastLevel = math.MaxUint32

// JSONPathExpr is a parsed jsonpath.
type JSONPathExpr struct {
	Strict bool
	Root   *JSONPathItem
}

// maxParsedPaths bounds the cache of parsed paths.
const maxParsedPaths = 256

var parsedPaths struct {
	sync.RWMutex
	m map[string]*JSONPathExpr
}

// JSONPath returns the path of a jsonpath datum. Paths are cached.
func (d Datum) JSONPath() (*JSONPathExpr, error) {
	parsedPaths.RLock()
	p := parsedPaths.m[d.S]
	parsedPaths.RUnlock()
	if p != nil {
		return p, nil
	}
	p, err := ParseJSONPath(d.S)
	if err != nil {
		return nil, err
	}
	parsedPaths.Lock()
	defer parsedPaths.Unlock()
	if len(parsedPaths.m) >= maxParsedPaths || parsedPaths.m == nil {
		parsedPaths.m = make(map[string]*JSONPathExpr, maxParsedPaths)
	}
	parsedPaths.m[strings.Clone(d.S)] = p
	return p, nil
}

// Regexp compiles the expression of a like_regex: XQuery's flags in terms of ours.
func (p *JSONPathItem) Regexp() (match func(string) bool, err error) {
	flags := ""
	has := func(f string) bool { return strings.Contains(p.Flags, f) }
	if has("i") {
		flags = "i"
	}
	switch {
	case has("q"):
		flags += "q"
	case has("x"):
		return nil, pgerror.New(pgerror.FeatureNotSupported, "XQuery \"x\" flag (expanded regular expressions) is not implemented")
	default:
		if !has("s") {
			flags += "p"
		}
		if has("m") {
			flags += "w"
		}
	}
	re, err := regex.Compile(p.Str, flags)
	if err != nil {
		return nil, err
	}
	return re.MatchString, nil
}

// String prints a path as PostgreSQL does.
func (p *JSONPathExpr) String() string {
	var dst []byte
	if p.Strict {
		dst = append(dst, "strict "...)
	}
	return bytesString(p.Root.appendText(dst, false, true))
}

// appendText prints an item and what follows it. key says that it stands where
// an accessor does, parens that an operator needs parentheses. Unlike in
// PostgreSQL, an operator with accessors behind it always has them, so that
// what is printed can be read again.
func (p *JSONPathItem) appendText(dst []byte, key, parens bool) []byte {
	parens = parens || p.Next != nil
	open := func() {
		if parens {
			dst = append(dst, '(')
		}
	}
	closing := func() {
		if parens {
			dst = append(dst, ')')
		}
	}
	operand := func(arg *JSONPathItem) { dst = arg.appendText(dst, false, arg.Op.priority() <= p.Op.priority()) }
	dot := func() {
		if key {
			dst = append(dst, '.')
		}
	}
	switch p.Op {
	case PathNull:
		dst = append(dst, "null"...)
	case PathBool:
		if p.Bool {
			dst = append(dst, "true"...)
		} else {
			dst = append(dst, "false"...)
		}
	case PathNumber:
		parens = p.Next != nil
		open()
		dst = p.Num.AppendText(dst)
		closing()
	case PathString:
		dst = AppendJSONString(dst, p.Str)
	case PathVariable:
		dst = AppendJSONString(append(dst, '$'), p.Str)
	case PathRoot:
		dst = append(dst, '$')
	case PathCurrent:
		dst = append(dst, '@')
	case PathLast:
		dst = append(dst, "last"...)
	case PathKey:
		dot()
		dst = AppendJSONString(dst, p.Str)
	case PathAnyKey:
		dot()
		dst = append(dst, '*')
	case PathAnyArray:
		dst = append(dst, "[*]"...)
	case PathIndex:
		dst = p.appendSubscripts(dst)
	case PathAny:
		dot()
		dst = p.appendLevels(dst)
	case PathFilter:
		dst = append(p.Left.appendText(append(dst, "?("...), false, false), ')')
	case PathMethod:
		dst = append(append(append(dst, '.'), p.Str...), "()"...)
	case PathDatetime:
		dst = append(dst, ".datetime("...)
		if p.Left != nil {
			dst = p.Left.appendText(dst, false, false)
		}
		dst = append(dst, ')')
	case PathPlus, PathMinus:
		open()
		dst = append(dst, p.Op.Symbol()...)
		operand(p.Left)
		closing()
	case PathNot:
		dst = append(p.Left.appendText(append(dst, "!("...), false, false), ')')
	case PathIsUnknown:
		dst = append(p.Left.appendText(append(dst, '('), false, false), ") is unknown"...)
	case PathExists:
		dst = append(p.Left.appendText(append(dst, "exists ("...), false, false), ')')
	case PathLikeRegex:
		open()
		operand(p.Left)
		dst = AppendJSONString(append(dst, " like_regex "...), p.Str)
		if p.Flags != "" {
			dst = append(append(append(dst, " flag \""...), p.Flags...), '"')
		}
		closing()
	default:
		open()
		operand(p.Left)
		dst = append(append(append(dst, ' '), p.Op.Symbol()...), ' ')
		operand(p.Right)
		closing()
	}
	if p.Next != nil {
		dst = p.Next.appendText(dst, true, true)
	}
	return dst
}

func (p *JSONPathItem) appendSubscripts(dst []byte) []byte {
	dst = append(dst, '[')
	for i, s := range p.Subscripts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = s.From.appendText(dst, false, false)
		if s.To != nil {
			dst = s.To.appendText(append(dst, " to "...), false, false)
		}
	}
	return append(dst, ']')
}

func (p *JSONPathItem) appendLevels(dst []byte) []byte {
	dst = append(dst, "**"...)
	if p.First == 0 && p.Last == JSONPathLastLevel {
		return dst
	}
	level := func(n uint32) {
		if n == JSONPathLastLevel {
			dst = append(dst, "last"...)
		} else {
			dst = appendUint(dst, uint64(n))
		}
	}
	dst = append(dst, '{')
	level(p.First)
	if p.Last != p.First {
		dst = append(dst, " to "...)
		level(p.Last)
	}
	return append(dst, '}')
}
