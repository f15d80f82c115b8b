package plan

import (
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Insert writes its input's rows: column i of the input is the value of
// Table.Columns[Target[i]]; every not dropped column is in Target (defaults and
// generated columns are computed by Project nodes below).
type Insert struct {
	Base
	Table  *catalog.Table
	Input  Node
	Target []int
	Rows   RowChecks
	// Conflict is ON CONFLICT, nil if absent.
	Conflict *OnConflict
	// Returning computes the result over the written row's columns (ordinals
	// into Table.Columns), nil if absent.
	Returning []expr.Expr
}

// RowChecks are the constraints a written row must satisfy besides unique
// indexes, with expressions over the table's columns (expr.Ordinal is the
// position in Table.Columns).
type RowChecks struct {
	Checks []NamedCheck
	// Indexes holds for each of Table.Indexes its expression columns and predicate, bound.
	Indexes []IndexExprs
	// ForeignKeys to verify for new rows (this table references), and actions on
	// tables that reference this one.
	ForeignKeys []ForeignKeyCheck
	Referencing []ForeignKeyAction
	// Views' WITH CHECK OPTION conditions.
	CheckOptions []NamedCheck
}

// NamedCheck is a bound CHECK constraint (or domain check).
type NamedCheck struct {
	Name string
	Expr expr.Expr
}

// IndexExprs are an index's bound expressions: Columns[i] is nil for a plain column.
type IndexExprs struct {
	Columns   []expr.Expr
	Predicate expr.Expr
}

// ForeignKeyCheck looks the referenced row up (and locks it FOR KEY SHARE).
type ForeignKeyCheck struct {
	Key   *catalog.ForeignKey
	Table *catalog.Table // referenced
}

// ForeignKeyAction is run on the rows of Table that reference an updated or deleted row.
type ForeignKeyAction struct {
	Key   *catalog.ForeignKey
	Table *catalog.Table // referencing
	// Delete and Update are the plans of the action as DML on Table whose
	// parameters are ExecParams: slots KeySlots hold the old key values, NewSlots
	// the new ones (updates). A nil plan means NO ACTION/RESTRICT: Probe must yield no row.
	OnDelete, OnUpdate Node
	Probe              Node
	KeySlots, NewSlots []int
}

// OnConflict is ON CONFLICT DO NOTHING / DO UPDATE.
type OnConflict struct {
	// Arbiters are positions in Table.Indexes; empty means any unique index (DO NOTHING only).
	Arbiters []int
	// Update is nil for DO NOTHING. Assignments and Where see the existing row's
	// columns at ordinals [0, len(Table.Columns)) and the excluded row's after them.
	Update []Assignment
	Where  expr.Expr
}

// Assignment sets column Column (ordinal in Table.Columns).
type Assignment struct {
	Column int
	Value  expr.Expr
}

// Update changes rows. The input yields the old row's columns (all of
// Table.Columns that are not dropped, in order), then any others (UPDATE FROM),
// with the handle in column Handle. Assignments (generated columns included)
// and Returning see the input's columns; Returning sees the new values in place
// of the table's columns.
type Update struct {
	Base
	Table       *catalog.Table
	Input       Node
	Handle      int
	OldColumns  []int // input position of each of Table.Columns, -1 for dropped ones
	Assignments []Assignment
	Rows        RowChecks
	Returning   []expr.Expr
	// PointUpdate: Input is a PointGet scan, so that the row can be locked before it is read.
	PointUpdate bool
}

// Delete removes rows; fields as in Update.
type Delete struct {
	Base
	Table       *catalog.Table
	Input       Node
	Handle      int
	OldColumns  []int
	Rows        RowChecks
	Returning   []expr.Expr
	PointDelete bool
	// Range: Input reads a range of a time-series table, all of which is removed.
	Range bool
}

// Merge is MERGE. Each row of the input says in column Action which of Actions
// is done with it: an int4, NULL or -1 for none. Handle is the row's of the
// table, NULL if none was matched.
type Merge struct {
	Base
	Table   *catalog.Table
	Alias   string // of the table in the statement
	Input   Node
	Action  int
	Handle  int
	Actions []MergeAction
}

// MergeAction is what a WHEN clause does.
type MergeAction struct {
	// Write is an Update or Delete over the merge's input, or an Insert over
	// Columns of it. Its own Input is nil.
	Write   Node
	Columns []int
}

// Query is a planned statement.
type Query struct {
	Root Node
	// ParamTypes are the inferred types of $1...
	ParamTypes []types.Type
	// ExecSlots is how many ExecParam slots the plan uses.
	ExecSlots int
	// Tag is the command tag's first part: SELECT, INSERT, UPDATE, DELETE, MERGE.
	Tag string
	// ReadOnly: no writes and no row locks.
	ReadOnly bool
	// ChangesCatalog: functions are called that are DDL.
	ChangesCatalog bool
	// Calls: functions that users made are called that may write; Routines: any are called.
	Calls, Routines bool
	// ReturnsRows: Root's columns go to the client.
	ReturnsRows bool
	// Deps are the tables (with descriptor versions) the plan was made for.
	Deps []Dep
	// Cacheable is false when the plan depends on more than text, types and catalog version.
	Cacheable bool
	// Locks lists the tables to lock before running (DML: true for writes).
	Writes []*catalog.Table
	// UsedLiterals are source offsets of the literals that AutoParams turned into
	// parameters (see planner.Options).
	UsedLiterals []int
	// NegatedLiterals are parameter indexes of those among them that are the
	// literal's number times -1.
	NegatedLiterals []int
	// MemoryQuota (bytes) and MaxTime bound the statement if not 0; Notices go
	// to the client whenever it is run. All three come from hints.
	MemoryQuota int64
	MaxTime     time.Duration
	Notices     []string
	// ConstantError, if not nil, is what the statement fails with whenever it is
	// run or explained: that of a constant expression.
	ConstantError error
}

// Dep is a descriptor a plan depends on.
type Dep struct {
	ID      catalog.OID
	Version uint64
}

// Inputs implements Node.
func (n *Insert) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Update) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Delete) Inputs() []Node { return []Node{n.Input} }

// Inputs implements Node.
func (n *Merge) Inputs() []Node { return []Node{n.Input} }
