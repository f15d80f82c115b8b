// Package embedded is the kv.Store that lives in this process: multi-version
// keys in Pebble, on disk or on an in-memory file system, with snapshots,
// write buffers and a lock table above it.
//
// docs/formats/kv.md draws what is stored. The parts:
//
//	commitlog   records of what was written, durable before it is acknowledged
//	oracle      timestamps, and up to which of them everything is visible
//	snapshots   who reads what, and the horizon below which versions may go
//	rowCache    the newest versions of keys that point reads asked for
//	iterPool    Pebble iterators for the other point reads
//	writeBuffer a transaction's writes: arena of batch records, ordered index
//	locktable   row locks, FIFO queues, deadlock detection
//	collector   cleaning of old versions and destroyed spans
package embedded

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded/commitlog"
	"github.com/tidemarkdb/tidemark/kv/locktable"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Store is an embedded kv.Store.
type Store struct {
	cfg     Config
	fs      vfs.FS
	lock    *pebble.Lock
	db      *pebble.DB
	log     *commitlog.Log // nil in memory
	durable bool           // commits wait for a sync of the log; false in memory
	logger  *storeLogger

	oracle    oracle
	snapshots snapshots
	iters     iterPool
	recent    recentCommits
	rows      rowCache
	locks     *locktable.Table
	ids       idSource
	collector collector
	space     diskSpace

	observers atomic.Pointer[[]kv.WriteObserver]

	failure atomic.Pointer[pgerror.Error] // why nothing can be written any more
	// wedged is set when Pebble panicked in a commit, with its mutex held:
	// nothing that writes, not even its Close, would return.
	wedged atomic.Bool
	// order is held while a small commit takes its timestamp and is applied, so
	// that the log has such commits in the order of their timestamps.
	order sync.Mutex
	// destroying is held shared while versions are written, and exclusively
	// while a span is destroyed.
	destroying sync.RWMutex
	destroyed  destroyedSpans

	ingested  atomic.Uint64 // files, for their names
	tookBatch atomic.Bool   // see forgetBatches

	mu     sync.Mutex
	scans  map[*scan]struct{} // open iterators
	closed bool
	// closing is closed without the mutex.
	closing atomic.Bool
	// quit ends what waits for disk space or works in the background.
	quit chan struct{}
}

var _ kv.Store = (*Store)(nil)

// Open opens the store in cfg.Dir, making it if there is none. Its errors are
// one line for the one who started the process.
func Open(_ context.Context, cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Store{cfg: cfg, fs: cfg.FS, durable: true, locks: locktable.New(), scans: make(map[*scan]struct{}), quit: make(chan struct{})}
	inMemory := false
	switch {
	case s.fs != nil:
	case cfg.Dir == "":
		s.fs, inMemory = vfs.NewMem(), true
	default:
		s.fs = vfs.Default
	}
	s.fs = &patientFS{FS: s.fs, store: s}
	lock, format, err := prepareDir(s.fs, cfg.Dir)
	if err != nil {
		return nil, err
	}
	s.lock = lock
	s.logger = &storeLogger{store: s, log: cfg.Logger}
	if inMemory {
		s.durable = false
	}
	if err := s.openFiles(format); err != nil {
		_ = s.lock.Close()
		return nil, openError(cfg.Dir, err)
	}
	if err := s.start(); err != nil {
		if f := s.failure.Load(); f != nil {
			err = f // a compaction that began meanwhile found damage: no outcome is unknown
		}
		s.closeFiles()
		_ = s.lock.Close()
		return nil, openError(cfg.Dir, err)
	}
	return s, nil
}

// openFiles opens the tree and the log, and brings the tree up to the log.
func (s *Store) openFiles(format int) (err error) {
	if s.durable {
		if format < formatVersion {
			if err := s.migrate(); err != nil {
				return err
			}
		}
		if err := s.removePebbleLogs(); err != nil {
			return err
		}
		if s.log, err = s.openLog(); err != nil {
			return err
		}
	}
	if err := s.removeUningested(); err != nil {
		return err
	}
	if s.db, err = s.openPebble(true); err != nil || !s.durable {
		return err
	}
	if err := s.recover(); err != nil {
		s.closeFiles()
		return err
	}
	return nil
}

// closeFiles is for a store that could not be opened.
func (s *Store) closeFiles() {
	if s.log != nil {
		_ = s.log.Close()
	}
	_ = closePebble(s.db)
}

