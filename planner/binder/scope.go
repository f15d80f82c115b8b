package binder

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// column is a column that a relation or query shows by name.
type column struct {
	name string
	id   expr.ColumnID
	// value is what the name stands for when it is not a plain column (merged
	// columns of FULL JOIN USING).
	value expr.Expr
	typ   types.Type
	// added by SEARCH or CYCLE: "*" does not show it.
	added bool
}

// nsItem is a relation in a query's name space (PostgreSQL's ParseNamespaceItem).
type nsItem struct {
	alias  string
	schema catalog.OID // of the table if it has no alias, else 0
	// Columns: those of table (ids from first), unless cols is set.
	table *catalog.Table
	first expr.ColumnID
	cols  []column
	// relVisible: alias.column works; colsVisible: the bare column works.
	relVisible, colsVisible bool
	// lateralOnly: only LATERAL items may look; !lateralOK: not even they.
	lateralOnly, lateralOK bool
	isJoin                 bool
	kind                   string         // of what cannot be locked: "a WITH query", "a function"
	target                 bool           // of UPDATE or DELETE
	scan                   *logical.Scan  // of a stored table
	view                   *catalog.Table // the item is an expanded view
	// derived is the tree of a subquery or view in FROM.
	derived logical.Node
}

// scope is the name space of one query level (PostgreSQL's ParseState).
type scope struct {
	parent *scope
	depth  int32
	items  []*nsItem
	all    []*nsItem // every relation, also those that are not visible
	ctes   []*cteEntry
	future []string // WITH items that are not visible yet
	kind   exprKind

	lateralActive bool
	hasAggs       bool
	aggLoc        int  // where the first of them was written
	recursive     bool // reads the working table of a recursive query
	// direct are the direct arguments of ordered-set aggregates.
	direct       []expr.Expr
	hasWindows   bool
	hasSRF       bool
	windows      []*namedWindow
	groupingSets bool
	// groupWindows: session_window and the like are written (group_window.go).
	groupWindows bool
	// fillsRows: time_bucket_gapfill may go over the times there are.
	fillsRows bool
	locking   []*ast.Locking
	// trail: the recursive arm of a query with SEARCH or CYCLE.
	trail *trail
}

func (s *scope) child() *scope {
	if s == nil {
		return &scope{depth: 1}
	}
	return &scope{parent: s, depth: s.depth + 1}
}

// numCols returns how many columns the item shows, dropped ones included.
func (n *nsItem) numCols() int {
	if n.cols != nil || n.table == nil {
		return len(n.cols)
	}
	return len(n.table.Columns)
}

// colName returns the name of column i, "" if it is dropped.
func (n *nsItem) colName(i int) string {
	if n.cols != nil || n.table == nil {
		return n.cols[i].name
	}
	if n.table.Columns[i].Dropped {
		return ""
	}
	return n.table.Columns[i].Name
}

// added reports whether column i is one that "*" does not show.
func (n *nsItem) added(i int) bool { return n.cols != nil && n.cols[i].added }

// col returns column i.
func (n *nsItem) col(i int) column {
	if n.cols != nil || n.table == nil {
		return n.cols[i]
	}
	c := &n.table.Columns[i]
	return column{name: c.Name, id: n.first + expr.ColumnID(i), typ: c.Type}
}

// find returns the position of a name among the item's columns, -1 if there is
// none, -2 if there are several.
func (n *nsItem) find(name string) int {
	found := -1
	for i, k := 0, n.numCols(); i < k; i++ {
		if n.colName(i) == name && name != "" {
			if found >= 0 {
				return -2
			}
			found = i
		}
	}
	return found
}

// exprKind is where an expression stands (PostgreSQL's ParseExprKind).
type exprKind uint8

const (
	kindOther exprKind = iota
	kindJoinOn
	kindFromFunction
	kindWhere
	kindHaving
	kindFilter
	kindWindowPartition
	kindWindowOrder
	kindFrameRange // and its like, in the order of ast.FrameMode
	kindFrameRows
	kindFrameGroups
	kindTarget
	kindInsertTarget
	kindInsertRows
	kindUpdateSource
	kindGroupBy
	kindOrderBy
	kindDistinctOn
	kindLimit
	kindOffset
	kindReturning
	kindValues
	kindCheck
	kindDefault
	kindIndexExpr
	kindIndexPredicate
	kindAlterUsing
	kindGenerated
	kindFromSubselect
	kindExecute
	kindConflictWhere
	kindCopyWhere
	kindMergeWhen
)

// kindInfo says how errors call a kind and what it admits.
var kindInfo = [...]struct {
	agg, window, srf string // "" means allowed
	subquery         string
}{
	kindOther:           {},
	kindJoinOn:          {agg: "JOIN conditions", window: "JOIN conditions", srf: "JOIN conditions"},
	kindFromFunction:    {agg: "functions in FROM", window: "functions in FROM"},
	kindWhere:           {agg: "WHERE", window: "WHERE", srf: "WHERE"},
	kindHaving:          {window: "HAVING", srf: "HAVING"},
	kindFilter:          {agg: "FILTER", window: "FILTER", srf: "FILTER"},
	kindWindowPartition: {window: "window definitions"},
	kindWindowOrder:     {window: "window definitions"},
	kindFrameRange:      {agg: "window RANGE", window: "window definitions", srf: "window definitions"},
	kindFrameRows:       {agg: "window ROWS", window: "window definitions", srf: "window definitions"},
	kindFrameGroups:     {agg: "window GROUPS", window: "window definitions", srf: "window definitions"},
	kindTarget:          {},
	kindInsertTarget:    {agg: "VALUES", window: "VALUES"},
	kindInsertRows:      {agg: "VALUES", window: "VALUES", srf: "VALUES"},
	kindUpdateSource:    {agg: "UPDATE", window: "UPDATE", srf: "UPDATE"},
	kindGroupBy:         {agg: "GROUP BY", window: "GROUP BY"},
	kindOrderBy:         {},
	kindDistinctOn:      {},
	kindLimit:           {agg: "LIMIT", window: "LIMIT", srf: "LIMIT"},
	kindOffset:          {agg: "OFFSET", window: "OFFSET", srf: "OFFSET"},
	kindReturning:       {agg: "RETURNING", window: "RETURNING", srf: "RETURNING"},
	kindValues:          {agg: "VALUES", window: "VALUES", srf: "VALUES"},
	kindCheck:           {"check constraints", "check constraints", "check constraints", "check constraint"},
	kindDefault:         {"DEFAULT expressions", "DEFAULT expressions", "DEFAULT expressions", "DEFAULT expression"},
	kindIndexExpr:       {"index expressions", "index expressions", "index expressions", "index expression"},
	kindIndexPredicate:  {"index predicates", "index predicates", "index predicates", "index predicate"},
	kindAlterUsing:      {"transform expressions", "transform expressions", "transform expressions", "transform expression"},
	kindGenerated:       {"column generation expressions", "column generation expressions", "column generation expressions", "column generation expression"},
	kindFromSubselect:   {},
	kindExecute:         {"EXECUTE parameters", "EXECUTE parameters", "EXECUTE parameters", "EXECUTE parameter"},
	kindConflictWhere:   {agg: "WHERE", window: "WHERE", srf: "WHERE"},
	kindCopyWhere:       {"COPY FROM WHERE conditions", "COPY FROM WHERE conditions", "COPY FROM WHERE conditions", "COPY FROM WHERE condition"},
	kindMergeWhen:       {agg: "MERGE WHEN conditions", window: "MERGE WHEN conditions", srf: "MERGE WHEN conditions"},
}
