package executor

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// hashJoin joins on equality of keys. The plan says which side is built; the
// other one, the probe side, is streamed past it (joinLoop).
//
//  1. Build: the build side is kept; its keys go into a hash table, rows of one
//     key into a list in their order.
//  2. Probe: the keys of a probe batch are looked up, its pairs are the lists.
//
// If the build side does not fit, both sides are partitioned by the hash of
// their keys (hash_join_spill.go), and each partition that was written to disk
// is a further pass of the loop.
type hashJoin struct {
	joinLoop
	probeKeys, buildKeys []*scalar
	keyTypes             []types.Type
	nullEqual            []bool
	stats                *NodeStats
	limit                int64            // bytes of this operator, 0 for none
	inMemory             bool             // never spill: fail with 53200
	filters              []*runtimeFilter // until they are published
	filtersHeld          reservation

	table *keyTable
	// first and chain are the lists of the rows of a key: positions in refs + 1, 0 ends.
	first, last, chain []uint32
	refs               []rowRef
	bytes              int64 // of rows
	buildRows          int64 // in the whole build side
	hasNullKey         bool

	pass   joinPass
	passes []joinPass // of partitions on disk, the next one last
	spill  joinSpill

	// The probe batch in hand.
	ids []uint32
	row int    // next probe row
	at  uint32 // rest of row-1's list
}

func (r *run) newHashJoin(n *plan.HashJoin) (Operator, error) {
	if shared := r.joins[n]; shared != nil {
		return r.newSharedProbe(n, shared)
	}
	filters := r.runtimeFilters(n)
	probe, build := n.Sides()
	return r.makeHashJoin(n, filters, func() (Operator, Operator, error) {
		ops, err := r.buildAll(probe, build)
		if err != nil {
			return nil, nil, err
		}
		return ops[0], ops[1], nil
	})
}

// makeHashJoin makes the join of a plan over the inputs that open makes.
func (r *run) makeHashJoin(n *plan.HashJoin, filters []*runtimeFilter, open func() (probe, build Operator, err error)) (*hashJoin, error) {
	leftKeys, err := r.compileAll(n.LeftKeys)
	if err != nil {
		return nil, err
	}
	rightKeys, err := r.compileAll(n.RightKeys)
	if err != nil {
		return nil, err
	}
	cond, err := r.compileOptional(n.Residual)
	if err != nil {
		return nil, err
	}
	left, right, err := open()
	if err != nil {
		return nil, err
	}
	if n.BuildLeft {
		left, right = right, left
	}
	return newHashJoin(r.env, hashJoinSpec{
		node: n, left: left, right: right, leftKeys: leftKeys, rightKeys: rightKeys,
		nullEqual: n.NullEqual, typ: n.Type, buildLeft: n.BuildLeft, cond: cond, stats: r.statsOf(n), filters: filters,
	}), nil
}

// hashJoinSpec is what a hash join is made of.
type hashJoinSpec struct {
	node                plan.Node
	left, right         Operator
	leftKeys, rightKeys []*scalar
	nullEqual           []bool
	typ                 plan.JoinType
	buildLeft           bool
	cond                *scalar
	stats               *NodeStats
	inMemory            bool // keep the order of the probe side
	filters             []*runtimeFilter
}

func newHashJoin(env *Env, s hashJoinSpec) *hashJoin {
	buildLeft := s.buildLeft && s.typ != plan.AntiNullJoin
	j := &hashJoin{nullEqual: s.nullEqual, stats: s.stats, limit: env.HashMem, inMemory: s.inMemory || env.Temp == nil}
	j.filters, j.filtersHeld = s.filters, reservation{env: env}
	j.joinLoop = joinLoop{env: env, typ: s.typ, streamedLeft: !buildLeft, source: j, held: reservation{env: env}}
	j.pass = joinPass{probe: s.left, build: s.right}
	j.probeKeys, j.buildKeys = s.leftKeys, s.rightKeys
	if buildLeft {
		j.pass.probe, j.pass.build = j.pass.build, j.pass.probe
		j.probeKeys, j.buildKeys = j.buildKeys, j.probeKeys
	}
	j.keyTypes = joinKeyTypes(j.buildKeys, j.probeKeys)
	j.rows = newRowBuffer(env, j.pass.build.Schema())
	j.out = newJoinOutput(env, s.node, s.left.Schema(), s.right.Schema(), j.rows, j.streamedLeft, s.cond)
	return j
}

