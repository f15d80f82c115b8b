package chunk

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// Compression is a second stage over the bytes of an encoding. The numbers are stored.
type Compression uint8

// The second stages.
const (
	Uncompressed Compression = 0
	S2           Compression = 1 // fast
	Zstd         Compression = 2 // small
)

// maxPayload bounds what a second stage may expand to.
const maxPayload = 256 << 20

// String names the compression as settings do.
func (c Compression) String() string {
	switch c {
	case Uncompressed:
		return "none"
	case S2:
		return "s2"
	case Zstd:
		return "zstd"
	}
	return "unknown"
}

// ParseCompression is String's inverse; the empty name is none.
func ParseCompression(name string) (Compression, error) {
	for _, c := range []Compression{Uncompressed, S2, Zstd} {
		if name == c.String() || name == "" {
			return c, nil
		}
	}
	return 0, fmt.Errorf("no compression %q: none, s2 or zstd", name)
}

// zstdCoders makes the coders, which are safe for concurrent use, once.
var zstdCoders = sync.OnceValue(func() (c struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
},
) {
	// The options are constant and valid.
	c.enc, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	c.dec, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPayload))
	return c
})

// stage compresses a payload if that saves a good part of it. Bit-packed
// numbers have no redundancy left that these would find.
func stage(c Compression, enc Encoding, payload []byte) (Compression, []byte) {
	if c == Uncompressed || len(payload) < smallestStaged {
		return Uncompressed, payload
	}
	switch enc {
	case Dictionary, Prefix, Plain, Raw, Gorilla, RunLength:
	default:
		return Uncompressed, payload
	}
	out := binary.AppendUvarint(nil, uint64(len(payload)))
	if c == S2 {
		out = append(out, s2.Encode(nil, payload)...)
	} else {
		out = zstdCoders().enc.EncodeAll(payload, out)
	}
	if len(out) > len(payload)-len(payload)*stageMustSavePc/100 {
		return Uncompressed, payload
	}
	return c, out
}

// unstage undoes stage.
func unstage(c Compression, payload []byte) ([]byte, error) {
	if c == Uncompressed {
		return payload, nil
	}
	in := input{b: payload}
	size := in.length(maxPayload)
	if in.err != nil {
		return nil, in.err
	}
	var out []byte
	var err error
	switch c {
	case S2:
		var n int
		if n, err = s2.DecodedLen(in.b); err == nil && n != size {
			return nil, corrupt("%d bytes in place of %d", n, size)
		} else if err == nil {
			out, err = s2.Decode(nil, in.b)
		}
	case Zstd:
		out, err = zstdCoders().dec.DecodeAll(in.b, make([]byte, 0, min(size, 64*len(in.b))))
	default:
		return nil, corrupt("compression %d", c)
	}
	if err != nil {
		return nil, corrupt("%s: %v", c, err)
	}
	if len(out) != size {
		return nil, corrupt("%d bytes in place of %d", len(out), size)
	}
	return out, nil
}
