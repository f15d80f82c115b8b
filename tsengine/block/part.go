package block

import (
	"context"
	"sort"

	"github.com/apache/arrow-go/v18/arrow"
)

// Part is what of the present rows lies in one source, for those who read columns
// where they are rather than copied to a batch. It is the scanner's until its next Next.
type Part struct {
	src  *source
	segs []segment
}

// minPartRows is how many rows a part must have on average to be read in place.
const minPartRows = 16

// Parts lists the parts of the present rows, in their order. ok is false if they
// are not worth it: there are few rows in each, or of blocks that are read for the
// first time so few rows are wanted that whole columns are not unpacked for them.
func (s *Scanner) Parts(out []Part) (parts []Part, ok bool) {
	from := 0
	for i := range s.segs {
		if i+1 == len(s.segs) || s.segs[i+1].src != s.segs[i].src {
			out = append(out, Part{s.segs[from].src, s.segs[from : i+1]})
			from = i + 1
		}
	}
	if len(out)*minPartRows > s.rows && len(out) > 1 {
		return nil, false
	}
	for src, w := range sparse(s.segs) {
		if !w.scattered(src.len()) {
			return nil, false
		}
	}
	return out, true
}

// Stats is what the header of a block says of a column, if the part is all rows of the
// block; nil else, or if the block has no such column.
func (p *Part) Stats(id uint32) *ColumnStats {
	if p.src.block == nil || len(p.segs) != 1 || p.segs[0].from != 0 || p.segs[0].to != p.src.len() {
		return nil
	}
	return p.src.block.column(id)
}

// Column is a column of the part's source, of all its rows. It is the source's.
func (p *Part) Column(ctx context.Context, c *Column) (arrow.Array, error) {
	v, err := p.src.column(ctx, c)
	if err != nil {
		return nil, err
	}
	return p.src.plainColumn(c, v), nil
}

// Coded is Column, which may be coded (types.IsCoded).
func (p *Part) Coded(ctx context.Context, c *Column) (arrow.Array, error) {
	v, err := p.src.column(ctx, c)
	return v.values, err
}

// Each calls fn for the stretches of rows that lie side by side.
func (p *Part) Each(fn func(from, to int) error) error {
	for i := range p.segs {
		if err := fn(p.segs[i].from, p.segs[i].to); err != nil {
			return err
		}
	}
	return nil
}

// Stretch are rows [From, To) of a source, all of one group.
type Stretch struct {
	From, To int
	src      *source
	group    int
}

// Position is that of a row.
func (s *Stretch) Position(i int) int64 { return s.src.position(s.group, i) }

// After is the first of the rows [from, To) with a position of at least p; hint is
// where it might be.
func (s *Stretch) After(from int, p int64, hint int) int {
	return s.src.after(s.group, from, s.To, p, hint)
}

// EachGroup calls fn for the stretches of rows of one group that lie side by side. It is
// to be called after LoadRows.
func (p *Part) EachGroup(fn func(s *Stretch) error) error {
	s := Stretch{src: p.src}
	heads := p.src.heads
	for i := range p.segs {
		seg := &p.segs[i]
		if s.group > 0 && seg.from < int(heads[s.group].start) {
			s.group = 0 // segments need not ascend
		}
		if s.group+1 < len(heads) && seg.from >= int(heads[s.group+1].start) {
			rest := heads[s.group+1:]
			s.group += sort.Search(len(rest), func(i int) bool { return int(rest[i].start) > seg.from })
		}
		for s.From = seg.from; s.From < seg.to; s.From = s.To {
			if s.To = seg.to; s.group+1 < len(heads) {
				s.To = min(s.To, int(heads[s.group+1].start))
			}
			if err := fn(&s); err != nil {
				return err
			}
			if s.To < seg.to {
				s.group++
			}
		}
	}
	return nil
}
