package ast

// ObjectKind is a sort of database object; its value is the words that a
// command tag and an error use for it.
type ObjectKind string

// The object kinds.
const (
	ObjectAccessMethod     ObjectKind = "ACCESS METHOD"
	ObjectAggregate        ObjectKind = "AGGREGATE"
	ObjectAttribute        ObjectKind = "ATTRIBUTE"
	ObjectCast             ObjectKind = "CAST"
	ObjectCollation        ObjectKind = "COLLATION"
	ObjectColumn           ObjectKind = "COLUMN"
	ObjectConversion       ObjectKind = "CONVERSION"
	ObjectDatabase         ObjectKind = "DATABASE"
	ObjectDomain           ObjectKind = "DOMAIN"
	ObjectDomainConstraint ObjectKind = "DOMAIN CONSTRAINT"
	ObjectEventTrigger     ObjectKind = "EVENT TRIGGER"
	ObjectExtension        ObjectKind = "EXTENSION"
	ObjectForeignData      ObjectKind = "FOREIGN DATA WRAPPER"
	ObjectForeignServer    ObjectKind = "SERVER"
	ObjectForeignTable     ObjectKind = "FOREIGN TABLE"
	ObjectFunction         ObjectKind = "FUNCTION"
	ObjectIndex            ObjectKind = "INDEX"
	ObjectLanguage         ObjectKind = "LANGUAGE"
	ObjectLargeObject      ObjectKind = "LARGE OBJECT"
	ObjectMaterializedView ObjectKind = "MATERIALIZED VIEW"
	ObjectOpClass          ObjectKind = "OPERATOR CLASS"
	ObjectOperator         ObjectKind = "OPERATOR"
	ObjectOpFamily         ObjectKind = "OPERATOR FAMILY"
	ObjectParameter        ObjectKind = "PARAMETER"
	ObjectPolicy           ObjectKind = "POLICY"
	ObjectProcedure        ObjectKind = "PROCEDURE"
	ObjectPublication      ObjectKind = "PUBLICATION"
	ObjectRole             ObjectKind = "ROLE"
	ObjectRoutine          ObjectKind = "ROUTINE"
	ObjectRule             ObjectKind = "RULE"
	ObjectSchema           ObjectKind = "SCHEMA"
	ObjectSequence         ObjectKind = "SEQUENCE"
	ObjectStatistics       ObjectKind = "STATISTICS"
	ObjectSubscription     ObjectKind = "SUBSCRIPTION"
	ObjectSystem           ObjectKind = "SYSTEM" // REINDEX only
	ObjectTable            ObjectKind = "TABLE"
	ObjectTableConstraint  ObjectKind = "CONSTRAINT"
	ObjectTablespace       ObjectKind = "TABLESPACE"
	ObjectTransform        ObjectKind = "TRANSFORM"
	ObjectTrigger          ObjectKind = "TRIGGER"
	ObjectTSConfig         ObjectKind = "TEXT SEARCH CONFIGURATION"
	ObjectTSDictionary     ObjectKind = "TEXT SEARCH DICTIONARY"
	ObjectTSParser         ObjectKind = "TEXT SEARCH PARSER"
	ObjectTSTemplate       ObjectKind = "TEXT SEARCH TEMPLATE"
	ObjectType             ObjectKind = "TYPE"
	ObjectUserMapping      ObjectKind = "USER MAPPING"
	ObjectView             ObjectKind = "VIEW"
	ObjectUnknown          ObjectKind = "OBJECT"
)

// ObjectRef names an object: by Names (for columns, triggers and constraints
// the last one is its own, those before it the table's), by Type for types and
// domains, and with Args for functions and operators.
type ObjectRef struct {
	Pos
	Names []string
	Type  *TypeName
	// Args are a function's argument types, a nil one is NONE of an operator;
	// ArgsUnspecified means that no list was given.
	Args            []*TypeName
	ArgsUnspecified bool
}

// RoleKind is how a RoleSpec names its role.
type RoleKind uint8

// The role specifications.
const (
	RoleName RoleKind = iota
	RoleCurrentRole
	RoleCurrentUser
	RoleSessionUser
	RolePublic
)

// RoleSpec names a role.
type RoleSpec struct {
	Pos
	Kind RoleKind
	Name string
}

// Drop is DROP of all objects but databases, roles and tablespaces.
type Drop struct {
	Kind         ObjectKind
	Objects      []*ObjectRef
	IfExists     bool
	Cascade      bool
	Concurrently bool
}

// DropDatabase is DROP DATABASE; the only option is "force".
type DropDatabase struct {
	Name     string
	IfExists bool
	Options  []*Option
}

// DropRole is DROP ROLE, USER and GROUP.
type DropRole struct {
	Roles    []*RoleSpec
	IfExists bool
}

