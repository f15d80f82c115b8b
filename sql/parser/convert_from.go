package parser

import (
	"github.com/tidemarkdb/tidemark/sql/ast"
)

func (c *converter) tables(m msg, field int) []ast.TableExpr {
	n := m.count(field)
	if n == 0 {
		return nil
	}
	list := make([]ast.TableExpr, 0, n)
	for item := range m.each(field) {
		list = append(list, c.table(item))
	}
	return list
}

// table converts a Node that is an item of FROM.
func (c *converter) table(node msg) ast.TableExpr {
	kind, m := node.node()
	switch kind {
	case nRangeVar:
		return c.rangeVar(m)
	case nRangeSubselect:
		return &ast.RangeSubselect{
			Lateral: m.flag(fRangeSubselectLateral), Query: c.query(m.sub(fRangeSubselectSubquery)),
			Alias: c.alias(m.sub(fRangeSubselectAlias)),
		}
	case nRangeFunction:
		return c.rangeFunction(m)
	case nJoinExpr:
		return c.join(m)
	case nRangeTableSample:
		return &ast.TableSample{
			Pos: c.pos(m, fRangeTableSampleLocation), Table: c.table(m.sub(fRangeTableSampleRelation)),
			Method: names(m, fRangeTableSampleMethod), Args: c.exprs(m, fRangeTableSampleArgs),
			Repeatable: c.field(m, fRangeTableSampleRepeatable),
		}
	case nRangeTableFunc:
		return &ast.UnsupportedTable{Pos: c.pos(m, fRangeTableFuncLocation), Name: "XMLTABLE"}
	case nJsonTable:
		return &ast.UnsupportedTable{Pos: c.pos(m, fJsonTableLocation), Name: "JSON_TABLE"}
	}
	return &ast.UnsupportedTable{Name: "this FROM item"}
}

func (c *converter) rangeVar(m msg) *ast.RangeVar {
	if m == nil {
		return nil
	}
	r := &ast.RangeVar{
		Pos: c.pos(m, fRangeVarLocation), Catalog: m.text(fRangeVarCatalogname),
		Schema: m.text(fRangeVarSchemaname), Name: m.text(fRangeVarRelname),
		Only: !m.flag(fRangeVarInh), Alias: c.alias(m.sub(fRangeVarAlias)),
	}
	switch m.char(fRangeVarRelpersistence) {
	case 't':
		r.Persistence = ast.Temporary
	case 'u':
		r.Persistence = ast.Unlogged
	}
	return r
}

func (c *converter) rangeVars(m msg, field int) []*ast.RangeVar {
	var list []*ast.RangeVar
	for item := range m.each(field) {
		_, r := item.node()
		list = append(list, c.rangeVar(r))
	}
	return list
}

func (c *converter) alias(m msg) *ast.Alias {
	if m == nil {
		return nil
	}
	return &ast.Alias{Name: m.text(fAliasAliasname), Columns: names(m, fAliasColnames)}
}

var joinKinds = map[int]ast.JoinKind{
	eJoinInner: ast.JoinInner, eJoinLeft: ast.JoinLeft, eJoinRight: ast.JoinRight, eJoinFull: ast.JoinFull,
}

func (c *converter) join(m msg) ast.TableExpr {
	j := &ast.Join{
		Kind: joinKinds[m.num(fJoinExprJointype)], Natural: m.flag(fJoinExprIsNatural),
		Left: c.table(m.sub(fJoinExprLarg)), Right: c.table(m.sub(fJoinExprRarg)),
		Using: names(m, fJoinExprUsingClause), UsingAlias: c.alias(m.sub(fJoinExprJoinUsingAlias)),
		On: c.field(m, fJoinExprQuals), Alias: c.alias(m.sub(fJoinExprAlias)),
	}
	return j
}

func (c *converter) rangeFunction(m msg) ast.TableExpr {
	f := &ast.RangeFunction{
		Lateral: m.flag(fRangeFunctionLateral), Ordinality: m.flag(fRangeFunctionOrdinality),
		RowsFrom: m.flag(fRangeFunctionIsRowsfrom), Alias: c.alias(m.sub(fRangeFunctionAlias)),
		Columns: c.columnDefs(m, fRangeFunctionColdeflist),
	}
	for item := range m.each(fRangeFunctionFunctions) {
		_, pair := item.node() // a list of the call and its column definitions
		var fi ast.RangeFuncItem
		for part := range pair.each(fListItems) {
			if fi.Call == nil {
				fi.Call = c.expr(part)
				continue
			}
			_, defs := part.node()
			fi.Columns = c.columnDefs(defs, fListItems)
		}
		f.Funcs = append(f.Funcs, &fi)
	}
	if len(f.Funcs) > 0 && f.Funcs[0].Call != nil {
		f.Pos = ast.At(f.Funcs[0].Call.Loc())
	}
	return f
}
