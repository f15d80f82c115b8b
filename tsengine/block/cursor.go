package block

import (
	"context"
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
	next    func(ctx context.Context) (*source, *extent, error)
	stop    func() // ends next; nil if nothing is to be ended
	deleted []*RangeDelete
	cur     *source
	ranges  []rowRange // still to come in cur; the cursor is inside of the first (last, if reversed)
	row     int
	head    int // of the group of the row that was asked for last
}

func (c *cursor) group() uint64 {
	if !c.opened {
		return c.bound.group
	}
	if c.cur.groups != nil {
		return c.cur.groups[c.row]
	}
	return c.cur.heads[c.headOfRow()].group
}

// headOfRow is the number of the group of the present row, which is mostly that of the row
// before or the next one.
func (c *cursor) headOfRow() int {
	for k := c.head; k < min(c.head+2, len(c.cur.heads)); k++ {
		if from, to := c.cur.groupRows(k); c.row >= from && c.row < to {
			c.head = k
			return k
		}
	}
	c.head = c.cur.headOf(c.row)
	return c.head
}

func (c *cursor) position() int64 {
	if !c.opened {
		return c.bound.position
	}
	if c.cur.positions != nil {
		return c.cur.positions[c.row]
	}
	return c.cur.position(c.headOfRow(), c.row)
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
		c.ranges = c.reading.spec.ranges(src, e, c.reading.end)
		for _, d := range c.deleted {
			if len(c.ranges) > 0 && d.touches(e) {
				c.ranges = d.cut(src, c.ranges)
			}
		}
		if len(c.ranges) == 0 {
			src.release()
			continue
		}
		c.cur, c.head = src, 0
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

// sourcesAtOnce is of how many blocks sources are allocated at once: each keeps the memory
// of the others.
const sourcesAtOnce = 8

// runCursor walks the blocks of a run. Blocks that the spec's bounds, or prune,
// exclude are not read.
func (r *reading) runCursor(age int, prefix kv.Key, run *run, prune bool) *cursor {
	h := &headers{reading: r, prefix: prefix, run: run, prune: prune}
	name := r.nameOf(prefix, run)
	var unused []source // allocated together, but for the first: many scans read one block
	size := 1
	var lasts *source
	return &cursor{reading: r, age: age, stop: h.close, next: func(ctx context.Context) (*source, *extent, error) {
		if lasts != nil {
			return nil, nil, io.EOF
		}
		if !h.opened && r.end && !run.ops && r.spec.Last && (!prune || r.spec.Prune == nil) {
			var err error
			if lasts, err = r.lastRows(ctx, prefix, run); lasts != nil || err != nil {
				return lasts, &run.extent, err
			}
		}
		b, err := h.next(ctx)
		if err != nil {
			return nil, nil, err
		}
		if len(unused) == 0 {
			unused = make([]source, size)
			size = sourcesAtOnce
		}
		src := &unused[0]
		unused = unused[1:]
		*src = r.blockSource(prefix, run, name, b)
		return src, &b.extent, src.open(ctx)
	}}
}

// nameOf is what the cache knows a run by; empty if there is no cache.
func (r *reading) nameOf(prefix kv.Key, run *run) runName {
	if r.spec.Cache == nil {
		return runName{}
	}
	return nameOf(prefix, run.id)
}

// openBlock opens a block of a run that the cache knows by a name.
func (r *reading) openBlock(ctx context.Context, prefix kv.Key, run *run, name runName, b *header) (*source, error) {
	s := r.blockSource(prefix, run, name, b)
	return &s, s.open(ctx)
}

func (r *reading) blockSource(prefix kv.Key, run *run, name runName, b *header) source {
	return source{refs: 1, reading: r, block: b, prefix: prefix, run: run.id, inRun: name}
}

// open reads the rows of a block, later if all of them are wanted.
func (s *source) open(ctx context.Context) error {
	if s.lazy = s.reading.alone && !s.block.ops && s.reading.spec.whole(&s.block.extent); s.lazy {
		return nil
	}
	return s.loadRows(ctx)
}

// loadRows reads the numbers of a block's rows.
func (s *source) loadRows(ctx context.Context) error {
	s.use()
	cache, b := s.reading.spec.Cache, s.block
	if cache != nil {
		if rows := cache.blockRows(s.inRun, b.number); rows != nil {
			s.rowNumbers, s.lazy = *rows, false
			return nil
		}
	}
	s.fresh = !s.lazy
	p, err := s.page(ctx, 0)
	if err != nil {
		return err
	}
	if err := s.readRows(&p, b.extent); err != nil {
		return s.corrupted(err)
	}
	s.lazy = false
	if cache != nil {
		cache.keepRows(s.inRun, b.number, s.kept(), s.n)
	}
	return nil
}
