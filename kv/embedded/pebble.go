package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/cockroachkvs"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// pebbleOptions are the settings of the LSM tree. Keys have the form that
// cockroachkvs knows (key.go), whose key schema stores user keys prefix
// compressed and timestamps as a column of integers, and seeks in them
// without building keys. tables counts the flushes and compactions.
func pebbleOptions(cfg Config, fs vfs.FS, lock *pebble.Lock, logger pebble.Logger, tables *atomic.Uint64) *pebble.Options {
	schema := &cockroachkvs.KeySchema
	opts := &pebble.Options{
		FS:                          fs,
		Lock:                        lock,
		Logger:                      logger,
		Comparer:                    &cockroachkvs.Comparer,
		KeySchema:                   schema.Name,
		KeySchemas:                  sstable.MakeKeySchemas(schema),
		FormatMajorVersion:          pebble.FormatNewest,
		CacheSize:                   cfg.CacheBytes,
		MemTableSize:                uint64(cfg.MemTableBytes),
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       2,
		L0StopWritesThreshold:       1000,
		LBaseMaxBytes:               64 << 20,
		MaxOpenFiles:                4096,
		CompactionConcurrencyRange:  func() (int, int) { return 1, 3 },
		BlockPropertyCollectors:     blockPropertyCollectors,
		EventListener: &pebble.EventListener{
			FlushEnd:      func(pebble.FlushInfo) { tables.Add(1) },
			CompactionEnd: func(pebble.CompactionInfo) { tables.Add(1) },
		},
	}
	// It would be a flushable in memory that only Pebble's log makes durable.
	opts.Experimental.DisableIngestAsFlushable = func() bool { return true }
	opts.Experimental.EnableColumnarBlocks = func() bool { return true }
	opts.Experimental.EnableValueBlocks = func() bool { return true }
	for i := range opts.Levels {
		l := &opts.Levels[i]
		l.BlockSize = 16 << 10
		l.IndexBlockSize = 256 << 10
		l.FilterPolicy = bloom.FilterPolicy(10)
	}
	opts.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionFastest })
	return opts
}

// openPebble opens the tree; what Pebble does not expect it panics about.
func (s *Store) openPebble(noLog bool) (db *pebble.DB, err error) {
	defer func() {
		if p := recover(); p != nil {
			db, err = nil, panicError(p)
		}
	}()
	opts := pebbleOptions(s.cfg, s.fs, s.lock, s.logger, &s.collector.tables)
	opts.DisableWAL = noLog
	return pebble.Open(s.cfg.Dir, opts)
}

func closePebble(db *pebble.DB) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicError(p)
		}
	}()
	return db.Close()
}

func panicError(p any) error {
	if err, ok := p.(error); ok {
		return err
	}
	return fmt.Errorf("%v", p)
}

func (s *Store) unknownOutcome() error {
	cause := s.failure.Load()
	return pgerror.Wrap(cause, pgerror.StatementCompletionUnknown, "the outcome of the commit is unknown: %s", cause.Message)
}

// fail ends writing.
func (s *Store) fail(cause error) {
	e := pgerror.From(storageError(cause)).WithHint("The store only reads until it is opened again.")
	if !s.failure.CompareAndSwap(nil, e) {
		return
	}
	s.cfg.Logger.Error("the store stops writing", "error", cause)
	if s.cfg.OnFailure != nil {
		s.cfg.OnFailure(e)
	}
}

// storeLogger passes Pebble's messages on. Pebble calls Fatalf when its manifest
// cannot be written; the transaction learns of it through Store.failure.
type storeLogger struct {
	store *Store
	log   *slog.Logger
}

func (l *storeLogger) Infof(format string, args ...any) {
	l.log.Debug(fmt.Sprintf(format, args...), "component", "pebble")
}

func (l *storeLogger) Errorf(format string, args ...any) {
	l.log.Error(fmt.Sprintf(format, args...), "component", "pebble")
}

func (l *storeLogger) Fatalf(format string, args ...any) {
	cause := fmt.Errorf(format, args...)
	for _, a := range args {
		if err, ok := a.(error); ok {
			cause = fmt.Errorf("pebble: %w", err)
		}
	}
	l.store.fail(cause)
}

// openError words a failure to open for the one who starts the process.
func openError(dir string, err error) error {
	var known *pgerror.Error
	if !errors.As(err, &known) {
		err = storageError(err)
	}
	return fmt.Errorf("open data directory %q: %w", dir, err)
}
