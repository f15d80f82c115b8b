package physical

import (
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pushdown"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Stores help with a scan by an index in one of two ways: if its entries hold all
// columns that are wanted, the stores read these; else its entries are read here
// and the stores are asked for the rows that they name, a window of entries at a
// time.

// lookupRows is how many rows a scan by an index must expect for the stores to be
// asked for them.
const lookupRows = 32

// byIndex says why the stores do not help with a scan by an index, nil if they do.
func (p *pusher) byIndex(s *plan.Scan) error {
	if p.Blocked["index"] {
		return pushdown.Refusal("index is blocked")
	}
	if inEntries(s) {
		return decodable(s)
	}
	switch {
	case len(s.Index.Include) > 0 || isSubset(s.Output, s.Index, &s.Table.Indexes[0]):
		return pushdown.Refusal("the index's entries hold what is wanted where the stores do not look for it")
	case s.Table.Clustered && handleColumn(s.Table) < 0:
		return pushdown.Refusal("the rows' key is not an integer")
	case s.Read < lookupRows:
		return pushdown.Refusal("few rows are read")
	}
	return nil
}

// lookup reports whether a scan is one whose rows are found by an index's
// entries: stores do not know the order of these.
func lookup(s *plan.Scan) bool {
	return s.Index != nil && !isPrimaryStorage(s) && !inEntries(s)
}

func isPrimaryStorage(s *plan.Scan) bool {
	return s.Index == nil || s.Index.Primary && s.Table.Clustered
}

// inEntries reports whether an index's keys and integer handles hold all columns
// of a scan.
func inEntries(s *plan.Scan) bool {
	handle := handleColumn(s.Table)
	return !slices.ContainsFunc(s.Output, func(o int) bool { return o != handle && keyPosition(s.Index, o) < 0 })
}

func isSubset(output []int, indexes ...*catalog.Index) bool {
	return !slices.ContainsFunc(output, func(o int) bool {
		return !slices.ContainsFunc(indexes, func(ix *catalog.Index) bool { return keyPosition(ix, o) >= 0 })
	})
}

// keyPosition is where an index's key has a column of the table, -1 if nowhere.
func keyPosition(ix *catalog.Index, ordinal int) int {
	return slices.IndexFunc(ix.Columns, func(c catalog.IndexColumn) bool { return int(c.Num)-1 == ordinal })
}

// handleColumn is the column that is the integer handle of a table's rows, -1 if
// there is none.
func handleColumn(t *catalog.Table) int {
	if !t.Clustered || len(t.Indexes[0].Columns) != 1 {
		return -1
	}
	o := int(t.Indexes[0].Columns[0].Num) - 1
	switch t.Columns[o].Type.OID {
	case types.Int2, types.Int4, types.Int8:
		return o
	}
	return -1
}

// decodable says why stores cannot read the entries of a scan, nil if they can:
// they know neither descending columns nor NULLs that come last, and find a
// column by reading those before it; a handle comes after all of them.
func decodable(s *plan.Scan) error {
	if len(s.Index.Include) > 0 {
		return pushdown.Refusal("the index has INCLUDE columns")
	}
	n := 1
	for _, o := range s.Output {
		at := keyPosition(s.Index, o)
		if at < 0 {
			at = len(s.Index.Columns) - 1
		}
		n = max(n, at+1)
	}
	for i := range s.Index.Columns {
		c := &s.Index.Columns[i]
		switch {
		case c.Num == 0:
			return pushdown.Refusal("the index has an expression")
		case !pushdown.InKeys(s.Table.Columns[c.Num-1].Type): // in whatever place: the entry has a row then
			return pushdown.Refusal("values of type " + types.Format(s.Table.Columns[c.Num-1].Type) + " in an index mean nothing to the stores")
		case i >= n:
			continue
		case c.Desc:
			return pushdown.Refusal("the index has a descending column")
		case !c.NullsFirst && !s.Index.Primary && !s.Table.Columns[c.Num-1].NotNull && !excludesNull(s, i):
			return pushdown.Refusal("the index may have NULLs, which come last")
		}
	}
	return nil
}

// excludesNull reports whether no entry in a scan's ranges has NULL in a key
// column.
func excludesNull(s *plan.Scan, column int) bool {
	return s.Ranges != nil && !slices.ContainsFunc(s.Ranges, func(r plan.KeyRange) bool {
		switch {
		case column < len(r.Equal):
			return r.IsNull != nil && r.IsNull[column]
		case column == len(r.Equal):
			return !r.NotNull
		}
		return true
	})
}
