package tsengine

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

const (
	keyPrefix  = 's'
	metaBucket = 0xffff // where a partition has its bucket, for what is none
	metaRecord = 'r'
	metaLock   = 'x'
	metaClaim  = 'p'

	prefixLen = 1 + 8 + 2 + 8 // of a partition
	maxBucket = 1 << 10
)

// Layout is what is prepared of a time-series table: read-only but for the
// rows that wait, and valid as long as the descriptor is.
type Layout struct {
	Table *catalog.Table
	// Unique: a point has one row.
	Unique bool
	// several are bits of series whose points may have several rows in spite of
	// Unique: those with a NULL tag, which is equal to none.
	several uint64
	// Time is the ordinal of the time column.
	Time int
	// Tags are the ordinals of the tags.
	Tags []int

	columns  []block.Column // stored ones: all but the time
	ordinals []int          // of columns
	buckets  uint64
	slices   []catalog.SliceInterval
	group    group
}

// NewLayout prepares a table's layout.
func NewLayout(t *catalog.Table) *Layout {
	ts := t.TimeSeries
	l := &Layout{Table: t, Time: int(ts.Time) - 1, buckets: uint64(min(max(ts.Buckets, 1), maxBucket)), slices: ts.Slices}
	for _, n := range ts.Tags {
		l.Tags = append(l.Tags, int(n)-1)
	}
	if len(l.Tags) == 0 {
		l.buckets = 1
	}
	nulls := ts.MarksNulls
	for i := range t.Indexes {
		if ix := &t.Indexes[i]; ix.Unique {
			l.Unique = true
			nulls = nulls && !ix.NullsNotDistinct
		}
	}
	if l.Unique && nulls {
		l.several = nullTag
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped || i == l.Time {
			continue
		}
		l.columns = append(l.columns, block.Column{ID: uint32(c.Num), Type: types.ArrowType(c.Type), Missing: c.Missing})
		l.ordinals = append(l.ordinals, i)
	}
	return l
}

// Single reports whether a place holds one row at most.
func (l *Layout) Single(at Place) bool { return l.Unique && at.Series&l.several == 0 }

// Column is the stored column of an ordinal, nil for the time.
func (l *Layout) Column(ordinal int) *block.Column {
	for i, o := range l.ordinals {
		if o == ordinal {
			return &l.columns[i]
		}
	}
	return nil
}

func tablePrefix(storage uint64) kv.Key {
	return binary.BigEndian.AppendUint64(kv.Key{keyPrefix}, storage)
}

// bucket is where a series lies; it grows with the series.
func (l *Layout) bucket(series uint64) uint16 {
	b, _ := bits.Mul64(series, l.buckets)
	return uint16(b)
}

// prefix is the key prefix of a partition.
func (l *Layout) prefix(bucket uint16, slice int64) kv.Key {
	k := append(make(kv.Key, 0, prefixLen), tablePrefix(l.Table.Storage)...)
	k = binary.BigEndian.AppendUint16(k, bucket)
	return binary.BigEndian.AppendUint64(k, uint64(slice)^1<<63)
}

// splitPrefix is prefix's inverse, for any key of a partition.
func splitPrefix(k kv.Key) (bucket uint16, slice int64, ok bool) {
	if len(k) < prefixLen {
		return 0, 0, false
	}
	bucket = binary.BigEndian.Uint16(k[9:])
	return bucket, int64(binary.BigEndian.Uint64(k[11:]) ^ 1<<63), bucket != metaBucket
}

// slice is the first time of the slice that t lies in. Slices of an interval
// are aligned to time 0; where a newer interval begins, the last slice of the
// one before ends.
func (l *Layout) slice(t int64) int64 {
	s := l.slices[0]
	for _, x := range l.slices[1:] {
		if x.From <= t {
			s = x
		}
	}
	rest := t % s.Length
	if rest < 0 {
		rest += s.Length
	}
	if t < math.MinInt64+rest {
		return math.MinInt64
	}
	return max(t-rest, s.From)
}

// LockKey is the key that is locked for the row of a handle.
func LockKey(storage uint64, handle []byte) kv.Key {
	k := binary.BigEndian.AppendUint16(tablePrefix(storage), metaBucket)
	return append(append(k, metaLock), handle[:16]...)
}

// claimKey is the key that is locked by whoever packs a partition.
func claimKey(storage uint64, prefix kv.Key) kv.Key {
	table := tablePrefix(storage)
	k := binary.BigEndian.AppendUint16(table, metaBucket)
	return append(append(k, metaClaim), prefix[len(table):]...)
}

// BucketKeys returns keys that cut a table between its buckets, into as many
// parts at most.
func BucketKeys(t *catalog.Table, parts int) (keys []kv.Key) {
	buckets := max(t.TimeSeries.Buckets, 1)
	parts = min(parts, buckets)
	for i := range parts {
		keys = append(keys, binary.BigEndian.AppendUint16(tablePrefix(t.Storage), uint16(i*buckets/parts)))
	}
	return keys
}
