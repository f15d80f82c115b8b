package block

import (
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

// DerivedAtTimes is as Derived, for what is worth its computing only if it is used again:
// ok is false if the keys have changed and it was computed lately, or if nothing can be kept.
func (d *Directory) DerivedAtTimes(r kv.Reader, table kv.Key, read func() (v Sized, err error)) (v any, ok bool, err error) {
	if d == nil || !sees(r, append(table[:len(table):len(table)], d.others...)) {
		return nil, false, nil
	}
	t := d.table(string(table))
	other := t.other.Load()
	d.mu.RLock()
	last := t.atTimes
	d.mu.RUnlock()
	switch {
	case uint64(r.ReadTS()) < other:
		return nil, false, nil
	case last.v != nil && last.at == other:
		return last.v, true, nil
	case !last.when.IsZero() && time.Since(last.when) < rarely*last.took:
		return nil, false, nil
	}
	start := time.Now()
	found, err := read()
	if err != nil {
		return nil, false, err
	}
	d.keep(table, t, &t.atTimes, derived{v: found, bytes: found.Bytes(), at: other, when: time.Now(), took: time.Since(start)})
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
	if d.tables[string(name)] != t {
		return // the table was forgotten
	}
	d.kept.Add(v.bytes - place.bytes)
	*place = v
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
