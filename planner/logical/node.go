package logical

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Node is a relational operator.
type Node interface{ node() }

// ColumnInfo is what is known of a column id.
type ColumnInfo struct {
	Name string
	Rel  string // the alias of its relation, "" for computed columns
	Type types.Type
	// Table and Num say where the column came from unchanged.
	Table   catalog.OID
	Num     int16
	NotNull bool
	// Fields are the fields of a record whose shape is known.
	Fields []plan.Column
	// Depth is the nesting of the query level that sees the column.
	Depth int32
}

// Metadata numbers the columns of a statement.
type Metadata struct {
	Cols []ColumnInfo // by id; 0 is not used
	// Relations counts the relations in FROM clauses, so that EXPLAIN knows
	// whether names need their relation.
	Relations int
}

// Add makes a column id.
func (m *Metadata) Add(info ColumnInfo) expr.ColumnID {
	if len(m.Cols) == 0 {
		m.Cols = make([]ColumnInfo, 1, 32)
	}
	m.Cols = append(m.Cols, info)
	return expr.ColumnID(len(m.Cols) - 1)
}

// Col makes a reference to a column.
func (m *Metadata) Col(id expr.ColumnID) *expr.Column {
	c := &m.Cols[id]
	return &expr.Column{ID: id, Name: c.Name, Typ: c.Type}
}

// Item is a computed column. A column that is passed on keeps its id.
type Item struct {
	ID   expr.ColumnID
	Expr expr.Expr
}

// Passes reports whether the item passes an input column on unchanged.
func (i Item) Passes() bool {
	c, ok := i.Expr.(*expr.Column)
	return ok && c.ID == i.ID
}

// Scan reads a table, a sequence or a virtual table.
type Scan struct {
	Table *catalog.Table
	Alias string
	First expr.ColumnID // id of Table.Columns[0]; the others follow
	// Handle is the id of the row handle, 0 if nobody wants it.
	Handle expr.ColumnID
	Filter []expr.Expr
	Lock   *plan.Locking
	// IndexExprs are the bound expressions and predicates of Table.Indexes over
	// this scan's columns, nil if no index has any.
	IndexExprs []plan.IndexExprs
}

// Values yields rows of expressions.
type Values struct {
	Cols []expr.ColumnID
	Rows [][]expr.Expr
}

// Call is a function in FROM or a set-returning one in a select list.
type Call struct {
	Fn     *functions.TableFunc // nil: Scalar
	Scalar expr.Expr
	Args   []expr.Expr
	Sig    functions.Signature
	Names  []plan.Column // the result's columns
}

// FunctionScan runs functions side by side.
type FunctionScan struct {
	Calls      []Call
	Cols       [][]expr.ColumnID // for each call
	Ordinality expr.ColumnID     // 0 if not wanted
	Alias      string
	Few        bool // the planner's own: a handful of rows is expected
}

// Filter keeps the rows for which all conditions are true.
type Filter struct {
	Input Node
	Conds []expr.Expr
}

// Project computes and passes on columns; its output is exactly its items.
type Project struct {
	Input Node
	Items []Item
	// Barrier forbids rules to look through it (volatile items, OFFSET 0 alike).
	Barrier bool
}

// ProjectSet computes items of which some are *SetCall.
type ProjectSet struct {
	Input Node
	Items []Item
}

// Join joins; On is its condition as conjuncts. Semi and anti joins yield the
// left columns only. With NullAware an anti join is NOT IN: On holds the key
// equalities first, NullKeys of them.
type Join struct {
	Type        plan.JoinType
	Left, Right Node
	On          []expr.Expr
}

// Aggregate groups. Keys that are plain columns keep their id. The last Dependent
// keys are determined by the others.
type Aggregate struct {
	Input     Node
	Keys      []Item
	Dependent int
	Aggs      []Item // *expr.Aggregate
	Sets      [][]int
	Groupings []GroupingItem
}

// GroupingItem is a GROUPING(...) value of an aggregate with grouping sets.
type GroupingItem struct {
	ID   expr.ColumnID
	Keys []int
}

// Window computes window functions with one partitioning and ordering.
type Window struct {
	Input     Node
	Partition []expr.Expr
	Order     []expr.SortKey
	Items     []Item // *WindowCall
}

// GapFill adds the buckets of a call of Fn that an aggregate has no rows of; see
// plan.GapFill. It passes its input's columns on and adds the fills.
type GapFill struct {
	Input                Node
	Keys                 []expr.ColumnID // the other grouping keys
	Time                 expr.ColumnID   // the bucket
	Fn                   *functions.Scalar
	Args                 []expr.Expr // nil for the time
	Start, Finish        expr.Expr
	StartAfter, FinishAt bool
	Fills                []Fill
}

// Fill is a column of a GapFill: a call of locf, interpolate or their kin.
type Fill struct {
	ID          expr.ColumnID
	Method      plan.FillMethod
	Value       expr.Expr
	Prev, Next  expr.Expr
	NullMissing bool
}