// start loads the store's own records and starts the background work.
func (s *Store) start() error {
	mark, err := s.loadUint64(metaClock)
	if err != nil {
		return err
	}
	ids, err := s.loadUint64(metaTxnIDs)
	if err != nil {
		return err
	}
	horizon, err := s.loadUint64(metaHorizon)
	if err != nil {
		return err
	}
	s.space.init(s.fs, s.cfg.Dir)
	s.recent.init()
	s.ids.init(max(ids, firstTxnID), func(limit uint64) error { return s.saveUint64(metaTxnIDs, limit) })
	first := max(kv.Timestamp(mark), 1)
	s.rows.init(s.cfg.RowCacheBytes, &s.recent, first)
	s.oracle.init(s.cfg.Clock, first, func(limit kv.Timestamp) error {
		return s.saveUint64(metaClock, uint64(limit))
	})
	s.snapshots.init(&s.oracle, kv.Timestamp(horizon))
	s.iters.db, s.iters.oracle = s.db, &s.oracle
	s.iters.empty.L = &s.iters.mu
	if _, err := s.oracle.now(); err != nil {
		return err
	}
	return s.collector.start(s)
}

// The names of the store's own records.
const (
	metaClock   = "clock"   // no timestamp was issued at or above this one
	metaTxnIDs  = "txnids"  // no transaction id was given at or above this one
	metaHorizon = "horizon" // versions below this timestamp may be gone
	metaDestroy = "destroy" // + number: a span to destroy
)

func (s *Store) loadUint64(name string) (uint64, error) {
	v, closer, err := s.db.Get(metaKey(name))
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, storageError(err)
	}
	defer closer.Close()
	if len(v) != 8 {
		return 0, pgerror.New(pgerror.DataCorrupted, "data is corrupted: record %q of the store has %d bytes", name, len(v))
	}
	return binary.BigEndian.Uint64(v), nil
}

func (s *Store) saveUint64(name string, v uint64) error {
	b := s.db.NewBatch()
	if err := b.Set(metaKey(name), binary.BigEndian.AppendUint64(nil, v), nil); err != nil {
		return storageError(err)
	}
	return s.write(b, s.durable)
}

// Begin implements kv.Store.
func (s *Store) Begin(ctx context.Context, opts kv.TxnOptions) (kv.Txn, error) {
	t := &txn{store: s, readOnly: opts.ReadOnly, maxBytes: s.cfg.MaxTxnBytes}
	if opts.MaxBytes > 0 {
		t.maxBytes = min(opts.MaxBytes, maxTxnBytesLimit)
	}
	if opts.ReadTS != 0 {
		t.readOnly = true
		if err := s.openAt(ctx, t, opts.ReadTS); err != nil {
			return nil, err
		}
		return t, nil
	}
	if s.closing.Load() {
		return nil, kv.ErrClosed
	}
	t.readTS = s.snapshots.open(&t.snapshot)
	return t, nil
}

// Snapshot implements kv.Store.
func (s *Store) Snapshot(ctx context.Context, ts kv.Timestamp) (kv.Reader, error) {
	t := &txn{store: s, readOnly: true}
	if err := s.openAt(ctx, t, ts); err != nil {
		return nil, err
	}
	return t, nil
}

func (s *Store) openAt(_ context.Context, t *txn, ts kv.Timestamp) error {
	past, err := s.oracle.settle(ts)
	if err != nil {
		return err
	}
	if !past {
		return errFuture
	}
	t.readTS, t.past = ts, true
	return s.snapshots.openAt(&t.snapshot, ts)
}

// Now implements kv.Store.
func (s *Store) Now(context.Context) (kv.Timestamp, error) { return s.oracle.now() }

// Barrier implements kv.Store.
func (s *Store) Barrier(ts kv.Timestamp) (release func()) { return s.snapshots.barrier(ts) }

// Close implements kv.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.closing.Store(true)
	s.mu.Unlock()

	close(s.quit)
	s.locks.Close()
	s.collector.done.Wait()
	last := s.oracle.close(s.wedged.Load)
	s.mu.Lock()
	scans := make([]*scan, 0, len(s.scans))
	for sc := range s.scans {
		scans = append(scans, sc)
	}
	s.mu.Unlock()
	for _, sc := range scans {
		sc.Close()
	}
	s.iters.close()
	s.rows.close()
	var err error
	if s.failure.Load() == nil {
		// After a clean end timestamps go on where they stopped.
		err = errors.Join(s.saveUint64(metaClock, uint64(last)+1), s.saveUint64(metaTxnIDs, s.ids.peek()))
	}
	if s.wedged.Load() {
		return s.failure.Load() // the process is to end; it keeps the lock until then
	}
	if s.log != nil {
		if logErr := s.log.Close(); logErr != nil && s.failure.Load() == nil {
			err = errors.Join(err, storageError(logErr))
		}
	}
	if closeErr := closePebble(s.db); closeErr != nil && s.failure.Load() == nil {
		err = errors.Join(err, storageError(closeErr))
	}
	if lockErr := s.lock.Close(); lockErr != nil {
		err = errors.Join(err, fmt.Errorf("release lock of data directory: %w", lockErr))
	}
	return err
}
