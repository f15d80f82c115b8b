package parser

import (
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

//go:generate go run ../../internal/gen/pgfields

// converter turns libpg_query's tree of one text into ours.
type converter struct {
	sql string // the text that locations are offsets of
	// shift is what was put before the caller's text to make it a statement.
	shift int
	// version is PostgreSQL's, which the deparser wants to see again.
	version int
	// depth is nesting(sql), 0 until the deparser wants it.
	depth int
	// params[n-1] tells whether $n was seen in the current statement.
	params []bool
	// consts are the literals of the current statement with a known token.
	consts []*ast.Const
	err    error // the first error
}

func newConverter(sql string, tree msg) *converter {
	return &converter{sql: sql, version: tree.num(fParseResultVersion)}
}

func (c *converter) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// pos is the position in a location field.
func (c *converter) pos(m msg, field int) ast.Pos {
	loc := m.num(field)
	if loc < 0 {
		return ast.At(-1)
	}
	return ast.At(loc - c.shift)
}

func (c *converter) param(number int) {
	const maxParam = 65535
	if number < 1 || number > maxParam {
		return // the binder refuses it, with its place
	}
	for len(c.params) < number {
		c.params = append(c.params, false)
	}
	c.params[number-1] = true
}

// names reads a list of String nodes.
func names(m msg, field int) []string {
	n := m.count(field)
	if n == 0 {
		return nil
	}
	list := make([]string, 0, n)
	for item := range m.each(field) {
		list = append(list, nodeText(item))
	}
	return list
}

// nodeText is the content of a String node.
func nodeText(node msg) string {
	kind, body := node.node()
	if kind != nString {
		return ""
	}
	return body.text(fStringSval)
}

// listNames reads a List node of Strings.
func listNames(node msg) []string {
	kind, body := node.node()
	switch kind {
	case nList:
		return names(body, fListItems)
	case nString:
		return []string{body.text(fStringSval)}
	}
	return nil
}

// cascade reads a DropBehavior field.
func cascade(m msg, field int) bool { return m.num(field) == eDropCascade }

// opName splits a possibly qualified operator name.
func opName(list []string) (schema, name string) {
	switch len(list) {
	case 0:
		return "", ""
	case 1:
		return "", list[0]
	}
	return list[len(list)-2], list[len(list)-1]
}

// stmt converts a Node that is a statement.
func (c *converter) stmt(node msg) ast.Statement {
	kind, m := node.node()
	switch kind {
	case 0:
		return nil
	case nSelectStmt:
		return c.selectStmt(m)
	case nInsertStmt:
		return c.insert(m)
	case nUpdateStmt:
		return c.update(m)
	case nDeleteStmt:
		return c.delete(m)
	case nMergeStmt:
		return c.merge(m)
	}
	if s := c.utility(kind, m); s != nil {
		return s
	}
	if s := c.tableStmt(kind, m); s != nil {
		return s
	}
	if s := c.objectStmt(kind, m); s != nil {
		return s
	}
	if s := c.alterStmt(kind, m); s != nil {
		return s
	}
	if name := unsupportedTag(kind, m); name != "" {
		return &ast.Unsupported{Name: name}
	}
	c.fail(pgerror.New(pgerror.InternalError, "unrecognized node type: %d", kind))
	return nil
}
