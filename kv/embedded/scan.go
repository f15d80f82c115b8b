package embedded

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/tidemarkdb/tidemark/kv"
)

const (
	defaultBatchSize = 1024
	// maxBatchBytes ends a batch early, so that large values stay bounded.
	maxBatchBytes = 4 << 20
)

// scan is a kv.Iterator: the stored versions of one snapshot, overlaid with
// the transaction's own writes.
type scan struct {
	store *Store
	opts  kv.ScanOptions
	limit int

	mu     sync.Mutex // Store.Close closes scans that were left open
	closed bool
	it     *pointIter // from the pool: opening one costs more than a short scan
	stored versions
	own    ownWrites

	pairs []kv.KeyValue
	mem   []byte
}

// versions walks the versions that a snapshot sees, one a user key.
// key and value are valid until the next move.
type versions interface {
	next() bool
	key() kv.Key
	// value returns the value without its kind byte.
	value() []byte
	err() error
}

// Scan implements kv.Reader.
func (t *txn) Scan(_ context.Context, span kv.Span, opts kv.ScanOptions) (kv.Iterator, error) {
	return t.scan(span, opts, allWrites)
}

// scan opens an iterator that sees the own writes below an offset.
func (t *txn) scan(span kv.Span, opts kv.ScanOptions, limit uint32) (kv.Iterator, error) {
	if t.ended {
		return nil, kv.ErrClosed
	}
	sc := &scan{store: t.store, opts: opts, limit: opts.BatchSize}
	if sc.limit <= 0 {
		sc.limit = defaultBatchSize
	}
	if len(span.End) > 0 && bytes.Compare(span.Start, span.End) >= 0 {
		sc.closed = true
		return sc, nil
	}
	if err := t.checkPast(span); err != nil {
		return nil, err
	}
	if err := t.store.addScan(sc); err != nil {
		return nil, err
	}
	pi, err := t.store.iters.get(t.readTS)
	if err != nil {
		t.store.removeScan(sc)
		return nil, err
	}
	pi.seek = appendPrefix(pi.seek[:0], span.Start)
	n := len(pi.seek)
	pi.seek = appendSpanEnd(pi.seek, span.End)
	pi.it.SetBounds(pi.seek[:n:n], pi.seek[n:]) // it copies them
	sc.it = pi
	if opts.Reverse {
		sc.stored = &reverseVersions{it: pi.it, ts: t.readTS}
	} else {
		sc.stored = &forwardVersions{it: pi.it, ts: t.readTS}
	}
	if t.write != nil && t.write.index.count > 0 {
		sc.own.init(t.write, span, opts.Reverse)
		sc.own.limit = min(sc.own.limit, limit)
	}
	return sc, nil
}

func (s *Store) addScan(sc *scan) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return kv.ErrClosed
	}
	s.scans[sc] = struct{}{}
	return nil
}

func (s *Store) removeScan(sc *scan) {
	s.mu.Lock()
	delete(s.scans, sc)
	s.mu.Unlock()
}

// Close implements kv.Iterator.
func (sc *scan) Close() {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	sc.close()
}

func (sc *scan) close() {
	if sc.closed {
		return
	}
	sc.closed = true
	if sc.it != nil {
		sc.it.it.SetBounds(nil, nil)
		sc.store.iters.put(sc.it)
		sc.it, sc.stored = nil, nil
	}
	sc.store.removeScan(sc)
}

// NextBatch implements kv.Iterator.
func (sc *scan) NextBatch(ctx context.Context) ([]kv.KeyValue, error) {
	if err := ctx.Err(); err != nil {
		return nil, kv.Cancelled(ctx)
	}
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if sc.closed {
		return nil, io.EOF
	}
	sc.pairs, sc.mem = sc.pairs[:0], sc.mem[:0]
	var err error
	if sc.own.buffer == nil {
		err = sc.fill()
	} else {
		err = sc.merge()
	}
	if err != nil {
		sc.close()
		return nil, err
	}
	if len(sc.pairs) == 0 {
		sc.close()
		return nil, io.EOF
	}
	return sc.pairs, nil
}

// add copies a pair into the batch; it reports false when that is full.
//
// When mem grows, the pairs added before keep the old memory alive.
func (sc *scan) add(key kv.Key, value []byte) bool {
	n := len(sc.mem)
	sc.mem = append(sc.mem, key...)
	k := sc.mem[n:len(sc.mem):len(sc.mem)]
	var v []byte
	if !sc.opts.KeysOnly {
		n = len(sc.mem)
		sc.mem = append(sc.mem, value...)
		v = sc.mem[n:len(sc.mem):len(sc.mem)]
		if v == nil {
			v = []byte{}
		}
	}
	sc.pairs = append(sc.pairs, kv.KeyValue{Key: k, Value: v})
	return len(sc.pairs) < sc.limit && len(sc.mem) < maxBatchBytes
}

