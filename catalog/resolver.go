package catalog

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// RegResolver implements types.Resolver over a snapshot: it reads and prints
// the reg* types and knows the user's types. Path is the search path with the
// implicit pg_temp and pg_catalog in it.
type RegResolver struct {
	Snapshot *Snapshot
	Path     []string
}

var _ types.Resolver = (*RegResolver)(nil)

// NewRegResolver returns a resolver for a search path.
func NewRegResolver(s *Snapshot, path []string) *RegResolver {
	return &RegResolver{Snapshot: s, Path: path}
}

// RegOut implements types.Resolver.
func (r *RegResolver) RegOut(typ types.OID, id uint32) (string, bool) {
	s, oid := r.Snapshot, OID(id)
	switch typ {
	case types.Regclass:
		return r.relationOut(oid)
	case types.Regtype:
		if info := types.Lookup(oid); info == nil && s.typeByID(oid) == nil {
			return "", false
		}
		return formatTypeID(s, r.Path, oid), true
	case types.Regnamespace:
		if sch := s.SchemaByID(oid); sch != nil {
			return QuoteIdent(sch.Name), true
		}
	case types.Regrole:
		if name := RoleName(s, oid); name != "" {
			return QuoteIdent(name), true
		}
	case types.Regcollation:
		for name, c := range collationIDs {
			if c == oid {
				return QuoteIdent(name), true
			}
		}
	case types.Regproc, types.Regprocedure:
		if f := s.Function(oid); f != nil {
			if typ == types.Regproc {
				return FunctionName(s, r.Path, f), true
			}
			return FunctionSignature(s, r.Path, f), true
		}
		if p := functionLibrary().byOID[oid]; p != nil {
			if typ == types.Regproc {
				return QuoteIdent(p.Name), true
			}
			return QuoteIdent(p.Name) + "(" + r.typeList(p.Args) + ")", true
		}
	case types.Regoper, types.Regoperator:
		ops := functionLibrary().operators
		if i := slices.IndexFunc(ops, func(o *OperatorInfo) bool { return o.OID == oid }); i >= 0 {
			op := ops[i]
			if typ == types.Regoper {
				return op.Name, true
			}
			left := "NONE"
			if op.Left != 0 {
				left = FormatType(s, r.Path, types.Of(op.Left))
			}
			return op.Name + "(" + left + "," + FormatType(s, r.Path, types.Of(op.Right)) + ")", true
		}
	}
	return "", false
}

var collationIDs = map[string]OID{"default": collationDefault, "C": collationC, "POSIX": collationPosix, "ucs_basic": 12546}

func (r *RegResolver) relationOut(id OID) (string, bool) {
	s := r.Snapshot
	if t := s.TableByID(id); t != nil {
		return RelationName(s, r.Path, t), true
	}
	if t, ix := s.IndexByID(id); ix != nil {
		return IndexName(s, r.Path, t, ix), true
	}
	if t := s.compositeByRelation(id); t != nil {
		return typeRefName(s, r.Path, t), true
	}
	return "", false
}

func (r *RegResolver) typeList(ts []OID) string {
	out := make([]string, len(ts))
	for i, t := range ts {
		out[i] = formatTypeID(r.Snapshot, r.Path, t)
	}
	return strings.Join(out, ",")
}

// RegIn implements types.Resolver.
func (r *RegResolver) RegIn(typ types.OID, text string) (uint32, error) {
	if text == "-" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return uint32(n), nil
	}
	switch typ {
	case types.Regtype:
		t, err := types.ParseTypeName(text, r)
		return uint32(t.OID), err
	case types.Regprocedure:
		return r.procedureIn(text)
	case types.Regoper, types.Regoperator:
		return r.operatorIn(typ, text)
	}
	parts, err := SplitName(text)
	if err != nil {
		return 0, err
	}
	switch typ {
	case types.Regclass:
		return r.relationIn(parts)
	case types.Regproc:
		return r.procIn(parts)
	}
	if len(parts) > 1 && typ != types.Regcollation {
		return 0, pgerror.New(pgerror.InvalidName, "invalid name syntax")
	}
	name := parts[len(parts)-1]
	switch typ {
	case types.Regnamespace:
		if sch := r.Snapshot.Schema(name); sch != nil {
			return uint32(sch.ID), nil
		}
		return 0, pgerror.New(pgerror.UndefinedSchema, "schema %q does not exist", name)
	case types.Regrole:
		if role := r.Snapshot.Role(name); role != nil {
			return uint32(role.ID), nil
		}
		for _, p := range predefinedRoles {
			if p.Name == name {
				return uint32(p.ID), nil
			}
		}
		return 0, pgerror.New(pgerror.UndefinedObject, "role %q does not exist", name)
	case types.Regcollation:
		if id, ok := collationIDs[name]; ok {
			return uint32(id), nil
		}
		return 0, pgerror.New(pgerror.UndefinedObject, "collation %q for encoding \"UTF8\" does not exist", strings.Join(parts, "."))
	}
	return 0, pgerror.New(pgerror.UndefinedObject, "%s %q does not exist", FormatType(r.Snapshot, r.Path, types.Of(typ)), text)
}

