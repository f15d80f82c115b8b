package parser

import "strings"

// StandardBody cuts the texts of a SQL-standard function body out of a CREATE FUNCTION
// statement: the expression of RETURN, or the statements of BEGIN ATOMIC ... END.
func StandardBody(sql string) (parts []string, isReturn bool) {
	tokens := formTokens(sql)
	depth := 0
	for i := range tokens {
		t := &tokens[i]
		switch {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		case depth == 0 && t.is("return"):
			return []string{strings.TrimSpace(strings.TrimRight(sql[t.end:], "; \t\r\n"))}, true
		case depth == 0 && t.is("begin") && i+1 < len(tokens) && tokens[i+1].is("atomic"):
			return atomicParts(sql, tokens[i+2:]), false
		}
	}
	return nil, false
}

// atomicParts splits what stands between BEGIN ATOMIC and its END.
func atomicParts(sql string, tokens []formToken) []string {
	last := len(tokens) - 1
	for last >= 0 && !tokens[last].is("end") {
		last--
	}
	var parts []string
	start := -1
	for i := range tokens[:max(last, 0)] {
		t := &tokens[i]
		switch {
		case t.is(";"):
			if start >= 0 {
				parts = append(parts, strings.TrimSpace(sql[start:t.start]))
			}
			start = -1
		case start < 0:
			start = t.start
		}
	}
	return parts
}