func (j *hashJoin) Close() error {
	if j.shared {
		j.giveBack()
	}
	j.release()
	j.filtersHeld.close()
	err := j.spill.close(j.stats)
	ops := []Operator{j.pass.probe, j.pass.build}
	for _, p := range j.passes {
		ops = append(ops, p.probe, p.build)
	}
	j.passes = nil
	if e := closeAll(ops...); err == nil {
		err = e
	}
	return err
}

// load reads the build side of a pass.
func (j *hashJoin) load(ctx context.Context) error {
	j.clear()
	var err error
	if j.pass.blocks {
		err = j.loadBlock(ctx)
	} else {
		err = drain(ctx, j.pass.build, j.addBuild)
	}
	if err == nil && j.spill.parts != nil {
		err = j.endSplit()
	}
	if err != nil {
		return err
	}
	publish(j.filters, &j.filtersHeld)
	j.filters = nil
	j.last = nil
	j.keptMatched = nil
	if j.keptComeOut() {
		j.keptMatched = newRowSet(j.rows)
	}
	if j.stats != nil {
		j.stats.MemoryPeak = max(j.stats.MemoryPeak, j.held.peak)
	}
	j.state = joinProbe
	if j.rows.rows == 0 && j.spill.parts == nil && (j.typ == plan.InnerJoin || j.typ == plan.SemiJoin || !j.streamedLeft && !j.keepsStreamed()) {
		j.state = joinEnd // nothing can match
	}
	if j.typ == plan.AntiNullJoin && j.hasNullKey {
		j.state = joinDone
	}
	return nil
}

// clear drops the build rows.
func (j *hashJoin) clear() {
	j.rows.clear()
	j.table = newKeyTable(j.keyTypes, j.nullEqual)
	j.first, j.last, j.chain, j.refs, j.bytes = nil, nil, nil, nil, 0
	j.held.close()
}

// addBuild takes a batch of the build side over.
func (j *hashJoin) addBuild(batch arrow.RecordBatch) error {
	n := int(batch.NumRows())
	keys, err := codedKeys(j.env, j.buildKeys, batch.Columns(), n)
	if err != nil {
		batch.Release()
		return err
	}
	defer releaseAll(keys)
	if j.pass.level == 0 {
		j.buildRows += int64(n)
	}
	for _, f := range j.filters {
		f.collect(keys)
	}
	if j.hasNull(keys) {
		j.hasNullKey = true
		if !j.keptComeOut() {
			if batch, keys, err = j.withoutNulls(batch, keys); batch == nil {
				return err
			}
			defer releaseAll(keys)
		}
	}
	if j.spill.parts == nil {
		if j.held.within(j.need(batch, keys), j.limit) {
			j.keep(batch, keys)
			return nil
		}
		if j.inMemory {
			return j.force(batch, keys)
		}
		if err := j.split(); err != nil {
			batch.Release()
			return err
		}
	}
	defer batch.Release()
	return j.addSplit(batch, keys)
}

// withoutNulls takes a batch over and returns its rows, and their keys, that may
// find a partner; nil if there are none.
func (j *hashJoin) withoutNulls(batch arrow.RecordBatch, keys []arrow.Array) (arrow.RecordBatch, []arrow.Array, error) {
	var sel []int32
	for i := range int(batch.NumRows()) {
		if !j.nullAt(keys, i) {
			sel = append(sel, int32(i))
		}
	}
	batch, err := pick(j.env, batch, sel)
	if batch == nil {
		return nil, nil, err
	}
	picked, err := takeColumns(j.env.Alloc, keys, sel)
	if err != nil {
		batch.Release()
		return nil, nil, err
	}
	return batch, picked, nil
}

// force keeps a batch whatever the operator's own limit says.
func (j *hashJoin) force(batch arrow.RecordBatch, keys []arrow.Array) error {
	if err := j.held.set(j.need(batch, keys)); err != nil {
		batch.Release()
		return err
	}
	j.keep(batch, keys)
	return nil
}

