package embedded

import (
	"errors"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/batchrepr"

	"github.com/tidemarkdb/tidemark/kv/embedded/commitlog"
)

// logDir is the folder of the log in the data directory.
const logDir = "log"

// openLog opens the log. Pebble has none: its own passes each commit to a
// goroutine that writes and from there to one that syncs, where the log's
// leader does both itself.
//
// A segment holds what fills two memtables, so that few of them are flushed
// before they are full.
func (s *Store) openLog() (*commitlog.Log, error) {
	return commitlog.Open(commitlog.Config{
		FS:           s.fs,
		Dir:          s.fs.PathJoin(s.cfg.Dir, logDir),
		SegmentBytes: 2 * s.cfg.MemTableBytes,
		Flush:        func() (<-chan struct{}, error) { return s.db.AsyncFlush() },
		Failed:       s.fail,
		Logger:       s.cfg.Logger,
	})
}

// recover applies what the log holds. All of it are plain writes and deletions
// of keys and spans that ask for nothing, so that a part that the tables have
// already may be applied again, if only all that follows is, too.
func (s *Store) recover() error {
	return s.log.Recover(func(payload []byte) error {
		b := s.db.NewBatch()
		if err := b.SetRepr(append([]byte(nil), payload...)); err != nil {
			return err
		}
		return s.applyToTree(b)
	}, func() error { return s.db.Flush() })
}

// migrate takes a store of format 2, whose log was Pebble's, to the present one.
func (s *Store) migrate() error {
	db, err := s.openPebble(false) // applies its log
	if err != nil {
		return err
	}
	if err := errors.Join(db.Flush(), db.Close()); err != nil {
		return err
	}
	return writeFormat(s.fs, s.cfg.Dir)
}

// removePebbleLogs removes the logs that Pebble makes at each opening although
// it has nothing to write into them.
func (s *Store) removePebbleLogs() error {
	names, err := s.fs.List(s.cfg.Dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if filepath.Ext(name) == ".log" {
			if err := s.fs.Remove(s.fs.PathJoin(s.cfg.Dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// apply puts a batch into the log and makes it readable. If anybody is to be
// told that it is durable, wait has to follow; lazy says that nobody is.
//
// When the log fails, it is unknown what of it survives (40003) until the
// store is opened again. Nothing more is written then, but reads go on.
func (s *Store) apply(b *pebble.Batch, lazy bool) (at commitlog.Entry, err error) {
	if f := s.failure.Load(); f != nil {
		return at, f
	}
	if s.log != nil {
		if at, err = s.log.Append(b.Repr(), lazy); err != nil {
			s.fail(err)
			return at, s.unknownOutcome()
		}
		defer at.Applied()
	}
	err = s.applyToTree(b)
	if b.Len() <= batchrepr.HeaderLen {
		s.tookBatch.Store(true)
	}
	return at, err
}

func (s *Store) applyToTree(b *pebble.Batch) (err error) {
	defer s.wedge(&err)
	if err := s.db.Apply(b, pebble.NoSync); err != nil {
		return storageError(err)
	}
	if s.failure.Load() != nil {
		return s.unknownOutcome()
	}
	return nil
}

// wedge is deferred around what changes the tree: after a panic there nothing
// more is written, and the outcome is unknown.
func (s *Store) wedge(err *error) {
	if p := recover(); p != nil {
		s.wedged.Store(true)
		s.fail(panicError(p))
		s.oracle.wake()
		*err = s.unknownOutcome()
	}
}

// write applies a batch, and waits until it is durable if synced.
func (s *Store) write(b *pebble.Batch, synced bool) error {
	if b.Empty() {
		return nil
	}
	at, err := s.apply(b, !synced)
	if err != nil || !synced {
		return err
	}
	return s.wait(at)
}

// wait waits until what was applied is durable.
func (s *Store) wait(at commitlog.Entry) error {
	if err := s.log.Wait(at); err != nil {
		s.fail(err)
	}
	if s.failure.Load() != nil {
		return s.unknownOutcome()
	}
	return nil
}

// beforeTables is called before a memtable is written out. What tables have,
// the log has to have, too: it is applied over them at the next opening, and
// must not end in an older state.
func (s *Store) beforeTables() error {
	if s.log == nil {
		return nil
	}
	err := s.log.Sync()
	if err != nil && !errors.Is(err, commitlog.ErrClosed) {
		s.fail(err)
		<-s.quit // Pebble would try again without a pause
	}
	return err
}
