package block

import (
	"context"
	"errors"
	"io"
	"slices"
	"sort"
)

// merger merges cursors by group and position. What it yields are segments,
// stretches of rows of one source that no other cursor has rows in between:
// blocks that do not overlap pass through whole.
type merger struct {
	reading *reading
	heap    []*cursor // by row; heap[0] has the first one
	keepOps bool      // of the merge of some runs: operations stay
	done    []*source // sources of segments that are out; the taker releases them
	point   []version
}

// version is one of the rows at a point.
type version struct {
	segment
	age int
	op  Op
	sub uint64
}

// newMerger merges cursors, which it takes over. They are opened when it gets to them.
func newMerger(r *reading, cursors []*cursor) *merger {
	m := &merger{reading: r, heap: cursors}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m
}

// settle opens the first cursor, until the first one is an open one.
func (m *merger) settle(ctx context.Context) error {
	for len(m.heap) > 0 && !m.heap[0].opened {
		err := m.heap[0].open(ctx)
		if errors.Is(err, io.EOF) {
			m.drop()
		} else if err != nil {
			return err
		}
		if len(m.heap) > 0 {
			m.down(0)
		}
	}
	return nil
}

// drop closes the first cursor and puts another one to its place.
func (m *merger) drop() {
	m.heap[0].close()
	last := len(m.heap) - 1
	m.heap[0] = m.heap[last]
	m.heap = m.heap[:last]
}

func (m *merger) close() {
	for _, c := range m.heap {
		c.close()
	}
	m.heap = nil
	m.releaseDone()
}

func (m *merger) releaseDone() {
	for _, s := range m.done {
		s.release()
	}
	m.done = m.done[:0]
}

// compare orders rows of cursors.
func (m *merger) compare(a, b *cursor) int {
	c := compareRows(a.group(), a.position(), b.group(), b.position())
	if m.reading.spec.Reverse {
		return -c
	}
	return c
}

func compareRows(g1 uint64, p1 int64, g2 uint64, p2 int64) int {
	switch {
	case g1 < g2 || g1 == g2 && p1 < p2:
		return -1
	case g1 == g2 && p1 == p2:
		return 0
	}
	return 1
}

func (m *merger) down(i int) {
	for {
		k := 2*i + 1
		if k >= len(m.heap) {
			return
		}
		if k+1 < len(m.heap) && m.compare(m.heap[k+1], m.heap[k]) < 0 {
			k++
		}
		if m.compare(m.heap[i], m.heap[k]) <= 0 {
			return
		}
		m.heap[i], m.heap[k] = m.heap[k], m.heap[i]
		i = k
	}
}

// second is the cursor behind the first one, nil if there is none.
func (m *merger) second() *cursor {
	switch {
	case len(m.heap) < 2:
		return nil
	case len(m.heap) > 2 && m.compare(m.heap[2], m.heap[1]) < 0:
		return m.heap[2]
	}
	return m.heap[1]
}

// next appends segments of at most limit rows to segs; io.EOF after the last.
// The rows of one point may go beyond the limit.
func (m *merger) next(ctx context.Context, segs []segment, limit int) ([]segment, int, error) {
	rows := 0
	for rows < limit {
		if err := m.settle(ctx); err != nil {
			return segs, rows, err
		}
		if len(m.heap) == 0 {
			if rows == 0 {
				return segs, 0, io.EOF
			}
			return segs, rows, nil
		}
		first := m.heap[0]
		n := 0
		if first.cur.ops == nil {
			n = m.stretch(first, m.second(), limit-rows)
		}
		if n == 0 {
			var err error
			before := len(segs)
			if segs, err = m.resolve(ctx, segs); err != nil {
				return segs, rows, err
			}
			rows += len(segs) - before
			continue
		}
		segs = m.emit(segs, first, n)
		rows += n
		enough := len(segs) == 1 && rows >= limit/copyRows
		if err := m.advance(ctx, n); err != nil {
			return segs, rows, err
		}
		if enough {
			return segs, rows, nil
		}
	}
	return segs, rows, nil
}

// emit appends the next n rows of a cursor.
func (m *merger) emit(segs []segment, c *cursor, n int) []segment {
	m.done = append(m.done, c.cur.retain())
	c.cur.given = c.cur.block != nil
	if m.reading.spec.Reverse {
		for i := range n {
			segs = append(segs, segment{src: c.cur, from: c.row - i, to: c.row - i + 1})
		}
		return segs
	}
	if k := len(segs); k > 0 && segs[k-1].src == c.cur && segs[k-1].to == c.row {
		segs[k-1].to += n
		return segs
	}
	return append(segs, segment{src: c.cur, from: c.row, to: c.row + n})
}

