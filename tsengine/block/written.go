package block

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tidemarkdb/tidemark/kv"
)

// maxWritten is how many keys are remembered; then they are given up.
const maxWritten = 1 << 15

// writtenKeys remembers the keys that were written to the others of a table, so that
// what was derived from these need not be derived anew.
//
// Invariant: while on, each key of a commit with a timestamp above since that is visible
// to anybody is there.
type writtenKeys struct {
	mu    sync.Mutex
	on    bool
	since uint64
	keys  []writtenKey
}

type writtenKey struct {
	at  uint64
	key kv.Key
}

// begin starts to remember, if that is not so. committed is the newest timestamp that
// somebody is about to tell keys of.
func (w *writtenKeys) begin(committed *atomic.Uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.on {
		w.on, w.since = true, committed.Load()
	}
}

func (w *writtenKeys) add(at kv.Timestamp, key kv.Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.on:
	case len(w.keys) == maxWritten:
		w.on, w.keys = false, nil
	default:
		w.keys = append(w.keys, writtenKey{uint64(at), slices.Clone(key)})
	}
}

// between lists the keys with timestamps above from and up to to, at which the asker
// reads; known is false if some may be missing.
func (w *writtenKeys) between(from, to uint64) (keys []kv.Key, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.on || from < w.since {
		return nil, false
	}
	for _, k := range w.keys {
		if k.at > from && k.at <= to {
			keys = append(keys, k.key)
		}
	}
	return keys, true
}

// forget drops the keys with timestamps up to to: nobody asks for these who knows what
// was derived last.
func (w *writtenKeys) forget(to uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := w.keys[:0]
	for _, k := range w.keys {
		if k.at > to {
			left = append(left, k)
		}
	}
	clear(w.keys[len(left):])
	w.keys, w.since = left, max(w.since, to)
}
