package tikv

import (
	"bytes"

	"github.com/tidemarkdb/tidemark/kv"
)

// keyspace maps the keys of users of the store to those in the cluster. Without
// a prefix they are the same, so that the stores' coprocessors can read them.
type keyspace struct {
	data []byte // before all keys
	end  []byte // after all keys
}

// ownRecords is the first byte of the driver's own keys where there is no
// prefix. Users' keys begin with 'm', 's' and 't'.
const ownRecords = 'k'

func newKeyspace(prefix string) keyspace {
	if prefix == "" {
		return keyspace{end: bytes.Repeat([]byte{0xff}, 16)}
	}
	return keyspace{data: []byte(prefix + "d"), end: []byte(prefix + "e")}
}

// recordKeyspace is for the driver's own records.
func recordKeyspace(prefix string) keyspace {
	data := append([]byte(prefix), ownRecords)
	return keyspace{data: data, end: append([]byte(prefix), ownRecords+1)}
}

// stored returns the key in the cluster; it may be k itself.
func (s *keyspace) stored(k kv.Key) []byte {
	if len(s.data) == 0 {
		return k
	}
	return append(s.data[:len(s.data):len(s.data)], k...)
}

// user is stored's inverse.
func (s *keyspace) user(stored []byte) kv.Key { return stored[len(s.data):] }

func (s *keyspace) storedSpan(span kv.Span) kv.Span {
	out := kv.Span{Start: s.stored(span.Start), End: s.end}
	if len(span.End) > 0 {
		out.End = s.stored(span.End)
	}
	return out
}

// TiKV has no empty values. One is stored as emptyMark, and a value that begins
// with the mark gets another one before it. Row values and index entries as
// rowstore codes them never begin so.
var emptyMark = []byte{0x01, 0xff, 'e', 0x01}

func encodeValue(v []byte) []byte {
	if len(v) == 0 {
		return emptyMark
	}
	if bytes.HasPrefix(v, emptyMark) {
		return append(emptyMark[:len(emptyMark):len(emptyMark)], v...)
	}
	return v
}

func decodeValue(v []byte) []byte { return bytes.TrimPrefix(v, emptyMark) }
