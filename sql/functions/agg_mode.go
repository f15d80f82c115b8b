package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

var _ = register(Aggregate{
	Name: "mode", Args: typesOf(oids{types.AnyElement}), Returns: types.Of(types.AnyElement), OrderedSet: true, OrderSensitive: true,
	Doc: "Computes the most frequent value; of several the first.",
	New: func(_ *Context, t Signature) Accumulator { return &modes{typ: t.Args[0]} },
})

// modes finds the longest run of equal values of the sorted input.
type modes struct {
	typ    types.Type
	states []modeState
	bytes  int64 // of values
}

type modeState struct {
	value, best  types.Datum
	run, bestRun int64
}

func (s *modes) Resize(n int) { s.states = grow(s.states, n) }

func (s *modes) Bytes() int64 { return int64(cap(s.states))*88 + s.bytes }

func (s *modes) Update(_ *Context, groups []uint32, args []Value, n int) error {
	m := mask(args[0])
	return eachRow(groups, args[:1], n, func(g uint32, i int) error {
		st := &s.states[g]
		d := types.DatumAt(args[0].Array, i&m)
		if st.run == 0 || types.Compare(s.typ, d, st.value) != 0 {
			s.bytes += int64(len(d.S) - len(st.value.S))
			st.value, st.run = d.Clone(), 0
		}
		if st.run++; st.run > st.bestRun {
			if st.run == 1 {
				s.bytes += int64(len(st.value.S))
			}
			st.best, st.bestRun = st.value, st.run
		}
		return nil
	})
}

// Merge moves a state to a group that has none.
func (s *modes) Merge(_ *Context, other Accumulator, from, to int) error {
	s.states[to] = other.(*modes).states[from]
	s.bytes += int64(len(s.states[to].value.S) + len(s.states[to].best.S))
	return nil
}

func (s *modes) Append(_ *Context, group int, b array.Builder) error {
	if st := &s.states[group]; st.bestRun > 0 {
		types.AppendDatum(b, st.best)
		return nil
	}
	b.AppendNull()
	return nil
}
