package catalog

import (
	"slices"
	"strings"
)

// Snapshot is an immutable view of one database's catalog.
//
// Lookups by name know the objects of pg_catalog and information_schema too;
// they are built in and the same in every snapshot.
type Snapshot struct {
	version  uint64
	schema   uint64 // version of the last change of anything but statistics
	database *Database
	globals  *globals

	schemas     layered[OID, Schema]
	tables      layered[OID, Table]
	types       layered[OID, UserType]
	functions   layered[OID, Function]
	stats       layered[OID, TableStats]
	schemaNames layered[string, Schema]
	relations   layered[qualified, relationRef] // tables, views, sequences, indexes: one name space
	typeNames   layered[qualified, UserType]    // array types and row types too
	// functionNames lists the user's functions of a name.
	functionNames layered[qualified, []*Function]
	byID          layered[OID, relationRef] // indexes, constraints
	typeIDs       layered[OID, UserType]    // array types and row types too
	dependents    layered[OID, []OID]       // referenced object -> referencing relations and types
}

// globals are the objects that belong to no database.
type globals struct {
	databases map[OID]*Database
	roles     map[OID]*Role
}

type qualified struct {
	schema OID
	name   string
}

// relationRef points at a part of a table: the relation itself, an index or a
// constraint.
type relationRef struct {
	table *Table
	part  relationPart
	pos   int
}

type relationPart uint8

const (
	partTable relationPart = iota
	partIndex
	partIndexConstraint
	partCheck
	partForeignKey
	partDefault
	partDomainCheck
)

// Version changes whenever anything in the catalog changes; snapshots of
// different content never share one.
func (s *Snapshot) Version() uint64 { return s.version }

// SchemaVersion changes whenever anything but statistics changes.
func (s *Snapshot) SchemaVersion() uint64 { return s.schema }

// Database is the database the snapshot shows.
func (s *Snapshot) Database() *Database { return s.database }

// Databases returns all databases of the node in OID order.
func (s *Snapshot) Databases() []*Database { return sortedByID(s.globals.databases) }

// DatabaseByName finds a database of the node, nil if there is none.
func (s *Snapshot) DatabaseByName(name string) *Database { return s.globals.database(name) }

// Schema finds a schema by name, nil if there is none.
func (s *Snapshot) Schema(name string) *Schema {
	if sch := s.schemaNames.get(name); sch != nil {
		return sch
	}
	return systemCatalog().schemaNames[name]
}

// SchemaByID finds a schema, nil if there is none.
func (s *Snapshot) SchemaByID(id OID) *Schema {
	if sch := s.schemas.get(id); sch != nil {
		return sch
	}
	return systemCatalog().schemas[id]
}

// Schemas returns all schemas in OID order.
func (s *Snapshot) Schemas() []*Schema {
	var out []*Schema
	for _, sch := range systemCatalog().schemas {
		if s.shows(sch.ID) {
			out = append(out, sch)
		}
	}
	s.schemas.all(func(_ OID, sch *Schema) { out = append(out, sch) })
	slices.SortFunc(out, func(a, b *Schema) int { return compareOID(a.ID, b.ID) })
	return out
}

// Table finds a table, view, sequence or virtual table by name.
func (s *Snapshot) Table(schema OID, name string) *Table {
	if r := s.relations.get(qualified{schema, name}); r != nil {
		if r.part != partTable {
			return nil
		}
		return r.table
	}
	return systemCatalog().tableNames[qualified{schema, name}]
}

// TableByID finds a table by OID, nil if there is none.
func (s *Snapshot) TableByID(id OID) *Table {
	if id < firstUserOID {
		return systemCatalog().tables[id]
	}
	return s.tables.get(id)
}

// Resolve finds a relation in FROM: in the schema if one is given, else along
// the search path (which callers make with the implicit pg_temp and pg_catalog
// in front, PostgreSQL section 5.9.3). It returns nil if there is none.
func (s *Snapshot) Resolve(searchPath []string, schema, name string) *Table {
	if schema != "" {
		if sch := s.Schema(ownTemp(searchPath, schema)); sch != nil {
			return s.Table(sch.ID, name)
		}
		return nil
	}
	for _, p := range searchPath {
		if sch := s.Schema(p); sch != nil {
			if t := s.Table(sch.ID, name); t != nil {
				return t
			}
		}
	}
	return nil
}

// ownTemp turns pg_temp, the name that every session has for its own schema of
// temporary tables, into that schema's name, which is in the session's path.
func ownTemp(searchPath []string, schema string) string {
	if schema == "pg_temp" {
		for _, p := range searchPath {
			if strings.HasPrefix(p, "pg_temp_") {
				return p
			}
		}
	}
	return schema
}

