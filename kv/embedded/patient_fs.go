package embedded

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// patientFS waits out a full disk where nothing could go on after an error: when
// the log and Pebble's manifest are written. Commits that are under way then
// wait for space, or for the end of the store; new ones are refused with
// 53100 (Store.writable), and reads go on. Writes of tables fail, Pebble
// tries those again by itself.
//
// A failed sync is not tried again: the kernel may have dropped the data.
type patientFS struct {
	vfs.FS
	store *Store
}

// flushCategory is Pebble's word for files that it writes memtables into.
const flushCategory = "pebble-memtable-flush"

// fullDiskRetry is the pause between two attempts.
const fullDiskRetry = 100 * time.Millisecond

func (f *patientFS) Unwrap() vfs.FS { return f.FS }

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// vital reports whether the store cannot do without a file.
func vital(name string) bool {
	base := filepath.Base(name)
	return strings.HasSuffix(base, ".log") || strings.HasPrefix(base, "MANIFEST") ||
		strings.HasPrefix(base, "marker.") || strings.HasPrefix(base, "OPTIONS")
}

// wait pauses before another attempt; it reports false when the store closes.
func (f *patientFS) wait() bool {
	f.store.space.setFull(true)
	select {
	case <-f.store.quit:
		return false
	case <-time.After(fullDiskRetry):
		return true
	}
}

func (f *patientFS) retry(name string, fn func() error) error {
	err := fn()
	if !isFull(err) || !vital(name) {
		return err
	}
	f.store.cfg.Logger.Error("the disk is full: commits wait", "file", name, "error", err)
	for isFull(err) && f.wait() {
		err = fn()
	}
	if err == nil {
		f.store.space.setFull(false)
		f.store.cfg.Logger.Info("the disk has space again")
	}
	return err
}

func (f *patientFS) Create(name string, category vfs.DiskWriteCategory) (file vfs.File, err error) {
	if category == flushCategory {
		if err := f.store.beforeTables(); err != nil {
			return nil, err
		}
	}
	if strings.HasPrefix(filepath.Base(name), "marker.") {
		// A marker must not be in the directory before the file that it names.
		if err := syncDir(f.FS, f.PathDir(name)); err != nil {
			return nil, err
		}
	}
	err = f.retry(name, func() error {
		file, err = f.FS.Create(name, category)
		return err
	})
	return f.wrap(name, file), err
}

func (f *patientFS) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (file vfs.File, err error) {
	err = f.retry(newname, func() error {
		file, err = f.FS.ReuseForWrite(oldname, newname, category)
		return err
	})
	return f.wrap(newname, file), err
}

// wrap makes a vital file patient.
func (f *patientFS) wrap(name string, file vfs.File) vfs.File {
	if file == nil || !vital(name) {
		return file
	}
	return &patientFile{File: file, fs: f, name: name}
}

// patientFile is a vital file open for writing.
type patientFile struct {
	vfs.File
	fs   *patientFS
	name string
}

func (f *patientFile) Write(p []byte) (n int, err error) {
	err = f.fs.retry(f.name, func() error {
		m, err := f.File.Write(p[n:])
		n += m
		return err
	})
	return n, err
}

func (f *patientFile) Preallocate(offset, length int64) error {
	return f.fs.retry(f.name, func() error { return f.File.Preallocate(offset, length) })
}
