package commitlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// segment is one file of the log. It is filled with zeros ahead of the
// writing, so that a sync writes data only and no new length of the file.
type segment struct {
	number uint64
	first  uint64 // number of its first record
	// applying counts its records that are not applied yet.
	applying sync.WaitGroup

	file   vfs.File // nil until something is written
	direct *direct  // nil where it cannot be used
	offset int64    // where the next byte goes
	filled int64    // the file has bytes up to here
	noFill bool     // filling failed; write on without
	dirty  bool     // something was written that is not synced
}

// A segment begins with:
//
//	+-----------+---------+--------+-------+---+----------+
//	| "tidelog" | version | number | first | 0 | checksum |
//	+-----------+---------+--------+-------+---+----------+
//	  7           1         8        8       4   4            big endian
//
// It is synced before a record follows it.
const (
	segmentMagic     = "tidelog"
	segmentVersion   = 1
	segmentHeaderLen = 32
)

// segmentFill is how much is filled at a time. It is written out with the next
// sync, which must not take much longer for it.
const segmentFill = 1 << 20

var zeros [segmentFill]byte

func segmentName(number uint64) string { return fmt.Sprintf("%010d.log", number) }

func parseSegmentName(name string) (number uint64, ok bool) {
	digits, ok := strings.CutSuffix(name, ".log")
	if !ok || len(digits) < 10 {
		return 0, false
	}
	number, err := strconv.ParseUint(digits, 10, 64)
	return number, err == nil && number > 0
}

func appendSegmentHeader(dst []byte, number, first uint64) []byte {
	at := len(dst)
	dst = append(dst, segmentMagic...)
	dst = append(dst, segmentVersion)
	dst = binary.BigEndian.AppendUint64(dst, number)
	dst = binary.BigEndian.AppendUint64(dst, first)
	dst = append(dst, 0, 0, 0, 0)
	return binary.BigEndian.AppendUint32(dst, checksum(dst[at:]))
}

var errNoSegment = errors.New("it does not begin as a segment does")

// decodeSegmentHeader returns the number of a segment's first record.
func decodeSegmentHeader(b []byte, number uint64) (first uint64, err error) {
	switch {
	case binary.BigEndian.Uint32(b[28:]) != checksum(b[:28]) || string(b[:7]) != segmentMagic:
		return 0, errNoSegment
	case b[7] != segmentVersion:
		return 0, fmt.Errorf("it has version %d, this program reads %d", b[7], segmentVersion)
	case binary.BigEndian.Uint64(b[8:]) != number:
		return 0, fmt.Errorf("it is segment %d by its content", binary.BigEndian.Uint64(b[8:]))
	}
	return binary.BigEndian.Uint64(b[16:]), nil
}

// create makes a segment's file.
func (l *Log) create(s *segment) error {
	file, err := l.cfg.FS.Create(l.cfg.FS.PathJoin(l.cfg.Dir, segmentName(s.number)), "tidemark-log")
	if err != nil {
		return err
	}
	s.file = file
	if err := s.write(appendSegmentHeader(nil, s.number, s.first)); err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), l.dir.Sync()); err != nil {
		return err
	}
	s.dirty = false
	if s.direct = openDirect(file); s.direct != nil {
		if l.queue == nil {
			l.queue = openQueue()
		}
		s.direct.queue = l.queue
	}
	return nil
}

// fill has zeros in the file up to where n more bytes end.
func (s *segment) fill(n int) {
	for end := s.offset + int64(n); end > s.filled && n < largeRecord && !s.noFill; {
		if _, err := s.file.WriteAt(zeros[:], s.filled); err != nil {
			s.noFill = true // a full disk, say: the write itself will tell
			return
		}
		s.filled += segmentFill
		s.dirty = true
	}
}

func (s *segment) write(p []byte) error {
	s.fill(len(p))
	if s.direct != nil {
		if err := s.direct.leave(s.offset); err != nil {
			return err
		}
	}
	s.dirty = true
	n, err := s.file.Write(p)
	s.offset += int64(n)
	s.filled = max(s.filled, s.offset)
	return err
}

// writeSynced writes, and has all that was written durable.
func (s *segment) writeSynced(p []byte) error {
	s.fill(len(p))
	if s.direct != nil && len(p) > 0 && s.offset+int64(len(p)) <= s.filled {
		if err := s.sync(); err != nil {
			return err
		}
		err := s.direct.write(p, s.offset)
		if err == nil {
			s.offset += int64(len(p))
			return nil
		}
		if !s.direct.cannot(err) {
			return err
		}
		if err := errors.Join(s.direct.leave(s.offset), s.direct.close()); err != nil {
			return err
		}
		s.direct = nil
	}
	if err := s.write(p); err != nil {
		return err
	}
	return s.sync()
}

func (s *segment) sync() error {
	if !s.dirty {
		return nil
	}
	err := s.file.SyncData()
	s.dirty = err != nil
	return err
}

// writeCopied writes what stays the caller's: a vfs.File may change the bytes
// that Write is given.
func (s *segment) writeCopied(p []byte) error {
	buf := make([]byte, min(len(p), largeRecord))
	for len(p) > 0 {
		n := copy(buf, p)
		if err := s.write(buf[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

func (s *segment) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if s.direct != nil {
		err = errors.Join(err, s.direct.close())
	}
	s.file, s.direct = nil, nil
	return err
}
