// Package commitlog is the write-ahead log of the embedded store: records in
// segment files, durable in the order in which they were appended.
//
// Nothing runs between a commit and the disk. Records gather in a buffer, and
// whoever waits for one of them first writes and syncs all that are there,
// while the others wait for it (leader and followers; "group commit": DeWitt
// et al., Implementation Techniques for Main Memory Database Systems, SIGMOD
// 1984). Who arrives while a leader syncs is in the next sync.
//
// docs/formats/kv.md draws the bytes.
package commitlog

import (
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Config says where a log lives. All fields but Delay and SegmentBytes are needed.
type Config struct {
	// FS is the file system. It is to be patient where an error would pass, as
	// that of a full disk: after a failed write the log takes nothing more.
	FS vfs.FS
	// Dir is the folder of the segments; it is made when absent.
	Dir string
	// SegmentBytes is the size from which a segment is full. Default 128 MiB.
	SegmentBytes int64
	// Delay is how long a record that nobody waits for may stay in memory only.
	// Default 200 ms.
	Delay time.Duration
	// Flush makes everything durable elsewhere that was applied before the call;
	// the channel is closed when it is. A full segment is removed then.
	Flush func() (<-chan struct{}, error)
	// Failed is called when the log could not be written although nobody waited.
	Failed func(error)
	Logger *slog.Logger
}

const (
	defaultSegmentBytes = 128 << 20
	defaultDelay        = 200 * time.Millisecond
	// largeRecord is the size from which a record is written at once instead of
	// being copied.
	largeRecord = 256 << 10
	// maxPending is the size of the buffer from which who appends writes first.
	maxPending = 4 << 20
	// maxSpare is the largest buffer that is kept.
	maxSpare = 1 << 20
)

// ErrClosed is the answer of a log that was closed.
var ErrClosed = errors.New("commit log is closed")

// Log is a log open for writing. Its methods may be called concurrently.
type Log struct {
	cfg   Config
	dir   vfs.File
	queue *queue // the leader's; nil where there is none
	quit  chan struct{}
	done  sync.WaitGroup
	full  chan struct{} // has an element when sealed is to be looked at

	mu      sync.Mutex
	segment *segment // takes the records that are appended
	pending []byte   // records that are not written yet
	spare   []byte   // a buffer to fill next
	next    uint64   // number of the next record
	durable uint64   // number of the last record that is synced
	leading bool     // somebody writes; the files are his
	crowd   bool     // several waited for the last sync
	waiters []*waiter
	sealed  []*segment // full, and not removed yet; oldest first
	err     error      // why nothing more is taken
	timer   *time.Timer
	closed  bool
}

// waiter waits for a record, or for the end of the present leader's work.
type waiter struct {
	number uint64
	woken  chan struct{}
}

var waiterPool = sync.Pool{New: func() any { return &waiter{woken: make(chan struct{}, 1)} }}

// Entry is a record's place in the log.
type Entry struct {
	number  uint64
	segment *segment
}

// Applied says that the entry's record was applied: what the log's Flush makes
// durable from now on contains it. Each entry needs it once.
func (e Entry) Applied() { e.segment.applying.Done() }

// Append puts a record into the log. Its order is the order of the calls; the
// payload is the caller's again on return. The record is durable when Wait
// returns, or with lazy, which is for those who do not wait, some time later.
// After an error the record may be in the log or not.
func (l *Log) Append(payload []byte, lazy bool) (Entry, error) {
	sum := checksum(payload)
	l.mu.Lock()
	defer l.mu.Unlock()
	large := len(payload) >= largeRecord
	for (large || len(l.pending) > maxPending) && l.err == nil {
		if l.leading {
			l.wait(^uint64(0))
			continue
		}
		if large {
			break
		}
		l.lead(false, nil)
	}
	if l.err != nil {
		return Entry{}, l.err
	}
	e := Entry{l.next, l.segment}
	e.segment.applying.Add(1)
	l.next++
	l.pending = appendHeader(l.pending, len(payload), e.number, l.durable, sum)
	if large {
		if l.lead(false, payload); l.err != nil {
			e.Applied()
			return Entry{}, l.err
		}
	} else {
		l.pending = append(l.pending, payload...)
	}
	if lazy && l.timer == nil {
		l.timer = time.AfterFunc(l.cfg.Delay, l.late)
	}
	return e, nil
}

// late makes the records durable that nobody waits for.
func (l *Log) late() {
	l.mu.Lock()
	l.timer = nil
	l.mu.Unlock()
	if err := l.Sync(); err != nil && !errors.Is(err, ErrClosed) {
		l.cfg.Failed(err)
	}
}

// Wait waits until an entry and all before it are durable.
func (l *Log) Wait(e Entry) error { return l.waitFor(e.number) }

// Sync waits until all entries so far are durable.
func (l *Log) Sync() error {
	l.mu.Lock()
	last := l.next - 1
	l.mu.Unlock()
	return l.waitFor(last)
}

func (l *Log) waitFor(number uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	yielded := false
	for l.durable < number {
		switch {
		case l.err != nil:
			return l.err
		case l.leading:
			l.wait(number)
		case l.crowd && !yielded:
			// Who was in the last sync, too, is about to append again.
			yielded = true
			l.mu.Unlock()
			runtime.Gosched()
			l.mu.Lock()
		default:
			l.lead(true, nil)
		}
	}
	return nil
}

// wait returns when a record is durable, nobody leads any more, or the log
// failed. mu is held, but not while it waits.
func (l *Log) wait(number uint64) {
	w := waiterPool.Get().(*waiter)
	w.number = number
	l.waiters = append(l.waiters, w)
	l.mu.Unlock()
	<-w.woken
	waiterPool.Put(w)
	l.mu.Lock()
}

// wake ends the waits for what is durable, and one more, whose caller leads next.
// mu is held.
func (l *Log) wake() {
	rest := l.waiters[:0]
	next := false
	l.crowd = len(l.waiters) > 0
	for _, w := range l.waiters {
		if w.number > l.durable && l.err == nil {
			if next {
				rest = append(rest, w)
				continue
			}
			next = true
		}
		w.woken <- struct{}{}
	}
	clear(l.waiters[len(rest):])
	l.waiters = rest
}

// lead writes what is pending and a payload after it, and syncs if asked to.
// Nobody else leads. mu is held, but not while it writes.
func (l *Log) lead(sync bool, payload []byte) {
	l.leading = true
	s, buf, last := l.segment, l.pending, l.next-1
	l.pending, l.spare = l.spare[:0], nil
	seal := s.offset+int64(len(buf)+len(payload)) >= l.cfg.SegmentBytes
	if seal {
		// Nothing of a later segment is written before this one is durable.
		l.segment, sync = &segment{number: s.number + 1, first: l.next}, true
	}
	l.mu.Unlock()
	err := l.write(s, buf, payload, sync, seal)
	l.mu.Lock()
	l.leading = false
	if cap(buf) <= maxSpare && l.spare == nil {
		l.spare = buf[:0]
	}
	switch {
	case err != nil:
		l.err = err
	case sync:
		l.durable = last
	}
	if seal && err == nil {
		l.sealed = append(l.sealed, s)
		select {
		case l.full <- struct{}{}:
		default:
		}
	}
	l.wake()
}

func (l *Log) write(s *segment, buf, payload []byte, sync, seal bool) error {
	if s.file == nil {
		if err := l.create(s); err != nil {
			return err
		}
	}
	var err error
	switch {
	case sync && len(payload) == 0:
		err = s.writeSynced(buf)
	default:
		if err = s.write(buf); err == nil {
			err = s.writeCopied(payload)
		}
		if err == nil && sync {
			err = s.sync()
		}
	}
	if err != nil {
		return err
	}
	if seal {
		return s.close()
	}
	return nil
}

// Close makes everything durable, marks the end, and lets go of the files.
// Nobody may append any more.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.mu.Unlock()
	close(l.quit)
	l.done.Wait()
	// What comes before a record that is durable is not taken for a torn end.
	err := l.Sync()
	if err == nil && l.segment.file != nil {
		var e Entry
		if e, err = l.Append(nil, false); err == nil {
			e.Applied()
			err = l.Wait(e)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = ErrClosed
	} else if l.leading {
		return err // a writer that waits for space has the files
	}
	if l.queue != nil {
		err = errors.Join(err, l.queue.close())
	}
	return errors.Join(err, l.segment.close(), l.dir.Close())
}
