package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// ErrCorrupt is what every error of reading stored bytes wraps.
var ErrCorrupt = errors.New("block is corrupt")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrCorrupt}, args...)...)
}

const containerVersion = 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// container is a list of numbered byte strings under one checksum: the value
// of a delta and of a page.
//
//	version 1 | checksum 4 | entries uvarint | (id uvarint, length uvarint)* | bytes*
type container struct {
	ids  []uint32
	data [][]byte
}

func (c *container) add(id uint32, b []byte) {
	c.ids, c.data = append(c.ids, id), append(c.data, b)
}

func (c *container) find(id uint32) ([]byte, bool) {
	for i, x := range c.ids {
		if x == id {
			return c.data[i], true
		}
	}
	return nil, false
}

// clone copies the entries, which alias what was read.
func (c *container) clone() container {
	size := 0
	for _, b := range c.data {
		size += len(b)
	}
	all := make([]byte, 0, size)
	out := container{ids: c.ids, data: make([][]byte, len(c.data))}
	for i, b := range c.data {
		at := len(all)
		all = append(all, b...)
		out.data[i] = all[at:len(all):len(all)]
	}
	return out
}

// append writes the container.
func (c *container) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, containerVersion, 0, 0, 0, 0)
	dst = binary.AppendUvarint(dst, uint64(len(c.ids)))
	for i, id := range c.ids {
		dst = binary.AppendUvarint(dst, uint64(id))
		dst = binary.AppendUvarint(dst, uint64(len(c.data[i])))
	}
	for _, b := range c.data {
		dst = append(dst, b...)
	}
	return sealed(dst, start)
}

// sealed fills in the checksum of what begins at start.
func sealed(dst []byte, start int) []byte {
	binary.LittleEndian.PutUint32(dst[start+1:], crc32.Checksum(dst[start+5:], castagnoli))
	return dst
}

// unseal verifies version and checksum.
func unseal(b []byte, version byte) (reader, error) {
	if len(b) < 5 {
		return reader{}, corrupt("%d bytes", len(b))
	}
	if b[0] != version {
		return reader{}, corrupt("version %d", b[0])
	}
	if crc32.Checksum(b[5:], castagnoli) != binary.LittleEndian.Uint32(b[1:]) {
		return reader{}, corrupt("the checksum is wrong")
	}
	return reader{b: b[5:]}, nil
}

// readContainer takes a container apart; its entries alias b.
func readContainer(b []byte) (c container, err error) {
	in, err := unseal(b, containerVersion)
	if err != nil {
		return c, err
	}
	n := in.count(len(in.b) / 2)
	c.ids, c.data = make([]uint32, n), make([][]byte, n)
	lengths := make([]int, n)
	for i := range n {
		c.ids[i] = uint32(in.uvarint())
		lengths[i] = in.count(len(b))
	}
	for i, l := range lengths {
		c.data[i] = in.bytes(l)
	}
	if in.err == nil && len(in.b) > 0 {
		in.fail("%d bytes after the last entry", len(in.b))
	}
	return c, in.err
}

// reader reads stored numbers; the first failure stays.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = corrupt(format, args...)
	}
	r.b = nil
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail("a number is cut off")
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail("a number is cut off")
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads a number that must not exceed limit.
func (r *reader) count(limit int) int {
	v := r.uvarint()
	if v > uint64(max(limit, 0)) {
		r.fail("%d where at most %d are possible", v, limit)
		return 0
	}
	return int(v)
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.b) {
		r.fail("%d bytes where %d are left", n, len(r.b))
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) word() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}
