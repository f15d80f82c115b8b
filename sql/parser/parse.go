// Package parser turns the text of statements into sql/ast with PostgreSQL's
// own grammar (libpg_query), and keeps the trees of texts it has seen.
package parser

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// MaxTextBytes is the longest text that Parse takes.
const MaxTextBytes = 256 << 20

// Parse parses the statements of a text. A text without any, such as a
// comment, gives an empty slice. Errors are PostgreSQL's, with the byte offset
// they point at. The trees are read-only.
func Parse(sql string) ([]ast.RawStmt, error) {
	if err := checkText(sql); err != nil {
		return nil, err
	}
	var stmts []ast.RawStmt
	err := withTree(sql, func(tree []byte) error {
		c := newConverter(sql, tree)
		for raw := range msg(tree).each(fParseResultStmts) {
			stmts = append(stmts, c.rawStmt(raw))
		}
		return c.err
	})
	if err != nil {
		if series, ok, serr := parseSeriesForm(sql); ok {
			return series, serr
		}
		if filled, ok, _ := parseFillForm(sql); ok {
			return filled, nil
		}
		return nil, err
	}
	return stmts, nil
}

func (c *converter) rawStmt(raw msg) ast.RawStmt {
	c.params, c.consts = nil, nil
	stmt := ast.RawStmt{Stmt: c.stmt(raw.sub(fRawStmtStmt))}
	start, size := raw.num(fRawStmtStmtLocation), raw.num(fRawStmtStmtLen)
	end := start + size
	if size == 0 || end > len(c.sql) { // 0 means up to the end of the text
		end = len(c.sql)
	}
	text := strings.TrimRight(c.sql[start:end], " \t\n\r\f\v")
	trimmed := strings.TrimLeft(text, " \t\n\r\f\v")
	stmt.Start = start + len(text) - len(trimmed)
	stmt.Text, stmt.Len = trimmed, len(trimmed)
	stmt.ParamUsed, stmt.NumParams = c.params, len(c.params)
	slices.SortFunc(c.consts, func(a, b *ast.Const) int { return cmp.Compare(a.TokenLoc, b.TokenLoc) })
	stmt.Consts = c.consts
	return stmt
}

// checkText refuses what libpg_query must not see.
func checkText(sql string) error {
	if len(sql) > MaxTextBytes {
		return pgerror.New(pgerror.ProgramLimitExceeded, "statement is too long").
			WithDetail("The statement has %d bytes, the limit is %d.", len(sql), MaxTextBytes)
	}
	if i := strings.IndexByte(sql, 0); i >= 0 {
		return pgerror.New(pgerror.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": 0x00")
	}
	if !utf8.ValidString(sql) {
		return invalidUTF8(sql)
	}
	if len(sql) <= minNestingText {
		return nil
	}
	switch depth, tokens := nesting(sql); {
	case depth > maxNesting:
		return errTooDeep()
	case tokens > maxTokens:
		return errTooLarge()
	}
	return nil
}

// invalidUTF8 names the first bad sequence as PostgreSQL does: as many bytes
// as its first byte announces.
func invalidUTF8(sql string) error {
	for i := 0; i < len(sql); {
		r, size := utf8.DecodeRuneInString(sql[i:])
		if r != utf8.RuneError || size > 1 {
			i += size
			continue
		}
		bad := sql[i:min(i+announced(sql[i]), len(sql))]
		var hex strings.Builder
		for j := range len(bad) {
			const digits = "0123456789abcdef"
			if j > 0 {
				hex.WriteByte(' ')
			}
			hex.WriteString("0x" + string(digits[bad[j]>>4]) + string(digits[bad[j]&15]))
		}
		return pgerror.New(pgerror.CharacterNotInRepertoire,
			"invalid byte sequence for encoding \"UTF8\": %s", hex.String())
	}
	return nil
}

// announced is PostgreSQL's pg_utf_mblen.
func announced(b byte) int {
	switch {
	case b&0xe0 == 0xc0:
		return 2
	case b&0xf0 == 0xe0:
		return 3
	case b&0xf8 == 0xf0:
		return 4
	}
	return 1
}

// ParseExpr parses one scalar expression, such as the catalog keeps for
// defaults and checks. Positions are offsets in sql.
func ParseExpr(sql string) (ast.Expr, error) {
	const prefix = "SELECT "
	sel, err := parseTarget(prefix, sql)
	if err != nil {
		return nil, err
	}
	return sel.Targets[0].Expr, nil
}

// ParseTypeName parses the name of a type, with modifiers and array bounds.
func ParseTypeName(sql string) (*ast.TypeName, error) {
	const prefix = "SELECT NULL::"
	sel, err := parseTarget(prefix, sql)
	if err != nil {
		return nil, err
	}
	cast, ok := sel.Targets[0].Expr.(*ast.Cast)
	if arg, isConst := castArg(cast, ok); !isConst || arg.Kind != ast.ConstNull {
		return nil, pgerror.New(pgerror.SyntaxError, "invalid type name %q", sql).At(0)
	}
	return cast.Type, nil
}

func castArg(cast *ast.Cast, ok bool) (*ast.Const, bool) {
	if !ok {
		return nil, false
	}
	c, isConst := cast.Arg.(*ast.Const)
	return c, isConst
}

// parseTarget parses sql as the only target of a SELECT.
func parseTarget(prefix, sql string) (*ast.Select, error) {
	text := prefix + sql
	if err := checkText(text); err != nil {
		return nil, err
	}
	var list []ast.RawStmt
	err := withTree(text, func(tree []byte) error {
		c := newConverter(text, tree)
		c.shift = len(prefix)
		for raw := range msg(tree).each(fParseResultStmts) {
			list = append(list, c.rawStmt(raw))
		}
		return c.err
	})
	if err != nil {
		return nil, shiftError(err, len(prefix))
	}
	if len(list) == 1 {
		if sel, ok := list[0].Stmt.(*ast.Select); ok && isBareTarget(sel) {
			return sel, nil
		}
	}
	return nil, pgerror.New(pgerror.SyntaxError, "syntax error in expression %q", sql).At(0)
}

func isBareTarget(s *ast.Select) bool {
	return len(s.Targets) == 1 && s.Targets[0].Name == "" && s.With == nil && !s.Distinct &&
		s.DistinctOn == nil && s.Into == nil && s.From == nil && s.Where == nil && s.GroupBy == nil &&
		s.Having == nil && s.Windows == nil && s.Op == ast.SetOpNone && s.OrderBy == nil &&
		s.Limit == nil && s.Offset == nil && s.Locking == nil
}

// shiftError moves an error's place by what was put before the text.
func shiftError(err error, shift int) error {
	e := pgerror.From(err)
	if e.Offset() < 0 {
		return err
	}
	moved := pgerror.New(e.Code, "%s", e.Message)
	moved.Detail, moved.Hint = e.Detail, e.Hint
	return moved.At(max(e.Offset()-shift, 0))
}
