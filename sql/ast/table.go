package ast

// OnCommit is what a temporary table does at commit.
type OnCommit uint8

// The ON COMMIT actions.
const (
	OnCommitNone OnCommit = iota
	OnCommitPreserve
	OnCommitDelete
	OnCommitDrop
)

// CreateTable is CREATE TABLE, also PARTITION OF and OF type.
type CreateTable struct {
	Table        *RangeVar // with its persistence
	IfNotExists  bool
	Elements     []TableElement // in the order written
	Inherits     []*RangeVar    // the parent of PARTITION OF, with Bound
	Bound        *PartitionBound
	PartitionBy  *PartitionSpec
	OfType       *TypeName
	AccessMethod string // USING
	Options      []*Option
	OnCommit     OnCommit
	Tablespace   string
}

// TableElement is a *ColumnDef, *Constraint or *LikeClause of CREATE TABLE.
type TableElement interface {
	Node
	tableElement()
}

// ColumnDef is a column's definition.
type ColumnDef struct {
	Pos
	Name        string
	Type        *TypeName // nil in OF type and PARTITION OF
	Collation   []string
	Compression string
	Storage     string
	// Constraints are in the order written: NOT NULL, DEFAULT, ..., with the
	// DEFERRABLE attributes as constraints of their own.
	Constraints []*Constraint
}

// LikeOption is a bit of LIKE ... INCLUDING.
type LikeOption uint32

// The options of LIKE, as PostgreSQL numbers them.
const (
	LikeComments LikeOption = 1 << iota
	LikeCompression
	LikeConstraints
	LikeDefaults
	LikeGenerated
	LikeIdentity
	LikeIndexes
	LikeStatistics
	LikeStorage
	LikeAll LikeOption = 0x7fffffff
)

// LikeClause is LIKE table INCLUDING ...
type LikeClause struct {
	Pos
	Table   *RangeVar
	Options LikeOption
}

// ConstraintKind is the sort of a Constraint.
type ConstraintKind uint8

// The constraints.
const (
	ConstraintNull ConstraintKind = iota
	ConstraintNotNull
	ConstraintDefault
	ConstraintIdentity
	ConstraintGenerated
	ConstraintCheck
	ConstraintPrimary
	ConstraintUnique
	ConstraintExclusion
	ConstraintForeign
	ConstraintDeferrable // the attributes, of column constraints only
	ConstraintNotDeferrable
	ConstraintDeferred
	ConstraintImmediate
)

// RefAction is what a foreign key does on DELETE and UPDATE.
type RefAction byte

// The actions, as in pg_constraint.
const (
	RefNoAction   RefAction = 'a'
	RefRestrict   RefAction = 'r'
	RefCascade    RefAction = 'c'
	RefSetNull    RefAction = 'n'
	RefSetDefault RefAction = 'd'
)

// Constraint is a column or table constraint.
type Constraint struct {
	Pos
	Kind              ConstraintKind
	Name              string
	Deferrable        bool
	InitiallyDeferred bool
	NotValid          bool
	NoInherit         bool

	// Expr is the expression of CHECK, DEFAULT and GENERATED; ExprText is its
	// source text.
	Expr     Expr
	ExprText string
	// GeneratedWhen is 'a' (ALWAYS) or 'd' (BY DEFAULT) of an identity, and 'a'
	// of a generated column.
	GeneratedWhen byte
	Options       []*Option // identity's sequence options, WITH of an index

	// Keys, Include, ... of PRIMARY KEY, UNIQUE and EXCLUDE.
	Keys             []string
	Include          []string
	NullsNotDistinct bool
	UsingIndex       string
	Tablespace       string
	AccessMethod     string
	Exclusions       []*Exclusion
	Where            Expr

	// A foreign key; Columns is empty for a column constraint.
	Columns       []string
	RefTable      *RangeVar
	RefColumns    []string
	Match         byte // 's' simple, 'f' full, 'p' partial
	OnUpdate      RefAction
	OnDelete      RefAction
	SetDelColumns []string // ON DELETE SET NULL (columns)
}

// Exclusion is an element of EXCLUDE.
type Exclusion struct {
	Elem *IndexElem
	Op   []string
}

// PartitionSpec is PARTITION BY. Strategy is "list", "range" or "hash".
type PartitionSpec struct {
	Pos
	Strategy string
	Elems    []*PartitionElem
}

// PartitionElem is a partition key: a column or an expression.
type PartitionElem struct {
	Pos
	Name      string
	Expr      Expr
	Collation []string
	OpClass   []string
}

// PartitionBound is FOR VALUES ... or DEFAULT. MINVALUE and MAXVALUE are
// column references of that name, as in PostgreSQL.
type PartitionBound struct {
	Pos
	Default   bool
	Strategy  string // "list", "range", "hash"; empty for DEFAULT
	Modulus   int
	Remainder int
	In        []Expr
	From      []Expr
	To        []Expr
}

// Into is where CREATE TABLE AS and SELECT INTO put their rows.
type Into struct {
	Table        *RangeVar
	Columns      []string
	AccessMethod string
	Options      []*Option
	OnCommit     OnCommit
	Tablespace   string
	NoData       bool
}

// CreateTableAs is CREATE TABLE AS and CREATE MATERIALIZED VIEW. Query is a
// *Select or an *Execute; QueryText is its source text.
type CreateTableAs struct {
	Into         *Into
	Query        Statement
	QueryText    string
	Materialized bool
	IfNotExists  bool
}

// RefreshMaterializedView is REFRESH MATERIALIZED VIEW.
type RefreshMaterializedView struct {
	View         *RangeVar
	Concurrently bool
	NoData       bool
}

// IndexElem is a column or an expression of an index.
type IndexElem struct {
	Name           string
	Expr           Expr
	ExprText       string
	Collation      []string
	OpClass        []string
	OpClassOptions []*Option
	Dir            SortDir
	Nulls          SortNulls
}

// CreateIndex is CREATE INDEX.
type CreateIndex struct {
	Name             string // empty: PostgreSQL chooses
	Table            *RangeVar
	AccessMethod     string // "btree" when not given
	Unique           bool
	Concurrently     bool
	IfNotExists      bool
	NullsNotDistinct bool
	Elems            []*IndexElem
	Include          []*IndexElem
	Options          []*Option
	Where            Expr
	WhereText        string
	Tablespace       string
}

// CheckOption is WITH CHECK OPTION of a view.
type CheckOption uint8

// The check options.
const (
	CheckOptionNone CheckOption = iota
	CheckOptionLocal
	CheckOptionCascaded
)

// CreateView is CREATE VIEW. QueryText is the query's source text.
type CreateView struct {
	View        *RangeVar
	Columns     []string
	Query       *Select
	QueryText   string
	Replace     bool
	Options     []*Option
	CheckOption CheckOption
}

func (*ColumnDef) tableElement()  {}
func (*Constraint) tableElement() {}
func (*LikeClause) tableElement() {}

func (*CreateTable) stmtNode()             {}
func (*CreateTableAs) stmtNode()           {}
func (*RefreshMaterializedView) stmtNode() {}
func (*CreateIndex) stmtNode()             {}
func (*CreateView) stmtNode()              {}
