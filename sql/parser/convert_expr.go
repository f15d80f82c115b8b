package parser

import (
	"github.com/tidemarkdb/tidemark/sql/ast"
)

// exprs converts a repeated Node field.
func (c *converter) exprs(m msg, field int) []ast.Expr {
	n := m.count(field)
	if n == 0 {
		return nil
	}
	list := make([]ast.Expr, 0, n)
	for item := range m.each(field) {
		list = append(list, c.expr(item))
	}
	return list
}

// field converts a Node field; a missing one is nil.
func (c *converter) field(m msg, field int) ast.Expr { return c.expr(m.sub(field)) }

// expr converts a Node that is an expression.
func (c *converter) expr(node msg) ast.Expr {
	kind, m := node.node()
	switch kind {
	case 0:
		return nil
	case nAConst:
		return c.constant(m)
	case nColumnRef:
		return c.columnRef(m)
	case nAExpr:
		return c.aExpr(m)
	case nBoolExpr:
		return c.boolExpr(m)
	case nParamRef:
		p := &ast.ParamRef{Pos: c.pos(m, fParamRefLocation), Number: m.num(fParamRefNumber)}
		c.param(p.Number)
		return p
	case nFuncCall:
		return c.funcCall(m)
	case nTypeCast:
		return c.typeCast(m)
	case nTypeName:
		return c.typeName(m)
	case nNullTest:
		return &ast.IsNull{
			Pos: c.pos(m, fNullTestLocation), Arg: c.field(m, fNullTestArg),
			Not: m.num(fNullTestNulltesttype) == eIsNotNull,
		}
	case nBooleanTest:
		return &ast.BooleanTest{
			Pos: c.pos(m, fBooleanTestLocation), Arg: c.field(m, fBooleanTestArg),
			Test: ast.BoolTest(m.num(fBooleanTestBooltesttype) - eIsTrue),
		}
	case nSubLink:
		return c.subLink(m)
	case nAIndirection:
		return c.indirection(m)
	case nList:
		return &ast.List{Items: c.exprs(m, fListItems)}
	}
	return c.expr2(kind, m)
}

// expr2 converts the less frequent expressions.
func (c *converter) expr2(kind int, m msg) ast.Expr {
	switch kind {
	case nCaseExpr:
		return c.caseExpr(m)
	case nCoalesceExpr:
		return &ast.Coalesce{Pos: c.pos(m, fCoalesceExprLocation), Args: c.exprs(m, fCoalesceExprArgs)}
	case nMinMaxExpr:
		return &ast.GreatestLeast{
			Pos: c.pos(m, fMinMaxExprLocation), Least: m.num(fMinMaxExprOp) == eIsLeast,
			Args: c.exprs(m, fMinMaxExprArgs),
		}
	case nCollateClause:
		return &ast.Collate{
			Pos: c.pos(m, fCollateClauseLocation), Arg: c.field(m, fCollateClauseArg),
			Name: names(m, fCollateClauseCollname),
		}
	case nAArrayExpr:
		return &ast.Array{Pos: c.pos(m, fAArrayExprLocation), Elems: c.exprs(m, fAArrayExprElements)}
	case nRowExpr:
		return &ast.Row{
			Pos: c.pos(m, fRowExprLocation), Args: c.exprs(m, fRowExprArgs),
			Explicit: m.num(fRowExprRowFormat) == eCoerceExplicitCall,
		}
	case nNamedArgExpr:
		return &ast.NamedArg{
			Pos: c.pos(m, fNamedArgExprLocation), Name: m.text(fNamedArgExprName),
			Arg: c.field(m, fNamedArgExprArg),
		}
	case nSQLValueFunction:
		return c.sqlValueFunction(m)
	case nGroupingFunc:
		return &ast.Grouping{Pos: c.pos(m, fGroupingFuncLocation), Args: c.exprs(m, fGroupingFuncArgs)}
	case nSetToDefault:
		return &ast.SetToDefault{Pos: c.pos(m, fSetToDefaultLocation)}
	case nCurrentOfExpr:
		return &ast.CurrentOf{Cursor: m.text(fCurrentOfExprCursorName)}
	case nInteger, nFloat, nBoolean, nString, nBitString:
		return c.value(kind, m)
	case nAStar:
		return &ast.ColumnRef{Star: true}
	case nRangeVar:
		r := c.rangeVar(m)
		ref := &ast.ColumnRef{Pos: r.Pos}
		for _, name := range []string{r.Catalog, r.Schema, r.Name} {
			if name != "" {
				ref.Names = append(ref.Names, name)
			}
		}
		return ref
	}
	return c.unsupportedExpr(kind, m)
}

