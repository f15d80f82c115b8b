package session

import (
	"context"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// isolation is a transaction's isolation level.
type isolation uint8

const (
	readCommitted isolation = iota
	readUncommitted
	repeatableRead
)

func (i isolation) String() string {
	return [...]string{"read committed", "read uncommitted", "repeatable read"}[i]
}

// transaction is the state of the session's present transaction. There is
// always one in the sense of SQL; txn is nil until a statement needs the store.
//
// Invariant: failed implies block.
type transaction struct {
	txn   kv.Txn
	block bool // BEGIN was said
	// implicit: several statements of one Query message or pipeline share txn
	// without BEGIN; the message's end (or Sync) commits.
	failed      bool
	isolation   isolation
	isSet       bool // isolation was chosen for this transaction
	readOnly    bool
	readOnlySet bool
	deferrable  bool
	start       time.Time
	// statement is the savepoint at the beginning of the statement that writes and calls
	// functions, nil beside others.
	statement *kv.Savepoint
	canWrite  bool // txn was begun for writing
	// txn's snapshot is of the past and stays; it reads from other replicas than leaders.
	stale, elsewhere bool
	used             bool // a statement has run: too late for SET TRANSACTION ISOLATION
	editor           *catalog.Editor
	first            *catalog.Snapshot // the catalog when txn was begun
	savepoints       []savepoint
	locked           map[catalog.OID]kv.LockMode
	onCommit         []func(ctx context.Context)
	// New temporary tables: ON COMMIT DELETE ROWS and ON COMMIT DROP.
	truncate, dropAtCommit []catalog.OID
}

type savepoint struct {
	name     string
	kv       kv.Savepoint
	editor   int // its own mark, -1 if there was no editor yet
	settings int
}

// Status is the transaction status of ReadyForQuery: 'I', 'T' or 'E'.
func (s *Session) Status() byte {
	switch {
	case s.tx.failed:
		return 'E'
	case s.tx.block:
		return 'T'
	}
	return 'I'
}

func (s *Session) isolation() isolation {
	if s.tx.isSet {
		return s.tx.isolation
	}
	return s.settings.isolation
}

func isolationByName(name string) isolation {
	switch name {
	case "repeatable read":
		return repeatableRead
	case "read uncommitted":
		return readUncommitted
	}
	return readCommitted
}

func (s *Session) readOnly() bool {
	if s.tx.readOnlySet {
		return s.tx.readOnly
	}
	return s.settings.readOnly
}

// openTxn returns the store's transaction for the next statement, with a
// snapshot as the isolation level wants it. forWrite may be false for
// statements known only to read.
func (s *Session) openTxn(ctx context.Context, forWrite bool) (kv.Txn, error) {
	tx := &s.tx
	if tx.start.IsZero() {
		tx.start = s.server.config.Clock()
	}
	if tx.txn == nil {
		canWrite := forWrite || tx.block
		txn, err := s.server.store.Begin(ctx, kv.TxnOptions{ReadOnly: !canWrite})
		if err != nil {
			return nil, err
		}
		tx.txn, tx.canWrite, tx.used = txn, canWrite, true
		return txn, nil
	}
	if s.isolation() != repeatableRead && !tx.stale {
		if err := tx.txn.Refresh(ctx); err != nil {
			return nil, err
		}
	}
	return tx.txn, nil
}

// upgrade replaces a read-only store transaction of an implicit block by one
// that can write. At READ COMMITTED each statement has its own snapshot anyway.
func (s *Session) upgrade(ctx context.Context) error {
	if s.tx.txn == nil {
		return nil
	}
	s.tx.txn.Rollback()
	s.tx.txn, s.tx.stale, s.tx.elsewhere = nil, false, false
	_, err := s.openTxn(ctx, true)
	return err
}

// commit ends the transaction well, or rolls it back if it has failed.
func (s *Session) commit(ctx context.Context) error {
	tx := &s.tx
	if tx.failed {
		s.abandon()
		return nil
	}
	for _, po := range s.portals {
		if po.cursor != nil && po.cursor.hold && !po.cursor.held {
			if err := s.holdCursor(ctx, po); err != nil {
				s.abandon()
				return err
			}
		}
	}
	s.closePortalsAtEnd(true)
	txn := tx.txn
	if txn == nil {
		s.settings.commit()
		s.clearTx()
		return nil
	}
	if err := s.onCommit(ctx); err != nil {
		s.abandon()
		return err
	}
	txn = tx.txn
	var err error
	var spread []*catalog.Table
	switch {
	case tx.editor != nil:
		spread = s.toSpread(tx.editor.Made())
		_, err = tx.editor.Commit(ctx, s.settings.asyncCommit)
	default:
		// Also without writes: it may have read below a lock what is not durable yet.
		_, err = txn.Commit(ctx, s.settings.asyncCommit)
	}
	if err != nil {
		s.abandon()
		return err
	}
	hooks := tx.onCommit
	s.countWrites()
	s.settings.commit()
	s.clearTx()
	for _, fn := range hooks {
		fn(ctx)
	}
	s.spreadRegions(ctx, spread)
	return nil
}

// abandon rolls the transaction back and ends it.
func (s *Session) abandon() {
	s.undo()
	s.clearTx()
}

// undo rolls back all that the transaction did.
func (s *Session) undo() {
	s.closePortalsAtEnd(false)
	if s.tx.txn != nil {
		s.tx.txn.Rollback()
	}
	if s.tx.editor != nil {
		s.tx.editor.RolledBack()
	}
	s.settings.rollback(0)
}

func (s *Session) clearTx() {
	s.endAdvisory()
	s.writes = s.writes[:0]
	locked := s.tx.locked
	clear(locked)
	s.tx = transaction{savepoints: s.tx.savepoints[:0], locked: locked}
}

// fail rolls the transaction back. An explicit block stays, marked as aborted,
// and goes back to its last savepoint. Nothing may be left for ROLLBACK to undo
// that others wait for: the client of a deadlock's victim may itself wait for the
// other side before it sends that.
func (s *Session) fail() {
	tx := &s.tx
	switch {
	case !tx.block:
		s.abandon()
		return
	case tx.failed:
		return
	}
	tx.failed = true
	if n := len(tx.savepoints); n > 0 {
		s.undoTo(tx.savepoints[n-1])
		return
	}
	s.undo()
	tx.txn, tx.editor = nil, nil
	clear(tx.locked)
	s.endAdvisory()
}

// errAborted is what any statement but ROLLBACK gets in a failed block.
var errAborted = pgerror.New(pgerror.InFailedSqlTransaction, "current transaction is aborted, commands ignored until end of transaction block")

// runTransaction executes BEGIN, COMMIT, SAVEPOINT, ... and returns the tag.
func (s *Session) runTransaction(ctx context.Context, stmt *ast.Transaction) (string, error) {
	switch stmt.Kind {
	case ast.TxnBegin, ast.TxnStart:
		return s.beginBlock(stmt)
	case ast.TxnCommit:
		return s.endBlock(ctx, stmt, true)
	case ast.TxnRollback:
		return s.endBlock(ctx, stmt, false)
	case ast.TxnSavepoint:
		return "SAVEPOINT", s.makeSavepoint(ctx, stmt.Name)
	case ast.TxnRelease:
		return "RELEASE", s.releaseSavepoint(stmt.Name)
	case ast.TxnRollbackTo:
		return "ROLLBACK", s.rollbackTo(stmt.Name)
	}
	return "", pgerror.Unsupported("%s", ast.Tag(stmt))
}

func (s *Session) beginBlock(stmt *ast.Transaction) (string, error) {
	tag := ast.Tag(stmt)
	if s.tx.block {
		s.warn(pgerror.ActiveSqlTransaction, "there is already a transaction in progress")
		return tag, s.setModes(stmt.Modes)
	}
	s.tx.block = true
	s.tx.start = s.server.config.Clock()
	if err := s.setModes(stmt.Modes); err != nil {
		return "", err
	}
	return tag, nil
}

func (s *Session) endBlock(ctx context.Context, stmt *ast.Transaction, commit bool) (string, error) {
	block, failed := s.tx.block, s.tx.failed
	chained := s.tx
	if !block {
		if stmt.Chain {
			return "", pgerror.New(pgerror.NoActiveSqlTransaction, "%s AND CHAIN can only be used in transaction blocks", map[bool]string{true: "COMMIT", false: "ROLLBACK"}[commit])
		}
		s.warn(pgerror.NoActiveSqlTransaction, "there is no transaction in progress")
	}
	tag := "ROLLBACK"
	if commit && !failed {
		tag = "COMMIT"
		if err := s.commit(ctx); err != nil {
			return "", err
		}
	} else {
		s.abandon()
	}
	if stmt.Chain {
		s.tx.block, s.tx.start = true, s.server.config.Clock()
		s.tx.isolation, s.tx.isSet = chained.isolation, chained.isSet
		s.tx.readOnly, s.tx.readOnlySet, s.tx.deferrable = chained.readOnly, chained.readOnlySet, chained.deferrable
	}
	return tag, nil
}

// setModes applies the modes of BEGIN and SET TRANSACTION.
func (s *Session) setModes(modes []*ast.Option) error {
	for _, m := range modes {
		value := m.Text()
		if m.Name != "transaction_isolation" {
			value = onOff(value == "1" || value == "true" || value == "on")
			if b, ok := m.Bool(); ok {
				value = onOff(b)
			}
		}
		if err := settingsByName[m.Name].apply(s, value); err != nil {
			return err
		}
	}
	return nil
}

func setTransactionIsolation(s *Session, v string) error {
	if s.tx.start.IsZero() && !s.tx.block {
		return nil // the default, at the session's start
	}
	level := isolationByName(v)
	if level == s.isolation() && v != "serializable" {
		s.tx.isolation, s.tx.isSet = level, true
		return nil
	}
	if s.tx.used {
		return pgerror.New(pgerror.ActiveSqlTransaction, "SET TRANSACTION ISOLATION LEVEL must be called before any query")
	}
	if err := refuseSerializable(s, v); err != nil {
		return err
	}
	s.tx.isolation, s.tx.isSet = level, true
	return nil
}

func setTransactionReadOnly(s *Session, v string) error {
	if s.tx.start.IsZero() && !s.tx.block {
		return nil
	}
	if v == "off" && s.readOnly() && s.tx.used {
		return pgerror.New(pgerror.ActiveSqlTransaction, "transaction read-write mode must be set before any query")
	}
	s.tx.readOnly, s.tx.readOnlySet = v == "on", true
	return nil
}

func setTransactionDeferrable(s *Session, v string) error {
	s.tx.deferrable = v == "on"
	return nil
}

func needBlock(s *Session, what string) error {
	if !s.tx.block {
		return pgerror.New(pgerror.NoActiveSqlTransaction, "%s can only be used in transaction blocks", what)
	}
	return nil
}

func (s *Session) makeSavepoint(ctx context.Context, name string) error {
	if err := needBlock(s, "SAVEPOINT"); err != nil {
		return err
	}
	if s.tx.txn == nil {
		if _, err := s.openTxn(ctx, true); err != nil {
			return err
		}
	}
	sp := savepoint{name: name, kv: s.tx.txn.Savepoint(), editor: -1, settings: len(s.settings.undo)}
	if s.tx.editor != nil {
		sp.editor = s.tx.editor.Savepoint()
	}
	s.tx.savepoints = append(s.tx.savepoints, sp)
	return nil
}

func (s *Session) findSavepoint(name string) (int, error) {
	for i := len(s.tx.savepoints) - 1; i >= 0; i-- {
		if s.tx.savepoints[i].name == name {
			return i, nil
		}
	}
	return 0, pgerror.New(pgerror.SEInvalidSpecification, "savepoint %q does not exist", name)
}

func (s *Session) releaseSavepoint(name string) error {
	if err := needBlock(s, "RELEASE SAVEPOINT"); err != nil {
		return err
	}
	i, err := s.findSavepoint(name)
	if err != nil {
		return err
	}
	s.tx.txn.Release(s.tx.savepoints[i].kv)
	s.tx.savepoints = s.tx.savepoints[:i]
	return nil
}

func (s *Session) rollbackTo(name string) error {
	if err := needBlock(s, "ROLLBACK TO SAVEPOINT"); err != nil {
		return err
	}
	i, err := s.findSavepoint(name)
	if err != nil {
		return err
	}
	s.undoTo(s.tx.savepoints[i])
	s.tx.savepoints = s.tx.savepoints[:i+1]
	s.tx.failed = false
	return nil
}

// undoTo rolls back what was done since a savepoint, which stays.
func (s *Session) undoTo(sp savepoint) {
	s.closePortalsAtEnd(false)
	s.tx.txn.RollbackTo(sp.kv, false)
	clear(s.tx.locked) // table locks taken since are gone; taking one twice is harmless
	if s.tx.editor != nil {
		if sp.editor < 0 {
			s.tx.editor.RolledBack()
			s.tx.editor = nil
		} else {
			s.tx.editor.RollbackTo(sp.editor)
		}
	}
	s.settings.rollback(sp.settings)
}

// warn sends a warning to the client.
func (s *Session) warn(code pgerror.Code, format string, args ...any) {
	s.notice(pgerror.NewWarning(code, format, args...))
}

// notice sends a notice if client_min_messages lets it pass. INFO always does.
func (s *Session) notice(err error) {
	e := pgerror.From(err)
	if e.Severity != pgerror.SeverityInfo && messageRank(strings.ToLower(string(e.Severity))) < s.settings.minMessages {
		return
	}
	_ = s.client.Notice(e) // a lost connection shows at the next write
}
