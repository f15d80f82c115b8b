package session

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ functions.CatalogSession   = (*functionSession)(nil)
	_ functions.SizeSession      = (*functionSession)(nil)
	_ functions.PrivilegeSession = (*functionSession)(nil)
)

// FormatType implements functions.CatalogSession.
func (f *functionSession) FormatType(t types.Type) (string, bool) {
	if types.Lookup(t.OID) == nil && f.snap.TypeInfo(t.OID) == nil {
		return "", false
	}
	return catalog.FormatType(f.snap, f.s.searchPath(), t), true
}

// IndexDef implements functions.CatalogSession.
func (f *functionSession) IndexDef(index uint32, column int, pretty bool) (string, bool) {
	text, ok := catalog.IndexDefWith(f.snap, f.s.searchPath(), catalog.OID(index), column, pretty, f.printer(pretty))
	return f.display(text), ok
}

// ConstraintDef implements functions.CatalogSession.
func (f *functionSession) ConstraintDef(id uint32, pretty bool) (string, bool) {
	text, ok := catalog.ConstraintDefWith(f.snap, f.s.searchPath(), catalog.OID(id), pretty, f.printer(pretty))
	return f.display(text), ok
}

// display shows an expression of the catalog under the search path.
func (f *functionSession) display(text string) string {
	return catalog.DisplayText(f.snap, f.s.searchPath(), text)
}

// ViewDef implements functions.CatalogSession.
func (f *functionSession) ViewDef(view uint32, _ bool) (string, bool) {
	return catalog.ViewDef(f.snap, catalog.OID(view))
}

// Updatable implements functions.CatalogSession.
func (f *functionSession) Updatable(relation uint32, column int16) (events int32, written bool) {
	t := f.snap.TableByID(catalog.OID(relation))
	if t == nil {
		return 0, false
	}
	return t.UpdatableEvents(), t.ColumnUpdatable(column)
}

// RelationByName implements functions.CatalogSession.
func (f *functionSession) RelationByName(name string) (uint32, error) {
	return f.resolver().RegIn(types.Regclass, name)
}

func (f *functionSession) resolver() *catalog.RegResolver {
	return &catalog.RegResolver{Snapshot: f.snap, Path: f.s.searchPath()}
}

// SerialSequence implements functions.CatalogSession.
func (f *functionSession) SerialSequence(relation uint32, column string) (string, bool, error) {
	t := f.snap.TableByID(catalog.OID(relation))
	if t == nil {
		return "", false, nil
	}
	return catalog.SerialSequence(f.snap, t, column)
}

// Visible implements functions.CatalogSession.
func (f *functionSession) Visible(class functions.ObjectClass, oid uint32) (visible, ok bool) {
	id, path := catalog.OID(oid), f.s.searchPath()
	switch class {
	case functions.ClassRelation:
		if t := f.snap.TableByID(id); t != nil {
			return catalog.RelationIsVisible(f.snap, path, t.Schema, t.Name), true
		}
		if t, ix := f.snap.IndexByID(id); ix != nil {
			return catalog.RelationIsVisible(f.snap, path, t.Schema, ix.Name), true
		}
		if u := f.snap.CompositeByRelation(id); u != nil {
			return catalog.RelationIsVisible(f.snap, path, u.Schema, u.Name), true
		}
		return false, false
	case functions.ClassType:
		if types.Lookup(id) != nil {
			return true, true
		}
		if t, _ := f.snap.TypeOrRow(id); t != nil {
			return catalog.TypeIsVisible(f.snap, path, t.Schema, t.Name), true
		}
		return false, false
	case functions.ClassProc:
		if fn := f.snap.Function(id); fn != nil {
			return catalog.FunctionIsVisible(f.snap, path, fn), true
		}
	}
	schema, ok := f.object(class, oid)
	return ok && schema == pgCatalogSchema, ok
}

// Exists implements functions.CatalogSession.
func (f *functionSession) Exists(class functions.ObjectClass, oid uint32) bool {
	_, ok := f.object(class, oid)
	return ok
}

