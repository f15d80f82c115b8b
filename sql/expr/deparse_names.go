package expr

import "strings"

// isSimple says whether e may stand inside of parent without parentheses in
// pretty output (ruleutils' isSimpleNode).
func isSimple(e, parent Expr) bool {
	switch e := e.(type) {
	case *Cast:
		return isSimple(e.Arg, e)
	case *Call:
		if e.Op == "" {
			return true
		}
		if p, ok := parent.(*Call); ok && p.Op != "" {
			return bindsTighter(e, p)
		}
		return ownParens(parent) || isLogic(parent)
	case *Logic:
		if p, ok := parent.(*Logic); ok {
			return !e.Or || p.Or
		}
		return ownParens(parent)
	case *Not:
		if _, ok := parent.(*Logic); ok {
			return true
		}
		return ownParens(parent)
	case *IsNull, *BoolTest, *Distinct, *AnyAll, *InList, *Subplan:
		return ownParens(parent) || isLogic(parent)
	case *Field:
		_, ok := parent.(*Field)
		return !ok
	}
	return true
}

func isLogic(e Expr) bool {
	switch e.(type) {
	case *Logic, *Not:
		return true
	}
	return false
}

// ownParens says that e encloses its operands itself.
func ownParens(e Expr) bool {
	switch e := e.(type) {
	case *Call:
		return e.Op == ""
	case *Subscript, *Array, *Row, *Coalesce, *MinMax, *Aggregate, *Case:
		return true
	}
	return false
}

// bindsTighter: only + - * / % are known to everybody's precedence.
func bindsTighter(e, parent *Call) bool {
	if len(e.Args) != 2 || len(parent.Args) != 2 {
		return false
	}
	low := func(op string) bool { return op == "+" || op == "-" }
	high := func(op string) bool { return op == "*" || op == "/" || op == "%" }
	switch {
	case !low(e.Op) && !high(e.Op) || !low(parent.Op) && !high(parent.Op):
		return false
	case high(e.Op) && low(parent.Op):
		return true
	case low(e.Op) && high(parent.Op):
		return false
	}
	return parent.Args[0] == Expr(e)
}

// QuoteIdent quotes an identifier where SQL needs it (quote_identifier).
func QuoteIdent(name string) string {
	if name == "" {
		return `""`
	}
	safe := name[0] >= 'a' && name[0] <= 'z' || name[0] == '_'
	for i := 0; i < len(name) && safe; i++ {
		c := name[i]
		safe = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
	}
	if safe && !keywords[name] {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// keywords are those that are not unreserved (pg_get_keywords, catcode R, C and T).
var keywords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(keywordList) {
		m[w] = true
	}
	return m
}()

const keywordList = `
all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char character check
coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role current_schema
current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists extract false fetch
float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect interval into
is isnull join lateral leading least left like limit localtime localtimestamp national natural nchar none normalize not notnull null nullif
numeric offset on only or order out outer overlaps overlay placing position precision primary real references returning right row select
session_user setof similar smallint some substring symmetric table tablesample then time timestamp to trailing treat trim true union unique
user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces
xmlparse xmlpi xmlroot xmlserialize xmltable
`