func (r *RegResolver) relationIn(parts []string) (uint32, error) {
	s := r.Snapshot
	if len(parts) == 3 {
		if parts[0] != s.database.Name {
			return 0, pgerror.New(pgerror.FeatureNotSupported, "cross-database references are not implemented: %q", strings.Join(parts, "."))
		}
		parts = parts[1:]
	}
	switch len(parts) {
	case 1:
		for _, p := range r.Path {
			if sch := s.Schema(p); sch != nil {
				if id, _ := s.RelationByName(sch.ID, parts[0]); id != 0 {
					return uint32(id), nil
				}
			}
		}
	case 2:
		sch := s.Schema(ownTemp(r.Path, parts[0]))
		if sch == nil {
			return 0, pgerror.New(pgerror.UndefinedSchema, "schema %q does not exist", parts[0])
		}
		if id, _ := s.RelationByName(sch.ID, parts[1]); id != 0 {
			return uint32(id), nil
		}
	default:
		return 0, pgerror.New(pgerror.SyntaxError, "improper relation name (too many dotted names): %s", strings.Join(parts, "."))
	}
	return 0, pgerror.New(pgerror.UndefinedTable, "relation %q does not exist", strings.Join(parts, "."))
}

// TypeInfo implements types.Resolver.
func (r *RegResolver) TypeInfo(id types.OID) *types.Info { return r.Snapshot.TypeInfo(id) }

// TypeByName implements types.Resolver.
func (r *RegResolver) TypeByName(schema, name string) (types.OID, bool) {
	s := r.Snapshot
	if schema != "" {
		sch := s.Schema(schema)
		if sch == nil {
			return 0, false
		}
		return s.typeIn(sch.ID, name)
	}
	for _, p := range r.Path {
		if sch := s.Schema(p); sch != nil {
			if id, ok := s.typeIn(sch.ID, name); ok {
				return id, true
			}
		}
	}
	return 0, false
}

// typeIn finds any type of a schema by pg_type.typname.
func (s *Snapshot) typeIn(schema OID, name string) (OID, bool) {
	if schema == PgCatalogOID {
		if info := types.LookupName(name); info != nil {
			return info.OID, true
		}
	}
	if t := s.typeNames.get(qualified{schema, name}); t != nil {
		if t.Name == name {
			return t.ID, true
		}
		return t.ArrayID, true
	}
	if t := systemCatalog().tableNames[qualified{schema, name}]; t != nil {
		return t.RowType, true
	}
	if schema == InformationSchemaOID {
		id, ok := infoSchemaDomains[name]
		return id, ok
	}
	return 0, false
}

// infoSchemaDomains are the domains of information_schema; here they are the
// types they are made of.
var infoSchemaDomains = map[string]OID{
	"sql_identifier": types.Name, "cardinal_number": types.Int4, "character_data": types.Varchar,
	"yes_or_no": types.Varchar, "time_stamp": types.Timestamptz,
}

// systemRowTypes are the row types of system relations.
var systemRowTypes = sync.OnceValue(func() map[OID]*UserType {
	m := map[OID]*UserType{}
	for _, t := range systemCatalog().ordered {
		u := rowTypeOf(t)
		u.Fields = t.Columns
		m[u.ID] = u
		if u.ArrayID != 0 {
			m[u.ArrayID] = u
		}
	}
	return m
})

