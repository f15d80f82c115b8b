package parser

import (
	"github.com/tidemarkdb/tidemark/sql/ast"
)

func (c *converter) insertColumns(m msg, field int) []*ast.InsertColumn {
	n := m.count(field)
	if n == 0 {
		return nil
	}
	list := make([]*ast.InsertColumn, 0, n)
	for item := range m.each(field) {
		_, t := item.node()
		list = append(list, c.insertColumn(t))
	}
	return list
}

func (c *converter) insertColumn(m msg) *ast.InsertColumn {
	return &ast.InsertColumn{
		Pos: c.pos(m, fResTargetLocation), Name: m.text(fResTargetName),
		Steps: c.steps(m, fResTargetIndirection),
	}
}

func overriding(v int) ast.Overriding {
	switch v {
	case eOverridingUserValue:
		return ast.OverridingUser
	case eOverridingSystemValue:
		return ast.OverridingSystem
	}
	return ast.OverridingNone
}

func (c *converter) insert(m msg) ast.Statement {
	return &ast.Insert{
		With:       c.with(m.sub(fInsertStmtWithClause)),
		Table:      c.rangeVar(m.sub(fInsertStmtRelation)),
		Columns:    c.insertColumns(m, fInsertStmtCols),
		Overriding: overriding(m.num(fInsertStmtOverride)),
		Query:      c.query(m.sub(fInsertStmtSelectStmt)),
		OnConflict: c.onConflict(m.sub(fInsertStmtOnConflictClause)),
		Returning:  c.targets(m, fInsertStmtReturningList),
	}
}

func (c *converter) onConflict(m msg) *ast.OnConflict {
	if m == nil {
		return nil
	}
	o := &ast.OnConflict{
		Pos:    c.pos(m, fOnConflictClauseLocation),
		Update: m.num(fOnConflictClauseAction) == eOnconflictUpdate,
		Set:    c.assignments(m, fOnConflictClauseTargetList),
		Where:  c.field(m, fOnConflictClauseWhereClause),
	}
	if i := m.sub(fOnConflictClauseInfer); i != nil {
		o.Target = &ast.ConflictTarget{
			Pos: c.pos(i, fInferClauseLocation), Columns: c.indexElems(i, fInferClauseIndexElems, false),
			Where: c.field(i, fInferClauseWhereClause), Constraint: i.text(fInferClauseConname),
		}
	}
	return o
}

// assignments converts a SET list. The grammar repeats the source of
// (a, b) = source at every column.
func (c *converter) assignments(m msg, field int) []*ast.Assignment {
	var list []*ast.Assignment
	for item := range m.each(field) {
		_, t := item.node()
		kind, ref := t.sub(fResTargetVal).node()
		if kind == nMultiAssignRef && ref.num(fMultiAssignRefColno) > 1 && len(list) > 0 {
			last := list[len(list)-1]
			last.Targets = append(last.Targets, c.insertColumn(t))
			continue
		}
		a := &ast.Assignment{Pos: c.pos(t, fResTargetLocation), Targets: []*ast.InsertColumn{c.insertColumn(t)}}
		if kind == nMultiAssignRef {
			a.Multi, a.Value = true, c.field(ref, fMultiAssignRefSource)
		} else {
			a.Value = c.field(t, fResTargetVal)
		}
		list = append(list, a)
	}
	return list
}

func (c *converter) update(m msg) ast.Statement {
	return &ast.Update{
		With:      c.with(m.sub(fUpdateStmtWithClause)),
		Table:     c.rangeVar(m.sub(fUpdateStmtRelation)),
		Set:       c.assignments(m, fUpdateStmtTargetList),
		From:      c.tables(m, fUpdateStmtFromClause),
		Where:     c.field(m, fUpdateStmtWhereClause),
		Returning: c.targets(m, fUpdateStmtReturningList),
	}
}

func (c *converter) delete(m msg) ast.Statement {
	return &ast.Delete{
		With:      c.with(m.sub(fDeleteStmtWithClause)),
		Table:     c.rangeVar(m.sub(fDeleteStmtRelation)),
		Using:     c.tables(m, fDeleteStmtUsingClause),
		Where:     c.field(m, fDeleteStmtWhereClause),
		Returning: c.targets(m, fDeleteStmtReturningList),
	}
}

func (c *converter) merge(m msg) ast.Statement {
	s := &ast.Merge{
		With:      c.with(m.sub(fMergeStmtWithClause)),
		Table:     c.rangeVar(m.sub(fMergeStmtRelation)),
		Source:    c.table(m.sub(fMergeStmtSourceRelation)),
		On:        c.field(m, fMergeStmtJoinCondition),
		Returning: c.targets(m, fMergeStmtReturningList),
	}
	for item := range m.each(fMergeStmtMergeWhenClauses) {
		_, w := item.node()
		s.Whens = append(s.Whens, c.mergeWhen(w))
	}
	return s
}

func (c *converter) mergeWhen(m msg) *ast.MergeWhen {
	w := &ast.MergeWhen{
		Cond: c.field(m, fMergeWhenClauseCondition), Overriding: overriding(m.num(fMergeWhenClauseOverride)),
		Values: c.exprs(m, fMergeWhenClauseValues),
	}
	switch m.num(fMergeWhenClauseMatchKind) {
	case eMergeWhenNotMatchedBySource:
		w.Match = ast.WhenNotMatchedBySource
	case eMergeWhenNotMatchedByTarget:
		w.Match = ast.WhenNotMatched
	}
	switch m.num(fMergeWhenClauseCommandType) {
	case eCmdInsert:
		w.Action, w.Columns = ast.MergeInsert, c.insertColumns(m, fMergeWhenClauseTargetList)
	case eCmdUpdate:
		w.Action, w.Set = ast.MergeUpdate, c.assignments(m, fMergeWhenClauseTargetList)
	case eCmdDelete:
		w.Action = ast.MergeDelete
	}
	return w
}

func (c *converter) copyStmt(m msg) ast.Statement {
	return &ast.Copy{
		Table:   c.rangeVar(m.sub(fCopyStmtRelation)),
		Columns: names(m, fCopyStmtAttlist),
		Query:   c.stmt(m.sub(fCopyStmtQuery)),
		From:    m.flag(fCopyStmtIsFrom),
		Program: m.flag(fCopyStmtIsProgram),
		File:    m.text(fCopyStmtFilename),
		Options: c.options(m, fCopyStmtOptions),
		Where:   c.field(m, fCopyStmtWhereClause),
	}
}

func (c *converter) do(m msg) ast.Statement {
	d := &ast.Do{}
	for _, o := range c.options(m, fDoStmtArgs) {
		switch o.Name {
		case "as":
			d.Pos, d.Code = o.Pos, o.Text()
		case "language":
			d.Language = o.Text()
		}
	}
	return d
}
