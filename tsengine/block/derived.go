package block

import (
	"context"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

// Sized is what may be derived: it says how many bytes it takes.
type Sized interface{ Bytes() int64 }

// minDerived is what derived values may take whatever the cache may.
const minDerived = 8 << 20

// MaxDerived is how many bytes a derived value may have to be kept.
func (d *Directory) MaxDerived() int64 {
	if d == nil {
		return 0
	}
	return d.maxKept
}

// Derived is what read computes from the keys of a table that are in no partition. It is
// kept unless it is too large, and is not to be changed.
func (d *Directory) Derived(r kv.Reader, table kv.Key, read func() (v Sized, err error)) (any, error) {
	if d == nil || !sees(r, append(table[:len(table):len(table)], d.others...)) {
		return read()
	}
	t := d.table(string(table))
	other := t.other.Load()
	if uint64(r.ReadTS()) < other {
		return read()
	}
	d.mu.RLock()
	v, at := t.derived.v, t.derived.at
	d.mu.RUnlock()
	if v != nil && at == other {
		return v, nil
	}
	found, err := read()
	if err == nil {
		d.keep(table, t, &t.derived, derived{v: found, bytes: found.Bytes(), at: other})
	}
	return found, err
}

// rarely is how many times as long as computing takes nothing is computed anew.
const rarely = 20

// AtTimes computes, for DerivedAtTimes, something from all the others of a table, or from
// what was computed before and the keys that were written since: each once or more often,
// and some of them may have been known. Extend is nil if that cannot be.
type AtTimes struct {
	Read   func() (v Sized, err error)
	Extend func(before any, written []kv.Key) (v Sized, err error)
}

// DerivedAtTimes is as Derived, for what is worth its computing only if it is used again:
// ok is false if the keys have changed, too much of them, and it was computed lately, or if
// nothing can be kept. One computes at a time; who comes meanwhile waits and takes what that
// one has found, if it serves.
func (d *Directory) DerivedAtTimes(ctx context.Context, r kv.Reader, table kv.Key, compute AtTimes) (v any, ok bool, err error) {
	if d == nil || !sees(r, append(table[:len(table):len(table)], d.others...)) {
		return nil, false, nil
	}
	t := d.table(string(table))
	if v, ok, done := d.atTimes(t, r); done {
		return v, ok, nil
	}
	for {
		d.mu.Lock()
		before := t.computing
		if before == nil {
			t.computing = make(chan struct{})
		}
		d.mu.Unlock()
		if before == nil {
			break
		}
		select {
		case <-before:
		case <-ctx.Done():
			return nil, false, context.Cause(ctx)
		}
		if v, ok, done := d.atTimes(t, r); done {
			return v, ok, nil
		}
	}
	defer func() {
		d.mu.Lock()
		close(t.computing)
		t.computing = nil
		d.mu.Unlock()
	}()
	return d.compute(t, r, table, compute)
}

// atTimes is what is known already of what DerivedAtTimes gives; done says that there is
// nothing to compute.
func (d *Directory) atTimes(t *knownTable, r kv.Reader) (v any, ok, done bool) {
	other, at := t.other.Load(), uint64(r.ReadTS())
	d.mu.RLock()
	last := t.atTimes
	d.mu.RUnlock()
	switch {
	case at < other:
		return nil, false, true
	case last.v != nil && last.at >= other:
		return last.v, true, true
	}
	return nil, false, false
}

// compute is DerivedAtTimes for the one whose turn it is.
func (d *Directory) compute(t *knownTable, r kv.Reader, table kv.Key, compute AtTimes) (v any, ok bool, err error) {
	at := uint64(r.ReadTS())
	d.mu.RLock()
	last := t.atTimes
	d.mu.RUnlock()
	start := time.Now()
	if written, known := t.written.between(last.at, at); known && last.v != nil && compute.Extend != nil {
		found, err := compute.Extend(last.v, written)
		if err != nil {
			return nil, false, err
		}
		d.keep(table, t, &t.atTimes, derived{v: found, bytes: found.Bytes(), at: at, when: last.when, took: last.took})
		return found, true, nil
	}
	if !last.when.IsZero() && start.Sub(last.when) < rarely*last.took {
		return nil, false, nil
	}
	t.written.begin(&d.committed)
	found, err := compute.Read()
	if err != nil {
		return nil, false, err
	}
	d.keep(table, t, &t.atTimes, derived{v: found, bytes: found.Bytes(), at: at, when: time.Now(), took: time.Since(start)})
	return found, true, nil
}

// keep puts what was derived to its place, if there is room: what was derived of other
// tables goes for it.
func (d *Directory) keep(name kv.Key, t *knownTable, place *derived, v derived) {
	if v.bytes > d.maxKept {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tables[string(name)] != t || place == &t.atTimes && place.v != nil && place.at > v.at {
		return // the table was forgotten, or somebody was faster
	}
	d.kept.Add(v.bytes - place.bytes)
	*place = v
	if place == &t.atTimes {
		t.written.forget(v.at)
	}
	for _, other := range d.tables {
		for _, p := range []*derived{&other.derived, &other.atTimes} {
			if d.kept.Load() <= d.maxKept {
				return
			}
			if p != place {
				d.kept.Add(-p.bytes)
				p.v, p.bytes = nil, 0 // what computing took stays known
			}
		}
	}
}

// keptBytes is what derived values take.
func (d *Directory) keptBytes() int64 {
	if d == nil {
		return 0
	}
	return d.kept.Load()
}
