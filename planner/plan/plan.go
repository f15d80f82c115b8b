// Package plan is the physical plan as plain data: what planner makes and
// executor runs. Nodes are read-only and can be cached and run by many
// sessions at once; everything that changes while running lives in operators.
//
// Expressions inside of nodes refer to the columns of the node's input by
// expr.Ordinal (for joins: the left columns, then the right ones), to
// parameters by expr.Param and to outer rows by expr.ExecParam.
package plan

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Column is an output column of a node.
type Column struct {
	Name string
	Type types.Type
	// Table and Num say where the column came from unchanged (RowDescription), 0 if computed.
	Table catalog.OID
	Num   int16
}

// Cost is the planner's estimate, for EXPLAIN.
type Cost struct {
	Startup, Total float64
	Rows           float64
	Width          int
}

// Node is a physical operator.
type Node interface {
	Columns() []Column
	Inputs() []Node
	Estimate() *Cost
}

// Base holds what all nodes have.
type Base struct {
	Cols []Column
	Cost Cost
}

// Columns implements Node.
func (b *Base) Columns() []Column { return b.Cols }

// Estimate implements Node.
func (b *Base) Estimate() *Cost { return &b.Cost }

// Inputs implements Node for leaves.
func (b *Base) Inputs() []Node { return nil }

// KeyRange bounds a scan of the primary key or an index. Equal holds values for
// the first key columns; Lower and Upper bound the column after them (in the
// order of values, whatever the index column's direction). Expressions have
// the key column's type and no column references but ExecParams. A NULL bound
// value makes the range empty, except where IsNull says that NULL is searched.
type KeyRange struct {
	Equal        []expr.Expr
	IsNull       []bool // parallel to Equal if not nil: that column IS NULL, its expression is ignored
	Lower, Upper *Bound
	// NotNull restricts the column after Equal to non-NULL values (set with Lower/Upper or for IS NOT NULL).
	NotNull bool
}

// Bound is one end of a range.
type Bound struct {
	Value     expr.Expr
	Inclusive bool
}

// LockStrength is a FOR UPDATE clause.
type LockStrength uint8

// The lock strengths, as kv.LockMode numbers them.
const (
	LockNone LockStrength = iota
	LockForKeyShare
	LockForShare
	LockForNoKeyUpdate
	LockForUpdate
)

// Locking says how a scan or LockRows locks the rows it returns.
type Locking struct {
	Strength   LockStrength
	NoWait     bool
	SkipLocked bool
}

// Scan reads a table by its primary storage (Index nil) or by an index.
type Scan struct {
	Base
	Table *catalog.Table
	Alias string
	Index *catalog.Index // nil: the table itself (clustered key or row id order)
	// Output ordinals into Table.Columns, one for each of Cols. The last of Cols
	// is the row handle (types.Bytea) when WithHandle is set; DML and LockRows need it.
	Output     []int
	WithHandle bool
	// Ranges are read in the given order; nil means everything.
	Ranges []KeyRange
	// PointGet: every range fixes the whole unique key, so that at most one row a range comes back.
	PointGet bool
	Reverse  bool
	// Filter is evaluated on the scan's output columns (Cols).
	Filter expr.Expr
	// Limit, if > 0, is how many rows are wanted at most after Filter (a hint for batch sizes).
	Limit int64
	// Locking locks each row of the result before it is returned; only set on PointGet scans
	// (else LockRows stands above).
	Locking *Locking
	// Read is how many rows the planner expects to read, before Filter.
	Read float64
	// Parallel: below a Gather, each worker reads other pieces of the ranges.
	Parallel bool
	// Kept is what was not pushed to the stores though they were asked, for EXPLAIN.
	Kept []Kept
}

// HashLookup reads the rows of Source whose Keys equal Probe, in a plan that is
// run again and again for other outer rows: the runs share a hash table of
// Source's rows. Scan reads the same by a scan; it serves the first run, and
// all of them if the table does not fit into memory.
type HashLookup struct {
	Base
	Table  *catalog.Table
	Alias  string
	Source Node        // without conditions on outer rows; its columns are the node's
	Keys   []expr.Expr // over Source's columns
	Probe  []expr.Expr // no column references but ExecParams; of the keys' types
	// Residual is what else must hold, over Source's columns.
	Residual expr.Expr
	Scan     Node
}