// stretch is how many rows of the first cursor come before those of the second.
func (m *merger) stretch(c, second *cursor, limit int) int {
	if m.reading.spec.Reverse {
		r := c.ranges[len(c.ranges)-1]
		n := min(limit, c.row-r.from+1)
		if second == nil {
			return n
		}
		before := c.before(second, n)
		return sort.Search(n, func(i int) bool { return !before(c.row - i) })
	}
	n := min(limit, c.ranges[0].to-c.row)
	if second == nil {
		return n
	}
	before := c.before(second, n)
	step := 1
	for step < n && before(c.row+step) {
		step *= 2
	}
	end := min(n, step)
	return sort.Search(end, func(i int) bool { return !before(c.row + i) })
}

// expandShare is the part of a source's rows from which on it pays to have the group and
// position of each for comparing.
const expandShare = 8

// before tells of rows of the cursor's source, of which n are wanted, whether they come
// before the second cursor's.
func (c *cursor) before(second *cursor, n int) func(row int) bool {
	if n > c.cur.len()/expandShare {
		c.cur.expand()
	}
	g, p := second.group(), second.position()
	if c.reading.spec.Reverse {
		return func(row int) bool {
			group, position := c.cur.at(row)
			return compareRows(group, position, g, p) > 0
		}
	}
	return func(row int) bool {
		group, position := c.cur.at(row)
		return compareRows(group, position, g, p) < 0
	}
}

// advance moves the first cursor and puts it to its new place.
func (m *merger) advance(ctx context.Context, n int) error {
	c := m.heap[0]
	err := c.advance(ctx, n)
	if errors.Is(err, io.EOF) {
		m.drop()
		err = nil
	}
	if err == nil && len(m.heap) > 0 {
		m.down(0)
	}
	return err
}

// resolve takes all rows of the next point and appends those that are left
// when each has done to the older ones what it is there for.
func (m *merger) resolve(ctx context.Context, segs []segment) ([]segment, error) {
	m.point = m.point[:0]
	group, position := m.heap[0].group(), m.heap[0].position()
	for len(m.heap) > 0 && m.heap[0].group() == group && m.heap[0].position() == position {
		c := m.heap[0]
		m.done = append(m.done, c.cur.retain())
		m.point = append(m.point, version{segment{src: c.cur, from: c.row, to: c.row + 1}, c.age, c.cur.op(c.row), c.cur.sub(c.row)})
		if err := m.advance(ctx, 1); err != nil {
			return segs, err
		}
		if err := m.settle(ctx); err != nil {
			return segs, err
		}
	}
	if m.reading.spec.Reverse {
		slices.Reverse(m.point) // rows of one source are written in their order
	}
	slices.SortStableFunc(m.point, func(a, b version) int { return a.age - b.age })
	kept := resolvePoint(m.point, m.reading.spec.single(group), m.keepOps)
	if m.reading.spec.Reverse {
		slices.Reverse(kept)
	}
	for _, v := range kept {
		v.segment.op = v.op
		segs = append(segs, v.segment)
	}
	return segs, nil
}

// resolvePoint applies the versions of a point, oldest first, and returns the
// rows that are left, reusing the slice. keepOps keeps operations whose rows
// are not among them.
func resolvePoint(versions []version, unique, keepOps bool) []version {
	if unique {
		last := versions[len(versions)-1]
		if last.op == OpDelete && !keepOps {
			return nil
		}
		if last.op == OpPut {
			last.op = OpInsert
		}
		return append(versions[:0], last)
	}
	kept := versions[:0] // what is kept lies no farther back than what was seen
	for _, v := range versions {
		at := -1
		if v.op != OpInsert {
			at = find(kept, v.sub)
		}
		switch {
		case v.op == OpInsert:
			kept = append(kept, v)
		case at >= 0 && kept[at].op == OpDelete:
			// The row is gone already.
		case at >= 0 && v.op == OpPut:
			v.op = kept[at].op // a row that is here is an insert, one that is not a put
			kept[at] = v
		case at >= 0 && kept[at].op == OpInsert || !keepOps && at >= 0:
			kept = slices.Delete(kept, at, at+1)
		case at >= 0: // the row is in an older run
			kept[at] = v
		case v.op == OpPut || keepOps:
			kept = append(kept, v)
		}
	}
	return kept
}

// find is the row with a sub, or the one with the sub 0 that it may have got
// since, -1 without either.
func find(rows []version, sub uint64) int {
	zero := -1
	for i := range rows {
		if rows[i].sub == sub {
			return i
		}
		if rows[i].sub == 0 && rows[i].op == OpInsert {
			zero = i
		}
	}
	return zero
}
