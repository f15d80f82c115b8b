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
			tags, err := l.readTags(p.Value)
			if err != nil {
				return err
			}
			id := binary.BigEndian.Uint64(p.Key[prefix:])
			if err := fn(id, int(l.bucket(id)), tags); err != nil {
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
		if len(b) == 0 {
			return nil, l.corruptRecord()
		}
		kind := b[0]
		b = b[1:]
		switch phys := l.Table.Columns[o].Type.Phys(); {
		case kind == 0:
			out[i] = types.Null
		case kind == 1:
			n, w := binary.Uvarint(b)
			if w <= 0 || n > uint64(len(b)-w) {
				return nil, l.corruptRecord()
			}
			out[i] = types.Datum{P: phys, S: string(b[w : w+int(n)])}
			b = b[w+int(n):]
		case kind == 2 && len(b) >= 8:
			out[i] = types.Datum{P: phys, I: int64(binary.LittleEndian.Uint64(b))}
			b = b[8:]
		default:
			return nil, l.corruptRecord()
		}
	}
	return out, nil
}

// EachBlock calls fn for each delta and block of a partition.
func (l *Layout) EachBlock(ctx context.Context, r kv.Reader, p *Partition, fn func(*block.Stored) error) error {
	return block.Inspect(ctx, r, p.Prefix, l.Table.Name, l.columns, fn)
}
