package embedded

import "github.com/tidemarkdb/tidemark/kv"

// fillSteps and fillBytes bound what one missed read takes along.
const (
	fillSteps = 64
	fillBytes = 16 << 10
)

// hasRoom reports whether the row cache has not pushed anything out yet.
func (c *rowCache) hasRoom() bool {
	return c.cache != nil && c.filled.Load() < c.bytes
}

// fill takes along what follows a key that a read at ts missed, while the cache
// has room. A block of the tree holds the rows of a hundred keys, so that reads at
// random find most of a table that fits after one miss in fillSteps of its rows
// instead of one miss for each. It stops at the first error: the rows are only
// here to be found sooner.
func (s *Store) fill(pi *pointIter, key kv.Key, ts kv.Timestamp) {
	c := &s.rows
	c.filled.Add(fillBytes / fillSteps) // so that its calls are bounded whatever it finds
	pi.seek = append(appendPrefix(pi.seek[:0], key), 0)
	size := 0
	ok := pi.it.SeekGE(pi.seek)
	for n := 0; ok && n < fillSteps && size < fillBytes; n++ {
		stored := pi.it.Key()
		if !isVersion(stored) {
			return
		}
		if versionTimestamp(stored) > ts {
			ok = pi.it.Next()
			continue
		}
		value, err := pi.it.ValueAndErr()
		if err != nil || len(value) == 0 {
			return
		}
		next := userKey(stored)
		if row := len(next) + len(value); row <= maxCachedRow && value[0] == kindPut && !c.cache.Has(next) {
			size += row
			c.add(next, versionTimestamp(stored), value[1:], ts)
		}
		ok = pi.it.NextPrefix()
	}
}
