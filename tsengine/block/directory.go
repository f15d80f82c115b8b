package block

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

// Directory remembers which partitions there are and what lies in them, so that
// a scan neither looks for partitions nor walks over the keys of deltas that were
// packed, which stay until nobody can read them any more. Every commit tells it
// its keys before it becomes visible (kv.WriteObserver).
//
// The keys of partitions begin with the bytes of a table, tableLen of them, and
// have prefixLen bytes before their kind. Keys of a table that go on with others are
// in no partition; something that is computed from all of them may be kept (Derived).
//
// Invariant: no commit into a partition has a timestamp above its changed, unless
// it has not been told yet and is not visible either. What was read at a snapshot
// at or above changed is what every other such snapshot sees.
//
// It is safe for use by many goroutines. A nil Directory knows nothing.
type Directory struct {
	tableLen, prefixLen int
	others              []byte
	// committed is the newest timestamp that Committing was called with: what is
	// new here is taken for changed by it.
	committed atomic.Uint64
	watching  atomic.Bool

	mu     sync.RWMutex
	tables map[string]*knownTable
	parts  int

	// kept is how many bytes what was derived takes, at most maxKept.
	kept    atomic.Int64
	maxKept int64
}

// maxKnown is how many partitions are remembered; then all are forgotten.
const maxKnown = 1 << 16

// knownTable lists the partitions of a table. Those that have been emptied may
// still be among them.
type knownTable struct {
	changed  uint64 // by a commit into a partition that is not listed
	listed   bool   // prefixes were read when changed was what it is now
	prefixes []kv.Key
	parts    map[string]*known

	other   atomic.Uint64 // the newest commit of one of the others
	derived derived       // by Derived
	atTimes derived       // by DerivedAtTimes; its at is the timestamp that it was read at
	written writtenKeys   // since then
	// computing is closed when who computes for DerivedAtTimes is done; nil: nobody does.
	computing chan struct{}
}

// derived is what was computed from the others of a table when other was at.
type derived struct {
	v     any
	bytes int64
	at    uint64
	when  time.Time
	took  time.Duration
}

// known is what is known of a partition.
type known struct {
	// listed: it is among the table's prefixes. One that was only looked into, where
	// nothing lay, is not. The directory's mu guards it.
	listed bool

	mu      sync.Mutex
	changed kv.Timestamp
	written kv.Timestamp // as changed, but only by who wrote rows: packing changes none
	// state was read when changed was stateAt.
	state   *contents
	stateAt kv.Timestamp
	// No delta has a key below floor, for snapshots at or above floorAt.
	floor   kv.Key
	floorAt kv.Timestamp
}

// contents are the runs of a partition, oldest first, and whether it has deltas.
type contents struct {
	runs   []*run
	deltas bool
}

// NewDirectory makes the directory of the partitions in a store; nil if the store
// does not tell its writes.
func NewDirectory(store kv.Store, tableLen, prefixLen int, others []byte) *Directory {
	o, ok := store.(kv.Observable)
	if !ok {
		return nil
	}
	d := &Directory{tableLen: tableLen, prefixLen: prefixLen, others: others, tables: map[string]*knownTable{}}
	since, ok := o.Observe(d)
	if !ok {
		return nil
	}
	raise(&d.committed, since)
	return d
}

// raise makes a at least ts.
func raise(a *atomic.Uint64, ts kv.Timestamp) {
	for {
		old := a.Load()
		if old >= uint64(ts) || a.CompareAndSwap(old, uint64(ts)) {
			return
		}
	}
}

// Committing implements kv.WriteObserver. What is made after the look at watching
// finds the timestamp in committed.
func (d *Directory) Committing(ts kv.Timestamp) bool {
	raise(&d.committed, ts)
	return d.watching.Load()
}

// Wrote implements kv.WriteObserver.
func (d *Directory) Wrote(ts kv.Timestamp, key kv.Key, deleted bool) {
	if len(key) <= d.prefixLen {
		return
	}
	other := bytes.HasPrefix(key[d.tableLen:], d.others)
	if !other && key[d.prefixLen] > kindRun {
		return
	}
	d.mu.RLock()
	t := d.tables[string(key[:d.tableLen])]
	if t == nil || other {
		d.mu.RUnlock()
		if t != nil {
			t.written.add(ts, key) // before other says that there is something
			raise(&t.other, ts)
		}
		return
	}
	p := t.parts[string(key[:d.prefixLen])]
	listed := p != nil && p.listed
	if p != nil {
		p.wrote(ts, key, d.prefixLen, deleted)
	}
	d.mu.RUnlock()
	if listed {
		return
	}
	d.mu.Lock()
	t.changed, t.listed = max(t.changed, uint64(ts)), false
	d.mu.Unlock()
}

func (p *known) wrote(ts kv.Timestamp, key kv.Key, prefixLen int, deleted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changed = max(p.changed, ts)
	if key[prefixLen] != kindDelta || deleted {
		return
	}
	p.written = max(p.written, ts)
	if p.floor != nil && bytes.Compare(key, p.floor) < 0 {
		p.floor = append(kv.Key(nil), key...)
	}
}

// table finds or makes the entry of a table.
func (d *Directory) table(name string) *knownTable {
	d.mu.RLock()
	t := d.tables[name]
	d.mu.RUnlock()
	if t != nil {
		return t
	}
	d.watching.Store(true)
	d.mu.Lock()
	defer d.mu.Unlock()
	if t = d.tables[name]; t == nil {
		t = &knownTable{changed: d.committed.Load(), parts: map[string]*known{}}
		t.other.Store(t.changed)
		d.tables[name] = t
	}
	return t
}

