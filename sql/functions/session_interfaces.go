package functions

import (
	"context"
	"net/netip"
	"time"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// What functions ask of the session. Context.Session implements those of the
// interfaces below that it can answer; a function whose interface is missing
// fails with 0A000. Object identifiers are pg_catalog's OIDs. All methods are
// called from the statement's goroutine, and see the catalog snapshot and the
// search path of the statement.

// IdentitySession knows who is connected to what.
type IdentitySession interface {
	// CurrentUser is the role in force (SET ROLE), SessionUser the one that
	// authenticated (or SET SESSION AUTHORIZATION).
	CurrentUser() string
	SessionUser() string
	// Database is the name of the connected database.
	Database() string
	// BackendPID is the number of the connection as BackendKeyData gave it.
	BackendPID() int32
	// Version is the text of version(): "PostgreSQL 15.0 (Tidemark ...) ...".
	Version() string
	// Query is the text of the message being executed (current_query).
	Query() string
}

// NetworkSession knows the two ends of the connection. A zero AddrPort means
// that there is none (Unix socket, internal sessions): the functions are NULL.
type NetworkSession interface {
	ClientAddr() netip.AddrPort
	ServerAddr() netip.AddrPort
}

// SearchPathSession resolves the search path.
type SearchPathSession interface {
	// Schemas lists the schemas of the search path that exist, in order, with
	// the implicit ones (pg_temp, pg_catalog) in their places if asked for.
	// Without them the first is current_schema.
	Schemas(implicit bool) []string
}

// SettingsSession reads and changes settings (SHOW, SET).
type SettingsSession interface {
	// Setting returns the text SHOW prints; ok is false for an unknown name.
	Setting(name string) (value string, ok bool)
	// SetSetting is SET (with local SET LOCAL) and returns the new text; nil
	// means RESET. The error is PostgreSQL's (42704, 22023, 55P02).
	SetSetting(name string, value *string, local bool) (string, error)
}

// SequenceSession advances and reads sequences. The errors are PostgreSQL's
// (42P01 for no such relation, 42809 for no sequence, 55000 for currval before
// nextval, 2200H at the end).
type SequenceSession interface {
	NextVal(ctx context.Context, sequence uint32) (int64, error)
	CurrVal(ctx context.Context, sequence uint32) (int64, error)
	LastVal(ctx context.Context) (int64, error)
	// SetVal is setval; called says that the next nextval advances first.
	SetVal(ctx context.Context, sequence uint32, value int64, called bool) error
	// SequenceLast is pg_sequence_last_value: ok is false before the first nextval.
	SequenceLast(ctx context.Context, sequence uint32) (value int64, ok bool, err error)
}

// ServerSession knows the process and the other sessions.
type ServerSession interface {
	StartTime() time.Time
	// ReloadTime is when the configuration was last read.
	ReloadTime() time.Time
	// CancelBackend and TerminateBackend signal a session; false if there is
	// none of that number (a warning has been sent then).
	CancelBackend(pid int32) (bool, error)
	TerminateBackend(pid int32) (bool, error)
}

// TransactionSession knows the transaction.
type TransactionSession interface {
	// TransactionID returns the number of the transaction; assign gives it one
	// if it has none yet, else ok is false.
	TransactionID(assign bool) (id uint64, ok bool)
}

// AdvisoryKey names an advisory lock: one 64-bit key or (Pair) two of 32 bits.
type AdvisoryKey struct {
	Key  int64 // with Pair the first key in the high half
	Pair bool
}

// AdvisoryMode says how an advisory lock is taken.
type AdvisoryMode struct {
	Shared      bool
	Transaction bool // released at the end of the transaction
	NoWait      bool // answer false instead of waiting
}

// AdvisorySession takes and releases advisory locks.
type AdvisorySession interface {
	AdvisoryLock(ctx context.Context, key AdvisoryKey, mode AdvisoryMode) (bool, error)
	// AdvisoryUnlock releases one session-level lock; false (after a warning) if it is not held.
	AdvisoryUnlock(ctx context.Context, key AdvisoryKey, shared bool) (bool, error)
	AdvisoryUnlockAll(ctx context.Context) error
}

// ObjectClass is the catalog that an object is a row of.
type ObjectClass string

// The classes of objects that functions ask for.
const (
	ClassRelation   ObjectClass = "pg_class" // tables, indexes, views, sequences
	ClassType       ObjectClass = "pg_type"
	ClassProc       ObjectClass = "pg_proc"
	ClassOperator   ObjectClass = "pg_operator"
	ClassCollation  ObjectClass = "pg_collation"
	ClassOpclass    ObjectClass = "pg_opclass"
	ClassOpfamily   ObjectClass = "pg_opfamily"
	ClassConversion ObjectClass = "pg_conversion"
	ClassStatistics ObjectClass = "pg_statistic_ext"
	ClassTSConfig   ObjectClass = "pg_ts_config"
	ClassTSDict     ObjectClass = "pg_ts_dict"
	ClassTSParser   ObjectClass = "pg_ts_parser"
	ClassTSTemplate ObjectClass = "pg_ts_template"
	ClassNamespace  ObjectClass = "pg_namespace"
	ClassDatabase   ObjectClass = "pg_database"
	ClassRole       ObjectClass = "pg_authid"
	ClassTablespace ObjectClass = "pg_tablespace"
	ClassLanguage   ObjectClass = "pg_language"
	ClassForeign    ObjectClass = "pg_foreign_data_wrapper"
	ClassServer     ObjectClass = "pg_foreign_server"
)

// CatalogSession describes objects. ok is false where there is no such object.
type CatalogSession interface {
	// FormatType is format_type with the modifier in t.Mod (-1: none, no length is printed).
	FormatType(t types.Type) (text string, ok bool)
	// IndexDef is pg_get_indexdef: the whole CREATE INDEX, or for column > 0 that column.
	IndexDef(index uint32, column int, pretty bool) (text string, ok bool)
	ConstraintDef(constraint uint32, pretty bool) (text string, ok bool)
	ViewDef(view uint32, pretty bool) (text string, ok bool)
	// Updatable is pg_relation_is_updatable, and pg_column_is_updatable of a column.
	Updatable(relation uint32, column int16) (events int32, written bool)
	// RelationByName finds a relation by a possibly qualified, possibly quoted
	// name as regclass input does (without numbers); the error is 42P01 or 3F000.
	RelationByName(name string) (uint32, error)
	// SerialSequence is pg_get_serial_sequence for a relation and column: the
	// qualified quoted name; ok is false if the column owns none, the error is 42703.
	SerialSequence(relation uint32, column string) (name string, ok bool, err error)
	// Visible answers pg_*_is_visible.
	Visible(class ObjectClass, oid uint32) (visible, ok bool)
	// Exists says whether the object is there.
	Exists(class ObjectClass, oid uint32) bool
	// ByName finds an object that is not in a schema: a namespace, database,
	// role, tablespace, language, ...
	ByName(class ObjectClass, name string) (oid uint32, ok bool)
	// Name is its inverse, unquoted (role names for pg_get_userbyid).
	Name(class ObjectClass, oid uint32) (name string, ok bool)
	// Description is obj_description (sub 0), col_description (sub > 0) and
	// shobj_description; an empty class means any.
	Description(class ObjectClass, oid uint32, sub int) (text string, ok bool)
	// ColumnNumber finds a column of a relation, 0 if there is none.
	ColumnNumber(relation uint32, column string) int16
	// HasColumn says whether a relation has a column of this number.
	HasColumn(relation uint32, number int16) bool
	// RelationKind is pg_class.relkind, 0 if there is no such relation.
	RelationKind(relation uint32) byte
	// Ancestors lists a partition, its parent, ... up to the root; nil if the
	// relation is not part of a partition tree.
	Ancestors(relation uint32) []uint32
	// Publishable is pg_relation_is_publishable.
	Publishable(relation uint32) (publishable, ok bool)
}

// SizePart says which storage of a relation is measured.
type SizePart byte

// The parts of a relation.
const (
	SizeMain    SizePart = 'm' // rows, or the entries of an index
	SizeTable   SizePart = 't' // rows and large values
	SizeIndexes SizePart = 'i' // all indexes of the table
	SizeTotal   SizePart = 'a'
)

// SizeSession measures storage in bytes; estimates are fine.
type SizeSession interface {
	RelationSize(ctx context.Context, relation uint32, part SizePart) (size int64, ok bool, err error)
	DatabaseSize(ctx context.Context, database uint32) (int64, error)
}

// PrivilegeSession answers the has_*_privilege functions. Roles and objects
// are known to exist; role 0 is PUBLIC, privilege the upper-case word (SELECT,
// USAGE, ...), column 0 the whole relation.
type PrivilegeSession interface {
	HasPrivilege(role uint32, class ObjectClass, object uint32, column int16, privilege string, grantOption bool) bool
	// HasRole is pg_has_role: privilege is MEMBER or USAGE.
	HasRole(role, member uint32, privilege string, adminOption bool) bool
}

// NoticeSession sends notices and warnings to the client.
type NoticeSession interface {
	Warning(code pgerror.Code, message string)
}

// ExprSession prints expressions of the catalog for pg_get_expr.
type ExprSession interface {
	// ExprText prints an expression over a relation (0 for none) that the
	// catalog has as text.
	ExprText(relation uint32, text string, pretty bool) string
}

// asSession returns the session's answer to an interface, or 0A000 naming the feature.
func asSession[T any](c *Context, feature string) (T, error) {
	s, ok := c.Session.(T)
	if !ok {
		return s, pgerror.Unsupported("%s", feature)
	}
	return s, nil
}
