package executor

import "github.com/tidemarkdb/tidemark/sql/types"

// joinKeyTypes are the types by which the keys of two sides are compared: where
// the sides' widths differ, the widest of that kind.
func joinKeyTypes(build, probe []*scalar) []types.Type {
	out := make([]types.Type, len(build))
	for i, k := range build {
		out[i] = k.typ
		if probe[i].typ.Phys() == k.typ.Phys() {
			continue
		}
		switch hashClass(k.typ.Phys()) {
		case types.PhysInt64:
			out[i] = types.Of(types.Int8)
		case types.PhysFloat64:
			out[i] = types.Of(types.Float8)
		}
	}
	return out
}

// hashClass groups the physical forms whose keys are compared by value,
// whatever their width.
func hashClass(p types.Phys) types.Phys {
	switch p {
	case types.PhysInt16, types.PhysInt32, types.PhysUint32:
		return types.PhysInt64
	case types.PhysFloat32:
		return types.PhysFloat64
	}
	return p
}
