package tsengine

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// ScanSpec says what to read of a table.
type ScanSpec struct {
	Layout *Layout
	// Partitions are what Layout.Partitions found, or some of it.
	Partitions []Partition
	// Series, if not nil, are the wanted ones, ascending.
	Series []uint64
	// FromSeries and EndSeries bound the series; EndSeries is excluded, 0 for none.
	FromSeries, EndSeries uint64
	// Lower and Upper bound the time, both included.
	Lower, Upper int64
	// Ordered: by series and time; Reverse turns that round.
	Ordered, Reverse bool
	BatchRows        int
	// Counted is as block.Spec has it; Column loads what the column of times needs.
	Counted bool
	// TagsLeft: Series does not say what the reader's conditions on tags demand.
	TagsLeft bool
	// Last is as block.Spec has it: of each series the row with the newest time counts.
	Last bool
	// First is as block.Spec has it: of each series the row with the oldest time counts.
	First bool
	// Cache, if set, keeps what is read of sorted runs.
	Cache *block.Cache
	// Prune may exclude blocks by what their headers say of the columns with attnums.
	Prune func(stats func(num uint32) *block.ColumnStats) bool
}

// Scanner reads points. After Next, Column makes the columns that are wanted,
// and only those are decoded; Select leaves rows out before.
type Scanner struct {
	*block.Scanner
	layout *Layout
	alloc  memory.Allocator
}

// NewScanner prepares a scan; nothing is read before Next.
func NewScanner(alloc memory.Allocator, r kv.Reader, spec ScanSpec, f *block.Figures) *Scanner {
	return &Scanner{Scanner: block.NewScanner(alloc, r, spec.block(), spec.BatchRows, f), layout: spec.Layout, alloc: alloc}
}

// block is the part of the block store.
func (spec *ScanSpec) block() block.Spec {
	b := block.Spec{
		Unique: spec.Layout.Unique, Several: spec.Layout.several, Groups: spec.Series, MinGroup: spec.FromSeries, MaxGroup: spec.EndSeries - 1, Lower: spec.Lower, Upper: spec.Upper,
		Ordered: spec.Ordered, Reverse: spec.Reverse, Last: spec.Last, First: spec.First, Counted: spec.Counted, Prune: spec.Prune, Cache: spec.Cache, Name: spec.Layout.Table.Name,
		Storage: spec.Layout.Table.Storage,
	}
	for _, p := range spec.Partitions {
		b.Prefixes = append(b.Prefixes, p.Prefix)
	}
	return b
}

// Extent is what the deltas and runs hold that a scan may read of.
func (spec *ScanSpec) Extent(ctx context.Context, r kv.Reader) (block.Held, error) {
	held := block.HeldNone
	for _, p := range spec.Partitions {
		h, err := block.Extent(ctx, r, spec.block(), p.Prefix)
		if err != nil {
			return block.HeldNone, err
		}
		held.Add(h)
	}
	return held, nil
}

// Pieces cuts a scan into scans of about rows rows, partition by partition and
// by ranges of series, which together read the same.
func (spec *ScanSpec) Pieces(ctx context.Context, r kv.Reader, rows int) ([]ScanSpec, error) {
	var out []ScanSpec
	for _, p := range spec.Partitions {
		cuts, err := block.Split(ctx, r, spec.block(), p.Prefix, rows)
		if err != nil {
			return nil, err
		}
		piece := *spec
		piece.Partitions = []Partition{p}
		for _, c := range cuts {
			piece.EndSeries = c
			out = append(out, piece)
			piece.FromSeries = c
		}
		piece.EndSeries = spec.EndSeries
		out = append(out, piece)
	}
	return out, nil
}

// Column makes the array of a column, by its ordinal, of the present rows.
func (s *Scanner) Column(ctx context.Context, ordinal int) (arrow.Array, error) {
	if c := s.layout.Column(ordinal); c != nil {
		return s.Scanner.Column(ctx, c)
	}
	if err := s.LoadRows(ctx); err != nil {
		return nil, err
	}
	a := s.Positions()
	phys := s.layout.Table.Columns[s.layout.Time].Type.Phys()
	if phys == types.PhysInt64 {
		return a, nil
	}
	defer a.Release()
	values := a.(*array.Int64).Int64Values()
	switch phys {
	case types.PhysInt32:
		b := array.NewInt32Builder(s.alloc)
		defer b.Release()
		b.Reserve(len(values))
		for _, v := range values {
			b.UnsafeAppend(int32(v))
		}
		return b.NewArray(), nil
	case types.PhysInt16:
		b := array.NewInt16Builder(s.alloc)
		defer b.Release()
		b.Reserve(len(values))
		for _, v := range values {
			b.UnsafeAppend(int16(v))
		}
		return b.NewArray(), nil
	}
	return nil, fmt.Errorf("tsengine: a time column of %s", types.ArrowType(s.layout.Table.Columns[s.layout.Time].Type))
}

// Coded is Column for who knows coded columns (types.IsCoded): it may return one.
func (s *Scanner) Coded(ctx context.Context, ordinal int) (arrow.Array, error) {
	if c := s.layout.Column(ordinal); c != nil {
		return s.Scanner.Coded(ctx, c)
	}
	return s.Column(ctx, ordinal)
}

// Handles makes the array of the handles of the present rows.
func (s *Scanner) Handles() arrow.Array {
	b := array.NewBinaryBuilder(s.alloc, arrow.BinaryTypes.Binary)
	defer b.Release()
	var buf []byte
	s.Each(func(_ int, group uint64, position int64, sub uint64) {
		buf = point{group, position, sub}.append(buf[:0])
		b.Append(buf)
	})
	return b.NewArray()
}
