package block

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tidemarkdb/tidemark/kv"
)

// cursor walks the wanted rows of one delta, several deltas that follow each
// other, or one run. At a row, cur is not nil and row is its index there.
//
// Before it is opened it stands at a bound, which no row of it comes before: a
// merge that ends early leaves those unopened that it did not get to.
type cursor struct {
	reading *reading
	age     int // rank: a higher one is newer
	opened  bool
	bound   struct {
		group    uint64
		position int64
	}
	// next yields the sources in order, each with a reference for the cursor; io.EOF ends.
	next   func(ctx context.Context) (*source, *extent, error)
	stop   func() // ends next; nil if nothing is to be ended
	cur    *source
	ranges []rowRange // still to come in cur; the cursor is inside of the first (last, if reversed)
	row    int
}

func (c *cursor) group() uint64 {
	if !c.opened {
		return c.bound.group
	}
	return c.cur.groups[c.row]
}

func (c *cursor) position() int64 {
	if !c.opened {
		return c.bound.position
	}
	return c.cur.positions[c.row]
}

// open moves to the first row; io.EOF without one.
func (c *cursor) open(ctx context.Context) error {
	c.opened = true
	return c.nextSource(ctx)
}

// setBound computes the bound of a cursor over rows of an extent.
func (c *cursor) setBound(e *extent) {
	s := c.reading.spec
	if s.Reverse {
		c.bound.group, c.bound.position = e.maxGroup, min(e.maxPos, s.Upper)
		if i := s.firstGroup(e.maxGroup); s.Groups != nil && i < len(s.Groups) && s.Groups[i] == e.maxGroup {
			return
		} else if s.Groups != nil && i > 0 {
			c.bound.group = s.Groups[i-1]
		}
		return
	}
	c.bound.group, c.bound.position = e.minGroup, max(e.minPos, s.Lower)
	if i := s.firstGroup(e.minGroup); s.Groups != nil && i < len(s.Groups) {
		c.bound.group = s.Groups[i]
	}
}

func (c *cursor) nextSource(ctx context.Context) error {
	if c.cur != nil {
		c.cur.release()
		c.cur = nil
	}
	for {
		src, e, err := c.next(ctx)
		if err != nil {
			return err
		}
		c.ranges = c.reading.spec.ranges(src, e)
		if len(c.ranges) == 0 {
			src.release()
			continue
		}
		c.cur = src
		c.enter()
		return nil
	}
}

func (c *cursor) enter() {
	if c.reading.spec.Reverse {
		c.row = c.ranges[len(c.ranges)-1].to - 1
	} else {
		c.row = c.ranges[0].from
	}
}

// advance moves n rows on, all inside of the present range.
func (c *cursor) advance(ctx context.Context, n int) error {
	if c.reading.spec.Reverse {
		c.row -= n
		last := len(c.ranges) - 1
		if c.row >= c.ranges[last].from {
			return nil
		}
		c.ranges = c.ranges[:last]
	} else {
		c.row += n
		if c.row < c.ranges[0].to {
			return nil
		}
		c.ranges = c.ranges[1:]
	}
	if len(c.ranges) > 0 {
		c.enter()
		return nil
	}
	return c.nextSource(ctx)
}

func (c *cursor) close() {
	if c.cur != nil {
		c.cur.release()
		c.cur = nil
	}
	if c.stop != nil {
		c.stop()
		c.stop = nil
	}
}

// sourcesCursor walks sources that are open already, taking them over.
func (r *reading) sourcesCursor(age int, list []*source, extents []extent) *cursor {
	c := &cursor{reading: r, age: age}
	i := 0
	c.next = func(context.Context) (*source, *extent, error) {
		if i == len(list) {
			return nil, nil, io.EOF
		}
		i++
		return list[i-1], &extents[i-1], nil
	}
	c.stop = func() {
		for ; i < len(list); i++ {
			list[i].release()
		}
	}
	return c
}

// runCursor walks the blocks of a run. Blocks that the spec's bounds, or prune,
// exclude are not read.
func (r *reading) runCursor(age int, prefix kv.Key, run *run, prune bool) *cursor {
	h := &headers{reading: r, prefix: prefix, run: run, prune: prune}
	return &cursor{reading: r, age: age, stop: h.close, next: func(ctx context.Context) (*source, *extent, error) {
		b, err := h.next(ctx)
		if err != nil {
			return nil, nil, err
		}
		src, err := r.openBlock(ctx, prefix, run.id, b)
		return src, &b.extent, err
	}}
}

// headers yields the headers of a run's blocks that may hold wanted rows, in
// order. With few groups it seeks each, else it reads all.
type headers struct {
	reading *reading
	prefix  kv.Key
	run     *run
	prune   bool

	it      kv.Iterator
	pending []kv.KeyValue
	seeking bool
	opened  bool
	group   int // index of the group that is sought
	last    int64
}

// seekBlocks is how many blocks of a run a group must save for a seek of its own.
const seekBlocks = 16

