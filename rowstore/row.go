package rowstore

import "github.com/tidemarkdb/tidemark/sql/types"

// Row is a row to write, by the ordinals of Table.Columns; entries of dropped
// columns are ignored. What has to be computed for indexes comes with it.
type Row struct {
	Values []types.Datum
	// Exprs holds, by position in Table.Indexes, the values of an index's
	// expression columns, parallel to Index.Columns (entries of plain columns
	// are ignored). It is nil, or an entry is, where there are no expressions.
	Exprs [][]types.Datum
	// Skip says, by position in Table.Indexes, that a partial index's predicate
	// is not true for the row. It is nil when no index is partial.
	Skip []bool
}

// key is the value of an index's key column.
func (r *Row) key(x *indexLayout, i int) types.Datum {
	if o := x.columns[i].ordinal; o >= 0 {
		return r.Values[o]
	}
	return r.Exprs[x.position][i]
}

// has reports whether the row has an entry in the index.
func (r *Row) has(x *indexLayout) bool {
	return r.Skip == nil || !r.Skip[x.position]
}