// object finds an object's schema (0 if the class has none) and whether it exists.
func (f *functionSession) object(class functions.ObjectClass, oid uint32) (schema catalog.OID, ok bool) {
	id := catalog.OID(oid)
	switch class {
	case functions.ClassRelation:
		if t := f.snap.TableByID(id); t != nil {
			return t.Schema, true
		}
		if t, ix := f.snap.IndexByID(id); ix != nil {
			return t.Schema, true
		}
		if u := f.snap.CompositeByRelation(id); u != nil {
			return u.Schema, true
		}
	case functions.ClassType:
		if types.Lookup(id) != nil {
			return pgCatalogSchema, true
		}
		if t, _ := f.snap.TypeOrRow(id); t != nil {
			return t.Schema, true
		}
	case functions.ClassProc, functions.ClassOperator:
		if fn := f.snap.Function(id); fn != nil {
			return fn.Schema, true
		}
		return pgCatalogSchema, functions.ByOID(id) != nil
	case functions.ClassNamespace:
		return 0, f.snap.SchemaByID(id) != nil
	case functions.ClassDatabase:
		for _, d := range f.snap.Databases() {
			if d.ID == id {
				return 0, true
			}
		}
	case functions.ClassRole:
		return 0, f.snap.RoleByID(id) != nil
	case functions.ClassTablespace:
		return 0, id == 1663 || id == 1664
	default:
		return pgCatalogSchema, id != 0 && id < types.FirstUserOID
	}
	return 0, false
}

// pgCatalogSchema is the OID of pg_catalog.
const pgCatalogSchema = 11

// ByName implements functions.CatalogSession.
func (f *functionSession) ByName(class functions.ObjectClass, name string) (uint32, bool) {
	switch class {
	case functions.ClassNamespace:
		if s := f.snap.Schema(name); s != nil {
			return uint32(s.ID), true
		}
	case functions.ClassDatabase:
		if d := f.snap.DatabaseByName(name); d != nil {
			return uint32(d.ID), true
		}
	case functions.ClassRole:
		if r := f.snap.Role(name); r != nil {
			return uint32(r.ID), true
		}
	case functions.ClassTablespace:
		switch name {
		case "pg_default":
			return 1663, true
		case "pg_global":
			return 1664, true
		}
	}
	return 0, false
}

// Name implements functions.CatalogSession.
func (f *functionSession) Name(class functions.ObjectClass, oid uint32) (string, bool) {
	id := catalog.OID(oid)
	switch class {
	case functions.ClassNamespace:
		if s := f.snap.SchemaByID(id); s != nil {
			return s.Name, true
		}
	case functions.ClassDatabase:
		for _, d := range f.snap.Databases() {
			if d.ID == id {
				return d.Name, true
			}
		}
	case functions.ClassRole:
		name := catalog.RoleName(f.snap, id)
		return name, name != ""
	case functions.ClassRelation:
		if t := f.snap.TableByID(id); t != nil {
			return t.Name, true
		}
		if _, ix := f.snap.IndexByID(id); ix != nil {
			return ix.Name, true
		}
	}
	return "", false
}

// Description implements functions.CatalogSession.
func (f *functionSession) Description(class functions.ObjectClass, oid uint32, sub int) (string, bool) {
	return catalog.ObjDescription(f.snap, catalog.OID(oid), string(class), sub)
}

// ColumnNumber implements functions.CatalogSession.
func (f *functionSession) ColumnNumber(relation uint32, column string) int16 {
	if t := f.snap.TableByID(catalog.OID(relation)); t != nil {
		for i := range t.Columns {
			if c := &t.Columns[i]; !c.Dropped && c.Name == column {
				return c.Num
			}
		}
	}
	return 0
}

// HasColumn implements functions.CatalogSession.
func (f *functionSession) HasColumn(relation uint32, column int16) bool {
	t := f.snap.TableByID(catalog.OID(relation))
	return t != nil && column >= 1 && int(column) <= len(t.Columns) && !t.Columns[column-1].Dropped
}

