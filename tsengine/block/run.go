package block

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/tidemarkdb/tidemark/kv"
)

const runVersion = 1

// run is the record of a sorted run.
//
//	version 1 | checksum 4 | age uvarint | extent | blocks uvarint | bytes uvarint
type run struct {
	extent
	id     uint64
	age    uint64 // a run with a higher one is newer
	blocks int
	bytes  int64 // of headers and pages
}

func (r *run) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, runVersion, 0, 0, 0, 0)
	dst = binary.AppendUvarint(dst, r.age)
	dst = r.extent.append(dst)
	dst = binary.AppendUvarint(dst, uint64(r.blocks))
	dst = binary.AppendUvarint(dst, uint64(r.bytes))
	return sealed(dst, start)
}

func readRun(id uint64, b []byte) (*run, error) {
	in, err := unseal(b, runVersion)
	if err != nil {
		return nil, err
	}
	r := &run{id: id, age: in.uvarint(), extent: in.extent(math.MaxInt)}
	r.blocks = in.count(math.MaxUint32)
	r.bytes = int64(in.count(math.MaxInt))
	if in.err == nil && len(in.b) > 0 {
		in.fail("%d bytes after the run", len(in.b))
	}
	return r, in.err
}

// RunBytes is how many bytes the runs of a partition have; name is that of the table.
func RunBytes(ctx context.Context, reader kv.Reader, name string, prefix kv.Key) (bytes int64, err error) {
	r := &reading{spec: &Spec{Name: name}, reader: reader, figures: &Figures{}}
	err = r.eachStored(ctx, kindSpan(prefix, kindRun), false, func(pair kv.KeyValue) error {
		run, err := r.readRun(prefix, pair)
		if err == nil {
			bytes += run.bytes
		}
		return err
	})
	return bytes, err
}
