package parser

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/ast"
)

func (c *converter) constant(m msg) *ast.Const {
	k := &ast.Const{Pos: c.pos(m, fAConstLocation), TokenLoc: -1}
	n, _, content, rest := m.next()
	for ; n != 0; n, _, content, rest = rest.next() {
		switch n {
		case fAConstIval:
			setInt(k, content.num(fIntegerIval))
		case fAConstFval:
			k.Kind, k.Text = ast.ConstFloat, decimalText(content.text(fFloatFval))
		case fAConstBoolval:
			k.Kind, k.Text = ast.ConstBool, strconv.FormatBool(content.flag(fBooleanBoolval))
		case fAConstSval:
			k.Kind, k.Text = ast.ConstString, content.text(fStringSval)
		case fAConstBsval:
			k.Kind, k.Text = ast.ConstBitString, content.text(fBitStringBsval)
		}
	}
	if at := k.Loc(); at >= 0 && k.Kind != ast.ConstNull && k.Kind != ast.ConstBool {
		c.token(k, at+c.shift)
	}
	return k
}

// value converts a bare value node, which has no place.
func (c *converter) value(kind int, m msg) *ast.Const {
	k := &ast.Const{TokenLoc: -1}
	switch kind {
	case nInteger:
		setInt(k, m.num(fIntegerIval))
	case nFloat:
		k.Kind, k.Text = ast.ConstFloat, decimalText(m.text(fFloatFval))
	case nBoolean:
		k.Kind, k.Text = ast.ConstBool, strconv.FormatBool(m.flag(fBooleanBoolval))
	case nString:
		k.Kind, k.Text = ast.ConstString, m.text(fStringSval)
	case nBitString:
		k.Kind, k.Text = ast.ConstBitString, m.text(fBitStringBsval)
	}
	return k
}

func setInt(k *ast.Const, v int) {
	k.Kind, k.Int, k.Text = ast.ConstInt, int64(v), strconv.Itoa(v)
}

// decimalText turns the text of a non-decimal integer that is too large for
// int4, and one with underscores, into plain digits.
func decimalText(s string) string {
	if !strings.ContainsAny(s, "_xXoObB") {
		return s
	}
	digits := strings.ReplaceAll(s, "_", "")
	negative := strings.HasPrefix(digits, "-")
	digits = strings.TrimPrefix(digits, "-")
	if len(digits) > 1 && digits[0] == '0' && strings.ContainsRune("xXoObB", rune(digits[1])) {
		if n, ok := new(big.Int).SetString(digits, 0); ok {
			digits = n.String()
		}
	}
	if negative {
		return "-" + digits
	}
	return digits
}

// token finds the literal's token in the text. The grammar folds signs into
// numbers and then points at the first sign.
func (c *converter) token(k *ast.Const, at int) {
	if at >= len(c.sql) {
		return
	}
	end := at
	switch first := c.sql[at]; {
	case first == '-' || first == '+':
		for at < len(c.sql) && (c.sql[at] == '-' || isSpace(c.sql[at])) {
			at++
		}
		if at == len(c.sql) || !isDigit(c.sql[at]) && c.sql[at] != '.' {
			return // a comment between the sign and the number
		}
		k.Negated = true
		end = numberEnd(c.sql, at)
	case isDigit(first) || first == '.':
		end = numberEnd(c.sql, at)
	case first == '\'':
		end = stringEnd(c.sql, at, false)
	case (first == 'E' || first == 'e') && strings.HasPrefix(c.sql[at+1:], "'"):
		end = stringEnd(c.sql, at+1, true)
	}
	if end > at {
		k.TokenLoc, k.TokenLen = int32(at-c.shift), int32(end-at)
		c.consts = append(c.consts, k)
	}
}
