package ast

// AlterTable is ALTER TABLE, INDEX, SEQUENCE, VIEW, MATERIALIZED VIEW and TYPE
// with subcommands.
type AlterTable struct {
	Kind     ObjectKind
	Table    *RangeVar
	IfExists bool
	Cmds     []*AlterCmd
}

// AlterKind is a subcommand of ALTER TABLE; its value names it in errors.
type AlterKind string

// The subcommands. The fields of AlterCmd that each uses are behind it.
const (
	AlterAddColumn           AlterKind = "ADD COLUMN"                // Column, IfNotExists
	AlterDropColumn          AlterKind = "DROP COLUMN"               // Name, IfExists, Cascade
	AlterColumnType          AlterKind = "ALTER COLUMN ... SET TYPE" // Name, Column.Type, Column.Collation, Using
	AlterSetDefault          AlterKind = "ALTER COLUMN ... SET DEFAULT"
	AlterDropDefault         AlterKind = "ALTER COLUMN ... DROP DEFAULT"
	AlterSetNotNull          AlterKind = "ALTER COLUMN ... SET NOT NULL"
	AlterDropNotNull         AlterKind = "ALTER COLUMN ... DROP NOT NULL"
	AlterSetExpression       AlterKind = "ALTER COLUMN ... SET EXPRESSION"
	AlterDropExpression      AlterKind = "ALTER COLUMN ... DROP EXPRESSION"
	AlterSetStatistics       AlterKind = "ALTER COLUMN ... SET STATISTICS" // Name or Num, Default (a Const)
	AlterSetColumnOptions    AlterKind = "ALTER COLUMN ... SET"
	AlterResetColumnOptions  AlterKind = "ALTER COLUMN ... RESET"
	AlterSetStorage          AlterKind = "ALTER COLUMN ... SET STORAGE"     // Text
	AlterSetCompression      AlterKind = "ALTER COLUMN ... SET COMPRESSION" // Text
	AlterAddIdentity         AlterKind = "ALTER COLUMN ... ADD IDENTITY"    // Name, Constraint
	AlterSetIdentity         AlterKind = "ALTER COLUMN ... SET"             // Name, Options
	AlterDropIdentity        AlterKind = "ALTER COLUMN ... DROP IDENTITY"   // Name, IfExists
	AlterAddConstraint       AlterKind = "ADD CONSTRAINT"                   // Constraint
	AlterAlterConstraint     AlterKind = "ALTER CONSTRAINT"                 // Constraint
	AlterValidateConstraint  AlterKind = "VALIDATE CONSTRAINT"              // Name
	AlterDropConstraint      AlterKind = "DROP CONSTRAINT"                  // Name, IfExists, Cascade
	AlterOwner               AlterKind = "OWNER TO"                         // Owner
	AlterClusterOn           AlterKind = "CLUSTER ON"                       // Name
	AlterDropCluster         AlterKind = "SET WITHOUT CLUSTER"
	AlterSetLogged           AlterKind = "SET LOGGED"
	AlterSetUnlogged         AlterKind = "SET UNLOGGED"
	AlterSetWithoutOIDs      AlterKind = "SET WITHOUT OIDS"
	AlterSetAccessMethod     AlterKind = "SET ACCESS METHOD" // Name
	AlterSetTablespace       AlterKind = "SET TABLESPACE"    // Name
	AlterSetOptions          AlterKind = "SET"               // Options
	AlterResetOptions        AlterKind = "RESET"             // Options
	AlterEnableTrigger       AlterKind = "ENABLE TRIGGER"    // Name; empty for ALL and USER
	AlterDisableTrigger      AlterKind = "DISABLE TRIGGER"
	AlterEnableRule          AlterKind = "ENABLE RULE"
	AlterDisableRule         AlterKind = "DISABLE RULE"
	AlterInherit             AlterKind = "INHERIT"          // Table
	AlterNoInherit           AlterKind = "NO INHERIT"       // Table
	AlterOf                  AlterKind = "OF"               // Column.Type
	AlterNotOf               AlterKind = "NOT OF"           //
	AlterReplicaIdentity     AlterKind = "REPLICA IDENTITY" // Text ("d", "n", "f", "i"), Name
	AlterEnableRowSecurity   AlterKind = "ENABLE ROW SECURITY"
	AlterDisableRowSecurity  AlterKind = "DISABLE ROW SECURITY"
	AlterForceRowSecurity    AlterKind = "FORCE ROW SECURITY"
	AlterNoForceRowSecurity  AlterKind = "NO FORCE ROW SECURITY"
	AlterAttachPartition     AlterKind = "ATTACH PARTITION" // Table, Bound
	AlterDetachPartition     AlterKind = "DETACH PARTITION" // Table, Concurrently
	AlterDetachFinalize      AlterKind = "DETACH PARTITION ... FINALIZE"
	AlterGenericOptions      AlterKind = "OPTIONS"
	AlterColumnGenericOption AlterKind = "ALTER COLUMN ... OPTIONS"
)

