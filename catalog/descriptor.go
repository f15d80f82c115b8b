// Package catalog says what exists: databases, schemas, relations, types,
// roles, and their descriptors, statistics and comments. Descriptors are keys
// of the same store and the same transactions as rows, so DDL is transactional.
//
// Readers use a Snapshot: an immutable view of one database's catalog at one
// catalog version, shared by all sessions, with lookups by name and OID. A
// transaction that runs DDL has a private Snapshot made by Editor, which
// writes descriptors into the transaction and publishes the new version when
// it commits.
//
// Descriptors are read-only once they are in a Snapshot: change a copy.
package catalog

import (
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
	ID     OID
	Name   string
	Schema OID
	Kind   RelKind
	Owner  OID
	// Storage is the id that prefixes the table's keys (rowstore). It changes
	// when a table is rewritten (TRUNCATE, ALTER TYPE, ADD PRIMARY KEY).
	Storage uint64
	// Columns in attnum order, dropped ones included: Columns[i].Num == i+1.
	// "Ordinal" everywhere means an index into this slice.
	Columns []Column
	// Indexes, the primary key's (if any) first.
	Indexes     []Index
	Checks      []Check
	ForeignKeys []ForeignKey // where this table is the referencing one
	// ReferencedBy lists tables whose foreign keys point here (this one included if self-referencing).
	ReferencedBy []OID
	// Clustered: rows are keyed by the primary key (Indexes[0], a common or
	// integer handle); otherwise by a hidden row id.
	Clustered bool
	// Temporary tables live in the session's schema pg_temp_N.
	Temporary bool
	Unlogged  bool
	Options   map[string]string // WITH (...)
	Access    string            // "heap" for row tables; "timeseries" later
	Comment   string
	View      *View
	Sequence  *Sequence
	Virtual   *Virtual `json:"-"`
	// Version counts the descriptor's changes; plans are valid for one.
	Version uint64
	// OfType etc. are not supported and have no field.
}

// Column is a column of a table (pg_attribute).
type Column struct {
	Num     int16 // attnum, never reused; also the column id of stored rows
	Name    string
	Type    types.Type
	NotNull bool
	// Default is SQL text (a deparsed, fully qualified expression), "" if none.
	// For a generated column it is the generation expression.
	Default   string
	Generated bool // GENERATED ALWAYS AS (Default) STORED
	// Identity is 'a' (always), 'd' (by default) or 0.
	Identity byte
	// Sequence is the sequence owned by this column (serial, identity), 0 if none.
	Sequence OID
	Dropped  bool
	// Missing is the value of the column in rows stored before it was added
	// (ADD COLUMN ... DEFAULT constant); NULL otherwise.
	Missing     types.Datum
	Collation   string
	Comment     string
	StatsTarget int
}

// Index describes an index of a table.
type Index struct {
	ID      OID
	Name    string
	Columns []IndexColumn
	Include []int16 // attnums of INCLUDE columns
	Unique  bool
	Primary bool
	// Constraint is set when a PRIMARY KEY or UNIQUE constraint owns the index.
	Constraint           OID
	Deferrable, Deferred bool
	NullsNotDistinct     bool
	// Predicate of a partial index as SQL text, "" if none.
	Predicate string
	State     IndexState
	Method    string // "btree"
	Storage   uint64 // index id in keys; the table's Storage is in front of it
	Options   map[string]string
	Comment   string
}

// IndexColumn is a key column or expression.
type IndexColumn struct {
	Num        int16  // attnum, 0 for an expression
	Expr       string // SQL text of the expression
	ExprType   types.Type
	Desc       bool
	NullsFirst bool
	OpClass    string
	Collation  string
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
	ID        OID
	Name      string
	Expr      string // SQL text
	Columns   []int16
	NotValid  bool
	NoInherit bool
	Comment   string
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
	ID                   OID
	Name                 string
	Columns              []int16 // attnums here
	RefTable             OID
	RefColumns           []int16 // attnums there
	RefIndex             OID     // the unique index that backs it
	OnUpdate, OnDelete   FKAction
	SetColumns           []int16 // ON DELETE SET NULL (cols)
	MatchFull            bool
	Deferrable, Deferred bool
	NotValid             bool
	Comment              string
}

// View is the definition of a view or materialized view.
type View struct {
	Query string // SQL text of the SELECT, as deparsed by PostgreSQL's deparser
	// SearchPath is the creator's, under which Query's names resolve.
	SearchPath  []string
	DependsOn   []OID
	Populated   bool // materialized views
	CheckOption string
}

// Sequence is the definition of a sequence; its state is a key of its own.
type Sequence struct {
	Type                              types.OID
	Start, Increment, Min, Max, Cache int64
	Cycle                             bool
	OwnerTable                        OID
	OwnerColumn                       int16
}

// Virtual computes a system table's rows from the session's view of the catalog.
type Virtual struct {
	// Rows calls emit once for each row, with one datum a column; emit's error stops it.
	Rows func(v VirtualEnv, emit func(row []types.Datum) error) error
	// ByOID, if set, yields only the rows whose oid-like column ByOIDColumn equals the argument.
	ByOIDColumn int
	ByOID       func(v VirtualEnv, oid OID, emit func(row []types.Datum) error) error
}

// VirtualEnv is what virtual tables may read.
type VirtualEnv struct {
	Snapshot *Snapshot
	// Runtime gives access to what only the session knows (pg_settings,
	// pg_stat_activity, pg_locks, ...): see runtime.go.
	Runtime any
}

// Schema is a namespace.
type Schema struct {
	ID      OID
	Name    string
	Owner   OID
	Comment string
}

// Database is a database of the node.
type Database struct {
	ID               OID
	Name             string
	Owner            OID
	Comment          string
	AllowConnections bool
}

// Role is a user or group.
type Role struct {
	ID                                                                  OID
	Name                                                                string
	Super, Inherit, CreateRole, CreateDB, Login, Replication, BypassRLS bool
	ConnLimit                                                           int
	Password                                                            string
	ValidUntil                                                          string
	MemberOf                                                            []OID
	Config                                                              map[string]string
	Comment                                                             string
}

// UserType is an enum, domain or composite type.
type UserType struct {
	ID      OID
	ArrayID OID
	Name    string
	Schema  OID
	Owner   OID
	Kind    byte // 'e', 'd', 'c'
	Labels  []EnumLabel
	Base    types.Type // domain
	NotNull bool
	Default string
	Checks  []Check
	Fields  []Column // composite
	Comment string
}

// EnumLabel is a label of an enum.
type EnumLabel struct {
	ID    OID
	Label string
	Sort  float32
}
