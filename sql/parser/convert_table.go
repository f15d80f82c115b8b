package parser

import (
	"github.com/tidemarkdb/tidemark/sql/ast"
)

// tableStmt converts the statements that create relations.
func (c *converter) tableStmt(kind int, m msg) ast.Statement {
	switch kind {
	case nCreateStmt:
		return c.createTable(m)
	case nCreateTableAsStmt:
		query := m.sub(fCreateTableAsStmtQuery)
		return &ast.CreateTableAs{
			Into: c.into(m.sub(fCreateTableAsStmtInto)), Query: c.stmt(query), QueryText: c.queryText(query),
			Materialized: m.num(fCreateTableAsStmtObjtype) == eObjectMatview,
			IfNotExists:  m.flag(fCreateTableAsStmtIfNotExists),
		}
	case nRefreshMatViewStmt:
		return &ast.RefreshMaterializedView{
			View:         c.rangeVar(m.sub(fRefreshMatViewStmtRelation)),
			Concurrently: m.flag(fRefreshMatViewStmtConcurrent), NoData: m.flag(fRefreshMatViewStmtSkipData),
		}
	case nIndexStmt:
		return c.createIndex(m)
	case nViewStmt:
		query := m.sub(fViewStmtQuery)
		v := &ast.CreateView{
			View: c.rangeVar(m.sub(fViewStmtView)), Columns: names(m, fViewStmtAliases),
			Query: c.query(query), QueryText: c.queryText(query),
			Replace: m.flag(fViewStmtReplace), Options: c.options(m, fViewStmtOptions),
		}
		switch m.num(fViewStmtWithCheckOption) {
		case eLocalCheckOption:
			v.CheckOption = ast.CheckOptionLocal
		case eCascadedCheckOption:
			v.CheckOption = ast.CheckOptionCascaded
		}
		return v
	}
	return nil
}

func (c *converter) createTable(m msg) ast.Statement {
	t := &ast.CreateTable{
		Table:        c.rangeVar(m.sub(fCreateStmtRelation)),
		IfNotExists:  m.flag(fCreateStmtIfNotExists),
		Inherits:     c.rangeVars(m, fCreateStmtInhRelations),
		Bound:        c.partitionBound(m.sub(fCreateStmtPartbound)),
		PartitionBy:  c.partitionSpec(m.sub(fCreateStmtPartspec)),
		OfType:       c.typeName(m.sub(fCreateStmtOfTypename)),
		AccessMethod: m.text(fCreateStmtAccessMethod),
		Options:      c.options(m, fCreateStmtOptions),
		OnCommit:     onCommit(m.num(fCreateStmtOncommit)),
		Tablespace:   m.text(fCreateStmtTablespacename),
	}
	for item := range m.each(fCreateStmtTableElts) {
		switch kind, body := item.node(); kind {
		case nColumnDef:
			t.Elements = append(t.Elements, c.columnDef(body))
		case nConstraint:
			t.Elements = append(t.Elements, c.constraint(body))
		case nTableLikeClause:
			like := &ast.LikeClause{
				Table:   c.rangeVar(body.sub(fTableLikeClauseRelation)),
				Options: ast.LikeOption(body.num(fTableLikeClauseOptions)),
			}
			like.Pos = like.Table.Pos
			t.Elements = append(t.Elements, like)
		}
	}
	return t
}

func onCommit(v int) ast.OnCommit {
	if v <= eOncommitNoop {
		return ast.OnCommitNone
	}
	return ast.OnCommit(v - eOncommitNoop)
}

func (c *converter) into(m msg) *ast.Into {
	if m == nil {
		return nil
	}
	return &ast.Into{
		Table: c.rangeVar(m.sub(fIntoClauseRel)), Columns: names(m, fIntoClauseColNames),
		AccessMethod: m.text(fIntoClauseAccessMethod), Options: c.options(m, fIntoClauseOptions),
		OnCommit: onCommit(m.num(fIntoClauseOnCommit)), Tablespace: m.text(fIntoClauseTableSpaceName),
		NoData: m.flag(fIntoClauseSkipData),
	}
}

func (c *converter) columnDefs(m msg, field int) []*ast.ColumnDef {
	var list []*ast.ColumnDef
	for item := range m.each(field) {
		_, d := item.node()
		list = append(list, c.columnDef(d))
	}
	return list
}

