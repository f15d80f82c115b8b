package embedded

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// formatVersion is the version of what is written into a data directory: of
// this package's keys and of everything that is put into them (docs/formats).
// What changes either in a way that an older program or this one would read
// wrongly raises it. Directories of another version are refused, or migrated:
//
//	1  enums were stored as labels, types were numbered otherwise: refused
//	2  the log was Pebble's: migrated (Store.migrate)
//	3  the present one
const (
	formatVersion  = 3
	oldestMigrated = 2
)

const (
	formatFile   = "TIDEMARK"
	formatPrefix = "tidemark embedded store, format "
)

// prepareDir makes the data directory if need be, takes its lock and checks
// or writes the format file.
func prepareDir(fsys vfs.FS, dir string) (lock *pebble.Lock, format int, err error) {
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		return nil, 0, fmt.Errorf("data directory %q cannot be made: %w", dir, plain(err))
	}
	lock, err = pebble.LockDirectory(dir, fsys)
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrPermission):
		return nil, 0, pgerror.Wrap(err, pgerror.InsufficientPrivilege, "data directory %q is not writable: %v", dir, plain(err))
	case isReadOnlyFS(err):
		return nil, 0, pgerror.Wrap(err, pgerror.InsufficientPrivilege, "data directory %q is not writable: %v", dir, plain(err))
	case isLocked(err):
		return nil, 0, pgerror.Wrap(err, pgerror.LockFileExists, "data directory %q is in use by another process", dir)
	default:
		return nil, 0, pgerror.Wrap(err, pgerror.IoError, "data directory %q cannot be locked: %v", dir, plain(err))
	}
	if format, err = checkFormat(fsys, dir); err != nil {
		_ = lock.Close()
		return nil, 0, err
	}
	return lock, format, nil
}

// plain strips the layers that only repeat the path.
func plain(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// isLocked reports whether a lock file is held by another process, or by
// another store of this one.
func isLocked(err error) bool {
	msg := err.Error()
	return strings.Contains(msg, "temporarily unavailable") || strings.Contains(msg, "lock held") ||
		strings.Contains(msg, "already locked") || strings.Contains(msg, "already held")
}

func isReadOnlyFS(err error) bool { return strings.Contains(err.Error(), "read-only file system") }

// checkFormat reads the format file, or writes it into a new directory.
func checkFormat(fsys vfs.FS, dir string) (int, error) {
	name := fsys.PathJoin(dir, formatFile)
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		// Another program's Pebble directory is not taken over.
		if desc, err := pebble.Peek(dir, fsys); err == nil && desc.Exists {
			return 0, pgerror.New(pgerror.DataCorrupted, "data directory %q holds files that are not of a Tidemark store", dir)
		}
		return formatVersion, writeFormat(fsys, dir)
	}
	if err != nil {
		return 0, pgerror.Wrap(err, pgerror.IoError, "format file of data directory %q cannot be read: %v", dir, plain(err))
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, 256))
	if err != nil {
		return 0, pgerror.Wrap(err, pgerror.IoError, "format file of data directory %q cannot be read: %v", dir, plain(err))
	}
	text, ok := strings.CutPrefix(strings.TrimSpace(string(content)), formatPrefix)
	version, err := strconv.Atoi(text)
	if !ok || err != nil || version < 1 {
		return 0, pgerror.New(pgerror.DataCorrupted, "data is corrupted: %s is not the format file of a Tidemark store", name)
	}
	if version < oldestMigrated {
		return 0, pgerror.New(pgerror.FeatureNotSupported,
			"data directory %q has format %d, which is older than this program's format %d", dir, version, formatVersion).
			WithHint("Copy the data out with the version of Tidemark that wrote it, and in with this one.")
	}
	if version > formatVersion {
		return 0, pgerror.New(pgerror.FeatureNotSupported,
			"data directory %q has format %d, which is newer than this program's format %d", dir, version, formatVersion).
			WithHint("Use the version of Tidemark that wrote it, or a newer one.")
	}
	return version, nil
}

// writeFormat writes the format file under another name first, so that a
// crash leaves a whole one or none.
func writeFormat(fsys vfs.FS, dir string) error {
	name := fsys.PathJoin(dir, formatFile)
	err := func() error {
		f, err := fsys.Create(name+".new", vfs.WriteCategoryUnspecified)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(f, "%s%d\n", formatPrefix, formatVersion)
		err = errors.Join(err, f.Sync(), f.Close())
		if err != nil {
			return err
		}
		if err := fsys.Rename(name+".new", name); err != nil {
			return err
		}
		return syncDir(fsys, dir)
	}()
	if err != nil {
		return pgerror.Wrap(err, pgerror.InsufficientPrivilege, "data directory %q is not writable: %v", dir, plain(err))
	}
	return nil
}

func syncDir(fsys vfs.FS, dir string) error {
	d, err := fsys.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// diskSpace refuses writes before the disk is really full: a log that could
// not be written cannot be repaired while the store is open, and compactions
// need room to free some.
type diskSpace struct {
	fs  vfs.FS
	dir string

	mu      sync.Mutex
	checked time.Time
	free    uint64
	known   bool
	full    bool // a write just failed
}

const (
	// reservedSpace is kept free for the log and for compactions.
	reservedSpace = 64 << 20
	// spaceCheckInterval is how long a figure is believed.
	spaceCheckInterval = 500 * time.Millisecond
)

func (d *diskSpace) init(fsys vfs.FS, dir string) { d.fs, d.dir = fsys, dir }

// check fails with 53100 when size more bytes would not leave the reserve.
func (d *diskSpace) check(size int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.look()
	need := uint64(reservedSpace) + 2*uint64(size)
	if d.full {
		d.free = 0
	}
	if !d.full && (!d.known || d.free >= need) {
		return nil
	}
	d.checked = time.Time{} // look again next time
	return pgerror.New(pgerror.DiskFull, "could not write to the data directory: no space left on device").
		WithDetail("%d bytes are free, %d are needed.", d.free, need).
		WithHint("Check free disk space.")
}

// low reports whether half the reserve is used up.
func (d *diskSpace) low() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.look()
	return d.full || d.known && d.free < reservedSpace/2
}

// setFull notes that the disk was found full, or has space again.
func (d *diskSpace) setFull(full bool) {
	d.mu.Lock()
	d.full, d.checked = full, time.Time{}
	d.mu.Unlock()
}

// look refreshes the figure. mu is held.
func (d *diskSpace) look() {
	if now := time.Now(); now.Sub(d.checked) > spaceCheckInterval {
		d.checked = now
		usage, err := d.fs.GetDiskUsage(d.dir)
		d.known = err == nil
		d.free = usage.AvailBytes
	}
}

// writable fails when a commit of size bytes cannot be made.
func (s *Store) writable(size int64) error {
	if f := s.failure.Load(); f != nil {
		return f
	}
	return s.space.check(size)
}
