package functions

import (
	"cmp"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Comparisons of types that are not hot.
var (
	_ = registerComparisons(compareNames("pg_lsn_"), orderedBody(compareUnsigned))
	_ = registerComparisons(compareNames("xid8"), orderedBody(compareUnsigned))
	_ = registerComparisons(compareNames("network_"), orderedBody(datumOrder(types.Inet)))
	_ = registerComparisons(compareNames("macaddr_"), orderedBody(datumOrder(types.Macaddr)))
	_ = registerComparisons(compareNames("bit"), orderedBody(datumOrder(types.Varbit)))
	_ = registerComparisons(compareNames("enum_"), orderedBody(cmp.Compare[int32]))
)

func compareUnsigned(a, b int64) int { return cmp.Compare(uint64(a), uint64(b)) }
