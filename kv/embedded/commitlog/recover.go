package commitlog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Open opens the log in cfg.Dir. Recover has to follow.
func Open(cfg Config) (*Log, error) {
	if cfg.SegmentBytes == 0 {
		cfg.SegmentBytes = defaultSegmentBytes
	}
	if cfg.Delay == 0 {
		cfg.Delay = defaultDelay
	}
	if err := cfg.FS.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	parent, err := cfg.FS.OpenDir(cfg.FS.PathDir(cfg.Dir))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(parent.Sync(), parent.Close()); err != nil {
		return nil, err
	}
	dir, err := cfg.FS.OpenDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	return &Log{
		cfg: cfg, dir: dir, quit: make(chan struct{}), full: make(chan struct{}, 1),
		segment: &segment{number: 1, first: 1}, next: 1,
	}, nil
}

// Recover gives the payloads of all records to apply, in order, flush then
// makes what was applied durable, and the log begins anew, empty and open for
// writing. A payload is valid during the call only. Damage is XX001 with the
// file's name; what was not written whole at the end of the log is left out.
//
// All segments are read in order and from their begin even when some of it was
// flushed before: applying the same operations again in the same order ends
// in the same state.
func (l *Log) Recover(apply func(payload []byte) error, flush func() error) error {
	numbers, err := l.list()
	if err != nil {
		return err
	}
	expect := uint64(0) // number of the next record; 0: the first segment tells
	var payload []byte
	for i, number := range numbers {
		if i > 0 && number != numbers[i-1]+1 {
			return l.damaged(numbers[i-1]+1, 0, errors.New("it is missing"))
		}
		r := &reader{log: l, number: number, last: i == len(numbers)-1, payload: payload}
		if expect, err = r.replay(expect, apply); err != nil {
			return err
		}
		payload = r.payload
	}
	if len(numbers) > 0 {
		if err := flush(); err != nil {
			return err
		}
		for _, number := range numbers {
			if err := l.remove(number); err != nil {
				return err
			}
		}
		expect = max(expect, 1)
		l.segment = &segment{number: numbers[len(numbers)-1] + 1, first: expect}
		l.next, l.durable = expect, expect-1
	}
	l.done.Add(1)
	go l.retire()
	return nil
}

