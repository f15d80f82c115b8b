package parser

import (
	"encoding/binary"

	pgparser "github.com/pganalyze/pg_query_go/v6/parser"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// deparseDepth is how deeply a statement may nest whose parts the catalog
// keeps as text: libpg_query's deparser has no stack check of its own.
const deparseDepth = 1000

// DeparseSelect returns a query's text in one form: keywords in capitals,
// single spaces, no comments. The catalog keeps it as a view's definition.
func DeparseSelect(sql string) (string, error) {
	if err := checkText(sql); err != nil {
		return "", err
	}
	var text string
	err := withTree(sql, func(tree []byte) error {
		var stmt msg
		for raw := range msg(tree).each(fParseResultStmts) {
			if stmt != nil {
				return pgerror.New(pgerror.SyntaxError, "cannot insert multiple commands into a prepared statement")
			}
			stmt = raw.sub(fRawStmtStmt)
		}
		c := newConverter(sql, tree)
		text = c.queryText(stmt)
		return c.err
	})
	return text, err
}

// appendField appends a message field in protobuf's wire format.
func appendField(dst []byte, field int, content []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(field)<<3|2)
	dst = binary.AppendUvarint(dst, uint64(len(content)))
	return append(dst, content...)
}

// queryText is the text of a Node that is a query, for the catalog.
func (c *converter) queryText(node msg) string {
	if kind, _ := node.node(); kind == 0 || c.err != nil {
		return ""
	}
	if len(c.sql) > 2*deparseDepth && c.depth == 0 {
		c.depth, _ = nesting(c.sql)
	}
	if c.depth > deparseDepth {
		c.fail(errTooDeep())
		return ""
	}
	tree := binary.AppendUvarint(nil, fParseResultVersion<<3)
	tree = binary.AppendUvarint(tree, uint64(c.version))
	tree = appendField(tree, fParseResultStmts, appendField(nil, fRawStmtStmt, node))
	text, err := pgparser.DeparseFromProtobuf(tree)
	if err != nil {
		c.fail(pgerror.Wrap(err, pgerror.InternalError, "could not deparse a query: %s", err.Error()))
	}
	return text
}

// exprText is the text of a Node that is an expression, for the catalog: the
// target of a SELECT without the SELECT.
func (c *converter) exprText(node msg) string {
	if kind, _ := node.node(); kind == 0 {
		return ""
	}
	target := appendField(nil, nResTarget, appendField(nil, fResTargetVal, node))
	const prefix = "SELECT "
	text := c.queryText(appendField(nil, nSelectStmt, appendField(nil, fSelectStmtTargetList, target)))
	if len(text) < len(prefix) {
		return ""
	}
	return text[len(prefix):]
}
