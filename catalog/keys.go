package catalog

import (
	"encoding/binary"

	"github.com/tidemarkdb/tidemark/kv"
)

// The catalog's keys. docs/formats/catalog.md has the drawing; the golden test
// pins the bytes. Everything starts with 'm', so that it sorts apart from
// tables ('t') and time series ('s').
const (
	catalogPrefix = 'm'

	keyVersion    = 'v' // mv                                 catalog version
	keyAllocator  = 'n' // mn                                 next OID, storage id, descriptor version
	keyDescriptor = 'o' // mo {kind} {database u32} {oid u32} one object
	keySequence   = 'q' // mq {storage u64}                   state of a sequence
	keyDestroy    = 'x' // mx {id u64}                        key span to destroy
	keyLock       = 'l' // ml {oid u32}                       lock key, never written
)

// objectKind is the kind of a stored descriptor: a byte of its key.
type objectKind byte

const (
	kindDatabase objectKind = 'd' // database 0
	kindRole     objectKind = 'r' // database 0
	kindSchema   objectKind = 's'
	kindRelation objectKind = 't' // with its indexes and constraints
	kindType     objectKind = 'y'
	kindFunction objectKind = 'f'
	kindStats    objectKind = 'a' // TableStats, under the table's OID
)

func (k objectKind) global() bool { return k == kindDatabase || k == kindRole }

var (
	versionKey   = kv.Key{catalogPrefix, keyVersion}
	allocatorKey = kv.Key{catalogPrefix, keyAllocator}
	destroySpan  = kv.Span{Start: kv.Key{catalogPrefix, keyDestroy}, End: kv.Key{catalogPrefix, keyDestroy + 1}}
)

func objectKey(kind objectKind, db, id OID) kv.Key {
	k := kv.Key{catalogPrefix, keyDescriptor, byte(kind)}
	k = binary.BigEndian.AppendUint32(k, uint32(db))
	return binary.BigEndian.AppendUint32(k, uint32(id))
}

// splitObjectKey is objectKey's inverse.
func splitObjectKey(k kv.Key) (kind objectKind, db, id OID, ok bool) {
	if len(k) != 11 || k[0] != catalogPrefix || k[1] != keyDescriptor {
		return 0, 0, 0, false
	}
	return objectKind(k[2]), OID(binary.BigEndian.Uint32(k[3:])), OID(binary.BigEndian.Uint32(k[7:])), true
}

func sequenceKey(storage uint64) kv.Key {
	return binary.BigEndian.AppendUint64(kv.Key{catalogPrefix, keySequence}, storage)
}

func destroyKey(id uint64) kv.Key {
	return binary.BigEndian.AppendUint64(kv.Key{catalogPrefix, keyDestroy}, id)
}

// TableLockKey is the key whose kv lock is the lock of a table. It never
// carries data: lock it with NoConflictCheck. SELECT takes no lock, DML takes
// LockShare, CREATE INDEX LockNoKeyUpdate, other DDL LockUpdate.
func TableLockKey(id OID) kv.Key {
	return binary.BigEndian.AppendUint32(kv.Key{catalogPrefix, keyLock}, uint32(id))
}

// StorageSpan holds everything of a table storage: rows and index entries
// ("t" and the storage id as rowstore encodes it).
func StorageSpan(storage uint64) kv.Span {
	k := appendStorageID(kv.Key{'t'}, storage)
	return kv.Span{Start: k, End: appendStorageID(kv.Key{'t'}, storage+1)}
}

// SeriesSpan holds everything of a time-series table's storage ("s" and the
// storage id as tsengine encodes it).
func SeriesSpan(storage uint64) kv.Span {
	return kv.Span{
		Start: binary.BigEndian.AppendUint64(kv.Key{'s'}, storage),
		End:   binary.BigEndian.AppendUint64(kv.Key{'s'}, storage+1),
	}
}

// TableSpan holds everything of a table: its rows and index entries, or its
// series and points.
func TableSpan(t *Table) kv.Span {
	if t.TimeSeries != nil {
		return SeriesSpan(t.Storage)
	}
	return StorageSpan(t.Storage)
}

// IndexSpan holds the entries of one index of a table storage.
func IndexSpan(storage, index uint64) kv.Span {
	prefix := append(appendStorageID(kv.Key{'t'}, storage), "_i"...)
	prefix = prefix[:len(prefix):len(prefix)]
	return kv.Span{Start: appendStorageID(prefix, index), End: appendStorageID(prefix, index+1)}
}

// appendStorageID is TiDB's EncodeInt: big endian with the sign bit flipped.
func appendStorageID(k kv.Key, id uint64) kv.Key {
	return binary.BigEndian.AppendUint64(k, id^(1<<63))
}
