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
	if len(out)*minPartRows > s.rows && len(out) > 1 || len(sparse(s.segs)) > 0 {
		return nil, false
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
	return p.src.column(ctx, c)
}

// Positions are those of all rows of the source. They, EachGroup and After are
// there after LoadRows.
func (p *Part) Positions() []int64 { return p.src.positions }

// Each calls fn for the stretches of rows that lie side by side.
func (p *Part) Each(fn func(from, to int) error) error {
	for i := range p.segs {
		if err := fn(p.segs[i].from, p.segs[i].to); err != nil {
			return err
		}
	}
	return nil
}

// EachGroup calls fn for the stretches of rows of one group that lie side by side.
func (p *Part) EachGroup(fn func(from, to int) error) error {
	for i := range p.segs {
		seg := &p.segs[i]
		starts := p.src.starts
		k := sort.Search(len(starts), func(i int) bool { return int(starts[i]) > seg.from })
		for from := seg.from; from < seg.to; k++ {
			to := seg.to
			if k < len(starts) {
				to = min(to, int(starts[k]))
			}
			if err := fn(from, to); err != nil {
				return err
			}
			from = to
		}
	}
	return nil
}

// After is the first of the rows [from, to), which are of one group, with a
// position of at least p; hint is where it might be.
func (p *Part) After(from, to int, position int64, hint int) int {
	return p.src.after(from, to, position, hint)
}
