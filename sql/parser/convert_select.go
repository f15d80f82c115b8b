package parser

import (
	"github.com/tidemarkdb/tidemark/sql/ast"
)

// query converts a Node that the grammar allows to be a SELECT only.
func (c *converter) query(node msg) *ast.Select {
	kind, m := node.node()
	if kind != nSelectStmt {
		return nil
	}
	return c.selectStmt(m)
}

func (c *converter) selectStmt(m msg) *ast.Select {
	s := &ast.Select{
		With:     c.with(m.sub(fSelectStmtWithClause)),
		OrderBy:  c.sortBys(m, fSelectStmtSortClause),
		Limit:    c.field(m, fSelectStmtLimitCount),
		Offset:   c.field(m, fSelectStmtLimitOffset),
		WithTies: m.num(fSelectStmtLimitOption) == eLimitOptionWithTies,
	}
	for item := range m.each(fSelectStmtLockingClause) {
		s.Locking = append(s.Locking, c.locking(item))
	}
	if op := m.num(fSelectStmtOp); op > eSetopNone {
		s.Op = ast.SetOp(op - eSetopNone)
		s.All = m.flag(fSelectStmtAll)
		s.Left = c.selectStmt(m.sub(fSelectStmtLarg))
		s.Right = c.selectStmt(m.sub(fSelectStmtRarg))
		return s
	}
	if n := m.count(fSelectStmtValuesLists); n > 0 {
		s.Values = make([][]ast.Expr, 0, n)
		for row := range m.each(fSelectStmtValuesLists) {
			s.Values = append(s.Values, c.listItems(row))
		}
		return s
	}
	c.selectCore(m, s)
	return s
}

// selectCore fills in what only a plain SELECT has.
func (c *converter) selectCore(m msg, s *ast.Select) {
	s.Into = c.into(m.sub(fSelectStmtIntoClause))
	for item := range m.each(fSelectStmtDistinctClause) {
		// A list of one NULL is a DISTINCT without ON.
		if e := c.expr(item); e != nil {
			s.DistinctOn = append(s.DistinctOn, e)
			continue
		}
		s.Distinct = true
	}
	s.Targets = c.targets(m, fSelectStmtTargetList)
	s.From = c.tables(m, fSelectStmtFromClause)
	s.Where = c.field(m, fSelectStmtWhereClause)
	s.GroupBy = c.groupItems(m, fSelectStmtGroupClause)
	s.GroupDistinct = m.flag(fSelectStmtGroupDistinct)
	s.Having = c.field(m, fSelectStmtHavingClause)
	for item := range m.each(fSelectStmtWindowClause) {
		_, w := item.node()
		s.Windows = append(s.Windows, c.windowDef(w))
	}
}

func (c *converter) targets(m msg, field int) []*ast.Target {
	n := m.count(field)
	if n == 0 {
		return nil
	}
	list := make([]*ast.Target, 0, n)
	for item := range m.each(field) {
		_, t := item.node()
		list = append(list, &ast.Target{
			Pos: c.pos(t, fResTargetLocation), Name: t.text(fResTargetName), Expr: c.field(t, fResTargetVal),
		})
	}
	return list
}

func (c *converter) groupItems(m msg, field int) []ast.GroupItem {
	var items []ast.GroupItem
	for item := range m.each(field) {
		kind, g := item.node()
		if kind != nGroupingSet {
			items = append(items, c.expr(item))
			continue
		}
		items = append(items, &ast.GroupingSet{
			Pos: c.pos(g, fGroupingSetLocation), Kind: groupingKinds[g.num(fGroupingSetKind)],
			Items: c.groupItems(g, fGroupingSetContent),
		})
	}
	return items
}

var groupingKinds = map[int]ast.GroupingSetKind{
	eGroupingSetEmpty: ast.GroupingEmpty, eGroupingSetRollup: ast.GroupingRollup,
	eGroupingSetCube: ast.GroupingCube, eGroupingSetSets: ast.GroupingSets,
}

func (c *converter) sortBys(m msg, field int) []*ast.SortBy {
	var list []*ast.SortBy
	for item := range m.each(field) {
		_, s := item.node()
		list = append(list, &ast.SortBy{
			Pos: c.pos(s, fSortByLocation), Expr: c.field(s, fSortByNode),
			Dir: sortDir(s.num(fSortBySortbyDir)), Nulls: sortNulls(s.num(fSortBySortbyNulls)),
			Using: names(s, fSortByUseOp),
		})
	}
	return list
}

func sortDir(v int) ast.SortDir {
	if v <= eSortbyDefault {
		return ast.SortDefault
	}
	return ast.SortDir(v - eSortbyDefault)
}

func sortNulls(v int) ast.SortNulls {
	if v <= eSortbyNullsDefault {
		return ast.NullsDefault
	}
	return ast.SortNulls(v - eSortbyNullsDefault)
}

func (c *converter) locking(node msg) *ast.Locking {
	_, m := node.node()
	l := &ast.Locking{
		Strength: ast.LockStrength(m.num(fLockingClauseStrength) - eLcsNone),
		Tables:   c.rangeVars(m, fLockingClauseLockedRels),
	}
	switch m.num(fLockingClauseWaitPolicy) {
	case eLockWaitSkip:
		l.Wait = ast.LockSkip
	case eLockWaitError:
		l.Wait = ast.LockNoWait
	}
	return l
}

func (c *converter) with(m msg) *ast.With {
	if m == nil {
		return nil
	}
	w := &ast.With{Pos: c.pos(m, fWithClauseLocation), Recursive: m.flag(fWithClauseRecursive)}
	for item := range m.each(fWithClauseCtes) {
		_, t := item.node()
		w.CTEs = append(w.CTEs, c.cte(t))
	}
	return w
}

func (c *converter) cte(m msg) *ast.CTE {
	t := &ast.CTE{
		Pos: c.pos(m, fCommonTableExprLocation), Name: m.text(fCommonTableExprCtename),
		Columns: names(m, fCommonTableExprAliascolnames), Stmt: c.stmt(m.sub(fCommonTableExprCtequery)),
	}
	switch m.num(fCommonTableExprCtematerialized) {
	case eCTEMaterializeAlways:
		t.Materialize = ast.MaterializeAlways
	case eCTEMaterializeNever:
		t.Materialize = ast.MaterializeNever
	}
	if s := m.sub(fCommonTableExprSearchClause); s != nil {
		t.Search = &ast.SearchClause{
			Pos: c.pos(s, fCTESearchClauseLocation), Breadth: s.flag(fCTESearchClauseSearchBreadthFirst),
			Columns: names(s, fCTESearchClauseSearchColList), Column: s.text(fCTESearchClauseSearchSeqColumn),
		}
	}
	if s := m.sub(fCommonTableExprCycleClause); s != nil {
		t.Cycle = &ast.CycleClause{
			Pos: c.pos(s, fCTECycleClauseLocation), Columns: names(s, fCTECycleClauseCycleColList),
			Mark: s.text(fCTECycleClauseCycleMarkColumn), Value: c.field(s, fCTECycleClauseCycleMarkValue),
			Default: c.field(s, fCTECycleClauseCycleMarkDefault), Path: s.text(fCTECycleClauseCyclePathColumn),
		}
	}
	return t
}
