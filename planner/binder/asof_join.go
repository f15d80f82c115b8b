package binder

import (
	"errors"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// asofName is asof_join('l', 'r', 'at', 'ts', 'key', ...) in FROM, which stands for
//
//	l LEFT JOIN LATERAL (SELECT * FROM r WHERE l.key = r.key AND r.ts <= l.at ORDER BY r.ts DESC LIMIT 1) r USING (key)
//
// as the grammar of PostgreSQL has no ASOF JOIN: beside each row of l stands the newest
// row of r with the same keys that is not newer.
const asofName = "asof_join"

// asofCall is the call of a function in FROM if it is asof_join.
func asofCall(r *ast.RangeFunction) *ast.FuncCall {
	if r.RowsFrom || len(r.Funcs) != 1 {
		return nil
	}
	if f, ok := r.Funcs[0].Call.(*ast.FuncCall); ok && len(f.Name) == 1 && f.Name[0] == asofName {
		return f
	}
	return nil
}

// asofTable binds asof_join.
func (b *Binder) asofTable(s *scope, r *ast.RangeFunction, f *ast.FuncCall) (logical.Node, *nsItem, error) {
	if r.Ordinality {
		return nil, nil, pgerror.Unsupported("asof_join WITH ORDINALITY").At(f.Loc())
	}
	if len(r.Columns) > 0 {
		return nil, nil, at(f, pgerror.SyntaxError, "a column definition list is only allowed for functions returning \"record\"")
	}
	text, err := asofText(f)
	if err != nil {
		return nil, nil, err
	}
	stmts, err := parser.Parse(text)
	if err != nil {
		return nil, nil, withLoc(err, f.Loc())
	}
	alias, suffix := r.Alias, ""
	if alias == nil {
		alias, suffix = &ast.Alias{Name: asofName}, " AS "+asofName
	}
	if b.trace != nil { // the names are strings, which would not be kept right when objects are renamed
		b.trace.Calls[f.Loc()] = "(" + text + ")" + suffix
		defer func(t *Trace) { b.trace = t }(b.trace)
		b.trace = nil
	}
	sub := &ast.RangeSubselect{Pos: r.Pos, Query: stmts[0].Stmt.(*ast.Select), Alias: alias}
	n, item, err := b.bindRangeSubselect(s, sub)
	var e *pgerror.Error
	if errors.As(err, &e) { // its position is one in our text
		err = e.Moved(f.Loc())
	}
	return n, item, err
}

// asofText is the query that a call stands for.
func asofText(f *ast.FuncCall) (string, error) {
	if len(f.Args) < 4 {
		return "", at(f, pgerror.UndefinedFunction, "asof_join needs two tables and their times").
			WithHint("Write asof_join('left', 'right', 'left_time', 'right_time', 'key', ...).")
	}
	names := make([]string, len(f.Args))
	for i, a := range f.Args {
		c, ok := a.(*ast.Const)
		if !ok || c.Kind != ast.ConstString {
			return "", pgerror.Unsupported("asof_join with an argument that is not a string").At(a.Loc())
		}
		parts, err := catalog.SplitName(c.Text)
		if err != nil {
			return "", withLoc(err, a.Loc())
		}
		if i > 1 && len(parts) > 1 {
			return "", at(a, pgerror.InvalidName, "invalid name syntax")
		}
		for k := range parts {
			parts[k] = expr.QuoteIdent(parts[k])
		}
		names[i] = strings.Join(parts, ".")
	}
	var on strings.Builder
	using := "ON true"
	for _, k := range names[4:] {
		on.WriteString("l." + k + " = r." + k + " AND ")
	}
	if len(names) > 4 {
		using = "USING (" + strings.Join(names[4:], ", ") + ")"
	}
	return "SELECT * FROM " + names[0] + " AS l LEFT JOIN LATERAL (SELECT * FROM " + names[1] + " AS r WHERE " + on.String() +
		"r." + names[3] + " <= l." + names[2] + " ORDER BY r." + names[3] + " DESC LIMIT 1) AS r " + using, nil
}
