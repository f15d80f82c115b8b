// Package spill keeps what does not fit into memory in temporary files.
//
//	Dir    one for the server: the directory
//	Space  one for a session: temp_file_limit, and what is in use
//	File   one for an operator: blocks, each a record batch in Arrow IPC with LZ4
//	Run    a list of a file's blocks: a sorted run, a partition, a buffer's tail
//
// A file has no name: it is unlinked as soon as it is open, so that its space
// is free when it is closed, and also when the process dies. Only between those
// two calls can a kill leave a name behind; Open removes such leftovers.
package spill

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// filePrefix begins the names of temporary files.
const filePrefix = "tidemark-spill-"

// Dir is where a server's temporary files are. It is safe for concurrent use.
type Dir struct {
	path  string
	bytes atomic.Int64
	files atomic.Int64
	// written are the bytes of all files there ever were.
	written atomic.Int64
}

// Open makes the directory ready: leftovers of a killed server are removed.
// The directory itself is made when the first file needs it.
func Open(path string) (*Dir, error) {
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open the directory of temporary files: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), filePrefix) {
			continue
		}
		if err := os.Remove(filepath.Join(path, e.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("remove an old temporary file: %w", err)
		}
	}
	return &Dir{path: path}, nil
}

// Temporary is the system's directory of temporary files, for servers without
// a directory of their own.
func Temporary() *Dir { return &Dir{path: os.TempDir()} }

// Bytes is the size of all open files.
func (d *Dir) Bytes() int64 { return d.bytes.Load() }

// Written is how many bytes were written to files so far.
func (d *Dir) Written() int64 { return d.written.Load() }

// Files is the number of open files.
func (d *Dir) Files() int64 { return d.files.Load() }

// create opens a file and takes its name away.
func (d *Dir) create() (*os.File, error) {
	f, err := os.CreateTemp(d.path, filePrefix)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(d.path, 0o700); err != nil {
			return nil, fileError("create", d.path, err)
		}
		f, err = os.CreateTemp(d.path, filePrefix)
	}
	if err != nil {
		return nil, fileError("create temporary file in", d.path, err)
	}
	if err := os.Remove(f.Name()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fileError("remove", f.Name(), errors.Join(err, f.Close()))
	}
	d.files.Add(1)
	return f, nil
}

// Space is a session's share of a Dir: its files together stay below a limit.
// It is safe for concurrent use; a nil Space has no room at all.
type Space struct {
	dir   *Dir
	limit atomic.Int64
	bytes atomic.Int64
}

// NewSpace makes a space without a limit.
func (d *Dir) NewSpace() *Space {
	s := &Space{dir: d}
	s.limit.Store(-1)
	return s
}

// SetLimit bounds the bytes of all open files (temp_file_limit); negative
// means no limit.
func (s *Space) SetLimit(bytes int64) { s.limit.Store(bytes) }

// Bytes is the size of the space's open files.
func (s *Space) Bytes() int64 { return s.bytes.Load() }

// grow takes n bytes, or fails with 53400 and takes nothing.
func (s *Space) grow(n int64) error {
	used := s.bytes.Add(n)
	if limit := s.limit.Load(); limit >= 0 && used > limit {
		s.bytes.Add(-n)
		return pgerror.New(pgerror.ConfigurationLimitExceeded, "temporary file size exceeds temp_file_limit (%dkB)", limit>>10)
	}
	s.dir.bytes.Add(n)
	s.dir.written.Add(n)
	return nil
}

func (s *Space) shrink(n int64) {
	s.bytes.Add(-n)
	s.dir.bytes.Add(-n)
}

// fileError gives an operating system's error the code PostgreSQL gives it.
func fileError(doing, path string, err error) error {
	code := pgerror.IoError
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return pgerror.New(pgerror.DiskFull, "could not %s %q: No space left on device", doing, path)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		code = pgerror.InsufficientResources
	case errors.Is(err, os.ErrPermission):
		code = pgerror.InsufficientPrivilege
	}
	return pgerror.New(code, "could not %s %q: %v", doing, path, err)
}
