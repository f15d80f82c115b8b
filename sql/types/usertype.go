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
		if !slices.Contains(info.Labels, s) {
			return Datum{}, pgerror.New(pgerror.InvalidTextRepresentation, "invalid input value for enum %s: \"%s\"", info.SQLName, s)
		}
		return NewString(s), nil
	case info.Type == 'd':
		return Parse(info.Base, s, io)
	case info.Elem != 0:
		return parseArray(Type{OID: info.Elem, Mod: t.Mod}, s, io)
	}
	return Datum{}, pgerror.Unsupported("input of type %s", info.SQLName)
}
