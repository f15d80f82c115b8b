package executor

import (
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// nullColumns are columns of BatchRows NULLs, by the id of their type.
var nullColumns sync.Map

// nullColumn makes a column of n NULLs as a slice of one that all share: in place of one
// that nobody reads, or that has nothing else.
func nullColumn(dt arrow.DataType, n int) arrow.Array {
	if d, ok := dt.(*arrow.DictionaryType); ok {
		dt = d.ValueType
	}
	if n > BatchRows {
		return nullArray(memory.DefaultAllocator, dt, n)
	}
	all, ok := nullColumns.Load(dt.ID())
	if !ok {
		all, _ = nullColumns.LoadOrStore(dt.ID(), nullArray(memory.DefaultAllocator, dt, BatchRows))
	}
	return array.NewSlice(all.(arrow.Array), 0, int64(n))
}
