package embedded

import (
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidemarkdb/tidemark/kv"
)

// maxSteps is how many versions in a row are stepped over one by one before a
// seek goes past them: a row that is updated all the time has very many.
const maxSteps = 4

// forwardVersions walks ascending keys. Versions of a key come newest first,
// so the first at or below ts is the one.
type forwardVersions struct {
	it *pebble.Iterator
	ts kv.Timestamp

	started bool
	done    bool
	stored  []byte // the key it stands on
	val     []byte
	seek    []byte
	failure error
}

func (f *forwardVersions) key() kv.Key   { return userKey(f.stored) }
func (f *forwardVersions) value() []byte { return f.val }

func (f *forwardVersions) err() error {
	if f.failure != nil {
		return f.failure
	}
	return storageError(f.it.Error())
}

func (f *forwardVersions) next() bool {
	var ok bool
	if f.done {
		return false
	}
	if f.started {
		ok = f.leaveKey()
	} else {
		f.started = true
		ok = f.it.First()
	}
	tooNew := 0
	for ok {
		k := f.it.Key()
		if !isVersion(k) {
			f.failure = corruptVersion(k)
			return false
		}
		if versionTimestamp(k) > f.ts {
			tooNew++
			if tooNew <= maxSteps {
				ok = f.it.Next()
				continue
			}
			tooNew = 0
			n := len(k) - suffixLen
			f.seek = append(f.seek[:0], k[:n]...)
			f.seek = binary.BigEndian.AppendUint64(f.seek, uint64(f.ts))
			f.seek = append(f.seek, suffixLen)
			ok = f.it.SeekGE(f.seek)
			continue
		}
		v, err := f.it.ValueAndErr()
		if err != nil {
			f.failure = storageError(err)
			return false
		}
		if len(v) == 0 {
			f.failure = corruptVersion(k)
			return false
		}
		f.stored = k
		if v[0] != kindPut {
			tooNew = 0
			ok = f.leaveKey()
			continue
		}
		f.val = v[1:]
		return true
	}
	f.done = true
	return false
}

// leaveKey goes to the next user key. Most keys have one version, and Next
// costs less than NextPrefix.
func (f *forwardVersions) leaveKey() bool {
	f.seek = append(f.seek[:0], f.stored...)
	if !f.it.Next() {
		return false
	}
	k := f.it.Key()
	n := len(f.seek) - suffixLen
	if len(k) == len(f.seek) && string(k[:n]) == string(f.seek[:n]) {
		return f.it.NextPrefix()
	}
	return true
}

// reverseVersions walks descending keys. Versions of a key then come oldest
// first, so the newest at or below ts is known only when a step went past it;
// it is copied.
type reverseVersions struct {
	it *pebble.Iterator
	ts kv.Timestamp

	started bool
	done    bool
	cur     []byte // stored key of the candidate
	val     []byte // its value, kind byte included
	seek    []byte
	failure error
}

func (r *reverseVersions) key() kv.Key   { return userKey(r.cur) }
func (r *reverseVersions) value() []byte { return r.val[1:] }

func (r *reverseVersions) err() error {
	if r.failure != nil {
		return r.failure
	}
	return storageError(r.it.Error())
}

// Between calls the iterator stands on the oldest version of the key before
// the last one returned.
func (r *reverseVersions) next() bool {
	if !r.started {
		r.started = true
		r.it.Last()
	}
	for r.it.Valid() && !r.done {
		found, ok := r.newestOfKey()
		if !ok {
			return false
		}
		if found && r.val[0] == kindPut {
			return true
		}
	}
	return false
}

// newestOfKey finds the newest version <= ts of the key the iterator stands
// on, and leaves it on the key before.
func (r *reverseVersions) newestOfKey() (found, ok bool) {
	k := r.it.Key()
	if !isVersion(k) {
		r.failure = corruptVersion(k)
		return false, false
	}
	prefix := len(k) - suffixLen
	r.seek = append(r.seek[:0], k[:prefix]...)
	for steps := 0; ; steps++ {
		k = r.it.Key()
		if len(k)-suffixLen != prefix || string(k[:prefix]) != string(r.seek) {
			return found, true
		}
		if versionTimestamp(k) > r.ts {
			return found, r.leaveKey()
		}
		if steps == maxSteps {
			return r.seekNewest()
		}
		if !r.keep(k) {
			return false, false
		}
		found = true
		if !r.it.Prev() {
			r.done = true
			return true, r.it.Error() == nil
		}
	}
}

// keep copies the version the iterator stands on.
func (r *reverseVersions) keep(k []byte) bool {
	v, err := r.it.ValueAndErr()
	if err != nil {
		r.failure = storageError(err)
		return false
	}
	if len(v) == 0 {
		r.failure = corruptVersion(k)
		return false
	}
	r.cur = append(r.cur[:0], k...)
	r.val = append(r.val[:0], v...)
	return true
}

// leaveKey goes to the last version of the key before the one in seek.
func (r *reverseVersions) leaveKey() bool {
	if !r.it.SeekLT(r.seek) {
		r.done = true
		return r.it.Error() == nil
	}
	return true
}

// seekNewest goes straight to the newest version <= ts; there is one.
func (r *reverseVersions) seekNewest() (found, ok bool) {
	n := len(r.seek)
	r.seek = binary.BigEndian.AppendUint64(r.seek, uint64(r.ts))
	r.seek = append(r.seek, suffixLen)
	ok = r.it.SeekGE(r.seek) && r.keep(r.it.Key())
	r.seek = r.seek[:n]
	if !ok {
		return false, false
	}
	return true, r.leaveKey()
}