// RelationKind implements functions.CatalogSession.
func (f *functionSession) RelationKind(relation uint32) byte {
	if t := f.snap.TableByID(catalog.OID(relation)); t != nil {
		if t.Kind == catalog.KindVirtual {
			return 'r'
		}
		return byte(t.Kind)
	}
	if _, ix := f.snap.IndexByID(catalog.OID(relation)); ix != nil {
		return 'i'
	}
	return 0
}

// Ancestors implements functions.CatalogSession: there are no partitions.
func (f *functionSession) Ancestors(uint32) []uint32 { return nil }

// Publishable implements functions.CatalogSession.
func (f *functionSession) Publishable(relation uint32) (bool, bool) {
	t := f.snap.TableByID(catalog.OID(relation))
	if t == nil {
		return false, f.RelationKind(relation) != 0
	}
	return t.Kind == catalog.KindTable && !t.Temporary && !t.Unlogged, true
}

// RelationSize implements functions.SizeSession.
func (f *functionSession) RelationSize(ctx context.Context, relation uint32, part functions.SizePart) (int64, bool, error) {
	store := f.s.server.store
	if t, ix := f.snap.IndexByID(catalog.OID(relation)); ix != nil {
		n, err := store.ApproximateSize(ctx, catalog.IndexSpan(t.Storage, ix.Storage))
		return int64(n), true, err
	}
	t := f.snap.TableByID(catalog.OID(relation))
	if t == nil {
		return 0, false, nil
	}
	if t.Storage == 0 || t.Kind == catalog.KindSequence {
		return 0, true, nil
	}
	total, err := store.ApproximateSize(ctx, catalog.TableSpan(t))
	if err != nil || part == functions.SizeTotal {
		return int64(total), true, err
	}
	var indexes uint64
	for i := range t.Indexes {
		n, err := store.ApproximateSize(ctx, catalog.IndexSpan(t.Storage, t.Indexes[i].Storage))
		if err != nil {
			return 0, true, err
		}
		indexes += n
	}
	if part == functions.SizeIndexes {
		return int64(indexes), true, nil
	}
	return int64(total - min(indexes, total)), true, nil
}

// DatabaseSize implements functions.SizeSession.
func (f *functionSession) DatabaseSize(ctx context.Context, database uint32) (int64, error) {
	snap, err := f.s.server.catalog.Snapshot(ctx, catalog.OID(database))
	if err != nil {
		return 0, err
	}
	var total int64
	for _, t := range snap.Tables() {
		if t.Storage == 0 || t.Kind == catalog.KindSequence || t.Kind == catalog.KindVirtual {
			continue
		}
		n, err := f.s.server.store.ApproximateSize(ctx, catalog.TableSpan(t))
		if err != nil {
			return 0, err
		}
		total += int64(n)
	}
	return total, nil
}

// HasPrivilege implements functions.PrivilegeSession. Grants come with
// authentication; until then superusers and owners hold every privilege.
func (f *functionSession) HasPrivilege(role uint32, class functions.ObjectClass, object uint32, _ int16, _ string, _ bool) bool {
	if r := f.snap.RoleByID(catalog.OID(role)); r != nil && r.Super {
		return true
	}
	schema, ok := f.object(class, object)
	if !ok {
		return false
	}
	if t := f.snap.TableByID(catalog.OID(object)); class == functions.ClassRelation && t != nil && t.Owner == catalog.OID(role) {
		return true
	}
	return schema == pgCatalogSchema
}

// HasRole implements functions.PrivilegeSession.
func (f *functionSession) HasRole(role, member uint32, _ string, _ bool) bool {
	r := f.snap.RoleByID(catalog.OID(role))
	if r == nil {
		return false
	}
	return r.Super || role == member || f.memberOf(r, catalog.OID(member), 0)
}

func (f *functionSession) memberOf(r *catalog.Role, of catalog.OID, depth int) bool {
	if depth > 32 {
		return false
	}
	for _, id := range r.MemberOf {
		if id == of {
			return true
		}
		if parent := f.snap.RoleByID(id); parent != nil && f.memberOf(parent, of, depth+1) {
			return true
		}
	}
	return false
}
