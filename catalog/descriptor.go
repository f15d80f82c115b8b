package catalog

import (
	"context"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// OID identifies an object (pg_class.oid, pg_namespace.oid, ...). User objects
// start at types.FirstUserOID; built-in ones have PostgreSQL's numbers.
type OID = types.OID

// RelKind is pg_class.relkind.
type RelKind byte

// The relation kinds.
const (
	KindTable            RelKind = 'r'
	KindIndex            RelKind = 'i'
	KindSequence         RelKind = 'S'
	KindView             RelKind = 'v'
	KindMaterializedView RelKind = 'm'
	KindCompositeType    RelKind = 'c'
	// KindVirtual is a relation computed from the snapshot (pg_catalog,
	// information_schema); pg_class shows it as 'r' or 'v'.
	KindVirtual RelKind = 0
)

// Table describes a relation that can stand in FROM: table, view, materialized
// view, sequence (as a relation) or virtual table. Indexes are inside of their table.
type Table struct {
	ID     OID     `json:",omitempty"`
	Name   string  `json:",omitempty"`
	Schema OID     `json:",omitempty"`
	Kind   RelKind `json:",omitempty"`
	Owner  OID     `json:",omitempty"`
	// Storage is the id that prefixes the table's keys (rowstore). It changes
	// when a table is rewritten (TRUNCATE, ALTER TYPE, ADD PRIMARY KEY).
	Storage uint64 `json:",omitempty"`
	// Columns in attnum order, dropped ones included: Columns[i].Num == i+1.
	// "Ordinal" everywhere means an index into this slice.
	Columns []Column `json:",omitempty"`
	// Indexes, the primary key's (if any) first.
	Indexes     []Index      `json:",omitempty"`
	Checks      []Check      `json:",omitempty"`
	ForeignKeys []ForeignKey `json:",omitempty"` // where this table is the referencing one
	// ReferencedBy lists tables whose foreign keys point here (this one included if self-referencing).
	ReferencedBy []OID `json:",omitempty"`
	// Clustered: rows are keyed by the primary key (Indexes[0], a common or
	// integer handle); otherwise by a hidden row id.
	Clustered bool `json:",omitempty"`
	// Temporary tables live in the session's schema pg_temp_N.
	Temporary bool              `json:",omitempty"`
	Unlogged  bool              `json:",omitempty"`
	Options   map[string]string `json:",omitempty"` // WITH (...)
	Access    string            `json:",omitempty"` // "heap" for row tables, AccessTimeSeries
	Comment   string            `json:",omitempty"`
	View      *View             `json:",omitempty"`
	Sequence  *Sequence         `json:",omitempty"`
	Virtual   *Virtual          `json:"-"`
	// TimeSeries is set for time-series tables, whose rows lie in tsengine. Their
	// indexes are descriptors only: unique ones are enforced by the engine.
	TimeSeries *TimeSeries `json:",omitempty"`
	// Version names this state of the descriptor: it changes with the
	// descriptor and no two states ever share one, also not states that were
	// rolled back. Plans are valid for one.
	Version uint64 `json:",omitempty"`
	// RowType and RowArray are the OIDs of the relation's row type and its array
	// (pg_class.reltype); zero for sequences. Editor.CreateTable assigns them.
	RowType, RowArray OID `json:",omitempty"`
	// OfType etc. are not supported and have no field.
}

// Column is a column of a table (pg_attribute).
type Column struct {
	Num  int16  `json:",omitempty"` // attnum, never reused; also the column id of stored rows
	Name string `json:",omitempty"`
	Type types.Type
	// Domain is the column's type when that is a domain; Type is then the
	// domain's base type, as which values lie in rows. Assignment checks them.
	Domain  OID  `json:",omitempty"`
	NotNull bool `json:",omitempty"`
	// Default is SQL text (a deparsed, fully qualified expression), "" if none.
	// For a generated column it is the generation expression.
	Default   string `json:",omitempty"`
	Generated bool   `json:",omitempty"` // GENERATED ALWAYS AS (Default) STORED
	// Identity is 'a' (always), 'd' (by default) or 0.
	Identity byte `json:",omitempty"`
	// Sequence is the sequence owned by this column (serial, identity), 0 if none.
	Sequence OID  `json:",omitempty"`
	Dropped  bool `json:",omitempty"`
	// Missing is the value of the column in rows stored before it was added
	// (ADD COLUMN ... DEFAULT constant); NULL otherwise.
	Missing     types.Datum
	Collation   string `json:",omitempty"`
	Comment     string `json:",omitempty"`
	StatsTarget int    `json:",omitempty"`
	// DependsOn lists what Default refers to besides built-in objects:
	// sequences (nextval) and user types. A type used by the column needs no entry.
	DependsOn []OID `json:",omitempty"`
	// DefaultID is the OID of the default's pg_attrdef row; the Editor assigns it.
	DefaultID OID `json:",omitempty"`
}

// Declared is the column's type as the user sees it.
func (c *Column) Declared() types.Type {
	if c.Domain != 0 {
		return types.Of(c.Domain)
	}
	return c.Type
}

// Index describes an index of a table.
type Index struct {
	ID      OID           `json:",omitempty"`
	Name    string        `json:",omitempty"`
	Columns []IndexColumn `json:",omitempty"`
	Include []int16       `json:",omitempty"` // attnums of INCLUDE columns
	Unique  bool          `json:",omitempty"`
	Primary bool          `json:",omitempty"`
	// Constraint is set when a PRIMARY KEY or UNIQUE constraint owns the index.
	Constraint           OID  `json:",omitempty"`
	Deferrable, Deferred bool `json:",omitempty"`
	NullsNotDistinct     bool `json:",omitempty"`
	// Predicate of a partial index as SQL text, "" if none.
	Predicate string            `json:",omitempty"`
	State     IndexState        `json:",omitempty"`
	Method    string            `json:",omitempty"` // "btree"
	Storage   uint64            `json:",omitempty"` // index id in keys; the table's Storage is in front of it
	Options   map[string]string `json:",omitempty"`
	Comment   string            `json:",omitempty"`
	// DependsOn lists the user's functions and types that expressions and the predicate name.
	DependsOn []OID `json:",omitempty"`
	// ConstraintComment is COMMENT ON CONSTRAINT for the constraint that owns the index.
	ConstraintComment string `json:",omitempty"`
}

// IndexColumn is a key column or expression.
type IndexColumn struct {
	Num        int16  `json:",omitempty"` // attnum, 0 for an expression
	Expr       string `json:",omitempty"` // SQL text of the expression
	ExprType   types.Type
	Desc       bool   `json:",omitempty"`
	NullsFirst bool   `json:",omitempty"`
	OpClass    string `json:",omitempty"`
	Collation  string `json:",omitempty"`
}

// IndexState is where an index stands in its making (design 3, F1 states).
type IndexState uint8

// The index states.
const (
	IndexPublic     IndexState = iota // read and written
	IndexDeleteOnly                   // deletes are applied
	IndexWriteOnly                    // written, not read
	IndexInvalid                      // a failed CONCURRENTLY build: written, not read, shown as INVALID
)

// Check is a CHECK constraint.
type Check struct {
	ID        OID     `json:",omitempty"`
	Name      string  `json:",omitempty"`
	Expr      string  `json:",omitempty"` // SQL text
	Columns   []int16 `json:",omitempty"`
	NotValid  bool    `json:",omitempty"`
	NoInherit bool    `json:",omitempty"`
	Comment   string  `json:",omitempty"`
	// DependsOn lists the user's functions and types that Expr names.
	DependsOn []OID `json:",omitempty"`
}

// FKAction is what happens to referencing rows (pg_constraint.confdeltype).
type FKAction byte

// The foreign key actions.
const (
	FKNoAction   FKAction = 'a'
	FKRestrict   FKAction = 'r'
	FKCascade    FKAction = 'c'
	FKSetNull    FKAction = 'n'
	FKSetDefault FKAction = 'd'
)

// ForeignKey is a foreign key of the table that has it.
type ForeignKey struct {
	ID                   OID      `json:",omitempty"`
	Name                 string   `json:",omitempty"`
	Columns              []int16  `json:",omitempty"` // attnums here
	RefTable             OID      `json:",omitempty"`
	RefColumns           []int16  `json:",omitempty"` // attnums there
	RefIndex             OID      `json:",omitempty"` // the unique index that backs it
	OnUpdate, OnDelete   FKAction `json:",omitempty"`
	SetColumns           []int16  `json:",omitempty"` // ON DELETE SET NULL (cols)
	MatchFull            bool     `json:",omitempty"`
	Deferrable, Deferred bool     `json:",omitempty"`
	NotValid             bool     `json:",omitempty"`
	Comment              string   `json:",omitempty"`
}

// View is the definition of a view or materialized view.
type View struct {
	Query string `json:",omitempty"` // SQL text of the SELECT, as deparsed by PostgreSQL's deparser
	// SearchPath is the creator's, under which Query's names resolve.
	SearchPath []string `json:",omitempty"`
	DependsOn  []OID    `json:",omitempty"`
	// DependsOnColumns names the columns Query reads, so that they cannot be
	// dropped under the view.
	DependsOnColumns []ColumnRef `json:",omitempty"`
	Populated        bool        `json:",omitempty"` // materialized views
	CheckOption      string      `json:",omitempty"`
	// Deletable says that rows can be deleted from the view, Updatable which of its
	// columns (by number) can be written, as it was when the view was made.
	Deletable bool    `json:",omitempty"`
	Updatable []int16 `json:",omitempty"`
}

// ColumnRef names a column of a relation.
type ColumnRef struct {
	Relation OID
	Column   int16
}

// Sequence is the definition of a sequence; its state is a key of its own.
type Sequence struct {
	Type                              types.OID `json:",omitempty"`
	Start, Increment, Min, Max, Cache int64     `json:",omitempty"`
	Cycle                             bool      `json:",omitempty"`
	OwnerTable                        OID       `json:",omitempty"`
	OwnerColumn                       int16     `json:",omitempty"`
	// Initial and InitialCalled are the state (last_value, is_called) of the
	// sequence's Storage as long as it has no state key. RESTART gives a sequence a
	// new Storage with a new Initial, so that it is transactional, while
	// nextval and setval write the state key outside of the transaction.
	Initial       int64 `json:",omitempty"`
	InitialCalled bool  `json:",omitempty"`
}

// Virtual computes a system table's rows from the session's view of the catalog.
type Virtual struct {
	// Rows calls emit once for each row, with one datum a column; emit's error
	// stops it. Rows may be shared and must not be changed.
	Rows func(v VirtualEnv, emit func(row []types.Datum) error) error
	// ByOID, if set, yields only the rows whose oid-like column ByOIDColumn equals the argument.
	ByOIDColumn int
	ByOID       func(v VirtualEnv, oid OID, emit func(row []types.Datum) error) error
}

// VirtualEnv is what virtual tables may read.
type VirtualEnv struct {
	// Ctx ends long computations; nil means context.Background.
	Ctx      context.Context
	Snapshot *Snapshot
	// Runtime gives access to what only the session knows (pg_settings,
	// pg_stat_activity, pg_locks, ...): see runtime.go.
	Runtime any
}

// Schema is a namespace.
type Schema struct {
	ID      OID    `json:",omitempty"`
	Name    string `json:",omitempty"`
	Owner   OID    `json:",omitempty"`
	Comment string `json:",omitempty"`
}

// Database is a database of the node.
type Database struct {
	ID               OID    `json:",omitempty"`
	Name             string `json:",omitempty"`
	Owner            OID    `json:",omitempty"`
	Comment          string `json:",omitempty"`
	AllowConnections bool   `json:",omitempty"`
	// Template databases (pg_database.datistemplate) cannot be dropped.
	Template bool `json:",omitempty"`
	// SeriesRetention and SeriesInterval are the defaults of its time-series tables, as
	// intervals in text.
	SeriesRetention string `json:",omitempty"`
	SeriesInterval  string `json:",omitempty"`
	// Extensions are those that CREATE EXTENSION noted.
	Extensions []Extension `json:",omitempty"`
}

// Role is a user or group.
type Role struct {
	ID                                                                  OID               `json:",omitempty"`
	Name                                                                string            `json:",omitempty"`
	Super, Inherit, CreateRole, CreateDB, Login, Replication, BypassRLS bool              `json:",omitempty"`
	ConnLimit                                                           int               `json:",omitempty"`
	Password                                                            string            `json:",omitempty"`
	ValidUntil                                                          string            `json:",omitempty"`
	MemberOf                                                            []OID             `json:",omitempty"`
	Config                                                              map[string]string `json:",omitempty"`
	Comment                                                             string            `json:",omitempty"`
}

// UserType is an enum, domain or composite type.
type UserType struct {
	ID      OID    `json:",omitempty"`
	ArrayID OID    `json:",omitempty"`
	Name    string `json:",omitempty"`
	Schema  OID    `json:",omitempty"`
	Owner   OID    `json:",omitempty"`
	Kind    byte   `json:",omitempty"` // 'e', 'd', 'c'
	// Relation is the pg_class row of a composite type, 0 for other kinds.
	Relation OID         `json:",omitempty"`
	Labels   []EnumLabel `json:",omitempty"`
	Base     types.Type  // domain
	NotNull  bool        `json:",omitempty"`
	Default  string      `json:",omitempty"`
	Checks   []Check     `json:",omitempty"`
	Fields   []Column    `json:",omitempty"` // composite
	Comment  string      `json:",omitempty"`
}

// EnumLabel is a label of an enum.
type EnumLabel struct {
	ID    OID     `json:",omitempty"`
	Label string  `json:",omitempty"`
	Sort  float32 `json:",omitempty"`
}
