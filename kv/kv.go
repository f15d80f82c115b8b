// Package kv is the narrow seam between Tidemark and its transactional,
// ordered key-value store.
//
// A Store has two drivers: kv/embedded (Pebble, on disk or in memory) and
// kv/tikv (client-go). kv/kvtest is the conformance suite both must pass, so
// whoever uses this package may rely on every sentence below whatever the
// driver is.
//
// # Model
//
// Keys are non-empty byte strings in bytewise order; values are byte strings
// (an empty value is a value, not an absence). Every committed write carries a
// commit timestamp. A Txn reads a snapshot (ReadTS) overlaid with its own
// buffered writes, and publishes the whole buffer at one commit timestamp or
// not at all.
//
// # Conflicts
//
// Two disciplines live side by side in one transaction:
//
//   - a key locked through Lock was checked, when the lock was granted, to have
//     no version newer than the transaction's read timestamp, and nobody else
//     can commit it while the lock is held: its write cannot conflict;
//   - a key written without a lock is checked at Commit against the read
//     timestamp that was in force when it was first written (first committer
//     wins): a newer version fails the commit with 40001, and nothing of the
//     transaction is written.
//
// # Errors
//
// Errors that may reach a client are *pgerror.Error: 40001 write conflict,
// 40P01 deadlock, 55P03 lock not available (NOWAIT or timeout), 40003 outcome
// unknown, 53100 disk full, 57014 cancelled, XX001 data corrupted, 54000
// transaction too large, 72000 snapshot too old.
package kv

import (
	"context"
	"time"
)

// Timestamp orders everything in a store: the physical time in milliseconds
// since the Unix epoch in the upper 46 bits, a logical counter in the lower 18
// (as PD's timestamps). Zero means "none"; timestamps never go back, over
// restarts and clock steps included.
type Timestamp uint64

// TimestampLogicalBits is the width of a Timestamp's logical part.
const TimestampLogicalBits = 18

// Time returns the physical part of ts, to the millisecond.
func (ts Timestamp) Time() time.Time {
	return time.UnixMilli(int64(ts >> TimestampLogicalBits))
}

// TimestampAt returns the first timestamp of t's millisecond.
func TimestampAt(t time.Time) Timestamp {
	return Timestamp(t.UnixMilli()) << TimestampLogicalBits
}

// Key is an encoded key.
type Key = []byte

// Span is the key range [Start, End). An empty End means "to the end of the
// key space".
type Span struct{ Start, End Key }

// KeyValue is one pair of a scan.
type KeyValue struct{ Key, Value []byte }

// Store is a transactional, ordered key-value store. It is safe for use by
// many goroutines; Close ends it after all its transactions ended.
type Store interface {
	// Begin starts a transaction that reads at the newest timestamp (all
	// commits acknowledged before Begin are seen).
	Begin(ctx context.Context, opts TxnOptions) (Txn, error)
	// Snapshot opens a read-only view at ts, which may lie in the past (72000
	// when its versions may be gone) but not in the future (22023).
	Snapshot(ctx context.Context, ts Timestamp) (Reader, error)
	// Now returns a timestamp at which every acknowledged commit is visible.
	Now(ctx context.Context) (Timestamp, error)
	// Barrier keeps all versions visible at or after ts until release is
	// called (idempotent). Reads at past timestamps, cursors and backups hold
	// one.
	Barrier(ts Timestamp) (release func())
	// Bulk opens a writer that bypasses transactions, for key ranges nobody
	// else can see yet (the storage of a table or index under construction).
	Bulk(ctx context.Context) (Bulk, error)
	// DestroyRange removes the span with all its versions as soon as no open
	// snapshot needs it. It is durable and idempotent, not transactional:
	// callers invoke it after the commit that made the span unreachable.
	DestroyRange(ctx context.Context, span Span) error
	// Stats returns sizes for EXPLAIN, pg_relation_size and the planner:
	// approximate bytes of a span.
	ApproximateSize(ctx context.Context, span Span) (bytes uint64, err error)
	// Close flushes and releases everything. Open transactions are rolled back.
	Close() error
}

// TxnOptions are fixed when a transaction begins.
type TxnOptions struct {
	// ReadOnly refuses writes and locks; such a transaction costs nothing to end.
	ReadOnly bool
	// ReadTS, if not zero, is the snapshot to read (a past timestamp);
	// it implies ReadOnly.
	ReadTS Timestamp
	// MaxBytes bounds the write buffer; over it, Put fails with 54000. Zero
	// means the store's default.
	MaxBytes int64
}