// list returns the numbers of the segments that exist.
func (l *Log) list() ([]uint64, error) {
	names, err := l.cfg.FS.List(l.cfg.Dir)
	if err != nil {
		return nil, err
	}
	var numbers []uint64
	for _, name := range names {
		if number, ok := parseSegmentName(name); ok {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// remove removes the oldest segment. The others stay if the process dies: they
// are the end of the log, never a part with a hole.
func (l *Log) remove(number uint64) error {
	if err := l.cfg.FS.Remove(l.cfg.FS.PathJoin(l.cfg.Dir, segmentName(number))); err != nil {
		return err
	}
	return l.dir.Sync()
}

func (l *Log) damaged(number uint64, offset int64, why error) error {
	return pgerror.Wrap(why, pgerror.DataCorrupted, "data is corrupted in file %s at byte %d: %v",
		l.cfg.FS.PathJoin(l.cfg.FS.PathBase(l.cfg.Dir), segmentName(number)), offset, why)
}

// reader reads one segment.
type reader struct {
	log     *Log
	number  uint64
	last    bool // no segment follows
	payload []byte

	file vfs.File
	size int64
}

var errRecord = errors.New("a record that was durable cannot be read")

// replay applies the records of a segment, the first of which should have the
// number expect, and returns the number of the one that has to follow.
func (r *reader) replay(expect uint64, apply func([]byte) error) (next uint64, err error) {
	fs := r.log.cfg.FS
	if r.file, err = fs.Open(fs.PathJoin(r.log.cfg.Dir, segmentName(r.number)), vfs.SequentialReadsOption); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.file.Close()) }()
	info, err := r.file.Stat()
	if err != nil {
		return 0, err
	}
	r.size = info.Size()
	in := bufio.NewReaderSize(io.NewSectionReader(r.file, 0, r.size), 1<<20)
	var head [segmentHeaderLen]byte
	if _, err := io.ReadFull(in, head[:]); err != nil && !torn(err) {
		return 0, err
	}
	first, err := decodeSegmentHeader(head[:], r.number)
	switch {
	case err != nil:
		// A segment that was being made has a part of its header and nothing else.
		if empty, readErr := onlyZeros(in); readErr != nil || empty && r.last && errors.Is(err, errNoSegment) {
			return max(expect, 1), readErr
		}
		return 0, r.log.damaged(r.number, 0, err)
	case expect == 0:
		expect = first
	case expect != first:
		return 0, r.log.damaged(r.number-1, 0, fmt.Errorf("its last record is %d, the next segment begins with %d", expect-1, first))
	}
	for at := int64(segmentHeaderLen); ; expect++ {
		n, ok, err := r.record(in, r.size-at, expect)
		if err != nil {
			return 0, err
		}
		if !ok {
			if r.last {
				damaged, err := r.knows(at, expect)
				if err == nil && damaged {
					err = r.log.damaged(r.number, at, errRecord)
				}
				return expect, err
			}
			return expect, nil // the next segment tells whether that was all
		}
		at += n
		if len(r.payload) == 0 {
			continue
		}
		if err := apply(r.payload); err != nil {
			return 0, err
		}
	}
}

// onlyZeros reports whether nothing but zeros follows.
func onlyZeros(in io.Reader) (bool, error) {
	buf := make([]byte, 64<<10)
	for {
		n, err := in.Read(buf)
		if !bytes.Equal(buf[:n], zeros[:n]) {
			return false, nil
		}
		if err != nil {
			if torn(err) {
				err = nil
			}
			return true, err
		}
	}
}

// torn reports whether an error is that of a file that ends early.
func torn(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// record reads the record with a number into payload; ok says that it is there.
func (r *reader) record(in io.Reader, left int64, number uint64) (n int64, ok bool, err error) {
	var b [headerLen]byte
	if _, err := io.ReadFull(in, b[:]); err != nil {
		if torn(err) {
			err = nil
		}
		return 0, false, err
	}
	h := decodeHeader(b[:])
	if h.number != number || int64(h.length) > left-headerLen {
		return 0, false, nil
	}
	r.payload = slices.Grow(r.payload[:0], int(h.length))[:h.length]
	if _, err := io.ReadFull(in, r.payload); err != nil {
		return 0, false, err
	}
	return headerLen + int64(h.length), holds(b[:], checksum(r.payload)), nil
}

// knows looks from an offset on, at whatever byte, for a record that was written
// when the record with a number was synced already.
func (r *reader) knows(at int64, number uint64) (bool, error) {
	const window = 1 << 20
	buf := make([]byte, window+headerLen-1)
	for ; at < r.size; at += window {
		n, err := r.file.ReadAt(buf, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		for i := range min(window, n-headerLen+1) {
			h := decodeHeader(buf[i : i+headerLen])
			left := r.size - at - int64(i) - headerLen
			if h.durable < number || h.durable >= h.number || h.number-number > uint64(r.size) || int64(h.length) > left {
				continue
			}
			ok, err := r.holdsAt(at+int64(i), h)
			if ok || err != nil {
				return ok, err
			}
		}
	}
	return false, nil
}

// holdsAt checks the checksum of the record at an offset.
func (r *reader) holdsAt(at int64, h header) (bool, error) {
	b := make([]byte, headerLen)
	if _, err := r.file.ReadAt(b, at); err != nil {
		return false, err
	}
	sum := newChecksum()
	if _, err := io.Copy(sum, io.NewSectionReader(r.file, at+headerLen, int64(h.length))); err != nil {
		return false, err
	}
	return holds(b, sum.Sum32()), nil
}
