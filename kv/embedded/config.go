package embedded

import (
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Config says where a store lives and how much it may use. The zero value is
// a store in memory with the defaults named at each field.
type Config struct {
	// Dir is the data directory; it is made when absent. Empty means in
	// memory: nothing survives Close.
	Dir string
	// FS is the file system; nil means the operating system's, or a new
	// in-memory one when Dir is empty. Tests inject failing ones.
	FS vfs.FS
	// CacheBytes bounds the cache of uncompressed blocks. Default 256 MiB.
	CacheBytes int64
	// RowCacheBytes bounds the cache of rows that point reads asked for; at least
	// 32 MiB are used. Default 128 MiB, negative means none.
	RowCacheBytes int64
	// MemTableBytes is the size of a memtable; up to four of them exist.
	// Default 64 MiB.
	MemTableBytes int64
	// MaxTxnBytes bounds the write buffer of one transaction (54000 above it).
	// Default 2 GiB, at most 3.5 GiB: a commit is one Pebble batch.
	MaxTxnBytes int64
	// GCLifetime is how long versions that were overwritten or deleted stay
	// readable at past timestamps, when no snapshot or barrier needs them.
	// Default one minute: long enough to look at what was just changed, short
	// enough that a row updated thousands of times a second stays cheap.
	// Negative means none at all.
	GCLifetime time.Duration
	// GCInterval is the pause between two rounds of version cleaning. Default 1 s.
	GCInterval time.Duration
	// OnFailure, if set, is called once when the store cannot be written any
	// more until it is opened again (its log failed). Reads still work, and
	// commits fail; a server may want to end and start anew.
	OnFailure func(error)
	// Clock tells the time; default time.Now. Timestamps never go back even
	// if it does.
	Clock func() time.Time
	// Logger receives what the store has to say; default slog.Default.
	Logger *slog.Logger
}

// The defaults of Config.
const (
	DefaultCacheBytes    = 256 << 20
	DefaultRowCacheBytes = 128 << 20
	DefaultMemTableBytes = 64 << 20
	DefaultMaxTxnBytes   = 2 << 30
	DefaultGCLifetime    = time.Minute
	DefaultGCInterval    = time.Second

	maxTxnBytesLimit = math.MaxUint32 - (512 << 20)
)

func (c Config) withDefaults() Config {
	if c.CacheBytes == 0 {
		c.CacheBytes = DefaultCacheBytes
	}
	if c.RowCacheBytes == 0 {
		c.RowCacheBytes = DefaultRowCacheBytes
	}
	if c.MemTableBytes == 0 {
		c.MemTableBytes = DefaultMemTableBytes
	}
	if c.MaxTxnBytes == 0 {
		c.MaxTxnBytes = DefaultMaxTxnBytes
	}
	switch {
	case c.GCLifetime == 0:
		c.GCLifetime = DefaultGCLifetime
	case c.GCLifetime < 0:
		c.GCLifetime = 0
	}
	if c.GCInterval == 0 {
		c.GCInterval = DefaultGCInterval
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Validate reports the first setting that makes no sense.
func (c Config) Validate() error {
	switch {
	case c.CacheBytes < 0:
		return fmt.Errorf("kv/embedded: CacheBytes must not be negative (%d)", c.CacheBytes)
	case c.MemTableBytes < 0 || c.MemTableBytes != 0 && c.MemTableBytes < 64<<10:
		return fmt.Errorf("kv/embedded: MemTableBytes must be at least 64 KiB (%d)", c.MemTableBytes)
	case c.MemTableBytes >= 4<<30:
		return fmt.Errorf("kv/embedded: MemTableBytes must be below 4 GiB (%d)", c.MemTableBytes)
	case c.MaxTxnBytes < 0 || c.MaxTxnBytes > maxTxnBytesLimit:
		return fmt.Errorf("kv/embedded: MaxTxnBytes must be between 0 and %d (%d)", int64(maxTxnBytesLimit), c.MaxTxnBytes)
	case c.GCInterval < 0:
		return fmt.Errorf("kv/embedded: GCInterval must not be negative (%s)", c.GCInterval)
	}
	return nil
}