// Reader reads one snapshot.
type Reader interface {
	// ReadTS is the snapshot's timestamp.
	ReadTS() Timestamp
	// Get returns the value of key. found is false when there is none. The
	// value is valid until the next call on the Reader; copy it to keep it.
	Get(ctx context.Context, key Key) (value []byte, found bool, err error)
	// GetMany looks up many keys at once and calls fn once for each found key,
	// in the order of keys, with its index there. value is valid during fn.
	GetMany(ctx context.Context, keys []Key, fn func(i int, value []byte) error) error
	// Scan opens an iterator over span. It sees the own writes made before
	// Scan was called; later ones may or may not be seen.
	Scan(ctx context.Context, span Span, opts ScanOptions) (Iterator, error)
	// Close releases a snapshot opened by Store.Snapshot. On a Txn it is a
	// Rollback if the transaction has not ended.
	Close()
}

// ScanOptions tune a scan.
type ScanOptions struct {
	Reverse  bool // from the end of the span to its start
	KeysOnly bool // values are not needed and come back nil
	// BatchSize is how many pairs NextBatch should return; 0 means the default (1024).
	BatchSize int
}

// Iterator walks a span in order, batch by batch. It is used by one goroutine.
type Iterator interface {
	// NextBatch returns the next pairs, at least one, and io.EOF at the end.
	// Keys and values live in buffers owned by the iterator, which are valid
	// until the next call of NextBatch or Close.
	NextBatch(ctx context.Context) ([]KeyValue, error)
	// Close releases the iterator; it may be called at any time, repeatedly.
	Close()
}

// LockMode is the strength of a row lock: PostgreSQL's four, with its
// conflict table (PostgreSQL section 13.3.2).
type LockMode uint8

// The lock modes from weakest to strongest.
//
//	             KeyShare  Share  NoKeyUpdate  Update
//	KeyShare                                     x
//	Share                            x           x
//	NoKeyUpdate             x        x           x
//	Update          x       x        x           x
const (
	LockKeyShare LockMode = iota + 1
	LockShare
	LockNoKeyUpdate
	LockUpdate
)

// LockWait says what to do when a lock is held by somebody else.
type LockWait uint8

// The wait policies.
const (
	LockBlock      LockWait = iota // wait (up to LockOptions.Timeout)
	LockNoWait                     // fail with 55P03 at once
	LockSkipLocked                 // leave the key out
)

// LockOptions say how to lock.
type LockOptions struct {
	Mode LockMode
	Wait LockWait
	// Timeout bounds the wait (55P03); zero waits for ever. ctx ends it too (57014).
	Timeout time.Duration
	// NoConflictCheck takes the lock without looking at newer versions:
	// for lock keys that carry no data (tables, advisory locks), and for
	// callers that refresh their snapshot after the lock was granted.
	NoConflictCheck bool
	// Announce tells all processes that share the store of an exclusive lock before
	// it is granted, which takes time: see SharedStore.Watch.
	Announce bool
	// UntilVisible keeps the lock until the commit is durable and visible to all
	// snapshots, as NoConflictCheck does. Other locks may go as soon as nothing
	// can come between the commit and its durability: who gets one then, and
	// refreshes, sees the commit, and is not acknowledged before it.
	UntilVisible bool
}

// Savepoint names a state of a transaction's buffer.
type Savepoint int

// Txn is a transaction. It is used by one goroutine at a time, except Kill of
// its context. After Commit or Rollback only Rollback and Close may be called
// and do nothing.
type Txn interface {
	Reader
	// ID identifies the transaction among the living ones of this store (for
	// pg_locks, pg_stat_activity and txid_current); it is unique over restarts.
	ID() uint64
	// Refresh moves the snapshot to the newest timestamp (READ COMMITTED does
	// so before each statement). Own writes and locks stay. Open iterators
	// keep their old snapshot.
	Refresh(ctx context.Context) error
	// Put writes; key and value are copied.
	Put(key Key, value []byte) error
	// PutUnchecked writes without any conflict check at commit, for keys that
	// cannot collide (a fresh row id, a non-unique index entry).
	PutUnchecked(key Key, value []byte) error
	// Delete removes key; deleting an absent key is no error.
	Delete(key Key) error
	// DeleteUnchecked is Delete without a conflict check at commit.
	DeleteUnchecked(key Key) error
	// Lock locks keys in the given order and keeps them until the end of the
	// transaction (or a rollback to an earlier savepoint). With LockBlock it
	// waits in FIFO order. If a key has a version newer than ReadTS it fails
	// with ErrWriteConflict, *keeping* the locks granted so far including that
	// key's, so that a READ COMMITTED statement may refresh and run again and
	// then win. granted has one entry a key under LockSkipLocked (false:
	// skipped), else it is nil. Locking a key twice, also more strongly, is
	// allowed.
	Lock(ctx context.Context, keys []Key, opts LockOptions) (granted []bool, err error)
	// Savepoint marks the present state.
	Savepoint() Savepoint
	// RollbackTo undoes all writes since sp, and releases the locks taken since
	// when keepLocks is false. sp stays valid.
	RollbackTo(sp Savepoint, keepLocks bool)
	// Release forgets sp and all later savepoints, keeping their writes.
	Release(sp Savepoint)
	// HasWrites reports whether there is anything to commit.
	HasWrites() bool
	// Bytes is the size of the write buffer.
	Bytes() int64
	// Commit makes the writes durable and visible at once. With async (
	// synchronous_commit = off) it returns before they are durable. Locks are
	// released whatever the outcome.
	Commit(ctx context.Context, async bool) (Timestamp, error)
	// Rollback drops the writes and releases the locks. It never fails.
	Rollback()
}