// Index finds an index by name.
func (s *Snapshot) Index(schema OID, name string) (*Table, *Index) {
	return s.relations.get(qualified{schema, name}).index()
}

// IndexByID finds an index by OID.
func (s *Snapshot) IndexByID(id OID) (*Table, *Index) { return s.byID.get(id).index() }

func (r *relationRef) index() (*Table, *Index) {
	if r == nil || r.part != partIndex {
		return nil, nil
	}
	return r.table, &r.table.Indexes[r.pos]
}

// RelationByName finds what occupies a name in the name space that tables,
// views, sequences, indexes and composite types share; id is 0 if nothing does.
func (s *Snapshot) RelationByName(schema OID, name string) (id OID, kind RelKind) {
	if r := s.relations.get(qualified{schema, name}); r != nil {
		if r.part == partIndex {
			return r.table.Indexes[r.pos].ID, KindIndex
		}
		return r.table.ID, r.table.Kind
	}
	if t := systemCatalog().tableNames[qualified{schema, name}]; t != nil {
		return t.ID, systemKind(t)
	}
	if t := s.typeNames.get(qualified{schema, name}); t != nil && t.Relation != 0 && t.Name == name {
		return t.Relation, KindCompositeType
	}
	return 0, 0
}

// Type finds a user-defined type, nil if there is none. Row types of
// relations and array types are not found here, see TypeOrRow.
func (s *Snapshot) Type(id OID) *UserType { return s.types.get(id) }

// TypeByName finds a user-defined type by name.
func (s *Snapshot) TypeByName(schema OID, name string) *UserType {
	if t := s.typeNames.get(qualified{schema, name}); t != nil && s.types.get(t.ID) == t && t.Name == name {
		return t
	}
	return nil
}

// TypeOrRowByName is TypeByName that finds the row types of relations too.
func (s *Snapshot) TypeOrRowByName(schema OID, name string) *UserType {
	if t := s.typeNames.get(qualified{schema, name}); t != nil && t.Name == name {
		return t
	}
	return nil
}

// TypeOrRow finds a user-defined type by its own OID or its array's, row types
// of relations included (as composite types without ID of their own in the
// store). isArray says which OID it was.
func (s *Snapshot) TypeOrRow(id OID) (t *UserType, isArray bool) {
	t = s.typeIDs.get(id)
	return t, t != nil && t.ID != id
}

// CompositeByRelation finds the composite type whose pg_class row has an OID, nil if
// there is none.
func (s *Snapshot) CompositeByRelation(id OID) *UserType { return s.compositeByRelation(id) }

// Types returns all user-defined types in OID order, without row types.
func (s *Snapshot) Types() []*UserType {
	out := make([]*UserType, 0, s.types.count)
	s.types.all(func(_ OID, t *UserType) { out = append(out, t) })
	slices.SortFunc(out, func(a, b *UserType) int { return compareOID(a.ID, b.ID) })
	return out
}

// RoleByID finds a role.
func (s *Snapshot) RoleByID(id OID) *Role { return s.globals.roles[id] }

// Role finds a role by name, nil if there is none.
func (s *Snapshot) Role(name string) *Role { return s.globals.role(name) }

// Roles returns all roles in OID order.
func (s *Snapshot) Roles() []*Role { return sortedByID(s.globals.roles) }

// Stats returns what ANALYZE knows of a table, nil if nothing.
func (s *Snapshot) Stats(table OID) *TableStats { return s.stats.get(table) }

// Tables returns the user's relations in OID order, without indexes.
func (s *Snapshot) Tables() []*Table {
	out := make([]*Table, 0, s.tables.count)
	s.tables.all(func(_ OID, t *Table) { out = append(out, t) })
	slices.SortFunc(out, func(a, b *Table) int { return compareOID(a.ID, b.ID) })
	return out
}

// SystemTables returns the relations of pg_catalog and information_schema in OID order.
func (s *Snapshot) SystemTables() []*Table {
	return slices.DeleteFunc(slices.Clone(systemCatalog().ordered), func(t *Table) bool { return !s.shows(t.Schema) })
}

func (g *globals) database(name string) *Database {
	for _, d := range g.databases {
		if d.Name == name {
			return d
		}
	}
	return nil
}

func (g *globals) role(name string) *Role {
	for _, r := range g.roles {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// SystemRole says whether id is a role of the bootstrap.
func compareOID(a, b OID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
