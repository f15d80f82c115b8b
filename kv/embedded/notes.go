package embedded

import (
	"hash/maphash"
	"sync"

	"github.com/tidemarkdb/tidemark/kv"
)

// noteQueue remembers keys that commits overwrote or deleted, until the
// horizon passes the commit. A key that is written again and again has one
// note, which is renewed when it was taken: so a hot row is cleaned once a
// lifetime, of all its versions at once.
//
// What does not fit is forgotten and left to the sweep.
type noteQueue struct {
	seed maphash.Seed

	mu      sync.Mutex
	pending map[uint64]*note
	queue   []*note // in the order of due, roughly
	head    int
}

type note struct {
	hash uint64
	key  []byte
	due  kv.Timestamp // the horizon at which it is of use
	last kv.Timestamp // the newest commit of the key
}

const (
	// maxNotes bounds the queue.
	maxNotes = 1 << 18
	// maxNotedKey is the longest key that is noted.
	maxNotedKey = 1 << 10
	// maxNotesPerCommit is the size from which a commit is left to the sweep.
	maxNotesPerCommit = 4096
)

func (q *noteQueue) init() {
	q.seed = maphash.MakeSeed()
	q.pending = make(map[uint64]*note)
}

// note remembers the keys of w that may have older versions: those written
// with a check, and all deletes.
func (q *noteQueue) note(w *writeBuffer, ts kv.Timestamp) {
	if w.arena.count > maxNotesPerCommit {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	w.arena.each(0, func(_ uint32, e entry) {
		if e.value[0]&flagReplaced == 0 && (e.checked() || e.kind() == kindTombstone) {
			q.add(userKey(e.stored), ts)
		}
	})
}

func (q *noteQueue) add(key kv.Key, ts kv.Timestamp) {
	hash := maphash.Bytes(q.seed, key)
	if n := q.pending[hash]; n != nil {
		n.last = max(n.last, ts)
		return
	}
	if len(q.pending) >= maxNotes || len(key) > maxNotedKey {
		return
	}
	n := &note{hash: hash, key: append([]byte(nil), key...), due: ts, last: ts}
	q.pending[hash] = n
	q.push(n)
}

func (q *noteQueue) push(n *note) {
	if q.head > 1024 && q.head > len(q.queue)/2 {
		q.queue = append(q.queue[:0], q.queue[q.head:]...)
		clear(q.queue[len(q.queue):cap(q.queue)])
		q.head = 0
	}
	q.queue = append(q.queue, n)
}

// take removes up to limit notes that are due at horizon. Those whose key was
// written since go back to the end.
func (q *noteQueue) take(horizon kv.Timestamp, limit int) []note {
	q.mu.Lock()
	defer q.mu.Unlock()
	var due []note
	for q.head < len(q.queue) && len(due) < limit {
		n := q.queue[q.head]
		if n.due > horizon {
			break
		}
		q.queue[q.head] = nil
		q.head++
		due = append(due, *n)
		if n.last > horizon {
			n.due = n.last
			q.push(n)
		} else {
			delete(q.pending, n.hash)
		}
	}
	return due
}