// Sort orders rows.
type Sort struct {
	Input Node
	Keys  []expr.SortKey
}

// Limit is LIMIT and OFFSET.
type Limit struct {
	Input         Node
	Count, Offset expr.Expr
	WithTies      bool
	Keys          []expr.SortKey
}

// Distinct removes duplicates over Cols, or keeps the first row of each group
// of equal On values.
type Distinct struct {
	Input Node
	On    []expr.Expr
}

// Union appends inputs: column Cols[i] is InCols[k][i] of input k.
type Union struct {
	Inputs []Node
	Cols   []expr.ColumnID
	InCols [][]expr.ColumnID
}

// SetOp is INTERSECT or EXCEPT.
type SetOp struct {
	Left, Right         Node
	Kind                plan.SetOpKind
	All                 bool
	Cols                []expr.ColumnID
	LeftCols, RightCols []expr.ColumnID
}

// CTE is a common table expression's definition.
type CTE struct {
	ID        int
	Name      string
	Plan      Node
	Cols      []expr.ColumnID // Plan's columns in order
	Refs      int
	Modifying bool
	Always    bool // MATERIALIZED
	Volatile  bool
	Recursive bool
}

// With makes CTEs available below Body.
type With struct {
	CTEs []*CTE
	Body Node
}

// CTERef reads a CTE: Cols[i] is its column i. With Working it reads the
// working table of the recursive union with the same ID.
type CTERef struct {
	Def     *CTE
	Cols    []expr.ColumnID
	Alias   string
	Working bool
}

// RecursiveUnion is the plan of a recursive CTE.
type RecursiveUnion struct {
	ID                    int
	Initial, Step         Node
	InitialCols, StepCols []expr.ColumnID
	Cols                  []expr.ColumnID
	All                   bool
}

// LockRows locks rows by their handles.
type LockRows struct {
	Input Node
	Rows  []LockRow
}

// LockRow is a table whose rows are locked.
type LockRow struct {
	Table   *catalog.Table
	Handle  expr.ColumnID
	Locking plan.Locking
}

// Insert writes rows: Cols[i] of the input is Table.Columns[Target[i]].
type Insert struct {
	Table     *catalog.Table
	Input     Node
	Cols      []expr.ColumnID
	Target    []int
	Conflict  *OnConflict
	First     expr.ColumnID // ids of the written row's columns in Returning
	Returning []Item
	Rows      *plan.RowChecks
}

// OnConflict is ON CONFLICT; existing rows are at Insert.First, excluded ones at Excluded.
type OnConflict struct {
	Arbiters []int
	Update   []Assign
	Where    expr.Expr
	Excluded expr.ColumnID
}

// Assign gives a column (ordinal) a value.
type Assign struct {
	Column int
	Value  expr.Expr
	// Part is set when a part of the old value was replaced; further parts may follow.
	Part bool
}

// Update changes rows of the table scanned with ids from First.
type Update struct {
	Table       *catalog.Table
	Input       Node
	First       expr.ColumnID
	Handle      expr.ColumnID
	Assignments []Assign
	Returning   []Item
	Rows        *plan.RowChecks
}

// Delete removes rows.
type Delete struct {
	Table     *catalog.Table
	Input     Node
	First     expr.ColumnID
	Handle    expr.ColumnID
	Returning []Item
	Rows      *plan.RowChecks
}

// Merge changes the rows of the table scanned with ids from First by what its
// input says of them: the column Action holds the position of one of Actions,
// or NULL or -1 where nothing is to be done.
type Merge struct {
	Table   *catalog.Table
	Alias   string
	Input   Node
	First   expr.ColumnID
	Handle  expr.ColumnID
	Action  expr.ColumnID
	Actions []MergeAction
}

// MergeKind is what an action of MERGE does with its rows.
type MergeKind uint8

// The kinds.
const (
	MergeInsert MergeKind = iota
	MergeUpdate
	MergeDelete
)

// MergeAction is a WHEN clause of MERGE that changes rows.
type MergeAction struct {
	Kind MergeKind
	// Columns are the ordinals of the columns that are set (all of them by an
	// INSERT), Values the input's columns that hold what for.
	Columns []int
	Values  []expr.ColumnID
	Rows    *plan.RowChecks
}

func (*Scan) node()           {}
func (*Values) node()         {}
func (*FunctionScan) node()   {}
func (*Filter) node()         {}
func (*Project) node()        {}
func (*ProjectSet) node()     {}
func (*Join) node()           {}
func (*Aggregate) node()      {}
func (*Window) node()         {}
func (*GapFill) node()        {}
func (*Sort) node()           {}
func (*Limit) node()          {}
func (*Distinct) node()       {}
func (*Union) node()          {}
func (*SetOp) node()          {}
func (*With) node()           {}
func (*CTERef) node()         {}
func (*RecursiveUnion) node() {}
func (*LockRows) node()       {}
func (*Insert) node()         {}
func (*Update) node()         {}
func (*Delete) node()         {}
func (*Merge) node()          {}
