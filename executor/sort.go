package executor

import (
	"bytes"
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// sortOp orders its input with a sorter.
//
// An input that is ordered by the first keys already (plan.Sort.Presorted) is
// sorted piece by piece: whenever a batch holds the beginning of a new group of
// equal presorted keys, the rows before the last such beginning are sorted and
// come out. That is the whole order, as all they have before them is out.
type sortOp struct {
	env    *Env
	input  Operator
	keys   []sortKey
	schema *arrow.Schema
	node   *plan.Sort
	stats  *NodeStats

	opened bool
	top    int // rows still wanted, -1 for all
	sorter *sorter
	ready  bool // sorter gives rows
	ended  bool // the input
	// Of a presorted input: the presorted keys, those of the last row read, and
	// the rows that begin the next piece.
	presorted *sortEncoder
	last      []byte
	rest      arrow.RecordBatch
}

func (r *run) newSort(n *plan.Sort) (Operator, error) {
	keys, err := r.compileSortKeys(n.Keys)
	if err != nil {
		return nil, err
	}
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	s := &sortOp{env: r.env, input: input, keys: keys, schema: input.Schema(), node: n, stats: r.statsOf(n)}
	if n.Presorted > 0 {
		s.presorted = newSortEncoder(keys[:n.Presorted])
	}
	return s, nil
}

func (s *sortOp) Schema() *arrow.Schema { return s.schema }

func (s *sortOp) Close() error {
	err := s.endSorter()
	if s.rest != nil {
		s.rest.Release()
		s.rest = nil
	}
	if e := s.input.Close(); err == nil {
		err = e
	}
	return err
}

func (s *sortOp) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if !s.opened {
		top, err := topRows(s.env, s.node.TopCount, s.node.TopOffset)
		if err != nil {
			return nil, err
		}
		s.top, s.opened = int(top), true
	}
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		if s.top == 0 {
			return nil, io.EOF
		}
		if !s.ready {
			if s.ended {
				return nil, io.EOF
			}
			if err := s.load(ctx); err != nil {
				return nil, err
			}
			s.ready = true
		}
		batch, err := s.sorter.next()
		if err == nil {
			if s.top > 0 {
				s.top -= int(batch.NumRows())
			}
			return batch, nil
		}
		if err != io.EOF {
			return nil, err
		}
		s.ready = false
		if err := s.endSorter(); err != nil {
			return nil, err
		}
	}
}

// load fills a sorter with the input, or with its next piece.
func (s *sortOp) load(ctx context.Context) error {
	s.sorter = newSorter(s.env, s.keys, s.schema, s.top)
	if rest := s.rest; rest != nil {
		s.rest = nil
		if err := s.sorter.add(ctx, rest); err != nil {
			return err
		}
	}
	for !s.ended && s.rest == nil {
		if err := checkContext(ctx); err != nil {
			return err
		}
		batch, err := s.input.Next(ctx)
		if err == io.EOF {
			s.ended = true
			break
		}
		if err == nil && s.presorted != nil {
			batch, err = s.split(batch)
		}
		if err != nil {
			return err
		}
		if batch == nil {
			continue
		}
		if err := s.sorter.add(ctx, batch); err != nil {
			return err
		}
	}
	return s.sorter.finish(ctx)
}

// split cuts a batch, which it takes over, before the last new group of
// presorted keys; what follows becomes rest. It returns nil if nothing is
// before it.
func (s *sortOp) split(batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	n := int(batch.NumRows())
	cols := make([]arrow.Array, 0, len(s.presorted.columns))
	defer func() { releaseAll(cols) }()
	for _, k := range s.keys[:len(s.presorted.columns)] {
		a, err := k.column(s.env, batch.Columns(), n)
		if err != nil {
			batch.Release()
			return nil, err
		}
		cols = append(cols, a)
	}
	keys, err := s.presorted.encode(s.env, cols, n)
	if err != nil {
		batch.Release()
		return nil, err
	}
	defer keys.Release()
	// Keys that were cut may look equal and are not: the piece is longer then.
	view := byteViews([]arrow.Array{keys})[0]
	end := n - 1
	for end > 0 && bytes.Equal(view.at(end), view.at(end-1)) {
		end--
	}
	first := s.last == nil || bytes.Equal(s.last, view.at(0))
	s.last = append(s.last[:0], view.at(n-1)...)
	if end == 0 {
		if first {
			return batch, nil
		}
		s.rest = batch
		return nil, nil
	}
	defer batch.Release()
	s.rest = batch.NewSlice(int64(end), int64(n))
	return batch.NewSlice(0, int64(end)), nil
}

// endSorter closes the sorter and adds its figures up.
func (s *sortOp) endSorter() error {
	if s.sorter == nil {
		return nil
	}
	if s.stats != nil {
		s.stats.MemoryPeak = max(s.stats.MemoryPeak, s.sorter.peak)
		s.stats.SpillBytes += s.sorter.bytes
		s.stats.SpillParts += s.sorter.nruns
	}
	err := s.sorter.close()
	s.sorter = nil
	return err
}
