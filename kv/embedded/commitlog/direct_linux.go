package commitlog

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sys/unix"
)

// direct writes into the part of a segment that was filled before, past the
// page cache, and has it durable when it returns (O_DIRECT, O_DSYNC). A block
// goes to the disk in one request, where a write and a sync copy it, look for
// what else is dirty and send a second request (figures: docs/benchmarks.md).
//
// The last block that is not full is kept and written again with what follows.
type direct struct {
	fd     int
	queue  *queue // the log's; nil to write in a thread that waits
	file   int    // the segment's own descriptor
	buf    []byte // aligned; begins with the bytes of the last block
	start  int64  // where buf lies in the file, a multiple of directAlign
	tail   int    // how many bytes of it are there
	behind bool   // others wrote to the file: start and tail are not known
}

const (
	// directAlign is what all disks in use can do.
	directAlign = 4 << 10
	directBytes = 256 << 10
)

// openDirect returns nil where the file system cannot.
func openDirect(f vfs.File) *direct {
	fd := f.Fd()
	if fd == vfs.InvalidFd {
		return nil
	}
	own, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), unix.O_RDWR|unix.O_DIRECT|unix.O_DSYNC|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	buf := make([]byte, directBytes+directAlign)
	skip := -int(uintptr(unsafe.Pointer(&buf[0]))) & (directAlign - 1) //nolint:gosec // for alignment only
	return &direct{fd: own, file: int(fd), buf: buf[skip : skip+directBytes], behind: true}
}

// write writes at an offset, which is the end of what was written.
func (d *direct) write(p []byte, at int64) error {
	if d.behind {
		d.start = at &^ (directAlign - 1)
		d.tail = int(at - d.start)
		if d.tail > 0 {
			if n, err := unix.Pread(d.fd, d.buf[:directAlign], d.start); err != nil || n < d.tail {
				return errors.Join(err, fmt.Errorf("%d bytes read at %d", n, d.start))
			}
		}
		d.behind = false
	}
	for len(p) > 0 {
		n := copy(d.buf[d.tail:], p)
		end := d.tail + n
		padded := (end + directAlign - 1) &^ (directAlign - 1)
		clear(d.buf[end:padded])
		if err := d.put(d.buf[:padded]); err != nil {
			d.behind = true
			return err
		}
		full := end &^ (directAlign - 1)
		d.tail = copy(d.buf, d.buf[full:end])
		d.start += int64(full)
		p = p[n:]
	}
	return nil
}

func (d *direct) put(b []byte) error {
	for at := d.start; len(b) > 0; {
		n, err := 0, errNotQueued
		if d.queue != nil {
			n, err = d.queue.pwrite(d.fd, b, at)
		}
		if errors.Is(err, errNotQueued) {
			n, err = unix.Pwrite(d.fd, b, at)
		}
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		}
		b, at = b[n:], at+int64(n)
	}
	return nil
}

// leave readies the segment's own descriptor for a write at an offset.
func (d *direct) leave(at int64) error {
	d.behind = true
	_, err := unix.Seek(d.file, at, unix.SEEK_SET)
	return err
}

func (d *direct) close() error { return unix.Close(d.fd) }

// cannot reports whether an error says that the file is to be written in the
// ordinary way: what its file system or disk does not support, and what is
// waited out there.
func (d *direct) cannot(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}
