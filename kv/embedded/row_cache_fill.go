package embedded

import "github.com/tidemarkdb/tidemark/kv"

// fillSteps and fillBytes bound what one missed read takes along.
const (
	fillSteps = 64
	fillBytes = 16 << 10
	// fillRow is how long a value may be for what follows to be taken along: large ones
	// are hardly read by the dozen, and blocks of points are kept elsewhere.
	fillRow = fillBytes / 16
)

// hasRoom reports whether the row cache has not pushed anything out yet.
func (c *rowCache) hasRoom() bool {
	return c.cache != nil && c.filled.Load() < c.bytes
}

// fill takes along what follows a key that a read at ts missed, while the cache
// has room, up to what is here already (looked up for every fourth row). A block
// of the tree holds the rows of a hundred keys, so that reads at random find most
// of a table that fits after one miss in fillSteps of its rows instead of one miss
// for each. It stops at the first error: the rows are only here to be found sooner.
func (s *Store) fill(pi *pointIter, key kv.Key, ts kv.Timestamp) {
	c := &s.rows
	c.filled.Add(fillBytes / fillSteps) // so that its calls are bounded whatever it finds
	pi.seek = append(appendPrefix(pi.seek[:0], key), 0)
	last := -1 // where the user key in pi.seek ends that was done last
	size := 0
	ok := pi.it.SeekGE(pi.seek)
	for n := 0; ok && n < fillSteps && size < fillBytes; n++ {
		stored := pi.it.Key()
		if !isVersion(stored) {
			return
		}
		next := userKey(stored)
		if versionTimestamp(stored) <= ts && (last < 0 || string(pi.seek[:last]) != string(next)) {
			value, err := pi.it.ValueAndErr()
			if err != nil || len(value) == 0 || n%4 == 0 && c.cache.Has(next) {
				return
			}
			if row := len(next) + len(value); row <= maxCachedRow && value[0] == kindPut {
				size += row
				c.add(next, versionTimestamp(stored), value[1:], ts)
			}
			pi.seek = append(pi.seek[:0], next...)
			last = len(next)
		}
		ok = pi.it.Next()
	}
}
