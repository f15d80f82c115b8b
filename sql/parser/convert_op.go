package parser

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/ast"
)

// aExpr converts an A_Expr, which is an operator or a construct with one.
func (c *converter) aExpr(m msg) ast.Expr {
	pos := c.pos(m, fAExprLocation)
	schema, name := opName(names(m, fAExprName))
	left := c.field(m, fAExprLexpr)
	right := m.sub(fAExprRexpr)
	kind := m.num(fAExprKind)
	switch kind {
	case eAexprOp:
		return &ast.Operator{Pos: pos, Schema: schema, Name: name, Left: left, Right: c.expr(right)}
	case eAexprOpAny, eAexprOpAll:
		return &ast.AnyAll{
			Pos: pos, Schema: schema, Name: name, All: kind == eAexprOpAll, Left: left, Right: c.expr(right),
		}
	case eAexprDistinct, eAexprNotDistinct:
		return &ast.IsDistinct{Pos: pos, Left: left, Right: c.expr(right), Not: kind == eAexprNotDistinct}
	case eAexprNullif:
		return &ast.NullIf{Pos: pos, Left: left, Right: c.expr(right)}
	case eAexprIn:
		return &ast.In{Pos: pos, Left: left, List: c.listItems(right), Not: name == "<>"}
	case eAexprLike, eAexprIlike, eAexprSimilar:
		return c.like(kind, &ast.Like{Pos: pos, Left: left, Not: strings.HasPrefix(name, "!")}, right)
	}
	e := &ast.Between{
		Pos: pos, Arg: left,
		Not:       kind == eAexprNotBetween || kind == eAexprNotBetweenSym,
		Symmetric: kind == eAexprBetweenSym || kind == eAexprNotBetweenSym,
	}
	if bounds := c.listItems(right); len(bounds) == 2 {
		e.Low, e.High = bounds[0], bounds[1]
	}
	return e
}

// listItems converts the items of a List node.
func (c *converter) listItems(node msg) []ast.Expr {
	kind, body := node.node()
	if kind != nList {
		return nil
	}
	return c.exprs(body, fListItems)
}

// like unpacks the escape function that the grammar puts round the pattern.
func (c *converter) like(kind int, e *ast.Like, right msg) ast.Expr {
	switch kind {
	case eAexprIlike:
		e.Kind = ast.LikeILike
	case eAexprSimilar:
		e.Kind = ast.LikeSimilar
	}
	e.Pattern = c.expr(right)
	f, ok := e.Pattern.(*ast.FuncCall)
	if !ok || len(f.Name) != 2 || f.Name[0] != "pg_catalog" || len(f.Args) == 0 || len(f.Args) > 2 {
		return e
	}
	if f.Name[1] == "like_escape" || kind == eAexprSimilar && f.Name[1] == "similar_to_escape" {
		e.Pattern = f.Args[0]
		if len(f.Args) == 2 {
			e.Escape = f.Args[1]
		}
	}
	return e
}

func (c *converter) funcCall(m msg) *ast.FuncCall {
	if m == nil {
		return nil
	}
	return &ast.FuncCall{
		Pos:         c.pos(m, fFuncCallLocation),
		Name:        names(m, fFuncCallFuncname),
		Args:        c.exprs(m, fFuncCallArgs),
		Star:        m.flag(fFuncCallAggStar),
		Distinct:    m.flag(fFuncCallAggDistinct),
		Variadic:    m.flag(fFuncCallFuncVariadic),
		OrderBy:     c.sortBys(m, fFuncCallAggOrder),
		WithinGroup: m.flag(fFuncCallAggWithinGroup),
		Filter:      c.field(m, fFuncCallAggFilter),
		Over:        c.windowDef(m.sub(fFuncCallOver)),
		SQLSyntax:   m.num(fFuncCallFuncformat) == eCoerceSqlSyntax,
	}
}

// Bits of WindowDef.frameOptions (nodes/parsenodes.h).
const (
	frameNonDefault       = 0x00001
	frameRows             = 0x00004
	frameGroups           = 0x00008
	frameStartUnbounded   = 0x00020
	frameEndUnbounded     = 0x00100
	frameStartCurrent     = 0x00200
	frameEndCurrent       = 0x00400
	frameStartPreceding   = 0x00800
	frameEndPreceding     = 0x01000
	frameStartFollowing   = 0x02000
	frameEndFollowing     = 0x04000
	frameExcludeCurrent   = 0x08000
	frameExcludeGroup     = 0x10000
	frameExcludeTies      = 0x20000
	frameStartUnboundedFo = 0x00080
	frameEndUnboundedPre  = 0x00040
)

func (c *converter) windowDef(m msg) *ast.WindowDef {
	if m == nil {
		return nil
	}
	w := &ast.WindowDef{
		Pos: c.pos(m, fWindowDefLocation), Name: m.text(fWindowDefName), Ref: m.text(fWindowDefRefname),
		PartitionBy: c.exprs(m, fWindowDefPartitionClause), OrderBy: c.sortBys(m, fWindowDefOrderClause),
	}
	options := m.num(fWindowDefFrameOptions)
	if options&frameNonDefault == 0 {
		return w
	}
	w.Frame = &ast.Frame{
		Start: ast.UnboundedPreceding, StartOffset: c.field(m, fWindowDefStartOffset),
		End: ast.CurrentRow, EndOffset: c.field(m, fWindowDefEndOffset),
	}
	frameBits(options, w.Frame)
	return w
}

func frameBits(options int, f *ast.Frame) {
	has := func(bit int) bool { return options&bit != 0 }
	switch {
	case has(frameRows):
		f.Mode = ast.FrameRows
	case has(frameGroups):
		f.Mode = ast.FrameGroups
	}
	switch {
	case has(frameStartUnbounded):
		f.Start = ast.UnboundedPreceding
	case has(frameStartPreceding):
		f.Start = ast.OffsetPreceding
	case has(frameStartCurrent):
		f.Start = ast.CurrentRow
	case has(frameStartFollowing):
		f.Start = ast.OffsetFollowing
	case has(frameStartUnboundedFo):
		f.Start = ast.UnboundedFollowing
	}
	switch {
	case has(frameEndUnboundedPre):
		f.End = ast.UnboundedPreceding
	case has(frameEndPreceding):
		f.End = ast.OffsetPreceding
	case has(frameEndCurrent):
		f.End = ast.CurrentRow
	case has(frameEndFollowing):
		f.End = ast.OffsetFollowing
	case has(frameEndUnbounded):
		f.End = ast.UnboundedFollowing
	}
	switch {
	case has(frameExcludeCurrent):
		f.Exclude = ast.ExcludeCurrentRow
	case has(frameExcludeGroup):
		f.Exclude = ast.ExcludeGroup
	case has(frameExcludeTies):
		f.Exclude = ast.ExcludeTies
	}
}
