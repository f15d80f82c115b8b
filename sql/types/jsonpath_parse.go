package types

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// pathParser reads a jsonpath by recursive descent. PostgreSQL's grammar keeps
// expressions and predicates apart; here both are items, and whoever needs one
// of them asks what it got.
type pathParser struct {
	pathLexer
	depth int
}

// maxPathDepth bounds nesting, which PostgreSQL bounds by its stack.
const maxPathDepth = 1000

// ParseJSONPath reads a jsonpath (42601, 22P02).
func ParseJSONPath(s string) (*JSONPathExpr, error) {
	p := pathParser{pathLexer: pathLexer{src: s}}
	if err := p.next(); err != nil {
		return nil, err
	}
	if p.kind == pathEnd {
		return nil, pgerror.New(pgerror.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", "jsonpath", s)
	}
	path := &JSONPathExpr{}
	if p.isKeyword("strict") || p.isKeyword("lax") {
		path.Strict = p.text == "strict"
		if err := p.next(); err != nil {
			return nil, err
		}
	}
	var err error
	if path.Root, err = p.any(); err != nil {
		return nil, err
	}
	if p.kind != pathEnd {
		return nil, p.syntaxError()
	}
	return path, path.Root.check(0, false)
}

// check finds what the grammar lets pass: @ outside of filters, last outside
// of subscripts and bad regular expressions.
func (p *JSONPathItem) check(filters int, subscript bool) error {
	for ; p != nil; p = p.Next {
		switch p.Op {
		case PathCurrent:
			if filters == 0 {
				return pgerror.New(pgerror.SyntaxError, "@ is not allowed in root expressions")
			}
		case PathLast:
			if !subscript {
				return pgerror.New(pgerror.SyntaxError, "LAST is allowed only in array subscripts")
			}
		}
		inner := filters
		if p.Op == PathFilter {
			inner++
		}
		for _, arg := range [...]*JSONPathItem{p.Left, p.Right} {
			if err := arg.check(inner, subscript); err != nil {
				return err
			}
		}
		for _, s := range p.Subscripts {
			for _, arg := range [...]*JSONPathItem{s.From, s.To} {
				if err := arg.check(filters, true); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (p *pathParser) isKeyword(word string) bool { return p.kind == pathKeyword && p.text == word }

func (p *pathParser) isOperator(op string) bool { return p.kind == pathOperator && p.text == op }

// accept reads past a character if it stands here.
func (p *pathParser) accept(c byte) (bool, error) {
	if p.kind != int(c) {
		return false, nil
	}
	return true, p.next()
}

func (p *pathParser) expect(c byte) error {
	if p.kind != int(c) {
		return p.syntaxError()
	}
	return p.next()
}

// predicate reads an item that answers true, false or unknown.
func (p *pathParser) predicate() (*JSONPathItem, error) {
	item, err := p.any()
	if err == nil && !p.isPredicate(item) {
		err = p.syntaxError()
	}
	return item, err
}

// expr reads an item that yields values.
func (p *pathParser) expr() (*JSONPathItem, error) {
	item, err := p.sum()
	if err == nil && p.isPredicate(item) {
		err = p.syntaxError()
	}
	return item, err
}

// isPredicate reports whether an item is a predicate; one with accessors is not.
func (p *pathParser) isPredicate(item *JSONPathItem) bool {
	return item.Op.IsPredicate() && item.Next == nil
}

func (p *pathParser) any() (*JSONPathItem, error) {
	return p.logical("||", PathOr, func() (*JSONPathItem, error) { return p.logical("&&", PathAnd, p.comparison) })
}

func (p *pathParser) logical(symbol string, op JSONPathOp, operand func() (*JSONPathItem, error)) (*JSONPathItem, error) {
	left, err := operand()
	if err != nil {
		return nil, err
	}
	for p.isOperator(symbol) {
		if !p.isPredicate(left) {
			return nil, p.syntaxError()
		}
		if err := p.next(); err != nil {
			return nil, err
		}
		right, err := operand()
		if err != nil {
			return nil, err
		}
		if !p.isPredicate(right) {
			return nil, p.syntaxError()
		}
		left = &JSONPathItem{Op: op, Left: left, Right: right}
	}
	return left, nil
}

var pathComparisons = map[string]JSONPathOp{
	"==": PathEqual, "!=": PathNotEqual, "<>": PathNotEqual, "<": PathLess, ">": PathGreater, "<=": PathLessEqual, ">=": PathGreaterEqual,
}

func (p *pathParser) comparison() (*JSONPathItem, error) {
	if p.isOperator("!") {
		return p.not()
	}
	left, err := p.sum()
	if err != nil || p.isPredicate(left) {
		return left, err
	}
	switch {
	case p.kind == pathOperator && pathComparisons[p.text] != 0:
		op := pathComparisons[p.text]
		if err := p.next(); err != nil {
			return nil, err
		}
		right, err := p.sum()
		if err == nil && p.isPredicate(right) {
			err = p.syntaxError()
		}
		return &JSONPathItem{Op: op, Left: left, Right: right}, err
	case p.isKeyword("starts"):
		if err := p.next(); err != nil {
			return nil, err
		}
		if !p.isKeyword("with") {
			return nil, p.syntaxError()
		}
		if err := p.next(); err != nil {
			return nil, err
		}
		right := &JSONPathItem{Op: PathString, Str: p.text}
		switch p.kind {
		case pathString:
		case pathVariable:
			right.Op = PathVariable
		default:
			return nil, p.syntaxError()
		}
		return &JSONPathItem{Op: PathStartsWith, Left: left, Right: right}, p.next()
	case p.isKeyword("like_regex"):
		return p.likeRegex(left)
	}
	return left, nil
}

// not reads !(predicate) and !exists(expr).
func (p *pathParser) not() (*JSONPathItem, error) {
	if err := p.next(); err != nil {
		return nil, err
	}
	if p.isKeyword("exists") {
		arg, err := p.exists()
		return &JSONPathItem{Op: PathNot, Left: arg}, err
	}
	if err := p.expect('('); err != nil {
		return nil, err
	}
	arg, err := p.predicate()
	if err != nil {
		return nil, err
	}
	return &JSONPathItem{Op: PathNot, Left: arg}, p.expect(')')
}

func (p *pathParser) exists() (*JSONPathItem, error) {
	if err := p.next(); err != nil {
		return nil, err
	}
	if err := p.expect('('); err != nil {
		return nil, err
	}
	arg, err := p.expr()
	if err != nil {
		return nil, err
	}
	return &JSONPathItem{Op: PathExists, Left: arg}, p.expect(')')
}

func (p *pathParser) likeRegex(left *JSONPathItem) (*JSONPathItem, error) {
	if err := p.next(); err != nil {
		return nil, err
	}
	if p.kind != pathString {
		return nil, p.syntaxError()
	}
	item := &JSONPathItem{Op: PathLikeRegex, Left: left, Str: p.text}
	if err := p.next(); err != nil {
		return nil, err
	}
	if p.isKeyword("flag") {
		if err := p.next(); err != nil {
			return nil, err
		}
		if p.kind != pathString {
			return nil, p.syntaxError()
		}
		for _, f := range p.text {
			if !strings.ContainsRune("ismxq", f) {
				return nil, pgerror.New(pgerror.SyntaxError, "invalid input syntax for type %s", "jsonpath").
					WithDetail("Unrecognized flag character \"%c\" in LIKE_REGEX predicate.", f)
			}
		}
		for _, f := range "ismxq" {
			if strings.ContainsRune(p.text, f) {
				item.Flags += string(f)
			}
		}
		if err := p.next(); err != nil {
			return nil, err
		}
	}
	_, err := item.Regexp()
	return item, err
}

// binary reads operands with left-associative operators, given by characters, between them.
func (p *pathParser) binary(symbols string, ops []JSONPathOp, operand func() (*JSONPathItem, error)) (*JSONPathItem, error) {
	left, err := operand()
	if err != nil {
		return nil, err
	}
	for p.kind >= ' ' && strings.IndexByte(symbols, byte(p.kind)) >= 0 {
		if p.isPredicate(left) {
			return nil, p.syntaxError()
		}
		op := ops[strings.IndexByte(symbols, byte(p.kind))]
		if err := p.next(); err != nil {
			return nil, err
		}
		right, err := operand()
		if err != nil {
			return nil, err
		}
		if p.isPredicate(right) {
			return nil, p.syntaxError()
		}
		left = &JSONPathItem{Op: op, Left: left, Right: right}
	}
	return left, nil
}

func (p *pathParser) sum() (*JSONPathItem, error) {
	return p.binary("+-", []JSONPathOp{PathAdd, PathSub}, p.product)
}

func (p *pathParser) product() (*JSONPathItem, error) {
	return p.binary("*/%", []JSONPathOp{PathMul, PathDiv, PathMod}, p.unary)
}

func (p *pathParser) unary() (*JSONPathItem, error) {
	if p.kind != '+' && p.kind != '-' {
		return p.accessors()
	}
	if p.depth++; p.depth > maxPathDepth {
		return nil, pgerror.New(pgerror.StatementTooComplex, "stack depth limit exceeded")
	}
	defer func() { p.depth-- }()
	minus := p.kind == '-'
	if err := p.next(); err != nil {
		return nil, err
	}
	arg, err := p.unary()
	if err != nil {
		return nil, err
	}
	if p.isPredicate(arg) {
		return nil, p.syntaxError()
	}
	switch {
	case arg.Op == PathNumber && arg.Next == nil:
		if minus {
			arg.Num = arg.Num.Neg()
		}
		return arg, nil
	case minus:
		return &JSONPathItem{Op: PathMinus, Left: arg}, nil
	}
	return &JSONPathItem{Op: PathPlus, Left: arg}, nil
}

// accessors reads a primary and what is applied to it.
func (p *pathParser) accessors() (*JSONPathItem, error) {
	if p.depth++; p.depth > maxPathDepth {
		return nil, pgerror.New(pgerror.StatementTooComplex, "stack depth limit exceeded")
	}
	defer func() { p.depth-- }()
	first, bare, err := p.primary()
	if err != nil || bare {
		return first, err
	}
	last := first
	for last.Next != nil {
		last = last.Next
	}
	for {
		next, err := p.accessor()
		if err != nil {
			return nil, err
		}
		if next == nil {
			return first, nil
		}
		last.Next = next
		last = next
	}
}

// primary reads the start of a path; bare ones take no accessors.
func (p *pathParser) primary() (item *JSONPathItem, bare bool, err error) {
	item = &JSONPathItem{Str: p.text}
	switch p.kind {
	case pathString:
		item.Op = PathString
	case pathVariable:
		item.Op = PathVariable
	case pathInt, pathNumber:
		item.Op, item.Str = PathNumber, ""
		if item.Num, err = ParseDecimal(p.text); err != nil {
			return nil, false, err
		}
	case '$':
		item.Op = PathRoot
	case '@':
		item.Op = PathCurrent
	case '(':
		return p.parenthesized()
	case pathKeyword:
		switch p.text {
		case "null":
			item.Op = PathNull
		case "true", "false":
			item.Op, item.Bool = PathBool, p.text == "true"
		case "last":
			item.Op = PathLast
		case "exists":
			item, err = p.exists()
			return item, true, err
		default:
			return nil, false, p.syntaxError()
		}
	default:
		return nil, false, p.syntaxError()
	}
	return item, false, p.next()
}

func (p *pathParser) parenthesized() (item *JSONPathItem, bare bool, err error) {
	if err := p.next(); err != nil {
		return nil, false, err
	}
	if item, err = p.any(); err != nil {
		return nil, false, err
	}
	if err := p.expect(')'); err != nil {
		return nil, false, err
	}
	if !p.isKeyword("is") || !p.isPredicate(item) {
		return item, false, nil
	}
	if err := p.next(); err != nil {
		return nil, false, err
	}
	if !p.isKeyword("unknown") {
		return nil, false, p.syntaxError()
	}
	return &JSONPathItem{Op: PathIsUnknown, Left: item}, true, p.next()
}