// unsupportedNames are the expressions that we have only a name for, with
// their location field.
var unsupportedNames = map[int]struct {
	name     string
	location int
}{
	nXmlSerialize:              {"XMLSERIALIZE", fXmlSerializeLocation},
	nJsonFuncExpr:              {"SQL/JSON query function", fJsonFuncExprLocation},
	nJsonParseExpr:             {"JSON()", fJsonParseExprLocation},
	nJsonScalarExpr:            {"JSON_SCALAR()", fJsonScalarExprLocation},
	nJsonSerializeExpr:         {"JSON_SERIALIZE()", fJsonSerializeExprLocation},
	nJsonObjectConstructor:     {"JSON_OBJECT()", fJsonObjectConstructorLocation},
	nJsonArrayConstructor:      {"JSON_ARRAY()", fJsonArrayConstructorLocation},
	nJsonArrayQueryConstructor: {"JSON_ARRAY()", fJsonArrayQueryConstructorLocation},
	nJsonObjectAgg:             {"JSON_OBJECTAGG()", 0},
	nJsonArrayAgg:              {"JSON_ARRAYAGG()", 0},
	nJsonIsPredicate:           {"IS JSON", fJsonIsPredicateLocation},
	nMergeSupportFunc:          {"MERGE_ACTION()", fMergeSupportFuncLocation},
}

var xmlNames = map[int]string{
	eIsXmlconcat: "XMLCONCAT", eIsXmlelement: "XMLELEMENT", eIsXmlforest: "XMLFOREST",
	eIsXmlparse: "XMLPARSE", eIsXmlpi: "XMLPI", eIsXmlroot: "XMLROOT",
	eIsXmlserialize: "XMLSERIALIZE", eIsDocument: "IS DOCUMENT",
}

func (c *converter) unsupportedExpr(kind int, m msg) ast.Expr {
	if kind == nXmlExpr {
		return &ast.UnsupportedExpr{
			Pos: c.pos(m, fXmlExprLocation), Name: xmlNames[m.num(fXmlExprOp)],
			Args: c.exprs(m, fXmlExprArgs),
		}
	}
	if u, ok := unsupportedNames[kind]; ok {
		e := &ast.UnsupportedExpr{Name: u.name}
		if u.location != 0 {
			e.Pos = c.pos(m, u.location)
		}
		return e
	}
	return &ast.UnsupportedExpr{Name: "this expression"}
}

func (c *converter) columnRef(m msg) ast.Expr {
	ref := &ast.ColumnRef{Pos: c.pos(m, fColumnRefLocation)}
	ref.Names = make([]string, 0, m.count(fColumnRefFields))
	for field := range m.each(fColumnRefFields) {
		if kind, _ := field.node(); kind == nAStar {
			ref.Star = true
			continue
		}
		ref.Names = append(ref.Names, nodeText(field))
	}
	return ref
}

func (c *converter) boolExpr(m msg) ast.Expr {
	pos, args := c.pos(m, fBoolExprLocation), c.exprs(m, fBoolExprArgs)
	switch m.num(fBoolExprBoolop) {
	case eAndExpr:
		return &ast.And{Pos: pos, Args: args}
	case eOrExpr:
		return &ast.Or{Pos: pos, Args: args}
	}
	return &ast.Not{Pos: pos, Arg: args[0]}
}

func (c *converter) typeCast(m msg) ast.Expr {
	arg, typ := c.field(m, fTypeCastArg), m.sub(fTypeCastTypeName)
	if b, ok := arg.(*ast.Const); ok && b.Kind == ast.ConstBool && m.num(fTypeCastLocation) < 0 {
		return b // the grammar wraps TRUE in a cast to bool of its own
	}
	return &ast.Cast{Pos: c.pos(m, fTypeCastLocation), Arg: arg, Type: c.typeName(typ)}
}

