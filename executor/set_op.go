package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// setOp is INTERSECT and EXCEPT, with and without ALL, by hashing: the right
// input's rows are counted, then the left one's are looked up.
//
//	INTERSECT      the first left row of each key that the right side has
//	INTERSECT ALL  as many left rows of a key as the right side has
//	EXCEPT         the first left row of each key that the right side has not
//	EXCEPT ALL     the left rows of a key beyond as many as the right side has
//
// Keys that no longer fit into the table are written to partitions by their
// hash, the rows of both sides; each pair of partitions is a further pass.
type setOp struct {
	env         *Env
	left, right Operator // the inputs
	kind        plan.SetOpKind
	all         bool
	schema      *arrow.Schema
	types       []types.Type
	stats       *NodeStats

	pass   setOpPass
	passes []setOpPass
	parts  [2]*partitions // left and right rows, nil while all keys fit
	files  []*partitions
	hasher keyHasher

	table  *keyTable
	counts []int64 // of each key: right rows not used up; without ALL: 1 present, 0 absent, -1 done
	held   reservation
	ids    []uint32
	loaded bool
}

// setOpPass is a round over the inputs or over a pair of partitions.
type setOpPass struct {
	spillPass   // level and size
	left, right Operator
}

func (r *run) newSetOp(n *plan.SetOp) (Operator, error) {
	inputs, err := r.buildAll(n.Left, n.Right)
	if err != nil {
		return nil, err
	}
	s := &setOp{
		env: r.env, left: inputs[0], right: inputs[1], kind: n.Kind, all: n.All, schema: schemaOf(n.Cols), types: typesOf(n.Cols),
		stats: r.statsOf(n), held: reservation{env: r.env},
	}
	s.hasher.types = s.types
	s.pass = setOpPass{left: s.left, right: s.right}
	return s, nil
}

func (s *setOp) Schema() *arrow.Schema { return s.schema }

func (s *setOp) Close() error {
	if s.stats != nil {
		s.stats.MemoryPeak = max(s.stats.MemoryPeak, s.held.peak)
	}
	s.held.close()
	ops := []Operator{s.left, s.right}
	for _, p := range append(s.passes, s.pass) {
		if p.level > 0 {
			ops = append(ops, p.left, p.right)
		}
	}
	s.passes = nil
	err := closeAll(ops...)
	files := s.files
	s.files = nil
	if e := closePartitions(files, s.stats); err == nil {
		err = e
	}
	return err
}

func (s *setOp) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		if !s.loaded {
			if err := s.load(ctx); err != nil {
				return nil, err
			}
			s.loaded = true
		}
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		batch, err := s.pass.left.Next(ctx)
		if err == io.EOF {
			if err = s.nextPass(); err == nil {
				continue
			}
		}
		if err != nil {
			return nil, err
		}
		// INTERSECT and EXCEPT ALL need no left key that the right side has not.
		if err := s.find(0, batch, s.kind == plan.Except && !s.all); err != nil {
			batch.Release()
			return nil, err
		}
		out, err := pick(s.env, batch, s.passing())
		if err != nil {
			return nil, err
		}
		if out != nil {
			return renamed(out, s.schema), nil
		}
	}
}

func (s *setOp) load(ctx context.Context) error {
	s.table = newKeyTable(s.types, allEqual(len(s.types)))
	s.counts = nil
	s.held.close()
	return drain(ctx, s.pass.right, func(batch arrow.RecordBatch) error {
		defer batch.Release()
		if err := s.find(1, batch, true); err != nil {
			return err
		}
		for _, id := range s.ids {
			switch {
			case id == noKey:
			case s.all:
				s.counts[id]++
			default:
				s.counts[id] = 1
			}
		}
		return nil
	})
}

// find sets ids to the keys of a side's rows. add makes new ones while they
// fit; rows of the others are written away and have noKey.
func (s *setOp) find(side int, batch arrow.RecordBatch, add bool) error {
	n := int(batch.NumRows())
	cols := batch.Columns()
	if add && s.parts[0] == nil {
		fits, err := s.fits(cols, n)
		if err != nil {
			return err
		}
		if fits {
			s.ids = s.table.insert(cols, n, s.ids)
			if grown := s.table.len(); grown > cap(s.counts) {
				s.counts = append(make([]int64, 0, max(grown, 2*cap(s.counts))), s.counts...)
			}
			s.counts = s.counts[:s.table.len()]
			return nil
		}
		s.parts[0], s.parts[1] = newPartitions(s.env, s.pass.left.Schema()), newPartitions(s.env, s.pass.right.Schema())
		s.files = append(s.files, s.parts[:]...)
	}
	s.ids = s.table.lookup(cols, n, s.ids)
	if s.parts[0] == nil {
		return nil
	}
	return s.parts[side].addUnknown(batch, s.ids, s.hasher.hash(cols, n), s.pass.level)
}

func (s *setOp) fits(cols []arrow.Array, n int) (bool, error) {
	counts := int64(cap(s.counts))
	if s.table.len()+n > cap(s.counts) {
		counts = max(int64(s.table.len()+n), 2*counts)
	}
	need := s.table.bytes() + s.table.growth(cols, n) + 8*counts
	return s.held.room(need, s.pass.spillPass, s.table.len() == 0)
}

// nextPass ends a pass; io.EOF says that it was the last one.
func (s *setOp) nextPass() error {
	if s.pass.level > 0 {
		if err := closeAll(s.pass.left, s.pass.right); err != nil {
			return err
		}
	}
	left, right := s.parts[0], s.parts[1]
	s.parts = [2]*partitions{}
	if left != nil {
		if err := left.finish(); err != nil {
			return err
		}
		if err := right.finish(); err != nil {
			return err
		}
		for i := range left.parts {
			if left.rowsIn(i) == 0 {
				continue // right rows alone yield nothing
			}
			pass := setOpPass{left: left.open(i), right: &batchList{schema: right.file.Schema()}}
			pass.level, pass.small = s.pass.level+1, left.rowsIn(i)+right.rowsIn(i) <= smallPartition
			if right.rowsIn(i) > 0 {
				pass.right = right.open(i)
			}
			s.passes = append(s.passes, pass)
		}
	}
	last := len(s.passes) - 1
	if last < 0 {
		return io.EOF
	}
	s.pass, s.passes, s.loaded = s.passes[last], s.passes[:last], false
	return nil
}

// passing are the left rows in hand that come out.
func (s *setOp) passing() []int32 {
	var sel []int32
	for i, id := range s.ids {
		if id == noKey && s.parts[0] == nil && s.kind == plan.Except || id != noKey && s.comesOut(id) {
			sel = append(sel, int32(i))
		}
	}
	return sel
}

// comesOut says whether a left row of a key comes out.
func (s *setOp) comesOut(id uint32) bool {
	count := &s.counts[id]
	switch {
	case s.all:
		if *count > 0 {
			*count--
			return s.kind == plan.Intersect
		}
		return s.kind == plan.Except
	case *count < 0:
		return false
	}
	has := *count == 1
	*count = -1
	return has == (s.kind == plan.Intersect)
}