// AlterCmd is one subcommand of ALTER TABLE.
type AlterCmd struct {
	Kind         AlterKind
	Name         string // the column, constraint, trigger, ...
	Num          int    // column number of ALTER INDEX ... ALTER COLUMN n
	Column       *ColumnDef
	Using        Expr   // of SET TYPE
	UsingText    string // its source text
	Default      Expr   // of SET DEFAULT, SET EXPRESSION, SET STATISTICS
	DefaultText  string // its source text
	Constraint   *Constraint
	Options      []*Option
	Owner        *RoleSpec
	Table        *RangeVar
	Bound        *PartitionBound
	Text         string
	Concurrently bool
	IfExists     bool
	IfNotExists  bool
	Cascade      bool
}

// Rename is ALTER ... RENAME. Kind is what is renamed; for columns,
// constraints and attributes Relation and Name say where and which.
type Rename struct {
	Kind         ObjectKind
	RelationKind ObjectKind // of Relation, when Kind is a part of it
	Relation     *RangeVar
	Object       *ObjectRef
	Name         string
	NewName      string
	Cascade      bool
	IfExists     bool
}

// AlterObjectSchema is ALTER ... SET SCHEMA.
type AlterObjectSchema struct {
	Kind      ObjectKind
	Relation  *RangeVar
	Object    *ObjectRef
	NewSchema string
	IfExists  bool
}

// AlterOwnerTo is ALTER ... OWNER TO of objects that are no relations.
type AlterOwnerTo struct {
	Kind     ObjectKind
	Relation *RangeVar
	Object   *ObjectRef
	Owner    *RoleSpec
}

// AlterSequence is ALTER SEQUENCE with options.
type AlterSequence struct {
	Sequence *RangeVar
	Options  []*Option
	IfExists bool
}

// AlterDatabase is ALTER DATABASE with options or, when Set is there, SET.
type AlterDatabase struct {
	Name    string
	Options []*Option
	Set     *Set
}

// AlterRole is ALTER ROLE with options.
type AlterRole struct {
	Role    *RoleSpec
	Options []*Option
	// DropMember is ALTER GROUP ... DROP USER.
	DropMember bool
}

// AlterRoleSet is ALTER ROLE ... SET; Role is nil for ALL.
type AlterRoleSet struct {
	Role     *RoleSpec
	Database string
	Set      *Set
}

// AlterSystem is ALTER SYSTEM SET and RESET.
type AlterSystem struct {
	Set *Set
}

// AlterEnum is ALTER TYPE ... ADD VALUE, or RENAME VALUE when OldValue is set.
type AlterEnum struct {
	Name        []string
	OldValue    string
	Value       string
	Neighbor    string // of BEFORE and AFTER; empty for the end
	After       bool
	IfNotExists bool
}

// AlterDomainKind is a subcommand of ALTER DOMAIN.
type AlterDomainKind byte

// The subcommands, as PostgreSQL letters them.
const (
	AlterDomainDefault    AlterDomainKind = 'T' // SET DEFAULT, or DROP when Default is nil
	AlterDomainDropNull   AlterDomainKind = 'N' // DROP NOT NULL
	AlterDomainSetNotNull AlterDomainKind = 'O'
	AlterDomainAdd        AlterDomainKind = 'C' // ADD CONSTRAINT
	AlterDomainDrop       AlterDomainKind = 'X' // DROP CONSTRAINT
	AlterDomainValidate   AlterDomainKind = 'V'
)

// AlterDomain is ALTER DOMAIN.
type AlterDomain struct {
	Kind        AlterDomainKind
	Name        []string
	Constraint  *Constraint
	ConName     string
	Default     Expr
	DefaultText string
	Cascade     bool
	IfExists    bool
}

// AlterDefaultPrivileges is ALTER DEFAULT PRIVILEGES; its options are
// "schemas" and "roles".
type AlterDefaultPrivileges struct {
	Options []*Option
	Grant   *Grant
}

// AlterFunction is ALTER FUNCTION, PROCEDURE and ROUTINE.
type AlterFunction struct {
	Kind    ObjectKind
	Func    *ObjectRef
	Options []*Option
}

func (*AlterTable) stmtNode()             {}
func (*Rename) stmtNode()                 {}
func (*AlterObjectSchema) stmtNode()      {}
func (*AlterOwnerTo) stmtNode()           {}
func (*AlterSequence) stmtNode()          {}
func (*AlterDatabase) stmtNode()          {}
func (*AlterRole) stmtNode()              {}
func (*AlterRoleSet) stmtNode()           {}
func (*AlterSystem) stmtNode()            {}
func (*AlterEnum) stmtNode()              {}
func (*AlterDomain) stmtNode()            {}
func (*AlterDefaultPrivileges) stmtNode() {}
func (*AlterFunction) stmtNode()          {}
