package block

import (
	"cmp"
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
// of the rows that are not read. A group with a removal at its end in some piece is certain
// all the same if another piece has a row of it farther outside; the others are uncertain:
// all of their rows are read.

// uncertainShare is the part of the wanted groups from which on so many are uncertain that
// all rows are read; maxUncertain bounds them if all groups are wanted.
const (
	uncertainShare = 4
	maxUncertain   = 4096
)

// removal is the outermost position of an operation at a group's end in some piece.
type removal struct {
	group    uint64
	position int64
}

// uncertainEnds lists the groups whose ends operations may have removed, ascending; ok
// is false if they are too many.
func (r *reading) uncertainEnds(ctx context.Context, pieces []piece) (groups []uint64, ok bool, err error) {
	looking, figures := *r, Figures{} // whoever reads the rows counts the blocks
	looking.figures = &figures
	removals, err := looking.removals(ctx, pieces)
	if err == nil && len(removals) > 0 {
		removals, err = looking.notPassed(ctx, removals, pieces)
	}
	r.figures.BytesDecoded += figures.BytesDecoded
	most := maxUncertain
	if r.spec.Groups != nil {
		most = len(r.spec.Groups) / uncertainShare
	}
	return groupsOf(removals), len(removals) <= most, err
}

// removals lists the removals at the groups' ends in the pieces, the outermost one of each
// group, in order of the groups.
func (r *reading) removals(ctx context.Context, pieces []piece) (removals []removal, err error) {
	for i := range pieces {
		p := &pieces[i]
		if !p.ops {
			continue
		}
		if p.run == nil {
			removals = r.addRemovals(removals, p.part.deltas[p.delta], &p.extent)
		} else if removals, err = r.removalsOfRun(ctx, removals, p); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(removals, func(a, b removal) int {
		return cmp.Or(cmp.Compare(a.group, b.group), r.spec.outward(b.position, a.position))
	})
	return slices.CompactFunc(removals, func(a, b removal) bool { return a.group == b.group }), nil
}

// outward compares positions by how far outside they lie: newer ones do, or older ones if
// the first rows are wanted.
func (s *Spec) outward(a, b int64) int {
	if s.First {
		a, b = b, a
	}
	return cmp.Compare(a, b)
}

// removes reports whether an operation may remove a row of the group that is not read.
func (s *Spec) removes(op Op, group uint64) bool {
	return op == OpDelete || op != OpInsert && !s.single(group)
}

// removalsOfRun adds the removals in a run's blocks.
func (r *reading) removalsOfRun(ctx context.Context, removals []removal, p *piece) ([]removal, error) {
	h := &headers{reading: r, prefix: p.part.prefix, run: p.run}
	defer h.close()
	name := r.nameOf(p.part.prefix, p.run)
	for {
		b, err := h.next(ctx)
		if errors.Is(err, io.EOF) {
			return removals, nil
		}
		if err != nil {
			return nil, err
		}
		if !b.ops {
			continue
		}
		src, err := r.openBlock(ctx, p.part.prefix, p.run, name, b)
		if err != nil {
			return nil, err
		}
		removals = r.addRemovals(removals, src, &b.extent)
		src.release()
	}
}

// addRemovals adds the removals in a source.
func (r *reading) addRemovals(removals []removal, src *source, e *extent) []removal {
	if src.ops == nil {
		return removals
	}
	for _, at := range r.spec.ranges(src, e, true) {
		src.eachGroup(at.from, at.to, func(k, from, to int) {
			g := src.heads[k].group
			for i := from; i < to; i++ {
				if r.spec.removes(src.ops[i], g) {
					removals = append(removals, removal{g, src.position(k, i)})
					break
				}
			}
		})
	}
	return removals
}

func groupsOf(removals []removal) []uint64 {
	groups := make([]uint64, len(removals))
	for i := range removals {
		groups[i] = removals[i].group
	}
	return groups
}

// notPassed leaves the removals of groups that have no row farther outside. Nothing removes
// such a row: that would be a removal farther outside.
func (r *reading) notPassed(ctx context.Context, removals []removal, pieces []piece) ([]removal, error) {
	spec := *r.spec
	spec.Groups = groupsOf(removals)
	ends := *r
	ends.spec, ends.end, ends.alone, ends.scratch = &spec, true, false, scratch{}
	passed := make([]bool, len(removals))
	for i := range pieces {
		if !spec.touches(&pieces[i].extent) {
			continue
		}
		if err := ends.pass(ctx, &pieces[i], removals, passed); err != nil {
			return nil, err
		}
	}
	left := removals[:0]
	for i := range removals {
		if !passed[i] {
			left = append(left, removals[i])
		}
	}
	return left, nil
}

// pass marks the removals farther outside of which a piece has a row.
func (r *reading) pass(ctx context.Context, p *piece, removals []removal, passed []bool) error {
	c := r.cursorOf(p, false)
	defer c.close()
	for {
		err := c.nextSource(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		src, next := c.cur, 0
		for _, at := range c.ranges {
			src.eachGroup(at.from, at.to, func(k, from, to int) {
				g := src.heads[k].group
				for next < len(removals) && removals[next].group < g {
					next++
				}
				if next == len(removals) || removals[next].group != g || passed[next] {
					return
				}
				outside := r.spec.outward(src.position(k, from), removals[next].position) > 0
				for i := from; i < to && outside && !passed[next]; i++ {
					passed[next] = !r.spec.removes(src.op(i), g)
				}
			})
		}
	}
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