// fill makes a batch of stored versions alone.
func (sc *scan) fill() error {
	if fw, ok := sc.stored.(*forwardVersions); ok {
		for fw.next() { // without the indirect calls
			if !sc.add(userKey(fw.stored), fw.val) {
				return nil
			}
		}
		return fw.err()
	}
	for sc.stored.next() {
		if !sc.add(sc.stored.key(), sc.stored.value()) {
			return nil
		}
	}
	return sc.stored.err()
}

// merge makes a batch of stored versions and own writes; own writes win.
func (sc *scan) merge() error {
	o := &sc.own
	for {
		if !o.haveStored && !o.storedDone {
			if sc.stored.next() {
				o.haveStored = true
			} else {
				if err := sc.stored.err(); err != nil {
					return err
				}
				o.storedDone = true
			}
		}
		own := o.current()
		if own && o.haveStored {
			c := bytes.Compare(o.key, sc.stored.key())
			if sc.opts.Reverse {
				c = -c
			}
			if c == 0 {
				o.haveStored = false
			} else if c > 0 {
				own = false
			}
		}
		switch {
		case own:
			e := o.entry
			o.advance()
			if e.kind() == kindTombstone {
				continue
			}
			if !sc.add(userKey(e.stored), e.value[1:]) {
				return nil
			}
		case o.haveStored:
			o.haveStored = false
			if !sc.add(sc.stored.key(), sc.stored.value()) {
				return nil
			}
		default:
			return nil
		}
	}
}

// ownWrites walks the writes that a transaction had made in a span when the
// scan was opened.
type ownWrites struct {
	buffer *writeBuffer
	span   kv.Span
	limit  uint32 // entries from this offset on are too new
	back   bool
	cursor indexCursor

	// The write it stands on.
	key   kv.Key
	entry entry
	valid bool
	ready bool   // valid says something about the present place
	last  []byte // key of the place, to find it again

	haveStored, storedDone bool // the merge's other side
}

func (o *ownWrites) init(w *writeBuffer, span kv.Span, back bool) {
	o.buffer = w
	o.span = kv.Span{Start: bytes.Clone(span.Start), End: bytes.Clone(span.End)}
	o.limit = w.arena.end
	o.back = back
	o.cursor.index = &w.index
	if back {
		o.cursor.seekLT(o.span.End)
	} else {
		o.cursor.seekGE(o.span.Start)
	}
}

// current loads the write at the cursor, skipping those that are too new.
func (o *ownWrites) current() bool {
	if o.ready && (!o.valid || o.cursor.version == o.buffer.index.version) {
		return o.valid // at the end it stays: what is added is too new
	}
	if o.cursor.version != o.buffer.index.version {
		o.find()
	}
	for o.cursor.valid {
		offset, ok := o.buffer.before(o.cursor.offset, o.limit)
		if ok {
			o.entry = o.buffer.arena.entry(offset)
			o.key = userKey(o.entry.stored)
			if !o.back && len(o.span.End) > 0 && bytes.Compare(o.key, o.span.End) >= 0 ||
				o.back && bytes.Compare(o.key, o.span.Start) < 0 {
				break
			}
			o.last = append(o.last[:0], o.key...)
			o.ready, o.valid = true, true
			return true
		}
		o.step()
	}
	o.ready, o.valid = true, false
	return false
}

// find takes up the place again after the index changed.
func (o *ownWrites) find() {
	switch {
	case len(o.last) == 0 && o.back:
		o.cursor.seekLT(o.span.End)
	case len(o.last) == 0:
		o.cursor.seekGE(o.span.Start)
	case o.back && o.ready:
		// The key itself, if it is still there, or what is before it.
		o.cursor.seekLT(append(o.last, 0))
	case o.back:
		o.cursor.seekLT(o.last)
	case o.ready:
		o.cursor.seekGE(o.last)
	default:
		o.cursor.seekGE(append(o.last, 0))
	}
}

func (o *ownWrites) step() {
	if o.back {
		o.cursor.prev()
	} else {
		o.cursor.next()
	}
}

// advance leaves the current write.
func (o *ownWrites) advance() {
	if o.cursor.version == o.buffer.index.version {
		o.step()
	}
	o.ready = false
}
