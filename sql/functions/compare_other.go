package functions

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Comparisons of types that are not hot.
var (
	_ = registerComparisons(compareNames("pg_lsn_"), orderedBody(compareUnsigned))
	_ = registerComparisons(compareNames("xid8"), orderedBody(compareUnsigned))
	_ = registerComparisons(compareNames("network_"), orderedBody(datumOrder(types.Inet)))
	_ = registerComparisons(compareNames("macaddr_"), orderedBody(datumOrder(types.Macaddr)))
	_ = registerComparisons(compareNames("bit"), orderedBody(datumOrder(types.Varbit)))
	_ = registerComparisons(compareNames("enum_"), enumBody)
)

func compareUnsigned(a, b int64) int { return cmp.Compare(uint64(a), uint64(b)) }

// enumBody orders enum labels as their type declares them.
func enumBody(op comparison) body {
	return body{EvalTyped: func(c *Context, t Signature, d []types.Datum) (types.Datum, error) {
		a, b := d[0].S, d[1].S
		if a != b && c.IO != nil && c.IO.Resolve != nil {
			if info := c.IO.Resolve.TypeInfo(t.Args[0].OID); info != nil {
				return types.NewBool(op.holds(slices.Index(info.Labels, a) - slices.Index(info.Labels, b))), nil
			}
		}
		return types.NewBool(op.holds(strings.Compare(a, b))), nil
	}}
}
