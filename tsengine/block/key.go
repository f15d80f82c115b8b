package block

import (
	"encoding/binary"

	"github.com/tidemarkdb/tidemark/kv"
)

// The kinds of keys in a partition.
const (
	kindDelta  = 0
	kindRun    = 1
	kindHeader = 2
	kindPage   = 3
)

// Order says which of two writes is newer: a store timestamp and a number that
// tells apart those with the same. No two writes to a partition have the same
// number: its upper half names the process, the lower half counts.
type Order struct {
	TS  kv.Timestamp
	Seq uint64
}

// DeltaKey is the key of a delta.
func DeltaKey(prefix kv.Key, o Order) kv.Key {
	k := append(append(make(kv.Key, 0, len(prefix)+17), prefix...), kindDelta)
	k = binary.BigEndian.AppendUint64(k, uint64(o.TS))
	return binary.BigEndian.AppendUint64(k, o.Seq)
}

// orderOf reads the key of a delta.
func orderOf(prefix, key kv.Key) (Order, bool) {
	k := key[len(prefix):]
	if len(k) != 17 || k[0] != kindDelta {
		return Order{}, false
	}
	return Order{kv.Timestamp(binary.BigEndian.Uint64(k[1:])), binary.BigEndian.Uint64(k[9:])}, true
}

// seqBits is how many bits of an Order's number are part of subs.
const seqBits = 48

// subBase is the sub of the first row that a delta inserts at a point; further
// ones have higher upper bits. Subs of rows written one after another differ
// little and take few bits. It is never 0.
func (o Order) subBase() uint64 { return o.Seq&(1<<seqBits-1) | 1<<32 }

func runKey(prefix kv.Key, run uint64) kv.Key {
	k := append(append(make(kv.Key, 0, len(prefix)+9), prefix...), kindRun)
	return binary.BigEndian.AppendUint64(k, run)
}

// headerKey is the key of a block's header. Being named by the last row, a
// scan from a point begins with the block that may hold it.
func headerKey(prefix kv.Key, run, group uint64, position int64, block uint32) kv.Key {
	k := append(append(make(kv.Key, 0, len(prefix)+29), prefix...), kindHeader)
	k = binary.BigEndian.AppendUint64(k, run)
	k = binary.BigEndian.AppendUint64(k, group)
	k = binary.BigEndian.AppendUint64(k, uint64(position)^1<<63)
	return binary.BigEndian.AppendUint32(k, block)
}

func pageKey(prefix kv.Key, run uint64, block uint32, page uint16) kv.Key {
	k := append(append(make(kv.Key, 0, len(prefix)+15), prefix...), kindPage)
	k = binary.BigEndian.AppendUint64(k, run)
	k = binary.BigEndian.AppendUint32(k, block)
	return binary.BigEndian.AppendUint16(k, page)
}

// kindSpan spans the keys of a kind.
func kindSpan(prefix kv.Key, kind byte) kv.Span {
	return kv.Span{Start: append(prefix[:len(prefix):len(prefix)], kind), End: append(prefix[:len(prefix):len(prefix)], kind+1)}
}

// runSpan spans the keys of a kind of a run.
func runSpan(prefix kv.Key, kind byte, run uint64) kv.Span {
	p := append(prefix[:len(prefix):len(prefix)], kind)
	p = p[:len(p):len(p)]
	start := binary.BigEndian.AppendUint64(p, run)
	return kv.Span{Start: start, End: binary.BigEndian.AppendUint64(p, run+1)}
}

// runOfHeader is the run that the key of a header names.
func runOfHeader(prefix, key kv.Key) uint64 {
	if len(key) < len(prefix)+9 {
		return 0
	}
	return binary.BigEndian.Uint64(key[len(prefix)+1:])
}
