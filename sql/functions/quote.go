package functions

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// quoteIdent quotes an identifier if it needs it.
func quoteIdent(s string) string {
	safe := s != "" && (s[0] >= 'a' && s[0] <= 'z' || s[0] == '_')
	for i := 0; i < len(s) && safe; i++ {
		c := s[i]
		safe = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
	}
	if safe {
		if k, ok := keywordsByName()[s]; !ok || k.code == 'U' {
			return s
		}
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

func quoteLiteral(s string) string {
	var b strings.Builder
	if strings.IndexByte(s, '\\') >= 0 {
		b.WriteByte('E')
	}
	b.WriteByte('\'')
	for i := range len(s) {
		if s[i] == '\'' || s[i] == '\\' {
			b.WriteByte(s[i])
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('\'')
	return b.String()
}

var (
	_ = define("quote_ident(text)", "Quotes an identifier for a statement's text, if it needs quotes.",
		fn1(quoteIdent), ex("quote_ident('Tide')", `"Tide"`), ex("quote_ident('tide')", "tide"), ex("quote_ident('select')", `"select"`))
	_ = define("quote_literal(text)", "Quotes a string as a literal.", fn1(quoteLiteral), ex("quote_literal('it''s')", "'it''s'"))
	_ = define("quote_literal(anyelement)", "Writes a value as a literal.",
		evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
			return types.NewString(quoteLiteral(textOf(c, t.Args[0], args[0]))), nil
		}), ex("quote_literal(42)", "'42'"))
	_ = define("quote_nullable(text)", "Quotes a string as a literal, NULL as the word.",
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			if args[0].IsNull() {
				return types.NewString("NULL"), nil
			}
			return types.NewString(quoteLiteral(args[0].S)), nil
		}), ex("quote_nullable('a')", "'a'"), ex("quote_nullable(NULL::text)", "NULL"))
	_ = define("quote_nullable(anyelement)", "Writes a value as a literal, NULL as the word.",
		evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
			if args[0].IsNull() {
				return types.NewString("NULL"), nil
			}
			return types.NewString(quoteLiteral(textOf(c, t.Args[0], args[0]))), nil
		}), ex("quote_nullable(42)", "'42'"))
)
