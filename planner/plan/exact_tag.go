package plan

import "github.com/tidemarkdb/tidemark/sql/types"

// ExactTag reports whether equal values of a type have equal bytes: then a
// series can be found by the values of its tags.
func ExactTag(t types.Type) bool {
	switch t.OID {
	case types.Bool, types.Int2, types.Int4, types.Int8, types.Oid, types.Text, types.Varchar, types.Bytea, types.UUID, types.Date, types.Timestamp, types.Timestamptz:
		return true
	}
	return false
}