// SharedStore is what a Store offers that several processes use at once: what
// one of them keeps in memory may be changed by another.
type SharedStore interface {
	Store
	// Alone reports whether no other process uses the store now. One that died
	// counts for as long as its lease.
	Alone(ctx context.Context) (bool, error)
	// Members are the names of the processes that use the store now, as Alone counts
	// them, and which of them this one is. A name is never used again.
	Members(ctx context.Context) (self string, all []string, err error)
	// Watch spares reads of a key that changes seldom and only under a lock taken
	// with LockOptions.Announce: as long as it says quiet, and the same epoch, no
	// other process has committed a change of key.
	Watch(key Key) (epoch uint64, quiet bool)
}

// Broadcaster is what a SharedStore offers whose processes can tell each other
// something short.
type Broadcaster interface {
	// Broadcast has the receivers of all other processes called with a word, within
	// a second or so and once each. Nobody says whether it was heard.
	Broadcast(ctx context.Context, word []byte) error
	// Receive sets who is called with what other processes say. It must not block.
	Receive(fn func(word []byte))
}

// LatestReader is what a Txn offers that can look past its own snapshot: a
// foreign key is checked against what is committed when the check runs, also at
// REPEATABLE READ, or rows that came meanwhile would be orphans.
type LatestReader interface {
	// AtLatest runs fn with the snapshot moved to the newest timestamp; own
	// writes are seen, and writes of fn are checked against that snapshot. Then
	// the snapshot is what it was.
	AtLatest(fn func() error) error
}

// PastReader is what a Txn offers that can leave out its latest writes: the
// parts of a statement with data-modifying WITH items all see what was before it.
type PastReader interface {
	// Before returns a Reader of the transaction's snapshot with the own writes
	// made before sp. It lives until sp is released; a rollback to sp, a refresh
	// and later writes do not harm it.
	Before(sp Savepoint) Reader
	// WrittenSince reports whether key was written after sp.
	WrittenSince(sp Savepoint, key Key) bool
}

// ParallelReader is what a Txn offers whose snapshot several goroutines may read
// at once.
type ParallelReader interface {
	// View returns a reader of the transaction's snapshot and of its writes so
	// far for one more goroutine. It refuses writes and locks, and ends with its
	// Close or with the transaction: the caller neither writes to nor refreshes
	// nor ends the transaction while anybody reads a view of it.
	View() Txn
	// Split cuts a span into adjacent spans, in order, of about size bytes as
	// they are stored. It is an estimate; one that cannot be cut comes back whole.
	Split(ctx context.Context, span Span, size uint64) ([]Span, error)
}

// Sampler is what a Txn offers that can tell of a large span without reading all
// of it.
type Sampler interface {
	// Sample returns up to n keys of span that are spread over it as evenly as its
	// keys are, in order and each once, and estimates how many keys it has.
	Sample(ctx context.Context, span Span, n int) (keys []Key, total float64, err error)
}

// Bulk writes straight into the store, in batches that are each durable when
// Flush returns. Keys must not be visible to any transaction until the caller
// commits a catalog change that makes them so. Not atomic; on failure the
// caller destroys the range.
type Bulk interface {
	// Put buffers a pair; it may write out a batch. Keys in ascending order are fastest.
	Put(key Key, value []byte) error
	// Flush writes everything out durably.
	Flush() error
	// Close drops what was not flushed.
	Close()
}
