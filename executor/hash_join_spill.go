package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
)

// How a hash join spills (the hybrid hash join of DeWitt et al., "Implementation
// Techniques for Main Memory Database Systems", 1984)
//
//  1. When the build side no longer fits, what is kept is split into partitions
//     by the hash of the keys, and the largest ones go to disk until the rest
//     fits. Further rows follow their partition; more partitions go as needed.
//  2. Of the probe side, rows of partitions in memory are joined as they come,
//     the others are written beside their partition. A row whose key is NULL
//     meets nobody and is settled at once.
//  3. Each pair of partitions on disk is a pass of its own, which may split
//     again by other bits of the hash.
//  4. Where splitting does not help, because one key has most of the rows, the
//     pass keeps a block of the build rows at a time and reads the probe
//     partition once for each. Bits remember which probe rows found a partner
//     in an earlier block; those without come out with the last one.

// joinPass is one round of build and probe.
type joinPass struct {
	build, probe Operator
	level        int  // of partitioning; 0 is the join's own inputs
	blocks       bool // step 4
	probeRows    int64
}

// joinSpill is what a hash join has on disk and how it divides the pass.
type joinSpill struct {
	parts  *joinParts
	files  []*partitions
	hasher keyHasher

	// Blocks: the batch that did not fit, and the probe rows' partners so far.
	pending arrow.RecordBatch
	bits    []uint64
	base    int // of the probe batch in hand
	rows    int
}

// joinParts are the partitions of a pass.
type joinParts struct {
	build, probe *partitions
	resident     [fanOut][]arrow.RecordBatch
	bytes        [fanOut]int64 // of resident rows and their share of the table
	onDisk       [fanOut]bool
	total        int64 // bytes of all resident ones
	rows         int64 // that were built
}

// tableRowBytes is what a row takes in the table and its list, about, until
// the table is there and says.
const tableRowBytes = 64

func (s *joinSpill) close(stats *NodeStats) error {
	if s.pending != nil {
		s.pending.Release()
		s.pending = nil
	}
	s.parts.release()
	s.parts = nil
	files := s.files
	s.files = nil
	return closePartitions(files, stats)
}

func (p *joinParts) release() {
	if p == nil {
		return
	}
	for i := range p.resident {
		for _, b := range p.resident[i] {
			b.Release()
		}
		p.resident[i] = nil
	}
}

// split turns what is kept into partitions.
func (j *hashJoin) split() error {
	p := &joinParts{build: newPartitions(j.env, j.rows.schema), probe: newPartitions(j.env, j.pass.probe.Schema())}
	j.spill.parts = p
	j.spill.files = append(j.spill.files, p.build, p.probe)
	j.spill.hasher.types = j.keyTypes
	chunks := j.rows.chunks
	for _, c := range chunks {
		c.Retain()
	}
	defer func() {
		for _, c := range chunks {
			c.Release()
		}
	}()
	j.clear()
	for len(chunks) > 0 {
		c := chunks[0]
		keys, err := codedKeys(j.env, j.buildKeys, c.Columns(), int(c.NumRows()))
		if err == nil {
			err = j.addSplit(c, keys)
			releaseAll(keys)
		}
		if err != nil {
			return err
		}
		c.Release()
		chunks = chunks[1:]
	}
	return nil
}

// addSplit gives a batch of build rows, which stays the caller's, to their partitions.
func (j *hashJoin) addSplit(batch arrow.RecordBatch, keys []arrow.Array) error {
	p := j.spill.parts
	n := int(batch.NumRows())
	p.rows += int64(n)
	lists := splitRows(j.spill.hasher.hash(keys, n), j.pass.level, nil)
	for i, rows := range lists {
		if len(rows) == 0 {
			continue
		}
		if p.onDisk[i] {
			if err := p.build.add(i, batch, rows); err != nil {
				return err
			}
			continue
		}
		part, err := takeBatch(j.env.Alloc, batch, rows)
		if err != nil {
			return err
		}
		p.keep(i, part)
	}
	return j.shrinkTo()
}

