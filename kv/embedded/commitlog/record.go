package commitlog

import (
	"encoding/binary"
	"hash"
	"hash/crc32"
)

// A record is a header and its payload:
//
//	+----------+--------+--------+---------+---------+
//	| checksum | length | number | durable | payload |
//	+----------+--------+--------+---------+---------+
//	  4          4        8        8         length      big endian
//
// The checksum (CRC-32C) covers the payload and then the rest of the header.
// number counts up by one over all segments, from 1 on. durable is the number
// of the last record that was known to be synced when this one was appended:
// if a record is found and one up to its durable is not, the log is damaged
// and not merely torn.
const headerLen = 24

type header struct {
	sum     uint32
	length  uint32
	number  uint64
	durable uint64
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// newChecksum is checksum of what is written to it.
func newChecksum() hash.Hash32 { return crc32.New(castagnoli) }

func checksum(payload []byte) uint32 { return crc32.Checksum(payload, castagnoli) }

// appendHeader appends the header of a record whose payload has a checksum.
func appendHeader(dst []byte, length int, number, durable uint64, sum uint32) []byte {
	at := len(dst)
	dst = binary.BigEndian.AppendUint32(dst, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(length))
	dst = binary.BigEndian.AppendUint64(dst, number)
	dst = binary.BigEndian.AppendUint64(dst, durable)
	binary.BigEndian.PutUint32(dst[at:], crc32.Update(sum, castagnoli, dst[at+4:at+headerLen]))
	return dst
}

func decodeHeader(b []byte) header {
	return header{
		sum:     binary.BigEndian.Uint32(b),
		length:  binary.BigEndian.Uint32(b[4:]),
		number:  binary.BigEndian.Uint64(b[8:]),
		durable: binary.BigEndian.Uint64(b[16:]),
	}
}

// holds reports whether a header, which begins b, is that of a payload with a
// checksum.
func holds(b []byte, sum uint32) bool {
	return crc32.Update(sum, castagnoli, b[4:headerLen]) == binary.BigEndian.Uint32(b)
}