// hasNull says whether a key has a NULL that equals nothing.
func (j *hashJoin) hasNull(keys []arrow.Array) bool {
	for i, k := range keys {
		if k.NullN() > 0 && (j.nullEqual == nil || !j.nullEqual[i]) {
			return true
		}
	}
	return false
}

// need is the memory that is held once a batch is kept too.
func (j *hashJoin) need(batch arrow.RecordBatch, keys []arrow.Array) int64 {
	n := int(batch.NumRows())
	lists := int64(cap(j.first)+cap(j.last)+cap(j.chain))*4 + int64(cap(j.refs))*8
	if len(j.refs)+n > cap(j.refs) {
		lists = max(2*lists, int64(n)*20)
	}
	return j.bytes + batchBytes(batch) + int64(n) + j.table.bytes() + j.table.growth(keys, n) + lists
}

// keep adds rows to the table; the batch is taken over.
func (j *hashJoin) keep(batch arrow.RecordBatch, keys []arrow.Array) {
	chunk, n := len(j.rows.chunks), int(batch.NumRows())
	j.bytes += batchBytes(batch) + int64(n) // and a mark in keptMatched
	j.rows.keep(batch)
	j.table.reserve(n)
	j.ids = j.table.insert(keys, n, j.ids)
	j.refs, j.chain = slices.Grow(j.refs, n), slices.Grow(j.chain, n)
	fresh := j.table.len() - len(j.first)
	j.first, j.last = slices.Grow(j.first, fresh), slices.Grow(j.last, fresh)
	for i, id := range j.ids {
		if id != noKey {
			j.link(id, refOf(chunk, i))
		}
	}
}

// link appends a build row to its key's list.
func (j *hashJoin) link(id uint32, ref rowRef) {
	j.refs = append(j.refs, ref)
	j.chain = append(j.chain, 0)
	at := uint32(len(j.refs))
	if int(id) == len(j.first) {
		j.first = append(j.first, at)
		j.last = append(j.last, at)
		return
	}
	j.chain[j.last[id]-1] = at
	j.last[id] = at
}

// probe begins a batch of the probe side, which it takes over.
func (j *hashJoin) probe(batch arrow.RecordBatch, keys []arrow.Array) {
	n := int(batch.NumRows())
	j.ids = j.table.lookup(keys, n, j.ids)
	if j.typ == plan.AntiNullJoin && j.buildRows > 0 {
		j.nulls = cleared(j.nulls, n)
		for _, k := range keys {
			for i := range n {
				j.nulls[i] = j.nulls[i] || k.IsNull(i)
			}
		}
	}
	j.row, j.at = 0, 0
	j.begin(batch)
}

func (j *hashJoin) partners() {
	for i, id := range j.ids {
		j.matched[i] = j.matched[i] || id != noKey
	}
}

func (j *hashJoin) collect(preserve bool) (open bool) {
	limit := j.env.batchRows()
	room := min(limit, len(j.ids)) // most rows have one partner
	j.pairIdx, j.pairRef = slices.Grow(j.pairIdx[:0], room), slices.Grow(j.pairRef[:0], room)
	for {
		for j.at != 0 {
			if len(j.pairIdx) == limit {
				return true
			}
			j.pairIdx = append(j.pairIdx, int32(j.row-1))
			j.pairRef = append(j.pairRef, j.refs[j.at-1])
			j.at = j.chain[j.at-1]
		}
		if j.row == len(j.ids) || len(j.pairIdx) == limit {
			return false
		}
		id := j.ids[j.row]
		j.row++
		if id != noKey {
			j.at = j.first[id]
		} else if preserve {
			j.pairIdx = append(j.pairIdx, int32(j.row-1))
			j.pairRef = append(j.pairRef, noRow)
		}
	}
}

// nextBatch reads the probe side of the pass.
func (j *hashJoin) nextBatch(ctx context.Context) (batch arrow.RecordBatch, keys []arrow.Array, err error) {
	if batch, err = j.pass.probe.Next(ctx); err != nil {
		return nil, nil, err
	}
	if keys, err = codedKeys(j.env, j.probeKeys, batch.Columns(), int(batch.NumRows())); err != nil {
		batch.Release()
		return nil, nil, err
	}
	return batch, keys, nil
}
