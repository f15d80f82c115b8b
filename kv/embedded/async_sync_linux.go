package embedded

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// asyncSync makes a file's data durable (fdatasync) without keeping a thread
// of the Go scheduler in the kernel. A blocking fdatasync holds its P until
// the runtime notices and takes it away, which on few cores stops sessions for
// a good part of each sync; here the kernel does the work on its own thread
// (Linux AIO, IOCB_CMD_FDSYNC since 4.18) and the goroutine waits for an
// eventfd like for a socket.
type asyncSync struct {
	mu    sync.Mutex // one sync at a time
	ctx   uint64     // aio_context_t
	event *os.File
	fd    uint32 // the eventfd
}

// aioRequest is struct iocb of linux/aio_abi.h (little endian); a sync leaves
// all of it zero but four fields.
type aioRequest struct {
	_         [16]byte // aio_data, aio_key, aio_rw_flags
	opcode    uint16
	_         int16 // aio_reqprio
	file      uint32
	_         [32]byte // aio_buf, aio_nbytes, aio_offset, aio_reserved2
	flags     uint32
	eventFile uint32
}

// aioEvent is struct io_event of linux/aio_abi.h.
type aioEvent struct {
	_      [16]byte // data, obj
	result int64
	_      int64 // res2
}

const (
	aioDataSync  = 3 // IOCB_CMD_FDSYNC
	aioEventFile = 1 // IOCB_FLAG_RESFD
)

// newAsyncSync returns nil where the kernel does not offer it: the caller then
// syncs the ordinary way.
func newAsyncSync() *asyncSync {
	a := &asyncSync{}
	if _, _, errno := unix.RawSyscall(unix.SYS_IO_SETUP, 1, uintptr(unsafe.Pointer(&a.ctx)), 0); errno != 0 {
		return nil
	}
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		a.destroy()
		return nil
	}
	a.fd, a.event = uint32(fd), os.NewFile(uintptr(fd), "sync of the log")
	return a
}

func (a *asyncSync) destroy() {
	_, _, _ = unix.Syscall(unix.SYS_IO_DESTROY, uintptr(a.ctx), 0, 0)
}

// sync makes the data of file durable.
func (a *asyncSync) sync(file uintptr) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	req := &aioRequest{opcode: aioDataSync, file: uint32(file), flags: aioEventFile, eventFile: a.fd}
	if err := a.submit(req); err != nil {
		return err
	}
	var count [8]byte
	if _, err := a.event.Read(count[:]); err != nil {
		// The request is under way and its outcome unknown: that is a failed sync.
		return err
	}
	var ev aioEvent
	n, _, errno := unix.RawSyscall6(unix.SYS_IO_GETEVENTS, uintptr(a.ctx), 1, 1, uintptr(unsafe.Pointer(&ev)), 0, 0)
	switch {
	case errno != 0:
		return errno
	case n != 1:
		return errors.New("no outcome of an asynchronous sync")
	case ev.result < 0:
		return syscall.Errno(-ev.result)
	}
	return nil
}

func (a *asyncSync) submit(req *aioRequest) error {
	list := [1]*aioRequest{req}
	for {
		_, _, errno := unix.Syscall(unix.SYS_IO_SUBMIT, uintptr(a.ctx), 1, uintptr(unsafe.Pointer(&list[0])))
		switch errno {
		case 0:
			return nil
		case unix.EINTR, unix.EAGAIN:
		default:
			return errno
		}
	}
}

// close ends the use of a; no sync may be running.
func (a *asyncSync) close() error {
	a.destroy()
	return a.event.Close()
}
