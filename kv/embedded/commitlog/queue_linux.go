package commitlog

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// queue has the kernel write while no thread waits for it: io_submit(2) hands
// a request over, and an eventfd that the runtime's poller watches tells of its
// end. Who waits in pwrite(2) for the disk keeps a thread, and a core's place in
// the runtime's scheduler until its monitor takes that away, for which it wakes
// up every 20 microseconds and starts another thread. A log has one queue; the
// one who leads uses it.
type queue struct {
	context uintptr // aio_context_t
	event   *os.File
	poll    syscall.RawConn
	eventFD uint32
	request iocb
	done    ioEvent
}

// iocb is struct iocb of linux/aio_abi.h, for a little-endian machine.
type iocb struct {
	_      uint64 // data, which comes back with the event
	_      uint32 // key
	_      uint32 // RWF flags
	opcode uint16
	_      int16 // priority
	fd     uint32
	buf    uint64
	bytes  uint64
	offset int64
	_      uint64
	flags  uint32
	event  uint32
}

// ioEvent is struct io_event.
type ioEvent struct {
	_      uint64 // data
	_      uint64 // the request
	result int64  // bytes, or a negative errno
	_      int64
}

const (
	ioWrite     = 1 // IOCB_CMD_PWRITE
	ioWithEvent = 1 // IOCB_FLAG_RESFD
)

var littleEndian = *(*byte)(unsafe.Pointer(&[]uint16{1}[0])) == 1

// openQueue returns nil where the system does not allow it.
func openQueue() *queue {
	if !littleEndian {
		return nil
	}
	q := &queue{}
	if _, _, e := unix.Syscall(unix.SYS_IO_SETUP, 1, uintptr(unsafe.Pointer(&q.context)), 0); e != 0 {
		return nil
	}
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err == nil {
		q.eventFD = uint32(fd) //nolint:gosec // a descriptor
		q.event = os.NewFile(uintptr(fd), "eventfd")
		q.poll, err = q.event.SyscallConn()
	}
	if err != nil {
		_ = q.close()
		return nil
	}
	return q
}

// errNotQueued says that the kernel did not take a request, which is to be made
// in the ordinary way.
var errNotQueued = errors.New("request not queued")

// pwrite writes as pwrite(2) does.
func (q *queue) pwrite(fd int, p []byte, at int64) (int, error) {
	q.request = iocb{
		opcode: ioWrite, fd: uint32(fd), buf: uint64(uintptr(unsafe.Pointer(&p[0]))), bytes: uint64(len(p)), offset: at, //nolint:gosec // a descriptor; an address
		flags: ioWithEvent, event: q.eventFD,
	}
	list := [1]*iocb{&q.request}
	if n, _, e := unix.Syscall(unix.SYS_IO_SUBMIT, q.context, 1, uintptr(unsafe.Pointer(&list))); e != 0 || n != 1 {
		return 0, errNotQueued
	}
	// Asks first, then at each event; nobody has to read the eventfd for that.
	var failed error
	err := q.poll.Read(func(uintptr) bool {
		var now unix.Timespec
		n, _, e := unix.Syscall6(unix.SYS_IO_GETEVENTS, q.context, 0, 1, uintptr(unsafe.Pointer(&q.done)), uintptr(unsafe.Pointer(&now)), 0)
		if e != 0 && e != unix.EINTR {
			failed = e
			return true
		}
		return n == 1
	})
	runtime.KeepAlive(p)
	switch {
	case err != nil || failed != nil:
		return 0, errors.Join(err, failed)
	case q.done.result < 0:
		return 0, unix.Errno(-q.done.result)
	}
	return int(q.done.result), nil
}

// close waits for what is under way.
func (q *queue) close() error {
	var err error
	if q.event != nil {
		err = q.event.Close()
	}
	if _, _, e := unix.Syscall(unix.SYS_IO_DESTROY, q.context, 0, 0); e != 0 {
		err = errors.Join(err, e)
	}
	return err
}