func (p *joinParts) keep(i int, part arrow.RecordBatch) {
	size := batchBytes(part) + part.NumRows()*tableRowBytes
	p.resident[i] = append(p.resident[i], part)
	p.bytes[i] += size
	p.total += size
}

// shrinkTo moves partitions to disk until the others fit.
func (j *hashJoin) shrinkTo() error {
	p := j.spill.parts
	for !j.held.within(p.total, j.limit) {
		if err := j.evict(); err != nil {
			return err
		}
	}
	return nil
}

// evict moves the largest partition to disk.
func (j *hashJoin) evict() error {
	p := j.spill.parts
	largest := -1
	for i := range p.resident {
		if !p.onDisk[i] && (largest < 0 || p.bytes[i] > p.bytes[largest]) {
			largest = i
		}
	}
	if largest < 0 {
		return j.held.set(0)
	}
	p.onDisk[largest] = true
	for len(p.resident[largest]) > 0 {
		b := p.resident[largest][0]
		if err := p.build.add(largest, b, allRows(int(b.NumRows()))); err != nil {
			return err
		}
		b.Release()
		p.resident[largest] = p.resident[largest][1:]
	}
	p.total -= p.bytes[largest]
	p.bytes[largest] = 0
	return nil
}

// endSplit makes the table of the partitions in memory.
func (j *hashJoin) endSplit() error {
	p := j.spill.parts
	for {
		j.clear()
		fits, err := j.keepResident()
		if err != nil {
			return err
		}
		if fits {
			p.release()
			return p.build.finish()
		}
		if err := j.evict(); err != nil {
			return err
		}
	}
}

func (j *hashJoin) keepResident() (fits bool, err error) {
	p := j.spill.parts
	for i := range p.resident {
		for _, b := range p.resident[i] {
			keys, err := codedKeys(j.env, j.buildKeys, b.Columns(), int(b.NumRows()))
			if err != nil {
				return false, err
			}
			if !j.held.within(j.need(b, keys), j.limit) {
				releaseAll(keys)
				return false, nil
			}
			b.Retain()
			j.keep(b, keys)
			releaseAll(keys)
		}
	}
	return true, nil
}

