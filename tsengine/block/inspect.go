package block

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

// Stored describes a delta or a block to those who look after a table.
type Stored struct {
	Delta      bool
	Range      bool   // a range delete: without rows, First and Last bound what it removes
	Run        uint64 // of a block
	Block      int    // its number in the run
	Rows       int
	First      int64 // the least and the greatest position
	Last       int64
	Bytes      int64 // as it lies in the store
	RawBytes   int64 // of the values by themselves: fixed widths and the lengths of strings
	Columns    []uint32
	Encodings  []string // of Columns
	columnInfo []Column
}

// Inspect calls fn for each delta and block of a partition, the deltas first. It reads
// all pages. What fn is given is its own until it returns.
func Inspect(ctx context.Context, r kv.Reader, prefix kv.Key, name string, columns []Column, fn func(*Stored) error) error {
	err := eachPair(ctx, r, kindSpan(prefix, kindDelta), func(p kv.KeyValue) error {
		s := &Stored{Delta: true, columnInfo: columns}
		c, err := readContainer(p.Value)
		if err != nil {
			return fmt.Errorf("table %q, delta %x: %w", name, p.Key, err)
		}
		o, _ := orderOf(prefix, p.Key)
		if d, err := readRangeDelete(&c, p.Key, o); d != nil || err != nil {
			if err != nil {
				return fmt.Errorf("table %q, delta %x: %w", name, p.Key, err)
			}
			s.Range, s.First, s.Last, s.Bytes = true, d.Lower, d.Upper, int64(len(p.Key)+len(p.Value))
			return fn(s)
		}
		e, err := deltaExtent(&c)
		if err != nil {
			return fmt.Errorf("table %q, delta %x: %w", name, p.Key, err)
		}
		s.extent(&e)
		if err := s.container(&c, len(p.Key)+len(p.Value)); err != nil {
			return fmt.Errorf("table %q, delta %x: %w", name, p.Key, err)
		}
		return fn(s)
	})
	if err != nil {
		return err
	}
	return eachPair(ctx, r, kindSpan(prefix, kindHeader), func(p kv.KeyValue) error {
		h, err := readHeader(p.Value)
		if err != nil {
			return fmt.Errorf("table %q, header %x: %w", name, p.Key, err)
		}
		s := &Stored{Run: runOfHeader(prefix, p.Key), Block: int(h.number), columnInfo: columns, Bytes: int64(len(p.Key) + len(p.Value))}
		s.extent(&h.extent)
		pages := kv.Span{Start: pageKey(prefix, s.Run, h.number, 0), End: pageKey(prefix, s.Run, h.number+1, 0)}
		err = eachPair(ctx, r, pages, func(p kv.KeyValue) error {
			c, err := readContainer(p.Value)
			if err == nil {
				err = s.container(&c, len(p.Key)+len(p.Value))
			}
			if err != nil {
				return fmt.Errorf("table %q, run %x, block %d: %w", name, s.Run, s.Block, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return fn(s)
	})
}

func (s *Stored) extent(e *extent) {
	s.Rows, s.First, s.Last = e.rows, e.minPos, e.maxPos
	s.RawBytes = 8 * int64(e.rows)
}

// container adds the columns that are in a delta or on a page.
func (s *Stored) container(c *container, bytes int) error {
	s.Bytes += int64(bytes)
	for i, id := range c.ids {
		if id < firstColumn {
			continue
		}
		info, err := chunk.Describe(c.data[i])
		if err != nil {
			return err
		}
		s.Columns, s.Encodings = append(s.Columns, id-firstColumn), append(s.Encodings, info.Encoding.String())
		for k := range s.columnInfo {
			if s.columnInfo[k].ID != id-firstColumn {
				continue
			}
			n, err := rawBytes(s.columnInfo[k].Type, c.data[i], s.Rows)
			if err != nil {
				return err
			}
			s.RawBytes += n
		}
	}
	return nil
}

// rawBytes is how many bytes the values of a chunk take by themselves.
func rawBytes(t arrow.DataType, b []byte, rows int) (int64, error) {
	if w, ok := t.(arrow.FixedWidthDataType); ok {
		return int64((w.BitWidth() + 7) / 8 * rows), nil
	}
	a, err := chunk.Decode(goAlloc, t, b)
	if err != nil {
		return 0, err
	}
	defer a.Release()
	offsets, _ := byteValues(a)
	return int64(offsets[len(offsets)-1] - offsets[0]), nil
}

// eachPair calls fn for the pairs of a span.
func eachPair(ctx context.Context, r kv.Reader, span kv.Span, fn func(kv.KeyValue) error) error {
	it, err := r.Scan(ctx, span, kv.ScanOptions{BatchSize: 16})
	if err != nil {
		return err
	}
	defer it.Close()
	for {
		pairs, err := it.NextBatch(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, p := range pairs {
			if err := fn(p); err != nil {
				return err
			}
		}
	}
}
