package block

import (
	"context"
	"errors"
	"io"
	"slices"
)

// The newest (oldest) row of a group is the last (first) one of it in a piece, unless an
// operation removed or replaced it. Operations lie in few rows: only those at the end
// of a group in their piece can have to do with the group's end over all pieces.
//
// If none of the rows that a piece has at its end of the group is a removal, one row of
// the group is left at the outermost of these positions: there lie, of each piece that has
// that position, all versions that count. Rows farther inside that come beside it may be
// removed by operations that were not read; who asks for ends leaves them out anyway.
// Of groups with several rows at a point any operation there counts, as it may name one
// of the rows that are not read. The other groups are uncertain: all of their rows are read.

// uncertainShare is the part of the wanted groups from which on so many are uncertain that
// all rows are read; maxUncertain bounds them if all groups are wanted.
const (
	uncertainShare = 4
	maxUncertain   = 4096
)

// uncertainEnds lists the groups whose ends operations may have removed, ascending; ok
// is false if they are too many.
func (r *reading) uncertainEnds(ctx context.Context, pieces []piece) (groups []uint64, ok bool, err error) {
	most := maxUncertain
	if r.spec.Groups != nil {
		most = len(r.spec.Groups) / uncertainShare
	}
	for i := range pieces {
		p := &pieces[i]
		if !p.ops {
			continue
		}
		if p.run == nil {
			groups = r.addUncertain(groups, p.part.deltas[p.delta], &p.extent)
		} else if groups, err = r.uncertainOfRun(ctx, groups, p, most); err != nil {
			return nil, false, err
		}
		if len(groups) > most {
			return nil, false, nil
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups), true, nil
}

// uncertainOfRun adds the uncertain groups of a run's blocks, until they are more than most.
func (r *reading) uncertainOfRun(ctx context.Context, groups []uint64, p *piece, most int) ([]uint64, error) {
	h := &headers{reading: r, prefix: p.part.prefix, run: p.run}
	defer h.close()
	for len(groups) <= most {
		b, err := h.next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if !b.ops {
			continue
		}
		src, err := r.openBlock(ctx, p.part.prefix, p.run, b)
		if err != nil {
			return nil, err
		}
		groups = r.addUncertain(groups, src, &b.extent)
		src.release()
	}
	return groups, nil
}

// addUncertain adds the uncertain groups of a source.
func (r *reading) addUncertain(groups []uint64, src *source, e *extent) []uint64 {
	if src.ops == nil {
		return groups
	}
	for _, at := range r.spec.ranges(src, e, true) {
		for i := at.from; i < at.to; i++ {
			if src.ops[i] == OpInsert {
				continue
			}
			g := src.group(i)
			if n := len(groups); (src.ops[i] == OpDelete || !r.spec.single(g)) && (n == 0 || groups[n-1] != g) {
				groups = append(groups, g)
			}
		}
	}
	return groups
}

// mergeEnds merges the ends of the groups with all rows of the uncertain ones.
func (s *Scanner) mergeEnds(pieces []piece, uncertain []uint64, prune bool) {
	ends, all := s.reading, s.reading
	endSpec, allSpec := s.spec, s.spec
	endSpec.skip, allSpec.Groups = uncertain, uncertain
	ends.spec, all.spec = &endSpec, &allSpec
	ends.scratch, all.scratch = scratch{}, scratch{}
	all.end, s.reading.end, ends.alone, all.alone, s.reading.alone = false, false, false, false, false
	var cursors []*cursor
	for i := range pieces {
		cursors = append(cursors, ends.cursorOf(&pieces[i], prune))
		if len(uncertain) > 0 && allSpec.touches(&pieces[i].extent) {
			cursors = append(cursors, all.cursorOf(&pieces[i], prune))
		}
	}
	s.merger = newMerger(&s.reading, cursors)
}
