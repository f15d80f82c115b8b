package embedded

import (
	"encoding/binary"

	"github.com/tidemarkdb/tidemark/kv"
)

// A stored key (docs/formats/kv.md) is
//
//	space (1) | user key | 0x00 | timestamp (8, big endian) | 0x09
//
// in the order of Pebble's cockroachkvs comparer: user keys ascending,
// timestamps of one user key descending, a key without timestamp before all
// its versions. The comparer splits at the last byte, so user keys need no
// escaping, and Bloom filters and prefix seeks work on whole user keys.

// The key spaces.
const (
	spaceData byte = 'd' // versions of user keys
	spaceMeta byte = 'm' // the store's own records, without timestamps
	spaceEnd  byte = 'e' // first byte after spaceData
)

const (
	timestampLen = 8
	// suffixLen is the length of a version's suffix: timestamp and length byte.
	suffixLen = timestampLen + 1
	// keyOverhead is what a stored key has in addition to the user key.
	keyOverhead = 1 + 1 + suffixLen
)

// The kinds of a version: the first byte of its value.
const (
	kindTombstone byte = 0
	kindPut       byte = 1
)

// appendPrefix appends the stored key of a user key without a timestamp: the
// place before all its versions.
func appendPrefix(dst []byte, key kv.Key) []byte {
	dst = append(dst, spaceData)
	dst = append(dst, key...)
	return append(dst, 0)
}

// appendVersion appends the stored key of one version.
func appendVersion(dst []byte, key kv.Key, ts kv.Timestamp) []byte {
	dst = appendPrefix(dst, key)
	dst = binary.BigEndian.AppendUint64(dst, uint64(ts))
	return append(dst, suffixLen)
}

// appendSpanEnd appends the bound after the last key of a span.
func appendSpanEnd(dst []byte, end kv.Key) []byte {
	if len(end) == 0 {
		return append(dst, spaceEnd, 0)
	}
	return appendPrefix(dst, end)
}

// isVersion reports whether a stored key is a version of a user key.
func isVersion(stored []byte) bool {
	n := len(stored)
	return n >= keyOverhead && stored[n-1] == suffixLen && stored[0] == spaceData
}

// userKey returns the user key of a version.
func userKey(stored []byte) kv.Key {
	n := len(stored) - suffixLen - 1
	return stored[1:n:n]
}

// versionTimestamp returns the timestamp of a version.
func versionTimestamp(stored []byte) kv.Timestamp {
	return kv.Timestamp(binary.BigEndian.Uint64(stored[len(stored)-suffixLen:]))
}

// metaKey returns the stored key of one of the store's own records.
func metaKey(name string) []byte {
	dst := append([]byte{spaceMeta}, name...)
	return append(dst, 0)
}