// typeByID is TypeOrRow that knows the row types of system relations too.
func (s *Snapshot) typeByID(id OID) *UserType {
	if t := s.typeIDs.get(id); t != nil {
		return t
	}
	return systemRowTypes()[id]
}

// TypeInfo describes a user-defined type, a row type or an array of one; nil
// when there is none.
func (s *Snapshot) TypeInfo(id OID) *types.Info {
	t := s.typeByID(id)
	if t == nil {
		return nil
	}
	f := s.facts(id)
	info := &types.Info{OID: id, Len: int16(f.len), ByVal: f.byVal, Align: f.align, Delim: ',', Category: s.typeCategory(id), Type: t.Kind}
	if id == t.ArrayID {
		info.Name, info.Elem, info.Type, info.Category, info.Phys = ArrayTypeName(t.Name), t.ID, 'b', 'A', types.PhysBinary
		info.SQLName = QuoteIdent(t.Name) + "[]"
		return info
	}
	info.Name, info.SQLName, info.Array = t.Name, QuoteIdent(t.Name), t.ArrayID
	switch t.Kind {
	case 'e':
		info.Phys = types.PhysInt32
		for _, l := range t.Labels {
			info.Labels, info.LabelKeys = append(info.Labels, l.Label), append(info.LabelKeys, types.EnumKey(l.Sort))
		}
	case 'd':
		info.Base, info.Phys = t.Base, s.phys(t.Base.OID)
	default:
		info.Category, info.Phys = 'C', types.PhysBinary
		for i := range t.Fields {
			if f := &t.Fields[i]; !f.Dropped {
				info.Fields = append(info.Fields, types.InfoField{Name: f.Name, Type: f.Type})
			}
		}
	}
	return info
}

func (s *Snapshot) phys(id OID) types.Phys {
	if types.Lookup(id) != nil {
		return types.Of(id).Phys()
	}
	if info := s.TypeInfo(id); info != nil {
		return info.Phys
	}
	return types.PhysBinary
}

// FormatType is format_type for all types: user types are qualified when the
// search path does not find them.
func FormatType(s *Snapshot, path []string, t types.Type) string {
	if types.Lookup(t.OID) != nil {
		return types.Format(t)
	}
	if t.OID == 0 {
		return "-"
	}
	u := s.typeByID(t.OID)
	if u == nil {
		return "???"
	}
	name := typeRefName(s, path, u)
	if t.OID == u.ArrayID {
		name += "[]"
	}
	return name
}

// formatTypeID is FormatType of an identifier alone.
func formatTypeID(s *Snapshot, path []string, oid OID) string {
	if types.Lookup(oid) != nil {
		return types.FormatID(oid)
	}
	return FormatType(s, path, types.Of(oid))
}

// SplitName splits a possibly qualified name as it is written in SQL: folds
// what is not quoted (42602 if it is no name).
func SplitName(text string) ([]string, error) {
	var parts []string
	invalid := pgerror.New(pgerror.InvalidName, "invalid name syntax")
	rest := strings.TrimSpace(text)
	for {
		var part string
		if strings.HasPrefix(rest, `"`) {
			i := 1
			var b strings.Builder
			for {
				j := strings.IndexByte(rest[i:], '"')
				if j < 0 {
					return nil, invalid
				}
				b.WriteString(rest[i : i+j])
				i += j + 1
				if i >= len(rest) || rest[i] != '"' {
					break
				}
				b.WriteByte('"')
				i++
			}
			part, rest = b.String(), rest[i:]
		} else {
			i := 0
			for i < len(rest) && identByte(rest[i]) {
				i++
			}
			part, rest = strings.ToLower(rest[:i]), rest[i:]
		}
		if part == "" {
			return nil, invalid
		}
		parts = append(parts, clipIdent(part))
		rest = strings.TrimLeft(rest, " \t\n\r")
		if rest == "" {
			return parts, nil
		}
		if rest[0] != '.' {
			return nil, invalid
		}
		rest = strings.TrimLeft(rest[1:], " \t\n\r")
	}
}

// clipIdent cuts an identifier to 63 bytes, at a character.
func clipIdent(s string) string {
	n := 63
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