func (c *converter) typeName(m msg) *ast.TypeName {
	if m == nil {
		return nil
	}
	t := &ast.TypeName{
		Pos: c.pos(m, fTypeNameLocation), Names: names(m, fTypeNameNames),
		Mods: c.exprs(m, fTypeNameTypmods), SetOf: m.flag(fTypeNameSetof), PctType: m.flag(fTypeNamePctType),
	}
	for bound := range m.each(fTypeNameArrayBounds) {
		kind, body := bound.node()
		if kind == nInteger {
			t.Bounds = append(t.Bounds, body.num(fIntegerIval))
		}
	}
	return t
}

func (c *converter) caseExpr(m msg) ast.Expr {
	e := &ast.Case{
		Pos: c.pos(m, fCaseExprLocation), Arg: c.field(m, fCaseExprArg), Else: c.field(m, fCaseExprDefresult),
	}
	for arg := range m.each(fCaseExprArgs) {
		_, w := arg.node()
		e.Whens = append(e.Whens, &ast.When{
			Pos: c.pos(w, fCaseWhenLocation), Cond: c.field(w, fCaseWhenExpr), Result: c.field(w, fCaseWhenResult),
		})
	}
	return e
}

var subLinkKinds = map[int]ast.SubLinkKind{
	eExistsSublink: ast.SubLinkExists, eAllSublink: ast.SubLinkAll, eAnySublink: ast.SubLinkAny,
	eExprSublink: ast.SubLinkScalar, eArraySublink: ast.SubLinkArray,
}

func (c *converter) subLink(m msg) ast.Expr {
	s := &ast.SubLink{
		Pos: c.pos(m, fSubLinkLocation), Kind: subLinkKinds[m.num(fSubLinkSubLinkType)],
		Test: c.field(m, fSubLinkTestexpr), Query: c.query(m.sub(fSubLinkSubselect)),
	}
	s.Schema, s.Op = opName(names(m, fSubLinkOperName))
	return s
}

func (c *converter) indirection(m msg) ast.Expr {
	e := &ast.Indirection{Arg: c.field(m, fAIndirectionArg), Steps: c.steps(m, fAIndirectionIndirection)}
	if e.Arg != nil {
		e.Pos = ast.At(e.Arg.Loc())
	}
	return e
}

func (c *converter) steps(m msg, field int) []ast.Step {
	var steps []ast.Step
	for item := range m.each(field) {
		kind, body := item.node()
		switch kind {
		case nString:
			steps = append(steps, ast.Step{Field: body.text(fStringSval)})
		case nAStar:
			steps = append(steps, ast.Step{Star: true})
		case nAIndices:
			steps = append(steps, ast.Step{
				Slice: body.flag(fAIndicesIsSlice),
				Lower: c.field(body, fAIndicesLidx), Upper: c.field(body, fAIndicesUidx),
			})
		}
	}
	return steps
}

var sqlFuncs = map[int]ast.SQLFunc{
	eSvfopCurrentDate: ast.CurrentDate,
	eSvfopCurrentTime: ast.CurrentTime, eSvfopCurrentTimeN: ast.CurrentTime,
	eSvfopCurrentTimestamp: ast.CurrentTimestamp, eSvfopCurrentTimestampN: ast.CurrentTimestamp,
	eSvfopLocaltime: ast.LocalTime, eSvfopLocaltimeN: ast.LocalTime,
	eSvfopLocaltimestamp: ast.LocalTimestamp, eSvfopLocaltimestampN: ast.LocalTimestamp,
	eSvfopCurrentRole: ast.CurrentRole, eSvfopCurrentUser: ast.CurrentUser, eSvfopUser: ast.User,
	eSvfopSessionUser: ast.SessionUser, eSvfopCurrentCatalog: ast.CurrentCatalog,
	eSvfopCurrentSchema: ast.CurrentSchema,
}

func (c *converter) sqlValueFunction(m msg) ast.Expr {
	op := m.num(fSQLValueFunctionOp)
	e := &ast.SQLValueFunction{
		Pos: c.pos(m, fSQLValueFunctionLocation), Func: sqlFuncs[op], Precision: -1,
	}
	switch op {
	case eSvfopCurrentTimeN, eSvfopCurrentTimestampN, eSvfopLocaltimeN, eSvfopLocaltimestampN:
		e.Precision = m.num(fSQLValueFunctionTypmod)
	}
	return e
}