// SeriesScan reads a time-series table. The executor prunes series by Tags,
// slices and blocks by the time bounds, and evaluates Filter on what is left.
type SeriesScan struct {
	Base
	Table *catalog.Table
	Alias string
	// Output and WithHandle are as in Scan.
	Output     []int
	WithHandle bool
	// Tags are conditions on tag columns alone, all of which hold, if Series is
	// empty; each refers to ordinals of Table.Columns, and is not repeated in Filter.
	Tags []expr.Expr
	// Series, if not empty, are lists of values for all tag columns (in the order
	// of TimeSeries.Tags): only those series are read. Expressions have the
	// columns' types and no column references but ExecParams.
	Series [][]expr.Expr
	// SeriesFrom, if not nil, yields the tags of the series that are read, before
	// the scan starts: SeriesKeys, over its columns, are the values of all tags.
	SeriesFrom Node
	SeriesKeys []expr.Expr
	// Lower and Upper bound the time column; several bounds all hold.
	Lower, Upper []Bound
	// Filter is evaluated on the scan's output columns (Cols).
	Filter expr.Expr
	// Ordered: rows come out by series and time; by time alone if there are no
	// tags or one series is read. Reverse turns that round.
	Ordered, Reverse bool
	// ByTime: rows come out by time, whatever their series are, for whoever stops
	// early; by descending time with Reverse.
	ByTime bool
	// Wanted is, with ByTime, how many rows are likely to be read until then.
	Wanted float64
	// WantedGroups is, with ByTime below an aggregation by stretches of time, how many
	// groups are; 0 if nobody knows.
	WantedGroups float64
	// Limit, if > 0, is how many rows are wanted at most after Filter.
	Limit int64
	// PerSeries: the newest point of each series, or the Oldest, without a Filter.
	PerSeries, Oldest bool
	// Read is how many rows the planner expects to read, before Filter.
	Read float64
	// Parallel: below a Gather, each worker reads other partitions and series.
	Parallel bool
}

// VirtualScan computes a system table.
type VirtualScan struct {
	Base
	Table  *catalog.Table
	Alias  string
	Output []int
	// ByOID, if set, restricts the rows by Table.Virtual.ByOID.
	ByOID  expr.Expr
	Filter expr.Expr
}

// Values yields rows of expressions; no rows and no columns are possible. One
// row without columns is `SELECT` without FROM.
type Values struct {
	Base
	Rows [][]expr.Expr
}

// FunctionScan runs table functions side by side (ROWS FROM); shorter ones are
// padded with NULLs. Scalar functions in FROM yield one row.
type FunctionScan struct {
	Base
	Calls      []FunctionCall
	Ordinality bool // an int8 row number as the last column
	Alias      string
}

// FunctionCall is a call in FunctionScan and ProjectSet.
type FunctionCall struct {
	Fn      *functions.TableFunc // nil: Scalar is evaluated instead
	Scalar  expr.Expr
	Args    []expr.Expr
	Columns []Column
	Sig     functions.Signature
}

// Filter keeps the rows for which Cond is true.
type Filter struct {
	Base
	Input Node
	Cond  expr.Expr
}

// Project computes expressions.
type Project struct {
	Base
	Input Node
	Exprs []expr.Expr
}

// ProjectSet computes expressions some of which are set-returning: item i is
// either Exprs[i] (not nil) or Calls[i]. Rows are padded as in PostgreSQL 10+.
// A call that returns several columns yields a record unless Column >= 0 picks one.
type ProjectSet struct {
	Base
	Input Node
	Items []ProjectSetItem
}

// ProjectSetItem is one output column of ProjectSet.
type ProjectSetItem struct {
	Expr expr.Expr
	Call *FunctionCall
	// Same calls (by index) share one run; Column picks the result column.
	CallID int
	Column int
}

// Limit is LIMIT/OFFSET; nil expressions mean none. WithTies compares Keys.
type Limit struct {
	Base
	Input         Node
	Count, Offset expr.Expr
	WithTies      bool
	Keys          []expr.SortKey
}

// Sort orders its input. With Top > 0 or TopExpr set only the first rows are
// kept (top-n; the Limit node stays above).
type Sort struct {
	Base
	Input Node
	Keys  []expr.SortKey
	// TopCount and TopOffset are the LIMIT and OFFSET above, if the sort may stop there.
	TopCount, TopOffset expr.Expr
	// Presorted is how many leading keys the input is ordered by already.
	Presorted int
}

// Distinct removes duplicate rows; with On it keeps the first row of each
// group of equal On values (input ordered by them).
type Distinct struct {
	Base
	Input Node
	On    []expr.Expr
}

// Aggregate groups its input: Cols are the group keys, then the aggregates.
type Aggregate struct {
	Base
	Input Node
	// Keys are the group expressions. Ordered says that the input is ordered by them.
	// The last Dependent of them are determined by the others: a group has the
	// values of its first row there. Without grouping sets only.
	Keys      []expr.Expr
	Dependent int
	Ordered   bool
	Aggs      []AggCall
	// Sets are grouping sets as lists of positions in Keys; nil means one set of all.
	// With sets, GroupingIDs tells for each output bitmask column which keys it looks at.
	Sets      [][]int
	Groupings [][]int
	Phase     AggPhase
}