func (h *headers) close() {
	if h.it != nil {
		h.it.Close()
		h.it = nil
	}
}

func (h *headers) next(ctx context.Context) (*header, error) {
	s := h.reading.spec
	if !h.opened {
		h.opened, h.last = true, -1
		h.seeking = s.Groups != nil && len(s.Groups)*seekBlocks < h.run.blocks
		if h.seeking && s.Reverse {
			h.group = len(s.Groups) - 1
		}
		if !h.seeking {
			if err := h.open(ctx, runSpan(h.prefix, kindHeader, h.run.id), 0); err != nil {
				return nil, err
			}
		}
	}
	for {
		if h.it == nil {
			if err := h.seek(ctx); err != nil {
				return nil, err
			}
		}
		b, err := h.read(ctx)
		if errors.Is(err, io.EOF) && h.seeking {
			h.nextGroup()
			continue
		}
		if err != nil {
			return nil, err
		}
		if h.seeking && h.passed(b) {
			h.nextGroup()
		}
		if int64(b.number) == h.last && h.seeking {
			continue // two groups are in it
		}
		if !s.touches(&b.extent) || h.prune && s.Prune != nil && s.Prune(b.column) {
			h.reading.figures.BlocksPruned++
			continue
		}
		h.last = int64(b.number)
		return b, nil
	}
}

func (h *headers) nextGroup() {
	h.close()
	h.pending = nil
	if h.reading.spec.Reverse {
		h.group--
	} else {
		h.group++
	}
}

// passed reports whether no later header has rows of the group that is sought.
func (h *headers) passed(b *header) bool {
	g, s := h.reading.spec.Groups[h.group], h.reading.spec
	if s.Reverse {
		return b.minGroup < g
	}
	return b.maxGroup > g
}

// seek opens the headers of the next group. Headers are named by their last
// row: forwards the first one at or behind (group, lower) may hold it, and the
// one behind the last named by the group; backwards the same ones from behind.
func (h *headers) seek(ctx context.Context) error {
	s := h.reading.spec
	if h.group < 0 || h.group >= len(s.Groups) {
		return io.EOF
	}
	g := s.Groups[h.group]
	span := runSpan(h.prefix, kindHeader, h.run.id)
	if !s.Reverse {
		span.Start = headerKey(h.prefix, h.run.id, g, s.Lower, 0)
		return h.open(ctx, span, 4)
	}
	// The last header that may hold rows of the group is the first one whose last
	// row is behind (group, upper).
	from := headerKey(h.prefix, h.run.id, g, s.Upper, 0xffffffff)
	it, err := h.reading.reader.Scan(ctx, kv.Span{Start: from, End: span.End}, kv.ScanOptions{KeysOnly: true, BatchSize: 1})
	if err != nil {
		return err
	}
	defer it.Close()
	pairs, err := it.NextBatch(ctx)
	switch {
	case err == nil:
		span.End = append(append(kv.Key(nil), pairs[0].Key...), 0)
	case !errors.Is(err, io.EOF):
		return err
	}
	return h.open(ctx, span, 2)
}

func (h *headers) open(ctx context.Context, span kv.Span, batch int) (err error) {
	h.pending = nil
	h.it, err = h.reading.reader.Scan(ctx, span, kv.ScanOptions{Reverse: h.reading.spec.Reverse, BatchSize: batch})
	return err
}

func (h *headers) read(ctx context.Context) (*header, error) {
	if len(h.pending) == 0 {
		var err error
		if h.pending, err = h.it.NextBatch(ctx); err != nil {
			return nil, err
		}
	}
	p := h.pending[0]
	h.pending = h.pending[1:]
	b, err := readHeader(p.Value)
	if err != nil {
		return nil, fmt.Errorf("table %q, header %x: %w", h.reading.spec.Name, p.Key, err)
	}
	return b, nil
}

// openBlock reads the first page of a block.
func (r *reading) openBlock(ctx context.Context, prefix kv.Key, run uint64, b *header) (*source, error) {
	name := fmt.Sprintf("table %q, run %x, block %d", r.spec.Name, run, b.number)
	s := &source{refs: 1, alloc: r.alloc, figures: r.figures, name: name, block: b}
	s.fetch = func(ctx context.Context, page int) (container, error) {
		key := pageKey(prefix, run, b.number, uint16(page))
		v, found, err := r.reader.Get(ctx, key)
		if err != nil {
			return container{}, err
		}
		if !found {
			return container{}, s.corrupted(errMissingPage(key))
		}
		c, err := readContainer(append([]byte(nil), v...))
		if err != nil {
			return c, s.corrupted(err)
		}
		return c, nil
	}
	p, err := s.page(ctx, 0)
	if err != nil {
		return nil, err
	}
	if err := s.readRows(&p, b.extent); err != nil {
		return nil, s.corrupted(err)
	}
	r.figures.BlocksRead++
	return s, nil
}
