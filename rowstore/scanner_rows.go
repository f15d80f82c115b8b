package rowstore

import (
	"context"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/rowcodec"
)

// shapeCache remembers where the wanted columns lie in rows of each shape seen.
type shapeCache struct {
	columns []scanColumn
	last    *scanShape
	byHead  map[string]*scanShape
}

// maxShapes bounds the cache; a table of many nullable columns has more.
const maxShapes = 256

type scanShape struct {
	rowcodec.Shape
	positions []int // parallel to the scan's columns
}

// find returns the shape of a row.
func (c *shapeCache) find(row []byte) (*scanShape, error) {
	if c.last != nil && c.last.Matches(row) {
		return c.last, nil
	}
	shape, err := rowcodec.ReadShape(row)
	if err != nil {
		return nil, err
	}
	if known := c.byHead[string(shape.Head)]; known != nil {
		c.last = known
		return known, nil
	}
	head := string(shape.Head)
	shape.Head = []byte(head)
	s := &scanShape{Shape: shape, positions: make([]int, len(c.columns))}
	for i := range c.columns {
		s.positions[i] = shape.Find(c.columns[i].id)
	}
	if c.byHead == nil || len(c.byHead) >= maxShapes {
		c.byHead = make(map[string]*scanShape)
	}
	c.byHead[head] = s
	c.last = s
	return s, nil
}

// maxRun bounds the rows decoded between two looks at the batch's size.
const maxRun = 256

// appendRows decodes rows, whose handles start at an offset of the keys, until
// they end or the batch is full. It works column by column over runs of rows
// of one shape.
func (s *Scanner) appendRows(ctx context.Context, rows []kv.KeyValue, offset int) (int, error) {
	if s.needsNoValues() {
		return len(rows), s.appendRun(ctx, rows, nil, offset, 0)
	}
	done := 0
	for done < len(rows) {
		shape, err := s.shapes.find(rows[done].Value)
		if err != nil {
			return done, err
		}
		run := 1
		if !shape.Overflow {
			limit := min(len(rows)-done, maxRun)
			for run < limit && shape.Matches(rows[done+run].Value) {
				run++
			}
		}
		if err := s.appendRun(ctx, rows[done:done+run], shape, offset, done); err != nil {
			return done, err
		}
		if done += run; s.isFull() {
			break
		}
	}
	return done, nil
}

// appendRun decodes a run of rows; first is the run's position in the step.
func (s *Scanner) appendRun(ctx context.Context, rows []kv.KeyValue, shape *scanShape, offset, first int) error {
	for i := range s.columns {
		c, v := &s.columns[i], s.vectors[i]
		var err error
		switch c.source {
		case sourceHandle:
			err = v.appendIntHandles(rows, offset)
		case sourceKey, sourceHandleKey:
			err = s.appendKeyColumn(c, v, rows, s.entries[first:first+len(rows)])
		default:
			switch pos := shape.positions[i]; {
			case pos == rowcodec.PosNull:
				v.appendNulls(len(rows))
			case pos == rowcodec.PosMissing:
				v.appendDatum(c.missing, len(rows))
			case shape.Overflow && c.kind.IsBytes():
				err = s.appendLarge(ctx, c, v, &rows[0], shape, pos, offset)
			default:
				err = v.appendRows(rows, &shape.Shape, pos)
			}
		}
		if err != nil {
			return err
		}
	}
	if s.spec.WithHandle {
		return s.vectors[len(s.columns)].appendHandles(rows, offset)
	}
	return nil
}

// appendLarge decodes one value that may lie in overflow keys.
func (s *Scanner) appendLarge(ctx context.Context, c *scanColumn, v *vector, row *kv.KeyValue, shape *scanShape, pos, offset int) error {
	b, ok := shape.Value(row.Value, pos)
	if !ok {
		return rowcodec.ErrInvalid
	}
	b, length, err := rowcodec.Bytes(b)
	if err != nil {
		return err
	}
	if length >= 0 {
		s.overflowed = true
		if len(row.Key) < offset {
			return errInvalidHandle
		}
		if b, err = s.layout.readLarge(ctx, s.reader, nil, int16(c.id), row.Key[offset:], length); err != nil {
			return err
		}
	}
	v.appendBytes(b)
	return nil
}

// splitEntries sets rows to (handle, restored columns) of index entries.
func (s *Scanner) splitEntries(pairs []kv.KeyValue) error {
	s.entries = pairs
	s.rows = s.rows[:0]
	// Handles of unique entries are put together in a buffer that must not move.
	if cap(s.handleBuf) < 8*len(pairs) {
		s.handleBuf = make([]byte, 0, 8*len(pairs))
	}
	buf := s.handleBuf[:0]
	for i := range pairs {
		handle, restored, err := s.layout.splitEntry(s.index, buf, pairs[i].Key, pairs[i].Value)
		if err != nil {
			return err
		}
		buf = buf[:min(cap(buf), len(buf)+8)]
		s.rows = append(s.rows, kv.KeyValue{Key: handle, Value: restored})
	}
	return nil
}

// appendKeyColumn decodes a lossless column of index keys or common handles.
func (s *Scanner) appendKeyColumn(c *scanColumn, v *vector, rows, entries []kv.KeyValue) error {
	columns, skip := s.layout.pk, 0
	if c.source == sourceKey {
		columns, skip = s.index.columns, len(s.index.prefix)
	}
	var scratch [64]byte
	for i := range rows {
		b := rows[i].Key
		if c.source == sourceKey {
			b = entries[i].Key
		}
		if len(b) < skip {
			return errInvalidEntry
		}
		b = b[skip:]
		var err error
		for k := range c.at {
			if b, _, err = columns[k].Skip(b); err != nil {
				return err
			}
		}
		value, _, err := columns[c.at].Decode(scratch[:0], b)
		switch {
		case err != nil:
			return err
		case value.Null:
			v.appendNulls(1)
		case v.isBytes():
			v.appendBytes(value.Bytes)
		default:
			v.appendInt(value.Int)
		}
	}
	return nil
}
