package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// RowsAccumulator is an Accumulator whose states keep what they are fed, so that
// they grow with the rows of a group. It can give them back, for an executor that
// has no room for the states of all groups at once.
type RowsAccumulator interface {
	Accumulator
	// Rows is how many rows group's state is made of.
	Rows(group int) int
	// AppendRows appends arguments that would make group's state again to a
	// builder for each, and forgets the state.
	AppendRows(group int, to []array.Builder)
}

// listAcc keeps all values of a group in the order they come in, and computes
// the result from the lists: array_agg, json_agg. Values lie as in an array.
type listAcc struct {
	sig   Signature
	phys  []types.Phys
	lists []types.ElementList // for each group one for each argument
	bytes int64               // of elements
	final func(c *Context, s *listAcc, lists []types.ElementList) (types.Datum, error)
}

func newList(sig Signature, final func(*Context, *listAcc, []types.ElementList) (types.Datum, error)) *listAcc {
	s := &listAcc{sig: sig, final: final}
	for _, t := range sig.Args {
		s.phys = append(s.phys, t.Phys())
	}
	return s
}

// listBytes is what an empty types.ElementList takes.
const listBytes = 56

// of are a group's lists.
func (s *listAcc) of(g int) []types.ElementList {
	return s.lists[g*len(s.phys) : (g+1)*len(s.phys)]
}

func (s *listAcc) Resize(n int) { s.lists = grow(s.lists, n*len(s.phys)) }

func (s *listAcc) Bytes() int64 { return int64(cap(s.lists))*listBytes + s.bytes }

func (s *listAcc) Update(_ *Context, groups []uint32, args []Value, n int) error {
	for i := range n {
		lists := s.of(int(groupOf(groups, i)))
		for k, v := range args {
			l := &lists[k]
			before := l.Bytes()
			l.Append(s.phys[k], types.DatumAt(v.Array, i&mask(v)))
			s.bytes += l.Bytes() - before
		}
	}
	return nil
}

func (s *listAcc) Merge(_ *Context, other Accumulator, from, to int) error {
	o := other.(*listAcc)
	mine, theirs := s.of(to), o.of(from)
	for k := range mine {
		before := mine[k].Bytes()
		mine[k].Join(&theirs[k])
		s.bytes += mine[k].Bytes() - before
	}
	return nil
}

func (s *listAcc) Append(c *Context, group int, b array.Builder) error {
	lists := s.of(group)
	if lists[0].Len() == 0 {
		b.AppendNull()
		return nil
	}
	d, err := s.final(c, s, lists)
	if err != nil {
		return err
	}
	types.AppendDatum(b, d)
	return nil
}

// Rows implements RowsAccumulator.
func (s *listAcc) Rows(group int) int { return s.of(group)[0].Len() }

// AppendRows implements RowsAccumulator.
func (s *listAcc) AppendRows(group int, to []array.Builder) {
	lists := s.of(group)
	for k := range lists {
		for _, d := range lists[k].View(s.sig.Args[k].OID).All() {
			types.AppendDatum(to[k], d)
		}
		s.bytes -= lists[k].Bytes()
		lists[k] = types.ElementList{}
	}
}
