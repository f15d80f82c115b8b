package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// How a hash aggregate spills (as PostgreSQL's nodeAgg.c does)
//
//  1. While there is room every row finds or makes its group.
//  2. Then no groups are made any more: rows of known groups are aggregated,
//     the others are written to a partition of their grouping set, by the hash
//     of their keys, with the computed keys behind the input's columns.
//  3. After the groups in memory have come out, each partition is a pass of its
//     own. So states are never written, whatever they are; what grows in one
//     group spills by itself: DISTINCT (distinctRows), what an aggregate keeps of
//     each row (agg_postpone.go).

// aggPass is a partition of a grouping set (a position in the node's sets).
type aggPass struct {
	spillPass
	set int
}

// makeRoom reserves what the sets may need for n more rows, or makes them spill.
func (a *aggregator) makeRoom(keys []arrow.Array, n int) error {
	fits, err := a.room(keys, n)
	if fits && err == nil {
		return nil
	}
	postponed, e := a.postpone()
	if e != nil {
		return e
	}
	if postponed {
		fits, err = a.room(keys, n)
	}
	if fits || err != nil {
		return err
	}
	for _, s := range a.sets {
		if s.table != nil && s.parts == nil {
			a.spillTo(s)
		}
	}
	return nil
}

// room reserves what the sets may need for n more rows, or says false.
func (a *aggregator) room(keys []arrow.Array, n int) (bool, error) {
	need, groups := a.bytes(), 0
	for _, s := range a.sets {
		if s.table != nil && s.parts == nil {
			need += s.growth(keys, n)
		}
		groups += s.groups
	}
	return a.held.room(need, a.sets[0].pass, groups == 0)
}

// spillTo makes no groups of a set any more: rows without one go to a file.
func (a *aggregator) spillTo(s *groupSet) {
	s.parts = newPartitions(a.env, a.spillSchema())
	a.files = append(a.files, s.parts)
}

// growth is how many bytes n more rows may add.
func (s *groupSet) growth(keys []arrow.Array, n int) int64 {
	picked := s.pick(keys)
	size := 2 * s.table.growth(picked[:s.hashed], n)
	for _, c := range picked[s.hashed:] {
		size += columnBytes(c)
	}
	room := max(s.groups+n, 2*s.capacity)
	switch {
	case s.groups+n <= s.capacity:
	case s.capacity == 0:
		size += int64(n*len(s.states)) * 24
	default:
		more := int64(room - s.capacity)
		for _, st := range s.states {
			if st.grows() { // new states are empty whatever the others keep
				size += more * int64(1+len(st.call.args)) * 64
				continue
			}
			size += st.bytes() * more / int64(s.capacity)
		}
	}
	return size
}

// addKnown aggregates the rows whose group a spilling set knows and writes the
// others away.
func (a *aggregator) addKnown(s *groupSet, cols, keys []arrow.Array, n int) error {
	picked := s.pick(keys)[:s.hashed]
	s.ids = s.table.lookup(picked, n, s.ids)
	known := s.known[:0]
	for i, id := range s.ids {
		if id != noKey {
			known = append(known, int32(i))
		}
	}
	s.known = known
	if len(known) == n {
		return a.update(cols, n, []*groupSet{s})
	}
	if err := a.writeUnknown(s, cols, keys, picked, n); err != nil || len(known) == 0 {
		return err
	}
	part, err := takeColumns(a.env.Alloc, cols, known)
	if err != nil {
		return err
	}
	defer releaseAll(part)
	for i, row := range known {
		s.ids[i] = s.ids[row]
	}
	s.ids = s.ids[:len(known)]
	return a.update(part, len(known), []*groupSet{s})
}

func (a *aggregator) writeUnknown(s *groupSet, cols, keys, picked []arrow.Array, n int) error {
	all := append([]arrow.Array{}, cols...)
	for i, k := range a.keys {
		if k.ordinal < 0 {
			all = append(all, keys[i])
		}
	}
	batch := types.NewBatch(a.spillSchema(), all, n)
	defer batch.Release()
	return s.parts.addUnknown(batch, s.ids, s.hasher.hash(picked, n), s.pass.level)
}

// spillSchema is the input's columns and the computed keys.
func (a *aggregator) spillSchema() *arrow.Schema {
	if a.spilled == nil {
		fields := append([]arrow.Field{}, a.inputSchema.Fields()...)
		for _, k := range a.keys {
			if k.ordinal < 0 {
				fields = append(fields, arrow.Field{Type: k.typ.Phys().ArrowType(), Nullable: true})
			}
		}
		a.spilled = arrow.NewSchema(fields, nil)
	}
	return a.spilled
}

// addSpilled takes a batch of a partition.
func (a *aggregator) addSpilled(batch arrow.RecordBatch) error {
	defer batch.Release()
	cols := batch.Columns()
	width := a.inputSchema.NumFields()
	computed := cols[width:]
	keys := make([]arrow.Array, len(a.keys))
	for i, k := range a.keys {
		if k.ordinal >= 0 {
			keys[i] = cols[k.ordinal]
		} else {
			keys[i], computed = computed[0], computed[1:]
		}
	}
	return a.addKeyed(cols[:width], keys, int(batch.NumRows()))
}

// nextPass drops the groups in hand and aggregates the next partition; false
// says that there is none.
func (a *aggregator) nextPass(ctx context.Context) (bool, error) {
	for _, s := range a.sets {
		passes, err := s.parts.plan(nil, s.pass.level)
		for _, p := range passes {
			a.passes = append(a.passes, aggPass{p, s.index})
		}
		if err != nil {
			return false, err
		}
	}
	a.close()
	last := len(a.passes) - 1
	if last < 0 {
		return false, nil
	}
	pass := a.passes[last]
	a.passes = a.passes[:last]
	s := newGroupSet(a.env, a.setKeys()[pass.set], a.node.Dependent, a.keys, a.calls)
	s.index, s.pass = pass.set, pass.spillPass
	a.sets = []*groupSet{s}
	err := drain(ctx, pass.rows, a.addSpilled)
	if e := pass.rows.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = a.finish()
	}
	return true, err
}

// closeFiles ends what was spilled.
func (a *aggregator) closeFiles() error {
	for _, p := range a.passes {
		p.rows.rewind()
	}
	files := a.files
	a.files, a.passes = nil, nil
	return closePartitions(files, a.stats)
}
