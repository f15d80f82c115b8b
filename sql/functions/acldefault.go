package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// defaultPrivileges are what PUBLIC and the owner may do with an object of a kind
// that nobody granted anything of (PostgreSQL's acldefault).
var defaultPrivileges = map[string]struct{ public, owner string }{
	"c": {}, // column
	"r": {owner: "arwdDxt"},
	"s": {owner: "rwU"},
	"d": {"Tc", "CTc"},
	"f": {"X", "X"},
	"l": {"U", "U"},
	"L": {owner: "rw"},
	"n": {owner: "UC"},
	"p": {owner: "sA"},
	"t": {owner: "C"},
	"F": {owner: "U"},
	"S": {owner: "U"},
	"T": {"U", "U"},
}

var _ = define("acldefault(char,oid)", "Gives the privileges that an object of a kind has as long as nobody changed them, by its owner.",
	evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		p, ok := defaultPrivileges[args[0].S]
		if !ok {
			return types.Null, pgerror.New(pgerror.InvalidParameterValue, "unrecognized object type abbreviation: %s", args[0].S)
		}
		s, err := asSession[CatalogSession](c, "acldefault")
		if err != nil {
			return types.Null, err
		}
		owner, ok := s.Name(ClassRole, uint32(args[1].I))
		if !ok {
			owner = uintText(args[1].I)
		}
		owner = QuoteRole(owner)
		var items []types.Datum
		if p.public != "" {
			items = append(items, types.NewString("="+p.public+"/"+owner))
		}
		if p.owner != "" {
			items = append(items, types.NewString(owner+"="+p.owner+"/"+owner))
		}
		return types.BuildArray(types.ACLItem, items), nil
	}),
	ex("acldefault('r', 10)", "{postgres=arwdDxt/postgres}"), ex("acldefault('d', 10)", "{=Tc/postgres,postgres=CTc/postgres}"),
	ex("acldefault('x', 10)", "ERROR 22023: unrecognized object type abbreviation: x"))

// QuoteRole quotes a role's name in an aclitem where it has other than letters,
// digits and underscores (PostgreSQL's putid).
func QuoteRole(name string) string {
	safe := true
	for _, r := range name {
		safe = safe && (r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}
	if safe {
		return name
	}
	out := []byte{'"'}
	for i := range len(name) {
		if name[i] == '"' {
			out = append(out, '"')
		}
		out = append(out, name[i])
	}
	return string(append(out, '"'))
}