func allRows(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// next begins the next probe batch with rows to join now.
func (j *hashJoin) next(ctx context.Context) error {
	j.saveMatched()
	for {
		if err := checkContext(ctx); err != nil {
			return err
		}
		batch, keys, err := j.nextBatch(ctx)
		if err != nil {
			return err
		}
		if j.spill.parts == nil {
			j.probe(batch, keys)
			releaseAll(keys)
			j.loadMatched()
			return nil
		}
		done, err := j.probeSplit(batch, keys)
		releaseAll(keys)
		if done || err != nil {
			return err
		}
	}
}

// probeSplit writes the rows of partitions on disk to theirs and begins a
// batch of the others; false says that there are none.
func (j *hashJoin) probeSplit(batch arrow.RecordBatch, keys []arrow.Array) (bool, error) {
	p := j.spill.parts
	n := int(batch.NumRows())
	now := make([]int32, 0, n)
	hasNull := j.hasNull(keys)
	hashes := j.spill.hasher.hash(keys, n)
	lists := splitRows(hashes, j.pass.level, func(i int) bool {
		part := partitionOf(hashes[i], j.pass.level)
		if p.onDisk[part] && p.build.rowsIn(part) > 0 && (!hasNull || !j.nullAt(keys, i)) {
			return false
		}
		now = append(now, int32(i))
		return true
	})
	for i, rows := range lists {
		if len(rows) == 0 {
			continue
		}
		if err := p.probe.add(i, batch, rows); err != nil {
			batch.Release()
			return false, err
		}
	}
	if len(now) == n {
		j.probe(batch, keys)
		return true, nil
	}
	defer batch.Release()
	if len(now) == 0 {
		return false, nil
	}
	part, err := takeBatch(j.env.Alloc, batch, now)
	if err != nil {
		return false, err
	}
	partKeys, err := takeColumns(j.env.Alloc, keys, now)
	if err != nil {
		part.Release()
		return false, err
	}
	j.probe(part, partKeys)
	releaseAll(partKeys)
	return true, nil
}

// nullAt says whether row i's key equals nothing.
func (j *hashJoin) nullAt(keys []arrow.Array, i int) bool {
	for k, c := range keys {
		if (j.nullEqual == nil || !j.nullEqual[k]) && c.IsNull(i) {
			return true
		}
	}
	return false
}

// end ends a pass: its partitions on disk become passes.
func (j *hashJoin) end(context.Context) error {
	if j.pass.blocks && j.more {
		if r, ok := j.pass.probe.(*partitionReader); ok {
			r.rewind()
		}
		j.state = joinBuild
		return nil
	}
	p := j.spill.parts
	j.spill.parts, j.spill.bits = nil, nil
	j.clear()
	if p != nil {
		if err := p.probe.finish(); err != nil {
			return err
		}
		for i := fanOut - 1; i >= 0; i-- {
			j.plan(p, i)
		}
	}
	if j.pass.level > 0 {
		if err := closeAll(j.pass.probe, j.pass.build); err != nil {
			return err
		}
	} else if len(j.passes) > 0 { // the inputs stay for Close
		j.passes = append([]joinPass{{build: j.pass.build, probe: j.pass.probe}}, j.passes...)
	}
	next := len(j.passes) - 1
	if next < 0 || j.passes[next].level == 0 {
		j.state = joinDone
		return nil
	}
	j.pass, j.passes = j.passes[next], j.passes[:next]
	j.state = joinBuild
	return nil
}

// plan makes a pass of partition i if it can yield rows.
func (j *hashJoin) plan(p *joinParts, i int) {
	if p.build.rowsIn(i) == 0 {
		return
	}
	build := p.build.open(i)
	pass := joinPass{build: build, level: j.pass.level + 1, probeRows: p.probe.rowsIn(i)}
	pass.blocks = build.run.Rows()*10 > p.rows*9 || build.run.Rows() <= smallPartition || pass.level >= maxLevel
	if pass.probeRows > 0 {
		pass.probe = p.probe.open(i)
	} else {
		if !j.keptComeOut() {
			_ = build.Close() // nothing was opened yet
			return
		}
		pass.probe = &batchList{schema: p.probe.file.Schema()}
	}
	j.passes = append(j.passes, pass)
}

// loadBlock keeps as many build rows as fit, at least a batch.
func (j *hashJoin) loadBlock(ctx context.Context) error {
	j.more = false
	if j.spill.bits == nil {
		j.spill.bits = make([]uint64, (j.pass.probeRows+63)/64)
	}
	j.bytes = int64(len(j.spill.bits)) * 8
	j.spill.base, j.spill.rows = 0, 0
	for {
		batch := j.spill.pending
		j.spill.pending = nil
		if batch == nil {
			var err error
			if batch, err = j.pass.build.Next(ctx); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
		keys, err := codedKeys(j.env, j.buildKeys, batch.Columns(), int(batch.NumRows()))
		if err != nil {
			batch.Release()
			return err
		}
		switch {
		case j.held.within(j.need(batch, keys), j.limit):
			j.keep(batch, keys)
		case j.rows.rows == 0:
			err = j.force(batch, keys)
		default:
			j.spill.pending, j.more = batch, true
		}
		releaseAll(keys)
		if err != nil || j.more {
			return err
		}
	}
}

// saveMatched and loadMatched keep the partners of a probe batch between blocks.
func (j *hashJoin) saveMatched() {
	if !j.pass.blocks {
		return
	}
	s := &j.spill
	for i, m := range j.matched[:s.rows] {
		if at := s.base + i; m {
			s.bits[at>>6] |= 1 << (at & 63)
		}
	}
	s.base += s.rows
	s.rows = 0
}

func (j *hashJoin) loadMatched() {
	if !j.pass.blocks {
		return
	}
	s := &j.spill
	s.rows = len(j.matched)
	for i := range j.matched {
		at := s.base + i
		j.matched[i] = s.bits[at>>6]&(1<<(at&63)) != 0
	}
}
