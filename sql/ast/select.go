package ast

// SetOp joins two queries.
type SetOp uint8

// The set operations.
const (
	SetOpNone SetOp = iota
	SetOpUnion
	SetOpIntersect
	SetOpExcept
)

// Select is a query: a SELECT (or TABLE name), a VALUES list, or, when Op is
// set, a set operation over Left and Right. With, OrderBy, Limit, Offset and
// Locking belong to whichever it is.
type Select struct {
	With *With

	// A plain SELECT.
	Distinct      bool
	DistinctOn    []Expr
	Targets       []*Target
	Into          *Into // SELECT INTO
	From          []TableExpr
	Where         Expr
	GroupBy       []GroupItem
	GroupDistinct bool
	Having        Expr
	Windows       []*WindowDef

	// A VALUES list.
	Values [][]Expr

	// A set operation.
	Op    SetOp
	All   bool
	Left  *Select
	Right *Select

	OrderBy  []*SortBy
	Limit    Expr // nil for none; LIMIT ALL is a ConstNull
	Offset   Expr
	WithTies bool
	Locking  []*Locking
}

// Target is an item of a select list or of RETURNING. Name is empty without AS.
type Target struct {
	Pos
	Name string
	Expr Expr
}

// With is a WITH clause.
type With struct {
	Pos
	Recursive bool
	CTEs      []*CTE
}

// Materialize is a CTE's MATERIALIZED option.
type Materialize uint8

// The MATERIALIZED options.
const (
	MaterializeDefault Materialize = iota
	MaterializeAlways
	MaterializeNever
)

// CTE is one query of a WITH clause. Stmt is a *Select, *Insert, *Update,
// *Delete or *Merge.
type CTE struct {
	Pos
	Name        string
	Columns     []string
	Materialize Materialize
	Stmt        Statement
	Search      *SearchClause
	Cycle       *CycleClause
}

// SearchClause is SEARCH { BREADTH | DEPTH } FIRST BY Columns SET Column.
type SearchClause struct {
	Pos
	Breadth bool
	Columns []string
	Column  string
}

// CycleClause is CYCLE Columns SET Mark [TO Value DEFAULT Default] USING Path.
type CycleClause struct {
	Pos
	Columns []string
	Mark    string
	Value   Expr
	Default Expr
	Path    string
}

// GroupItem is an item of GROUP BY: an expression or a *GroupingSet.
type GroupItem interface {
	Node
}

// GroupingSetKind is the sort of a GroupingSet.
type GroupingSetKind uint8

// The grouping sets.
const (
	GroupingEmpty GroupingSetKind = iota // ()
	GroupingRollup
	GroupingCube
	GroupingSets
)

// GroupingSet is (), ROLLUP, CUBE or GROUPING SETS. A Row among the items of
// ROLLUP and CUBE, and of GROUPING SETS, is a set of several columns.
type GroupingSet struct {
	Pos
	Kind  GroupingSetKind
	Items []GroupItem
}

// SortDir is the direction of a sort key.
type SortDir uint8

// The directions.
const (
	SortDefault SortDir = iota
	SortAsc
	SortDesc
	SortUsing
)

// SortNulls is where a sort puts nulls.
type SortNulls uint8

// The places of nulls.
const (
	NullsDefault SortNulls = iota
	NullsFirst
	NullsLast
)

// SortBy is an item of ORDER BY.
type SortBy struct {
	Pos   // of the USING operator, else unknown
	Expr  Expr
	Dir   SortDir
	Nulls SortNulls
	Using []string // operator name of SortUsing, with schema when qualified
}

// FrameMode is how a window frame counts.
type FrameMode uint8

// The frame modes.
const (
	FrameRange FrameMode = iota
	FrameRows
	FrameGroups
)

// FrameBoundKind is one end of a window frame.
type FrameBoundKind uint8

// The frame bounds.
const (
	UnboundedPreceding FrameBoundKind = iota
	OffsetPreceding
	CurrentRow
	OffsetFollowing
	UnboundedFollowing
)

// FrameExclusion is the EXCLUDE clause of a frame.
type FrameExclusion uint8