// DropOwned is DROP OWNED BY.
type DropOwned struct {
	Roles   []*RoleSpec
	Cascade bool
}

// ReassignOwned is REASSIGN OWNED BY.
type ReassignOwned struct {
	Roles   []*RoleSpec
	NewRole *RoleSpec
}

// Comment is COMMENT ON; Text is nil for NULL (and for the empty string).
type Comment struct {
	Kind   ObjectKind
	Object *ObjectRef
	Text   *string
}

// CreateSchema is CREATE SCHEMA; Name is empty when only Owner is given.
type CreateSchema struct {
	Name        string
	Owner       *RoleSpec
	IfNotExists bool
	Elements    []Statement
}

// CreateDatabase is CREATE DATABASE.
type CreateDatabase struct {
	Name    string
	Options []*Option
}

// CreateSequence is CREATE SEQUENCE.
type CreateSequence struct {
	Sequence    *RangeVar
	Options     []*Option
	IfNotExists bool
}

// CreateRole is CREATE ROLE, USER and GROUP (Word), which differ in the
// default of LOGIN.
type CreateRole struct {
	Word    string
	Name    string
	Options []*Option
}

// CreateEnum is CREATE TYPE ... AS ENUM.
type CreateEnum struct {
	Name   []string
	Labels []string
}

// CreateComposite is CREATE TYPE ... AS (columns).
type CreateComposite struct {
	Name    *RangeVar
	Columns []*ColumnDef
}

// CreateDomain is CREATE DOMAIN.
type CreateDomain struct {
	Name        []string
	Type        *TypeName
	Collation   []string
	Constraints []*Constraint
}

// CreateExtension is CREATE EXTENSION.
type CreateExtension struct {
	Name        string
	IfNotExists bool
	Options     []*Option
}

// AlterExtension is ALTER EXTENSION ... UPDATE.
type AlterExtension struct {
	Name    string
	Options []*Option // new_version
}

// ParamMode is a function parameter's mode.
type ParamMode byte

// The modes, as in pg_proc.
const (
	ParamDefault  ParamMode = 'd' // none given, means IN
	ParamIn       ParamMode = 'i'
	ParamOut      ParamMode = 'o'
	ParamInOut    ParamMode = 'b'
	ParamVariadic ParamMode = 'v'
	ParamTable    ParamMode = 't'
)

// FuncParam is a parameter of CREATE FUNCTION.
type FuncParam struct {
	Name        string
	Type        *TypeName
	Mode        ParamMode
	Default     Expr
	DefaultText string
}

// CreateFunction is CREATE FUNCTION and PROCEDURE. Options are "as" (a List of
// one or two strings), "language", "volatility", "strict", ...; Body is the
// statements of a SQL-standard body, the expression of RETURN as a Select.
type CreateFunction struct {
	Procedure bool
	Replace   bool
	Name      []string
	Params    []*FuncParam
	Returns   *TypeName
	Options   []*Option
	Body      []Statement
}

// Privilege is a privilege with columns, or a role that is granted.
type Privilege struct {
	Name    string // lower case; empty for ALL
	Columns []string
}

// Grant is GRANT and REVOKE on objects. No Privileges means ALL.
type Grant struct {
	Revoke      bool
	Kind        ObjectKind
	AllInSchema bool // Objects are schemas
	Defaults    bool // of ALTER DEFAULT PRIVILEGES: no Objects
	Privileges  []*Privilege
	Tables      []*RangeVar // tables and sequences
	Objects     []*ObjectRef
	Grantees    []*RoleSpec
	GrantOption bool
	GrantedBy   *RoleSpec
	Cascade     bool
}

// GrantRole is GRANT and REVOKE of roles. Options are "admin", "inherit", "set".
type GrantRole struct {
	Revoke    bool
	Roles     []*Privilege
	Grantees  []*RoleSpec
	Options   []*Option
	GrantedBy *RoleSpec
	Cascade   bool
}

func (*Drop) stmtNode()            {}
func (*DropDatabase) stmtNode()    {}
func (*DropRole) stmtNode()        {}
func (*DropOwned) stmtNode()       {}
func (*ReassignOwned) stmtNode()   {}
func (*Comment) stmtNode()         {}
func (*CreateSchema) stmtNode()    {}
func (*CreateDatabase) stmtNode()  {}
func (*CreateSequence) stmtNode()  {}
func (*CreateRole) stmtNode()      {}
func (*CreateEnum) stmtNode()      {}
func (*CreateComposite) stmtNode() {}
func (*CreateDomain) stmtNode()    {}
func (*CreateExtension) stmtNode() {}
func (*AlterExtension) stmtNode()  {}
func (*CreateFunction) stmtNode()  {}
func (*Grant) stmtNode()           {}
func (*GrantRole) stmtNode()       {}
