package parser

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/ast"
)

// parseFillForm parses a text that PostgreSQL's parser refused as one with FILL behind
// the expressions of GROUP BY:
//
//	GROUP BY time_bucket('1 hour', ts) FILL(PREV)
//
// The blank before FILL becomes a comma, which makes it one of them, as the binder
// expects it, and leaves all positions right. ok is false if there is nothing of it.
func parseFillForm(sql string) (stmts []ast.RawStmt, ok bool, err error) {
	if len(sql) > maxFormText || !strings.Contains(strings.ToLower(sql), "fill") {
		return nil, false, nil
	}
	tokens := formTokens(sql)
	text := []byte(sql)
	grouped, changed := false, false
	for i := range tokens {
		t := &tokens[i]
		switch {
		case t.is("by") && i > 0 && tokens[i-1].is("group"):
			grouped = true
		case grouped && t.is("fill") && i+1 < len(tokens) && tokens[i+1].is("(") && endsExpr(&tokens[i-1]) && isSpace(sql[t.start-1]):
			text[t.start-1] = ','
			changed = true
		}
	}
	if !changed {
		return nil, false, nil
	}
	stmts, err = Parse(string(text))
	return stmts, err == nil, err
}

// endsExpr reports whether an expression may end with a token.
func endsExpr(t *formToken) bool {
	c := t.text[len(t.text)-1]
	return !t.is("by") && (t.quoted || c == ')' || c == ']' || c == '\'' || isIdentPart(c))
}
