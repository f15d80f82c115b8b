package parser

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// libpg_query builds and writes its tree by recursion on the C stack without
// checking it. Its bison stack bounds what nests to the right (parentheses,
// prefix operators) to 10,000 symbols, but chains that grow to the left (a + b
// + c ..., UNION, JOIN, ::) are bounded by memory only. So a long text is
// scanned for its deepest possible tree first.
const (
	// maxNesting is the deepest tree that is let through: PostgreSQL's default
	// max_stack_depth gives up on such chains at some 3,000 to 7,000 levels,
	// and an 8 MB C stack holds more than 20,000.
	maxNesting = 6000
	// A level costs two bytes of text at least.
	minNestingText = 2 * maxNesting
	// maxTokens bounds the memory of a tree: libpg_query takes some 250 bytes
	// for a token and the comma behind it.
	maxTokens = 16 << 20
)

func errTooLarge() error {
	return pgerror.New(pgerror.StatementTooComplex, "statement is too complex").
		WithDetail("The statement has more than %d tokens.", maxTokens).
		WithHint("Split it into several statements, or use COPY.")
}

func errTooDeep() error {
	return pgerror.New(pgerror.StatementTooComplex, "stack depth limit exceeded").
		WithHint("Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), " +
			"after ensuring the platform's stack depth limit is adequate.")
}

// level is an open bracket or CASE, or the statement itself.
type level struct {
	open  byte // '(', '[', 'c' for CASE, 0
	ops   int  // operators since the last comma, AND or OR at this level
	joins int  // set operations and joins at this level
}

// nesting returns an upper bound of the depth of the tree of sql that grows
// to the left, brackets included, and the number of its tokens.
func nesting(sql string) (depth, tokens int) {
	n := nester{stack: []level{{}}}
	for i := 0; i < len(sql); {
		i = n.token(sql, i)
		if !n.space {
			tokens++
		}
	}
	return n.deepest, tokens
}

type nester struct {
	stack   []level
	depth   int // sum over the stack
	deepest int
	space   bool // the last token was white space or a comment
	label   bool // the last token was "." or AS: a keyword is a name
}

func (n *nester) top() *level { return &n.stack[len(n.stack)-1] }

func (n *nester) add(counter *int) {
	*counter++
	n.depth++
	n.deepest = max(n.deepest, n.depth)
}

func (n *nester) reset(counter *int) {
	n.depth -= *counter
	*counter = 0
}

func (n *nester) push(open byte) {
	n.stack = append(n.stack, level{open: open})
	n.depth++
	n.deepest = max(n.deepest, n.depth)
}

// pop closes the top level and, for a bracket, CASEs left open inside it.
func (n *nester) pop(bracket bool) {
	for len(n.stack) > 1 {
		top := *n.top()
		if bracket || top.open == 'c' {
			n.stack = n.stack[:len(n.stack)-1]
			n.depth -= 1 + top.ops + top.joins
		}
		if !bracket || top.open != 'c' {
			return
		}
	}
}

// token reads one token at i and returns the place behind it.
func (n *nester) token(sql string, i int) int {
	b := sql[i]
	label := n.label
	n.label, n.space = false, false
	switch {
	case isSpace(b):
		n.label, n.space = label, true
		return i + 1
	case isIdentStart(b):
		return n.word(sql, i, label)
	case isDigit(b):
		return numberEnd(sql, i)
	case b == '\'':
		return stringEnd(sql, i, false)
	case b == '"':
		return quotedEnd(sql, i)
	case b == '$':
		return dollarEnd(sql, i)
	case b == '-' && strings.HasPrefix(sql[i:], "--"):
		n.label, n.space = label, true
		return lineEnd(sql, i)
	case b == '/' && strings.HasPrefix(sql[i:], "/*"):
		n.label, n.space = label, true
		return CommentEnd(sql, i)
	}
	n.punctuation(b, strings.HasPrefix(sql[i:], "::"))
	return i + 1
}

func (n *nester) punctuation(b byte, cast bool) {
	switch {
	case b == '(' || b == '[':
		n.push(b)
	case b == ')' || b == ']':
		n.pop(true)
	case b == ',':
		n.reset(&n.top().ops)
	case b == ';' && len(n.stack) == 1:
		n.reset(&n.top().ops)
		n.reset(&n.top().joins)
	case b == '.':
		n.label = true
	case cast || isOperator(b):
		n.add(&n.top().ops)
	}
}

func (n *nester) word(sql string, i int, label bool) int {
	end := i + 1
	for end < len(sql) && isIdentPart(sql[end]) {
		end++
	}
	word := sql[i:end]
	if end < len(sql) && sql[end] == '\'' && (word == "e" || word == "E") {
		return escapeStringEnd(sql, end)
	}
	if label || len(word) > len("intersect") {
		return end
	}
	switch strings.ToLower(word) {
	case "as":
		n.label = true
	case "and", "or":
		n.reset(&n.top().ops)
	case "case":
		n.push('c')
	case "end":
		n.pop(false)
	case "union", "intersect", "except", "join":
		n.add(&n.top().joins)
	case "not", "collate", "at", "is", "isnull", "notnull", "like", "ilike", "similar", "between", "in",
		"operator", "overlaps":
		n.add(&n.top().ops)
	}
	return end
}

// escapeStringEnd is stringEnd for E'...', which goes on after a newline.
func escapeStringEnd(sql string, i int) int {
	for {
		i = stringEnd(sql, i, true)
		j, newline := i, false
		for j < len(sql) && isSpace(sql[j]) {
			newline = newline || sql[j] == '\n' || sql[j] == '\r'
			j++
		}
		if !newline || j == len(sql) || sql[j] != '\'' {
			return i
		}
		i = j
	}
}

func quotedEnd(sql string, i int) int {
	if j := strings.IndexByte(sql[i+1:], '"'); j >= 0 {
		return i + j + 2
	}
	return len(sql)
}

// dollarEnd returns the end of a dollar-quoted string, or i+1 when the dollar
// at i starts none.
func dollarEnd(sql string, i int) int {
	j := i + 1
	for j < len(sql) && (isIdentStart(sql[j]) || isDigit(sql[j]) && j > i+1) {
		j++
	}
	if j == len(sql) || sql[j] != '$' {
		return i + 1
	}
	tag := sql[i : j+1]
	if k := strings.Index(sql[j+1:], tag); k >= 0 {
		return j + 1 + k + len(tag)
	}
	return len(sql)
}

func lineEnd(sql string, i int) int {
	if j := strings.IndexAny(sql[i:], "\n\r"); j >= 0 {
		return i + j + 1
	}
	return len(sql)
}

// CommentEnd is the place behind the comment that begins at sql[i]; comments
// nest. One that does not end goes to the end of the text.
func CommentEnd(sql string, i int) int {
	depth := 0
	for i < len(sql) {
		switch {
		case strings.HasPrefix(sql[i:], "/*"):
			depth++
			i += 2
		case strings.HasPrefix(sql[i:], "*/"):
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return len(sql)
}