// The exclusions.
const (
	ExcludeNoOthers FrameExclusion = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// Frame is a window's frame. Offsets are set for the Offset bounds only.
type Frame struct {
	Mode        FrameMode
	Start       FrameBoundKind
	StartOffset Expr
	End         FrameBoundKind
	EndOffset   Expr
	Exclude     FrameExclusion
}

// WindowDef is an OVER clause or an item of the WINDOW clause.
type WindowDef struct {
	Pos
	// Name is the window's own name in the WINDOW clause, and the window's
	// name in OVER name.
	Name string
	// Ref is the window that a definition in parentheses builds on.
	Ref         string
	PartitionBy []Expr
	OrderBy     []*SortBy
	// Frame is nil for the default, RANGE UNBOUNDED PRECEDING to CURRENT ROW.
	Frame *Frame
}

// LockStrength is the strength of FOR UPDATE and its kin, weakest first.
type LockStrength uint8

// The strengths.
const (
	ForKeyShare LockStrength = iota + 1
	ForShare
	ForNoKeyUpdate
	ForUpdate
)

// LockWait is what to do about a row that somebody else has locked.
type LockWait uint8

// The waits.
const (
	LockBlock LockWait = iota
	LockSkip
	LockNoWait
)

// Locking is FOR UPDATE [OF Tables] [NOWAIT | SKIP LOCKED]. No tables means all.
type Locking struct {
	Strength LockStrength
	Wait     LockWait
	Tables   []*RangeVar
}

// Alias is AS Name (Columns).
type Alias struct {
	Name    string
	Columns []string
}

// RangeVar is a table name in FROM or as a statement's subject.
type RangeVar struct {
	Pos
	Catalog string
	Schema  string
	Name    string
	Only    bool
	// Persistence is what a created relation was asked to be.
	Persistence Persistence
	Alias       *Alias
}

// Persistence says how long a relation lives.
type Persistence uint8

// The persistences.
const (
	Permanent Persistence = iota
	Temporary
	Unlogged
)

// RangeSubselect is a query in FROM.
type RangeSubselect struct {
	Pos
	Lateral bool
	Query   *Select
	Alias   *Alias
}

// RangeFunction is a function in FROM, or several in ROWS FROM (...).
type RangeFunction struct {
	Pos
	Lateral    bool
	Ordinality bool
	RowsFrom   bool
	Funcs      []*RangeFuncItem
	Alias      *Alias
	Columns    []*ColumnDef // the definition list of AS t(a int, ...)
}

// RangeFuncItem is one function of a RangeFunction. Call is a *FuncCall or
// another expression with a function's syntax (*SQLValueFunction, *Coalesce, ...).
type RangeFuncItem struct {
	Call    Expr
	Columns []*ColumnDef
}

// JoinKind is the sort of a join.
type JoinKind uint8

// The joins. A cross join is an inner join without condition.
const (
	JoinInner JoinKind = iota
	JoinLeft
	JoinRight
	JoinFull
)

// Join is Left JOIN Right. At most one of Natural, Using and On is set.
type Join struct {
	Pos
	Kind       JoinKind
	Natural    bool
	Left       TableExpr
	Right      TableExpr
	Using      []string
	UsingAlias *Alias
	On         Expr
	Alias      *Alias
}

// TableSample is Table TABLESAMPLE Method (Args) [REPEATABLE (Repeatable)].
type TableSample struct {
	Pos
	Table      TableExpr
	Method     []string
	Args       []Expr
	Repeatable Expr
}

// UnsupportedTable is a FROM item that Tidemark does not have (XMLTABLE,
// JSON_TABLE); Name is what the 0A000 error calls it.
type UnsupportedTable struct {
	Pos
	Name string
}

func (*RangeVar) tableNode()         {}
func (*RangeSubselect) tableNode()   {}
func (*RangeFunction) tableNode()    {}
func (*Join) tableNode()             {}
func (*TableSample) tableNode()      {}
func (*UnsupportedTable) tableNode() {}

func (*Select) stmtNode() {}
