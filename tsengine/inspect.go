package tsengine

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// EachSeries calls fn for each series of the table, with its bucket and the values of its tags.
func (l *Layout) EachSeries(ctx context.Context, r kv.Reader, fn func(id uint64, bucket int, tags []types.Datum) error) error {
	return l.eachRecord(ctx, r, func(id uint64, record []byte) (bool, error) {
		tags, err := l.readTags(record)
		if err == nil {
			err = fn(id, int(l.bucket(id)), tags)
		}
		return true, err
	})
}

// eachRecord calls fn for the record of each series, ascending, while that says so.
func (l *Layout) eachRecord(ctx context.Context, r kv.Reader, fn func(id uint64, record []byte) (more bool, err error)) error {
	if len(l.Tags) == 0 {
		return nil
	}
	it, err := r.Scan(ctx, l.recordSpan(), kv.ScanOptions{})
	if err != nil {
		return err
	}
	defer it.Close()
	prefix := len(l.recordPrefix())
	for {
		pairs, err := it.NextBatch(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, p := range pairs {
			if len(p.Key) < prefix+8 {
				return l.corruptRecord()
			}
			if more, err := fn(binary.BigEndian.Uint64(p.Key[prefix:]), p.Value); err != nil || !more {
				return err
			}
		}
	}
}

func (l *Layout) corruptRecord() error {
	return pgerror.New(pgerror.DataCorrupted, "the record of a series of table %q is corrupted", l.Table.Name)
}

// readTags is appendTag's inverse for all tags of a record.
func (l *Layout) readTags(b []byte) ([]types.Datum, error) {
	out := make([]types.Datum, len(l.Tags))
	for i, o := range l.Tags {
		n, ok := tagSize(b)
		if !ok {
			return nil, l.corruptRecord()
		}
		out[i] = tagDatum(b[:n], l.Table.Columns[o].Type.Phys())
		b = b[n:]
	}
	return out, nil
}

// tagSize is how many bytes of a record its first tag takes.
func tagSize(b []byte) (n int, ok bool) {
	switch {
	case len(b) == 0:
		return 0, false
	case b[0] == 0:
		return 1, true
	case b[0] == 1:
		n, w := binary.Uvarint(b[1:])
		if w <= 0 || n > uint64(len(b)-1-w) {
			return 0, false
		}
		return 1 + w + int(n), true
	}
	return 9, b[0] == 2 && len(b) >= 9
}

// tagDatum is the value of a tag of that many bytes.
func tagDatum(b []byte, phys types.Phys) types.Datum {
	switch b[0] {
	case 0:
		return types.Null
	case 1:
		_, w := binary.Uvarint(b[1:])
		return types.Datum{P: phys, S: string(b[1+w:])}
	}
	return types.Datum{P: phys, I: int64(binary.LittleEndian.Uint64(b[1:]))}
}

// EachBlock calls fn for each delta and block of a partition.
func (l *Layout) EachBlock(ctx context.Context, r kv.Reader, p *Partition, fn func(*block.Stored) error) error {
	return block.Inspect(ctx, r, p.Prefix, l.Table.Name, l.columns, fn)
}