// AggCall is an aggregate call.
type AggCall struct {
	Fn       *functions.Aggregate
	Args     []expr.Expr // direct arguments first
	Sig      functions.Signature
	Distinct bool
	Filter   expr.Expr
	OrderBy  []expr.SortKey
}

// JoinType is the kind of a join.
type JoinType uint8

// The join types. Semi and Anti return left columns only. AntiNull is NOT IN:
// no row comes back if the right side has a NULL key, and left NULL keys only
// if the right side is empty.
const (
	InnerJoin JoinType = iota
	LeftJoin
	RightJoin
	FullJoin
	SemiJoin
	AntiJoin
	AntiNullJoin
)

// HashJoin joins on equality of keys; Residual is checked on the pairs (it
// refers to left columns, then right columns) as part of the join condition.
// Its rows have no order: partitions that do not fit into memory come out last.
type HashJoin struct {
	Base
	Left, Right         Node
	Type                JoinType
	LeftKeys, RightKeys []expr.Expr
	// NullEqual: NULL keys are equal (IS NOT DISTINCT FROM), parallel to keys if not nil.
	NullEqual []bool
	Residual  expr.Expr
	BuildLeft bool
}

// Sides are the side that is streamed and the one that is built.
func (n *HashJoin) Sides() (probe, build Node) {
	if n.BuildLeft {
		return n.Right, n.Left
	}
	return n.Left, n.Right
}

// Shareable reports whether workers can probe one table: no row of the build
// side comes out by itself at the end.
func (n *HashJoin) Shareable() bool {
	switch n.Type {
	case InnerJoin:
		return true
	case LeftJoin, SemiJoin, AntiJoin:
		return !n.BuildLeft
	}
	return false
}

// LookupJoin fetches, for batches of left rows, the rows of Right whose index
// or primary key equals Keys.
type LookupJoin struct {
	Base
	Left     Node
	Right    *Scan       // Ranges unused; Output, Index, Filter as in a scan
	Keys     []expr.Expr // over left columns, one for each leading key column
	Type     JoinType    // inner, left, semi, anti
	Residual expr.Expr
}

// MergeJoin joins inputs ordered by the keys.
type MergeJoin struct {
	Base
	Left, Right         Node
	Type                JoinType
	LeftKeys, RightKeys []expr.SortKey
	Residual            expr.Expr
}

// AsofJoin joins each left row with the last right row that is not behind it. Both
// sides come ordered by their keys, which run alike on both: those that are equal,
// and last the one by which rows follow each other, descending if the first right row
// not before the left one is wanted. The types of a pair of keys are the same.
type AsofJoin struct {
	Base
	Left, Right         Node
	Type                JoinType // inner or left
	LeftKeys, RightKeys []expr.SortKey
	// Strict: the right row lies before the left one, not beside it.
	Strict bool
}

// NestedLoop runs Right for each left row (Slots set from Args first when
// lateral), or buffers Right once and crosses it when there are no Args.
type NestedLoop struct {
	Base
	Left, Right Node
	Type        JoinType
	Cond        expr.Expr
	Args        []expr.Expr // over left columns
	Slots       []int
}

// UnionAll appends its inputs (same column types).
type UnionAll struct {
	Base
	Children []Node
}

// SetOpKind is INTERSECT or EXCEPT (UNION is Distinct over UnionAll).
type SetOpKind uint8

// The set operations.
const (
	Intersect SetOpKind = iota
	Except
)

// SetOp is INTERSECT/EXCEPT [ALL] by hashing.
type SetOp struct {
	Base
	Left, Right Node
	Kind        SetOpKind
	All         bool
}

// CTE makes a materialized common table expression available below Body: the
// first CTERef that is read runs Input and buffers it for all of them. A
// data-modifying Input is run to its end even if nobody reads it.
type CTE struct {
	Base
	ID        int
	Name      string
	Input     Node
	Modifying bool
	Body      Node
}

// CTERef reads the buffer of a CTE or of a RecursiveUnion's working table.
type CTERef struct {
	Base
	ID    int
	Name  string
	Alias string
}

// RecursiveUnion is WITH RECURSIVE: Initial, then Step over the working table
// (CTERef with ID) until it yields nothing.
type RecursiveUnion struct {
	Base
	ID            int
	Initial, Step Node
	All           bool
}