func (c *converter) columnDef(m msg) *ast.ColumnDef {
	if m == nil {
		return nil
	}
	return &ast.ColumnDef{
		Pos: c.pos(m, fColumnDefLocation), Name: m.text(fColumnDefColname),
		Type:        c.typeName(m.sub(fColumnDefTypeName)),
		Collation:   names(m.sub(fColumnDefCollClause), fCollateClauseCollname),
		Compression: m.text(fColumnDefCompression), Storage: m.text(fColumnDefStorageName),
		Constraints: c.constraints(m, fColumnDefConstraints),
	}
}

func (c *converter) partitionSpec(m msg) *ast.PartitionSpec {
	if m == nil {
		return nil
	}
	strategies := map[int]string{
		ePartitionStrategyList: "list", ePartitionStrategyRange: "range", ePartitionStrategyHash: "hash",
	}
	s := &ast.PartitionSpec{
		Pos: c.pos(m, fPartitionSpecLocation), Strategy: strategies[m.num(fPartitionSpecStrategy)],
	}
	for item := range m.each(fPartitionSpecPartParams) {
		_, e := item.node()
		s.Elems = append(s.Elems, &ast.PartitionElem{
			Pos: c.pos(e, fPartitionElemLocation), Name: e.text(fPartitionElemName),
			Expr: c.field(e, fPartitionElemExpr), Collation: names(e, fPartitionElemCollation),
			OpClass: names(e, fPartitionElemOpclass),
		})
	}
	return s
}

func (c *converter) partitionBound(m msg) *ast.PartitionBound {
	if m == nil {
		return nil
	}
	b := &ast.PartitionBound{
		Pos: c.pos(m, fPartitionBoundSpecLocation), Default: m.flag(fPartitionBoundSpecIsDefault),
		Modulus: m.num(fPartitionBoundSpecModulus), Remainder: m.num(fPartitionBoundSpecRemainder),
		In: c.exprs(m, fPartitionBoundSpecListdatums), From: c.exprs(m, fPartitionBoundSpecLowerdatums),
		To: c.exprs(m, fPartitionBoundSpecUpperdatums),
	}
	switch m.char(fPartitionBoundSpecStrategy) {
	case 'l':
		b.Strategy = "list"
	case 'r':
		b.Strategy = "range"
	case 'h':
		b.Strategy = "hash"
	}
	return b
}

func (c *converter) createIndex(m msg) ast.Statement {
	where := m.sub(fIndexStmtWhereClause)
	return &ast.CreateIndex{
		Name:             m.text(fIndexStmtIdxname),
		Table:            c.rangeVar(m.sub(fIndexStmtRelation)),
		AccessMethod:     m.text(fIndexStmtAccessMethod),
		Unique:           m.flag(fIndexStmtUnique),
		Concurrently:     m.flag(fIndexStmtConcurrent),
		IfNotExists:      m.flag(fIndexStmtIfNotExists),
		NullsNotDistinct: m.flag(fIndexStmtNullsNotDistinct),
		Elems:            c.indexElems(m, fIndexStmtIndexParams, true),
		Include:          c.indexElems(m, fIndexStmtIndexIncludingParams, true),
		Options:          c.options(m, fIndexStmtOptions),
		Where:            c.expr(where),
		WhereText:        c.exprText(where),
		Tablespace:       m.text(fIndexStmtTableSpace),
	}
}

// indexElems converts index columns; withText keeps the text of expressions.
func (c *converter) indexElems(m msg, field int, withText bool) []*ast.IndexElem {
	var list []*ast.IndexElem
	for item := range m.each(field) {
		_, e := item.node()
		list = append(list, c.indexElem(e, withText))
	}
	return list
}

func (c *converter) indexElem(m msg, withText bool) *ast.IndexElem {
	e := &ast.IndexElem{
		Name: m.text(fIndexElemName), Expr: c.field(m, fIndexElemExpr),
		Collation: names(m, fIndexElemCollation), OpClass: names(m, fIndexElemOpclass),
		OpClassOptions: c.options(m, fIndexElemOpclassopts),
		Dir:            sortDir(m.num(fIndexElemOrdering)), Nulls: sortNulls(m.num(fIndexElemNullsOrdering)),
	}
	if withText {
		e.ExprText = c.exprText(m.sub(fIndexElemExpr))
	}
	return e
}
