package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// setOp is INTERSECT and EXCEPT, with and without ALL, by hashing: the right
// input's rows are counted, then the left one's are looked up.
//
//	INTERSECT      the first left row of each key that the right side has
//	INTERSECT ALL  as many left rows of a key as the right side has
//	EXCEPT         the first left row of each key that the right side has not
//	EXCEPT ALL     the left rows of a key beyond as many as the right side has
type setOp struct {
	env         *Env
	left, right Operator
	kind        plan.SetOpKind
	all         bool
	schema      *arrow.Schema

	table  *keyTable
	counts []int64 // of each key: right rows not used up; without ALL: 1 present, 0 absent, -1 done
	held   reservation
	ids    []uint32
	loaded bool
}

func (r *run) newSetOp(n *plan.SetOp) (Operator, error) {
	inputs, err := r.buildAll(n.Left, n.Right)
	if err != nil {
		return nil, err
	}
	ts := typesOf(n.Cols)
	return &setOp{
		env: r.env, left: inputs[0], right: inputs[1], kind: n.Kind, all: n.All, schema: schemaOf(n.Cols),
		table: newKeyTable(ts, allEqual(len(ts))), held: reservation{env: r.env},
	}, nil
}

func (s *setOp) Schema() *arrow.Schema { return s.schema }

func (s *setOp) Close() error {
	s.held.close()
	return closeAll(s.left, s.right)
}

func (s *setOp) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if !s.loaded {
		if err := s.load(ctx); err != nil {
			return nil, err
		}
		s.loaded = true
	}
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		batch, err := s.left.Next(ctx)
		if err != nil {
			return nil, err
		}
		if err := s.insert(batch); err != nil {
			batch.Release()
			return nil, err
		}
		var sel []int32
		for i, id := range s.ids {
			if s.passes(id) {
				sel = append(sel, int32(i))
			}
		}
		out, err := pick(s.env, batch, sel)
		if err != nil {
			return nil, err
		}
		if out != nil {
			return renamed(out, s.schema), nil
		}
	}
}

func (s *setOp) load(ctx context.Context) error {
	return drain(ctx, s.right, func(batch arrow.RecordBatch) error {
		defer batch.Release()
		if err := s.insert(batch); err != nil {
			return err
		}
		for _, id := range s.ids {
			if s.all {
				s.counts[id]++
			} else {
				s.counts[id] = 1
			}
		}
		return nil
	})
}

// insert finds the rows' keys, adding new ones without right rows.
func (s *setOp) insert(batch arrow.RecordBatch) error {
	s.ids = s.table.insert(batch.Columns(), int(batch.NumRows()), s.ids)
	for len(s.counts) < s.table.len() {
		s.counts = append(s.counts, 0)
	}
	return s.held.set(s.table.bytes() + int64(cap(s.counts))*8)
}

// passes says whether a left row of a key comes out.
func (s *setOp) passes(id uint32) bool {
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
