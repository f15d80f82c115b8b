package block

import (
	"context"
	"sort"

	"github.com/apache/arrow-go/v18/arrow"
)

// Whoever wants the newest row of each group again and again (Spec.Last) finds it
// scattered over the blocks: one value of each group in each column. The cache keeps
// these values of a block side by side, under the column's ID with lastRows set.
const lastRows = 1 << 31

// lastSegments translates segments of last rows of groups into segments of such
// arrays; sources names those that it was done for, nil if there are none, or if a
// source has other rows too: its segments may lie among those of others.
func lastSegments(segs []segment) (out []segment, sources []*source) {
	for i := 0; i < len(segs); {
		end := i + 1
		for end < len(segs) && segs[end].src == segs[i].src {
			end++
		}
		if src := segs[i].src; src.keepsLasts() {
			var ok bool
			if out, ok = src.lasts(segs[i:end], out); !ok {
				return nil, nil
			}
			sources = append(sources, src)
		} else {
			out = append(out, segs[i:end]...)
		}
		i = end
	}
	return out, sources
}

// keepsLasts reports whether the cache may have the source's last values.
func (s *source) keepsLasts() bool {
	return s.block != nil && s.inRun.prefix != "" && len(s.starts) > 0
}

// lasts appends the translation of segments of the source; ok is false if not
// each row is the last of its group.
func (s *source) lasts(segs, out []segment) (_ []segment, ok bool) {
	first := len(out)
	k := 0
	for i := range segs {
		if segs[i].to != segs[i].from+1 {
			return out, false
		}
		row := int32(segs[i].from)
		if k++; k >= len(s.starts) || s.starts[k] != row+1 { // it is not the next group
			k = sort.Search(len(s.starts), func(i int) bool { return s.starts[i] > row })
			if k < len(s.starts) && s.starts[k] != row+1 || k == len(s.starts) && segs[i].to != s.len() {
				return out, false
			}
		}
		if n := len(out); n > first && out[n-1].to == k-1 {
			out[n-1].to = k
		} else {
			out = append(out, segment{src: s, from: k - 1, to: k, op: segs[i].op})
		}
	}
	return out, true
}

// lastValues is the column's values at the last rows of the source's groups; the
// caller releases it.
func (s *source) lastValues(ctx context.Context, c *Column) (arrow.Array, error) {
	cache := s.reading.spec.Cache
	kept := Column{ID: c.ID | lastRows, Type: c.Type}
	if a := cache.column(s.inRun, s.number(), &kept); a != nil {
		s.use()
		return a, nil
	}
	all, err := s.column(ctx, c)
	if err != nil {
		return nil, err
	}
	segs := make([]segment, len(s.starts))
	arrays := make([]arrow.Array, len(segs))
	for k := range segs {
		_, to := s.groupRows(k)
		segs[k], arrays[k] = segment{src: s, from: to - 1, to: to}, all
	}
	alloc, keep := cache.allocator(int64(arrayBytes(all) / max(1, all.Len()) * len(segs)))
	if !keep {
		alloc = s.reading.alloc
	}
	a, err := assemble(alloc, c, segs, arrays, len(segs))
	if err == nil && keep {
		cache.keepColumn(s.inRun, s.number(), kept.ID, a)
	}
	return a, err
}

// pickLast finds the last values of sources; they are to be released.
func pickLast(ctx context.Context, c *Column, sources []*source) (map[*source]arrow.Array, error) {
	arrays := make(map[*source]arrow.Array, len(sources))
	for _, s := range sources {
		if arrays[s] != nil {
			continue
		}
		a, err := s.lastValues(ctx, c)
		if err != nil {
			releaseArrays(arrays)
			return nil, err
		}
		arrays[s] = a
	}
	return arrays, nil
}
