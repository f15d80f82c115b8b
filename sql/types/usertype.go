package types

import (
	"slices"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// userInfo describes a user-defined type by the session's catalog.
func (io *IO) userInfo(oid OID) *Info {
	if oid < FirstUserOID || io.Resolve == nil {
		return nil
	}
	return io.Resolve.TypeInfo(oid)
}

// parseUser reads enums, domains and arrays of user-defined types.
func parseUser(info *Info, t Type, s string, io *IO) (Datum, error) {
	switch {
	case info.Type == 'e':
		i := slices.Index(info.Labels, s)
		if i < 0 {
			return Datum{}, pgerror.New(pgerror.InvalidTextRepresentation, "invalid input value for enum %s: \"%s\"", info.SQLName, s)
		}
		return Datum{P: PhysInt32, I: int64(info.LabelKeys[i])}, nil
	case info.Type == 'd':
		return Parse(info.Base, s, io)
	case info.Type == 'c':
		return parseRecord(info, s, io)
	case info.Elem != 0:
		return parseArray(Type{OID: info.Elem, Mod: t.Mod}, s, io)
	}
	return Datum{}, pgerror.Unsupported("input of type %s", info.SQLName)
}

// appendLabel prints an enum value. A key without a label is a row that is
// older than a label's removal by hand; it prints as its number.
func appendLabel(dst []byte, info *Info, d Datum) []byte {
	if i := slices.Index(info.LabelKeys, int32(d.I)); i >= 0 {
		return append(dst, info.Labels[i]...)
	}
	return appendInt(dst, d.I)
}
