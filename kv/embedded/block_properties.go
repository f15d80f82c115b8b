package embedded

import (
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// Blocks of tables carry two intervals of timestamps, so that the collector
// finds what it looks for without reading the rest:
//
//	propGarbage  when versions of the block became garbage: the timestamp of
//	             the newer version of the same key before it in the table, or
//	             its own if it is a tombstone. Empty for a block of single,
//	             live versions.
//	propVersions the timestamps of all versions of the block.
//
// A pair of versions is found once both are in one table; that they are in
// different levels for a while is the usual space amplification of the tree.
const (
	propGarbage  = "tidemark.garbage"
	propVersions = "tidemark.versions"
)

var blockPropertyCollectors = []func() pebble.BlockPropertyCollector{
	func() pebble.BlockPropertyCollector {
		return sstable.NewBlockIntervalCollector(propGarbage, &garbageMapper{}, nil)
	},
	func() pebble.BlockPropertyCollector {
		return sstable.NewBlockIntervalCollector(propVersions, versionMapper{}, nil)
	},
}

// garbageMapper sees the keys of one table in order.
type garbageMapper struct {
	previous []byte // the stored key before
}

func (m *garbageMapper) MapPointKey(key sstable.InternalKey, value []byte) (sstable.BlockInterval, error) {
	var since sstable.BlockInterval
	k := key.UserKey
	if !isVersion(k) {
		return since, nil
	}
	n := len(k) - suffixLen
	shadowed := len(m.previous) == len(k) && string(m.previous[:n]) == string(k[:n])
	switch {
	case shadowed:
		ts := uint64(versionTimestamp(m.previous))
		since = sstable.BlockInterval{Lower: ts, Upper: ts + 1}
	case len(value) == 1 && value[0] == kindTombstone:
		ts := uint64(versionTimestamp(k))
		since = sstable.BlockInterval{Lower: ts, Upper: ts + 1}
	}
	m.previous = append(m.previous[:0], k...)
	return since, nil
}

func (m *garbageMapper) MapRangeKeys(sstable.Span) (sstable.BlockInterval, error) {
	return sstable.BlockInterval{}, nil
}

type versionMapper struct{}

func (versionMapper) MapPointKey(key sstable.InternalKey, _ []byte) (sstable.BlockInterval, error) {
	if !isVersion(key.UserKey) {
		return sstable.BlockInterval{}, nil
	}
	ts := uint64(versionTimestamp(key.UserKey))
	return sstable.BlockInterval{Lower: ts, Upper: ts + 1}, nil
}

func (versionMapper) MapRangeKeys(sstable.Span) (sstable.BlockInterval, error) {
	return sstable.BlockInterval{}, nil
}