// LockRows locks the rows whose handles are in the given columns (FOR UPDATE
// above joins and sorts) and drops those columns.
type LockRows struct {
	Base
	Input Node
	Rows  []LockTarget
	// TopCount and TopOffset are the LIMIT and OFFSET above: no more rows than
	// they ask for are locked. Single: rows are locked one by one (WITH TIES,
	// which cannot tell before how many it takes).
	TopCount, TopOffset expr.Expr
	Single              bool
}

// LockTarget is one table locked by LockRows.
type LockTarget struct {
	Table   *catalog.Table
	Handle  int // ordinal of the handle column in the input
	Locking Locking
}

// Window computes window functions over partitions; Cols are the input's and
// then the calls' results. The input is sorted by PartitionBy, then OrderBy.
type Window struct {
	Base
	Input       Node
	PartitionBy []expr.Expr
	OrderBy     []expr.SortKey
	Calls       []WindowCall
}

// WindowCall is one call; Agg or Name (row_number, rank, lag, ...) is set.
type WindowCall struct {
	Name   string
	Agg    *functions.Aggregate
	Args   []expr.Expr
	Sig    functions.Signature
	Frame  Frame
	Filter expr.Expr
}

// GapFill completes buckets of time; Cols are the input's and then
// the fills. The input is sorted by Keys, then Time (ordinals).
type GapFill struct {
	Base
	Input Node
	Keys  []int
	Time  int
	// The buckets are those of Fn (its Steps) with Args, of which that of the time is nil.
	// Args, Start and Finish have no columns. The range is from the bucket of Start, or
	// after it, to before Finish, or up to it; where one is nil, it is that of each
	// group's rows.
	Fn                   *functions.Scalar
	Args                 []expr.Expr
	Start, Finish        expr.Expr
	StartAfter, FinishAt bool
	Fills                []Fill
}

// FillMethod says what a column of a GapFill has in a gap.
type FillMethod uint8

// The methods of filling.
const (
	FillPrevious FillMethod = iota // the value of the row before (locf)
	FillLinear                     // one on the line between the neighbours (interpolate)
	FillNext                       // the value of the next row
	FillConstant                   // Prev
)

// Fill is a call of locf, interpolate or their kin: its value where there is a row, what
// stands for it in a gap. Prev and Next, over the input, are values beyond a group's rows.
type Fill struct {
	Method      FillMethod
	Value       expr.Expr
	Prev, Next  expr.Expr
	NullMissing bool // locf's treat_null_as_missing
}

// FrameUnits of a window frame.
type FrameUnits uint8

// The frame units.
const (
	FrameRange FrameUnits = iota
	FrameRows
	FrameGroups
)

// FrameBoundKind is one end of a frame.
type FrameBoundKind uint8

// The frame bounds.
const (
	UnboundedPreceding FrameBoundKind = iota
	OffsetPreceding
	CurrentRow
	OffsetFollowing
	UnboundedFollowing
)

// Frame is a window frame.
type Frame struct {
	Units                  FrameUnits
	Start, End             FrameBoundKind
	StartOffset, EndOffset expr.Expr
	Exclude                uint8 // 0 none, 1 current row, 2 group, 3 ties
}

// Inputs implements Node.
func (n *SeriesScan) Inputs() []Node {
	if n.SeriesFrom == nil {
		return nil
	}
	return []Node{n.SeriesFrom}
}

// Inputs implements Node.
func (n *HashLookup) Inputs() []Node { return []Node{n.Source} }

// Inputs implements Node.
func (n *Filter) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Project) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *ProjectSet) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Limit) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Sort) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Distinct) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Aggregate) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *HashJoin) Inputs() []Node { return []Node{n.Left, n.Right} }

// Inputs implements Node.
func (n *LookupJoin) Inputs() []Node { return []Node{n.Left, n.Right} }

// Inputs implements Node.
func (n *MergeJoin) Inputs() []Node { return []Node{n.Left, n.Right} }

// Inputs implements Node.
func (n *AsofJoin) Inputs() []Node { return []Node{n.Left, n.Right} }

// Inputs implements Node.
func (n *NestedLoop) Inputs() []Node { return []Node{n.Left, n.Right} }

// Inputs implements Node.
func (n *SetOp) Inputs() []Node { return []Node{n.Left, n.Right} }

// Inputs implements Node.
func (n *CTE) Inputs() []Node { return []Node{n.Input, n.Body} }

// Inputs implements Node.
func (n *RecursiveUnion) Inputs() []Node { return []Node{n.Initial, n.Step} }

// Inputs implements Node.
func (n *LockRows) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *GapFill) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Window) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *UnionAll) Inputs() []Node { return n.Children }
