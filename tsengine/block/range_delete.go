package block

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

// RangeDelete removes all rows of a partition that are older than it, at positions from
// Lower to Upper (both included), of some groups. It is stored under the key of a delta:
//
//	container of: 5 range, [1 groups]
//	range: lower varint | upper varint | groups uvarint, 0 for all
//
// Older are the deltas with a lower key and the runs with an age below its timestamp.
// Whoever writes one sees to it that nothing older is committed after its snapshot: no
// other transaction has rows for the partition under way, and none packs it. A run that
// is packed later has done what the range delete says, and is newer than it. Packing
// takes all runs of a partition with range deletes, and removes these.
type RangeDelete struct {
	Lower, Upper int64
	Groups       []uint64 // ascending; nil: all
	key          kv.Key
	time         uint64
}

const entryRange = 5

// Append encodes a range delete.
func (d *RangeDelete) Append(dst []byte) ([]byte, error) {
	b := binary.AppendVarint(nil, d.Lower)
	b = binary.AppendVarint(b, d.Upper)
	b = binary.AppendUvarint(b, uint64(len(d.Groups)))
	var c container
	c.add(entryRange, b)
	if d.Groups != nil {
		a := int64Array(asInt64s(d.Groups))
		defer a.Release()
		groups, err := chunk.Append(nil, a, chunk.Options{})
		if err != nil {
			return nil, err
		}
		c.add(entryGroups, groups)
	}
	return c.append(dst), nil
}

// readRangeDelete reads the container of a range delete; nil if it is a delta of rows.
func readRangeDelete(c *container, key kv.Key, o Order) (*RangeDelete, error) {
	b, ok := c.find(entryRange)
	if !ok {
		return nil, nil
	}
	in := reader{b: b}
	d := &RangeDelete{key: key, time: uint64(o.TS)}
	d.Lower, d.Upper = in.varint(), in.varint()
	n := in.count(math.MaxInt32)
	if in.err != nil || n == 0 {
		return d, in.err
	}
	b, ok = c.find(entryGroups)
	if !ok {
		return nil, corrupt("a range delete of %d groups without them", n)
	}
	groups, err := decodeNumbers(b, n)
	if err != nil {
		return nil, err
	}
	d.Groups = asUint64s(groups)
	if !slices.IsSorted(d.Groups) {
		return nil, corrupt("the groups of a range delete are not sorted")
	}
	return d, nil
}

// touches reports whether it may remove rows of an extent.
func (d *RangeDelete) touches(e *extent) bool { return d.Lower <= e.maxPos && d.Upper >= e.minPos }

// covers reports whether it removes all rows of an extent.
func (d *RangeDelete) covers(e *extent) bool {
	return d.Groups == nil && d.Lower <= e.minPos && d.Upper >= e.maxPos
}

// cut takes what it removes out of ranges of a source's rows.
func (d *RangeDelete) cut(src *source, in []rowRange) (out []rowRange) {
	push := func(from, to int) {
		if n := len(out); from < to && n > 0 && out[n-1].to == from {
			out[n-1].to = to
		} else if from < to {
			out = append(out, rowRange{from, to})
		}
	}
	for _, r := range in {
		src.eachGroup(r.from, r.to, func(k, i, after int) {
			if d.Groups != nil {
				if _, named := slices.BinarySearch(d.Groups, src.heads[k].group); !named {
					push(i, after)
					return
				}
			}
			from, to := src.after(k, i, after, d.Lower, i), after
			if d.Upper < math.MaxInt64 {
				to = src.after(k, from, after, d.Upper+1, from)
			}
			push(i, from)
			push(to, after)
		})
	}
	return out
}

// deleting are the range deletes that touch a piece.
func (p *piece) deleting() (out []*RangeDelete) {
	for _, d := range p.part.removed {
		older := false
		if p.run != nil {
			older = p.run.age < d.time
		} else {
			older = bytes.Compare(p.part.deltas[p.delta].key, d.key) < 0
		}
		if older && d.touches(&p.extent) {
			out = append(out, d)
		}
	}
	return out
}

// living leaves out the pieces of which range deletes have removed everything.
func living(pieces []piece) []piece {
	return slices.DeleteFunc(pieces, func(p piece) bool {
		return slices.ContainsFunc(p.deleting(), func(d *RangeDelete) bool { return d.covers(&p.extent) })
	})
}

// cutAnywhere reports whether range deletes touch one of the pieces.
func cutAnywhere(pieces []piece) bool {
	return slices.ContainsFunc(pieces, func(p piece) bool { return len(p.part.removed) > 0 && p.deleting() != nil })
}
