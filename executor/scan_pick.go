package executor

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// scanPick chooses the rows of a scan: those that may find partners in the joins
// above and satisfy the scan's condition. Columns are unpacked for the rows that
// are left only:
//
//  1. What joins know (runtimeFilter) is tested first: an integer and a bit a row.
//  2. The condition is computed on what is left, on all rows if that is most.
//  3. The columns of the output are taken for the rows of both.
type scanPick struct {
	env     *Env
	filter  *filter // nil for none
	reads   []int   // the columns of the filter's condition
	filters []*runtimeFilter
	use     columnUse // of the output

	cols  []arrow.Array // scratch: the batch's columns as far as they are needed
	words []int64
}

func newScanPick(env *Env, n *plan.Scan, f *filter, filters []*runtimeFilter, use columnUse) *scanPick {
	p := &scanPick{env: env, filter: f, filters: filters, use: use, cols: make([]arrow.Array, len(n.Cols))}
	if f != nil {
		expr.Walk(n.Filter, func(e expr.Expr) bool {
			if o, ok := e.(*expr.Ordinal); ok && !slices.Contains(p.reads, o.Index) {
				p.reads = append(p.reads, o.Index)
			}
			return true
		})
	}
	return p
}

// idle reports whether all rows pass as they are.
func (p *scanPick) idle() bool { return p.filter == nil && len(p.filters) == 0 && p.use.coded == nil }

// pick takes a batch over and returns its rows that pass, nil for none.
func (p *scanPick) pick(b *rowstore.LazyBatch) (arrow.RecordBatch, error) {
	defer b.Release()
	clear(p.cols)
	sel := p.partners(b)
	if p.filter != nil {
		var err error
		if sel, err = p.satisfying(b, sel); err != nil {
			return nil, err
		}
	}
	if sel == nil || len(sel) == b.Rows() {
		return b.Batch(p.use.coded), nil
	}
	return p.take(b, sel)
}

// partners returns the rows that may find partners, nil for all.
func (p *scanPick) partners(b *rowstore.LazyBatch) (sel []int32) {
	for _, f := range p.filters {
		if f.idle() {
			continue
		}
		p.cols[f.column] = b.Column(f.column)
		sel = f.narrow(p.cols, b.Rows(), sel, &p.words)
	}
	return sel
}

// fewShare is the part of a batch below which the condition is computed for the
// rows that are left alone.
const fewShare = 4

// satisfying returns the rows of sel, nil for all, that satisfy the condition.
func (p *scanPick) satisfying(b *rowstore.LazyBatch, sel []int32) ([]int32, error) {
	if sel != nil && len(sel) == 0 {
		return sel, nil
	}
	if sel != nil && len(sel) < b.Rows()/fewShare {
		return p.satisfyingFew(b, sel)
	}
	for _, i := range p.reads {
		p.cols[i] = p.read(b, i)
	}
	all, err := p.filter.choose(p.cols, b.Rows())
	if err != nil || sel == nil {
		return all, err
	}
	return intersect(sel, all), nil
}

func (p *scanPick) satisfyingFew(b *rowstore.LazyBatch, sel []int32) ([]int32, error) {
	some := make([]arrow.Array, len(p.cols))
	defer releaseAll(some)
	for _, i := range p.reads {
		var err error
		if some[i], err = p.column(b, i, sel, !p.env.PlainStrings); err != nil {
			return nil, err
		}
	}
	pass, err := p.filter.choose(some, len(sel))
	for i, at := range pass {
		sel[i] = sel[at]
	}
	return sel[:len(pass)], err
}

// read returns a column for the condition, which knows coded ones.
func (p *scanPick) read(b *rowstore.LazyBatch, i int) arrow.Array {
	if p.env.PlainStrings {
		return b.Column(i)
	}
	return b.Coded(i)
}

// column returns the values of a column at rows, of the caller; they may be coded if
// coded says so.
func (p *scanPick) column(b *rowstore.LazyBatch, i int, rows []int32, coded bool) (a arrow.Array, err error) {
	switch {
	case b.Packed(i):
		a = b.TakeColumn(i, rows)
	case !coded && types.IsCoded(b.Coded(i)):
		return types.TakeWords(p.env.Alloc, b.Coded(i), rows), nil
	default:
		a, err = take(p.env.Alloc, b.Coded(i), rows)
	}
	if err != nil || coded || !types.IsCoded(a) {
		return a, err
	}
	defer a.Release()
	return types.Plain(p.env.Alloc, a), nil
}

// mayBeCoded reports whether a column of the output may be coded.
func (p *scanPick) mayBeCoded(i int) bool { return p.use.coded != nil && p.use.coded[i] }

// take makes the batch of the rows sel, nil for none.
func (p *scanPick) take(b *rowstore.LazyBatch, sel []int32) (arrow.RecordBatch, error) {
	if len(sel) == 0 {
		return nil, nil
	}
	first, last := int64(sel[0]), int64(sel[len(sel)-1])
	run := int(last-first)+1 == len(sel)
	cols := make([]arrow.Array, len(p.cols))
	for i := range cols {
		if p.use.unread != nil && p.use.unread[i] {
			cols[i] = nullColumn(b.Schema().Field(i).Type, len(sel))
			continue
		}
		if run && !b.Packed(i) && (p.mayBeCoded(i) || !types.IsCoded(b.Coded(i))) {
			cols[i] = array.NewSlice(b.Coded(i), first, last+1)
			continue
		}
		var err error
		if cols[i], err = p.column(b, i, sel, p.mayBeCoded(i)); err != nil {
			releaseAll(cols)
			return nil, err
		}
	}
	return newBatch(b.Schema(), cols, len(sel)), nil
}

// intersect keeps the rows of a that b has too; both ascend.
func intersect(a, b []int32) []int32 {
	out, k := a[:0], 0
	for _, x := range a {
		for k < len(b) && b[k] < x {
			k++
		}
		if k < len(b) && b[k] == x {
			out = append(out, x)
		}
	}
	return out
}
