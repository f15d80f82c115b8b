package embedded

import (
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidemarkdb/tidemark/kv"
)

// iterPool keeps Pebble iterators for point reads. Opening one costs more than
// the read; an opened one can serve any snapshot whose commits it contains.
//
// An iterator is as good as new for a read at ts when everything up to ts was
// applied before it was opened: when it was opened at an applied timestamp
// >= ts, or when nothing was published since.
//
// Idle iterators pin memtables and files, so trim closes those that are out of
// date or have rested for a while.
type iterPool struct {
	db     *pebble.DB
	oracle *oracle

	mu     sync.Mutex
	free   []*pointIter
	inUse  int
	closed bool
	empty  sync.Cond // inUse became 0
}

// maxFreeIters bounds the idle iterators.
const maxFreeIters = 16

// maxIterAge is how long an iterator may be reused; it bounds how long a
// replaced memtable or file is kept.
const maxIterAge = 2 * time.Second

type pointIter struct {
	it        *pebble.Iterator
	applied   kv.Timestamp
	published uint64
	opened    time.Time
	seek      []byte // buffer for the key sought
}

var pointIterOptions = pebble.IterOptions{KeyTypes: pebble.IterKeyTypePointsOnly}

func (p *iterPool) fits(pi *pointIter, ts kv.Timestamp) bool {
	return pi.applied >= ts || pi.published == p.oracle.published.Load()
}

// get returns an iterator for reads at ts, up to which everything must be applied.
func (p *iterPool) get(ts kv.Timestamp) (*pointIter, error) {
	var stale [maxFreeIters]*pointIter
	nStale := 0
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, kv.ErrClosed
	}
	p.inUse++
	var fit, reuse *pointIter
	for n := len(p.free); n > 0 && fit == nil; n = len(p.free) {
		pi := p.free[n-1]
		p.free[n-1] = nil
		p.free = p.free[:n-1]
		if p.fits(pi, ts) {
			fit = pi
			break
		}
		stale[nStale] = pi
		nStale++
	}
	p.mu.Unlock()
	for _, pi := range stale[:nStale] {
		_ = pi.it.Close()
		reuse = pi
	}
	if fit != nil {
		return fit, nil
	}
	if reuse == nil {
		reuse = &pointIter{}
	}
	// In this order: what is published or applied now will be seen.
	reuse.published = p.oracle.published.Load()
	reuse.applied = kv.Timestamp(p.oracle.applied.Load())
	reuse.opened = time.Now()
	it, err := p.db.NewIter(&pointIterOptions)
	if err != nil {
		p.done()
		return nil, storageError(err)
	}
	reuse.it = it
	return reuse, nil
}

func (p *iterPool) done() {
	p.mu.Lock()
	p.inUse--
	if p.inUse == 0 {
		p.empty.Broadcast()
	}
	p.mu.Unlock()
}

// put gives an iterator back.
func (p *iterPool) put(pi *pointIter) {
	p.mu.Lock()
	if !p.closed && len(p.free) < maxFreeIters && pi.it.Error() == nil {
		p.free = append(p.free, pi)
		p.inUse--
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	_ = pi.it.Close()
	p.done()
}

// trim closes the idle iterators that hold back space.
func (p *iterPool) trim(now time.Time) {
	var stale []*pointIter
	p.mu.Lock()
	kept := p.free[:0]
	for _, pi := range p.free {
		if now.Sub(pi.opened) > maxIterAge || pi.published != p.oracle.published.Load() {
			stale = append(stale, pi)
		} else {
			kept = append(kept, pi)
		}
	}
	clear(p.free[len(kept):])
	p.free = kept
	p.mu.Unlock()
	for _, pi := range stale {
		_ = pi.it.Close()
	}
}

// close waits for the iterators in use and closes all.
func (p *iterPool) close() {
	p.mu.Lock()
	p.closed = true
	for p.inUse > 0 {
		p.empty.Wait()
	}
	free := p.free
	p.free = nil
	p.mu.Unlock()
	for _, pi := range free {
		_ = pi.it.Close()
	}
}

// lookup finds the newest version of key at or below ts. The value, without
// its kind byte, is valid until the iterator's next use.
func (pi *pointIter) lookup(key kv.Key, ts kv.Timestamp) (value []byte, found bool, err error) {
	pi.seek = appendVersion(pi.seek[:0], key, ts)
	if !pi.it.SeekPrefixGE(pi.seek) {
		return nil, false, storageError(pi.it.Error())
	}
	v, err := pi.it.ValueAndErr()
	if err != nil {
		return nil, false, storageError(err)
	}
	if len(v) == 0 {
		return nil, false, corruptVersion(pi.it.Key())
	}
	if v[0] != kindPut {
		return nil, false, nil
	}
	return v[1:], true, nil
}

// newest returns the timestamp of the newest version of key, 0 if there is none.
func (pi *pointIter) newest(key kv.Key) (kv.Timestamp, error) {
	pi.seek = appendPrefix(pi.seek[:0], key)
	if !pi.it.SeekPrefixGE(pi.seek) {
		return 0, storageError(pi.it.Error())
	}
	return versionTimestamp(pi.it.Key()), nil
}
