package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// How aggregates are written
//
// An Accumulator keeps one slice entry for each group. Accumulators skip rows
// with a NULL argument themselves where SQL says so; Aggregate.SkipNulls tells
// executors that they may do it earlier. argument gives the values, the row
// mask and the null bitmap of an argument.

// grow lengthens s to n entries; new ones are zero.
func grow[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	if n <= cap(s) {
		old := len(s)
		s = s[:n]
		clear(s[old:])
		return s
	}
	out := make([]T, n, max(n, 2*cap(s)))
	copy(out, s)
	return out
}

// groupOf is the group of row i; nil groups put all rows into group 0.
func groupOf(groups []uint32, i int) uint32 {
	if groups == nil {
		return 0
	}
	return groups[i]
}

// runOf is the group of row i, and the end of the run of rows from i on that belong to it.
func runOf(groups []uint32, i, n int) (g uint32, end int) {
	if groups == nil {
		return 0, n
	}
	g, end = groups[i], i+1
	for end < n && groups[end] == g {
		end++
	}
	return g, end
}

// eachRow calls fn for the rows none of whose arguments is NULL.
func eachRow(groups []uint32, args []Value, n int, fn func(g uint32, i int) error) error {
	for _, a := range args {
		if a.Array.NullN() == 0 {
			continue
		}
		if a.Const {
			return nil
		}
	}
next:
	for i := range n {
		for _, a := range args {
			if !a.Const && a.Array.IsNull(i) {
				continue next
			}
		}
		if err := fn(groupOf(groups, i), i); err != nil {
			return err
		}
	}
	return nil
}

// countAcc is count(*) without arguments, else count(x).
type countAcc struct{ counts []int64 }

var (
	_ = register(Aggregate{
		Name: "count", Returns: types.Of(types.Int8), Doc: "Counts the rows.",
		New: func(*Context, Signature) Accumulator { return &countAcc{} },
	})
	_ = register(Aggregate{
		Name: "count", Args: typesOf(oids{types.Any}), Returns: types.Of(types.Int8), SkipNulls: true,
		Doc: "Counts the rows in which the argument is not NULL.",
		New: func(*Context, Signature) Accumulator { return &countAcc{} },
	})
)

func (s *countAcc) Resize(n int) { s.counts = grow(s.counts, n) }

func (s *countAcc) Bytes() int64 { return int64(cap(s.counts)) * 8 }

func (s *countAcc) Update(_ *Context, groups []uint32, args []Value, n int) error {
	if len(args) > 0 && args[0].Array.NullN() > 0 {
		return eachRow(groups, args[:1], n, func(g uint32, _ int) error {
			s.counts[g]++
			return nil
		})
	}
	if groups == nil {
		s.counts[0] += int64(n)
		return nil
	}
	for _, g := range groups[:n] {
		s.counts[g]++
	}
	return nil
}

func (s *countAcc) Merge(_ *Context, other Accumulator, from, to int) error {
	s.counts[to] += other.(*countAcc).counts[from]
	return nil
}

func (s *countAcc) Append(_ *Context, group int, b array.Builder) error {
	b.(*array.Int64Builder).Append(s.counts[group])
	return nil
}

// aggregate registers an aggregate of one argument that skips NULLs.
func aggregate(name, doc string, arg, result types.OID, make func() Accumulator) *Aggregate {
	return register(Aggregate{
		Name: name, Args: typesOf(oids{arg}), Returns: types.Of(result), SkipNulls: true, Doc: doc,
		New: func(*Context, Signature) Accumulator { return make() },
	})
}
