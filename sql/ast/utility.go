package ast

// TransactionKind is the sort of a transaction statement.
type TransactionKind uint8

// The transaction statements.
const (
	TxnBegin TransactionKind = iota
	TxnStart
	TxnCommit
	TxnRollback
	TxnSavepoint
	TxnRelease
	TxnRollbackTo
	TxnPrepare
	TxnCommitPrepared
	TxnRollbackPrepared
)

// Transaction is BEGIN, COMMIT, SAVEPOINT, ...
type Transaction struct {
	Pos
	Kind TransactionKind
	// Modes are "transaction_isolation" (a string: "read committed", ...),
	// "transaction_read_only" and "transaction_deferrable" (1 or 0).
	Modes []*Option
	Name  string // of a savepoint
	GID   string // of a prepared transaction
	Chain bool   // AND CHAIN
}

// SetKind is the sort of a SET statement.
type SetKind uint8

// The SET statements.
const (
	SetValue    SetKind = iota // SET Name = Args
	SetDefault                 // SET Name = DEFAULT
	SetCurrent                 // SET Name FROM CURRENT
	SetMulti                   // SET TRANSACTION ..., SET SESSION CHARACTERISTICS ...
	SetReset                   // RESET Name
	SetResetAll                // RESET ALL
)

// Set is SET and RESET. SET TIME ZONE is the setting "timezone". For SetMulti
// Name is "TRANSACTION", "SESSION CHARACTERISTICS" or "TRANSACTION SNAPSHOT",
// and Modes are as in Transaction.
type Set struct {
	Kind  SetKind
	Name  string
	Args  []Expr // *Const, or *Cast of one for SET TIME ZONE INTERVAL '...'
	Modes []*Option
	Local bool
}

// Show is SHOW Name; Name is "all" for SHOW ALL.
type Show struct {
	Name string
}

// DiscardKind is what DISCARD throws away.
type DiscardKind uint8

// The DISCARD statements.
const (
	DiscardAll DiscardKind = iota
	DiscardPlans
	DiscardSequences
	DiscardTemp
)

// Discard is DISCARD.
type Discard struct {
	Kind DiscardKind
}

// SetConstraints is SET CONSTRAINTS; no names means ALL.
type SetConstraints struct {
	Names    []*RangeVar
	Deferred bool
}

// Prepare is PREPARE.
type Prepare struct {
	Name  string
	Types []*TypeName
	Stmt  Statement
}

// Execute is EXECUTE.
type Execute struct {
	Name string
	Args []Expr
}

// Deallocate is DEALLOCATE; Name is empty for ALL.
type Deallocate struct {
	Name string
	All  bool
}

// DeclareCursor is DECLARE ... CURSOR.
type DeclareCursor struct {
	Name        string
	Binary      bool
	Scroll      bool
	NoScroll    bool
	Insensitive bool
	Asensitive  bool
	Hold        bool
	Query       Statement
}

// FetchDir is the direction of FETCH.
type FetchDir uint8

// The directions.
const (
	FetchForward FetchDir = iota
	FetchBackward
	FetchAbsolute
	FetchRelative
)

// FetchCountAll is the Count of FETCH ALL.
const FetchCountAll = int64(^uint64(0) >> 1)

// Fetch is FETCH or, with Move, MOVE.
type Fetch struct {
	Dir   FetchDir
	Count int64
	Name  string
	Move  bool
}

// CloseCursor is CLOSE.
type CloseCursor struct {
	Name string
	All  bool
}

// Explain is EXPLAIN; the old ANALYZE and VERBOSE words are Options too.
type Explain struct {
	Options []*Option
	Stmt    Statement
}

// Vacuum is VACUUM or, with Analyze, ANALYZE.
type Vacuum struct {
	Analyze bool
	Options []*Option
	Tables  []*VacuumTable
}

// VacuumTable is a table of VACUUM and ANALYZE.
type VacuumTable struct {
	Table   *RangeVar
	Columns []string
}

// Reindex is REINDEX. Kind is INDEX, TABLE, SCHEMA, SYSTEM or DATABASE.
type Reindex struct {
	Kind    ObjectKind
	Table   *RangeVar // for INDEX and TABLE
	Name    string    // for the others
	Options []*Option
}

// Cluster is CLUSTER; Table is nil for all tables.
type Cluster struct {
	Table   *RangeVar
	Index   string
	Options []*Option
}

// Checkpoint is CHECKPOINT.
type Checkpoint struct{}

// LockMode is a table lock's mode, as PostgreSQL numbers them.
type LockMode uint8

// The lock modes.
const (
	AccessShareLock LockMode = iota + 1
	RowShareLock
	RowExclusiveLock
	ShareUpdateExclusiveLock
	ShareLock
	ShareRowExclusiveLock
	ExclusiveLock
	AccessExclusiveLock
)

// Lock is LOCK TABLE.
type Lock struct {
	Tables []*RangeVar
	Mode   LockMode
	NoWait bool
}

// Listen is LISTEN.
type Listen struct {
	Channel string
}

// Unlisten is UNLISTEN; Channel is empty for *.
type Unlisten struct {
	Channel string
}

// Notify is NOTIFY.
type Notify struct {
	Channel string
	Payload string
}

// Unsupported is a statement that Tidemark does not have: its command tag
// names it in the 0A000 error.
type Unsupported struct {
	Name string
}

func (*Transaction) stmtNode()    {}
func (*Set) stmtNode()            {}
func (*Show) stmtNode()           {}
func (*Discard) stmtNode()        {}
func (*SetConstraints) stmtNode() {}
func (*Prepare) stmtNode()        {}
func (*Execute) stmtNode()        {}
func (*Deallocate) stmtNode()     {}
func (*DeclareCursor) stmtNode()  {}
func (*Fetch) stmtNode()          {}
func (*CloseCursor) stmtNode()    {}
func (*Explain) stmtNode()        {}
func (*Vacuum) stmtNode()         {}
func (*Reindex) stmtNode()        {}
func (*Cluster) stmtNode()        {}
func (*Checkpoint) stmtNode()     {}
func (*Lock) stmtNode()           {}
func (*Listen) stmtNode()         {}
func (*Unlisten) stmtNode()       {}
func (*Notify) stmtNode()         {}
func (*Unsupported) stmtNode()    {}
