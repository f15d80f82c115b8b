package block

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Input is a batch of rows that are to be written.
type Input struct{ src *source }

// NewInput takes a reference of each array; arrays[i] is columns[i].
func NewInput(columns []Column, arrays []arrow.Array) *Input {
	s := &source{refs: 1, columns: make([]sourceColumn, len(arrays))}
	for i, a := range arrays {
		a.Retain()
		s.columns[i] = sourceColumn{id: columns[i].ID, codedValues: codedValues{values: a}}
	}
	return &Input{s}
}

// Bytes is about how large the rows are.
func (in *Input) Bytes() int {
	n := 0
	for _, c := range in.src.columns {
		n += arrayBytes(c.values)
	}
	return n
}

// Release gives the arrays back.
func (in *Input) Release() { in.src.release() }

// Row is a row of an Input with its place.
type Row struct {
	Group    uint64
	Position int64
	Input    *Input
	Index    int32
	Op       Op
	Sub      uint64 // of OpPut and OpDelete
}

// maxPicked is of how many inputs rows are picked one by one.
const maxPicked = 8

// BuildDelta encodes rows, sorted by group and position, as the delta of an order.
func BuildDelta(ctx context.Context, alloc memory.Allocator, columns []Column, rows []Row, o Order) ([]byte, error) {
	r := Rows{Groups: make([]uint64, len(rows)), Positions: make([]int64, len(rows))}
	segs := make([]segment, 0, len(rows))
	picks, inputs := make([]pick, len(rows)), make([]*Input, 0, 8)
	ops, data := false, false
	for i := range rows {
		w := &rows[i]
		r.Groups[i], r.Positions[i] = w.Group, w.Position
		ops = ops || w.Op != OpInsert
		data = data || w.Op != OpDelete
		at := int(w.Index)
		if len(inputs) <= maxPicked {
			in := slices.Index(inputs, w.Input)
			if in < 0 {
				in, inputs = len(inputs), append(inputs, w.Input)
			}
			picks[i] = pick{int32(in), w.Index}
		}
		if n := len(segs); n > 0 && segs[n-1].src == w.Input.src && segs[n-1].to == at {
			segs[n-1].to++
		} else {
			segs = append(segs, segment{src: w.Input.src, from: at, to: at + 1})
		}
	}
	if ops {
		r.Subs, r.Ops = insertSubs(r.Groups, r.Positions, o), make([]Op, len(rows))
		for i := range rows {
			r.Ops[i] = rows[i].Op
			if rows[i].Op != OpInsert {
				r.Subs[i] = rows[i].Sub
			}
		}
	}
	if data {
		defer func() {
			for _, a := range r.Columns {
				a.Release()
			}
		}()
		for i := range columns {
			var a arrow.Array
			if len(inputs) <= maxPicked {
				arrays := make([]arrow.Array, len(inputs))
				for k, in := range inputs {
					v, _ := in.src.known(columns[i].ID)
					arrays[k] = v.values
				}
				a = takeFixed(alloc, columns[i].Type, arrays, picks)
			}
			if a == nil {
				var err error
				if a, err = gather(ctx, alloc, &columns[i], segs, len(rows), false); err != nil {
					return nil, err
				}
			}
			r.IDs, r.Columns = append(r.IDs, columns[i].ID), append(r.Columns, a)
		}
	}
	return AppendDelta(nil, &r)
}