// part finds or makes the entry of a partition; the caller holds mu.
func (d *Directory) part(t *knownTable, prefix kv.Key) *known {
	p := t.parts[string(prefix)]
	if p == nil {
		now := kv.Timestamp(d.committed.Load())
		p = &known{changed: now, written: now}
		t.parts[string(prefix)] = p
		d.parts++
	}
	return p
}

// forgetIfFull keeps the memory bounded; the caller holds mu.
func (d *Directory) forgetIfFull() {
	if d.parts > maxKnown {
		d.tables, d.parts = map[string]*knownTable{}, 0
		d.kept.Store(0)
	}
}

// Destroyed implements kv.DestroyObserver: it forgets the tables that a span was
// of. Who reads one just now keeps what it finds in an entry that nobody sees.
func (d *Directory) Destroyed(span kv.Span) {
	if !d.watching.Load() {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, t := range d.tables {
		end := append(kv.Key(name), bytes.Repeat([]byte{0xff}, d.prefixLen-d.tableLen+1)...)
		if bytes.Compare(end, span.Start) >= 0 && (len(span.End) == 0 || bytes.Compare(kv.Key(name), span.End) < 0) {
			d.parts -= len(t.parts)
			d.kept.Add(-t.derived.bytes - t.atTimes.bytes)
			delete(d.tables, name)
		}
	}
}

// sees reports whether a reader sees exactly what is committed at its timestamp
// in what begins with prefix.
func sees(r kv.Reader, prefix kv.Key) bool {
	own, ok := r.(kv.OwnWriter)
	return ok && !own.WroteIn(kv.Span{Start: prefix, End: append(prefix[:len(prefix):len(prefix)], 0xff)})
}

// Prefixes lists the partitions of a table, ascending, and others that have been
// emptied; list reads them. ok is false if the directory cannot tell.
func (d *Directory) Prefixes(r kv.Reader, table kv.Key, list func() ([]kv.Key, error)) (prefixes []kv.Key, ok bool, err error) {
	if d == nil || !sees(r, table) {
		return nil, false, nil
	}
	t := d.table(string(table))
	d.mu.RLock()
	changed, listed, prefixes := t.changed, t.listed, t.prefixes
	d.mu.RUnlock()
	if uint64(r.ReadTS()) < changed {
		return nil, false, nil
	}
	if listed {
		return prefixes, true, nil
	}
	if prefixes, err = list(); err != nil {
		return nil, false, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.changed == changed && !t.refilled(prefixes, r.ReadTS()) {
		for _, p := range t.parts {
			p.listed = false
		}
		t.listed, t.prefixes = true, prefixes
		for _, p := range prefixes {
			d.part(t, p).listed = true
		}
		d.forgetIfFull()
	}
	return prefixes, true, nil
}

// refilled reports whether a partition that was listed, and is not among the prefixes
// that were read at a timestamp, may have got something since.
func (t *knownTable) refilled(prefixes []kv.Key, at kv.Timestamp) bool {
	for name, p := range t.parts {
		if !p.listed {
			continue
		}
		if _, found := slices.BinarySearchFunc(prefixes, kv.Key(name), bytes.Compare); found {
			continue
		}
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		if changed > at {
			return true
		}
	}
	return false
}

// lookup is what is known of a partition to a reader.
type lookup struct {
	part    *known
	changed kv.Timestamp
	state   *contents // nil: not known
	floor   kv.Key    // nil: not known
	fresh   bool      // what the reader finds is what part should know
}

func (d *Directory) lookup(r kv.Reader, prefix kv.Key) (out lookup) {
	if d == nil || !sees(r, prefix) {
		return out
	}
	t := d.table(string(prefix[:d.tableLen]))
	d.mu.RLock()
	p := t.parts[string(prefix)]
	d.mu.RUnlock()
	if p == nil {
		d.mu.Lock()
		p = d.part(t, prefix)
		d.forgetIfFull()
		d.mu.Unlock()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	ts := r.ReadTS()
	if p.floor != nil && ts >= p.floorAt {
		out.floor = p.floor
	}
	if ts < p.changed {
		return out
	}
	out.part, out.changed, out.fresh = p, p.changed, true
	if p.stateAt == p.changed {
		out.state = p.state
	}
	return out
}

// keep notes what a fresh lookup's reader has found: the runs and the key of the
// first delta, nil without any.
func (l *lookup) keep(prefix kv.Key, runs []*run, first kv.Key) {
	if !l.fresh {
		return
	}
	p := l.part
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changed != l.changed {
		return
	}
	p.state, p.stateAt = &contents{runs: slices.Clone(runs), deltas: first != nil}, p.changed
	p.floor, p.floorAt = first, p.changed
	if first == nil {
		p.floor = kindSpan(prefix, kindRun).Start
	}
}

// span is what of a partition's deltas and run records is to be read; runs are those
// that are known already.
func (l *lookup) span(prefix kv.Key) (span kv.Span, runs []*run, nothing bool) {
	span = kv.Span{Start: kindSpan(prefix, kindDelta).Start, End: kindSpan(prefix, kindRun).End}
	if l.floor != nil {
		span.Start = l.floor
	}
	if l.state != nil {
		span.End = kindSpan(prefix, kindRun).Start
		return span, l.state.runs, !l.state.deltas
	}
	return span, nil, false
}

// unwritten reports whether no rows were written or removed in a partition above a timestamp.
func (d *Directory) unwritten(prefix kv.Key, since kv.Timestamp) bool {
	if d == nil {
		return false
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	t := d.tables[string(prefix[:d.tableLen])]
	if t == nil || t.parts[string(prefix)] == nil {
		return false
	}
	p := t.parts[string(prefix)]
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.written <= since
}
