package catalog

import "sort"

// Snapshot is an immutable view of one database's catalog.
type Snapshot struct {
	version  uint64
	database *Database
	schemas  map[OID]*Schema
	tables   map[OID]*Table
	types    map[OID]*UserType
	roles    map[OID]*Role

	schemaNames map[string]*Schema
	tableNames  map[qualified]*Table // relations other than indexes
	indexNames  map[qualified]indexRef
	indexIDs    map[OID]indexRef
	typeNames   map[qualified]*UserType
	stats       map[OID]*TableStats
}

type qualified struct {
	schema OID
	name   string
}

type indexRef struct {
	table *Table
	pos   int
}

// TableStats is what ANALYZE knows of a table.
type TableStats struct {
	Rows    float64
	Columns map[int16]*ColumnStats
}

// ColumnStats is what ANALYZE knows of a column.
type ColumnStats struct {
	NullFraction float64
	Width        int32
	Distinct     float64 // > 0 a count, < 0 minus a fraction of the rows (pg_stats.n_distinct)
}

// Version changes whenever anything in the catalog changes.
func (s *Snapshot) Version() uint64 { return s.version }

// Database is the database the snapshot shows.
func (s *Snapshot) Database() *Database { return s.database }

// Schema finds a schema by name, nil if there is none.
func (s *Snapshot) Schema(name string) *Schema { return s.schemaNames[name] }

// SchemaByID finds a schema, nil if there is none.
func (s *Snapshot) SchemaByID(id OID) *Schema { return s.schemas[id] }

// Table finds a table, view, sequence or virtual table by name.
func (s *Snapshot) Table(schema OID, name string) *Table {
	return s.tableNames[qualified{schema, name}]
}

// TableByID finds a table by OID, nil if there is none.
func (s *Snapshot) TableByID(id OID) *Table { return s.tables[id] }

// Resolve finds a relation in FROM: in the schema if one is given, else along
// the search path (which callers make with the implicit pg_temp and pg_catalog
// in front, PostgreSQL section 5.9.3). It returns nil if there is none.
func (s *Snapshot) Resolve(searchPath []string, schema, name string) *Table {
	if schema != "" {
		if sch := s.schemaNames[schema]; sch != nil {
			return s.Table(sch.ID, name)
		}
		return nil
	}
	for _, p := range searchPath {
		if sch := s.schemaNames[p]; sch != nil {
			if t := s.Table(sch.ID, name); t != nil {
				return t
			}
		}
	}
	return nil
}

// Index finds an index by name.
func (s *Snapshot) Index(schema OID, name string) (*Table, *Index) {
	return s.indexNames[qualified{schema, name}].get()
}

// IndexByID finds an index by OID.
func (s *Snapshot) IndexByID(id OID) (*Table, *Index) { return s.indexIDs[id].get() }

func (r indexRef) get() (*Table, *Index) {
	if r.table == nil {
		return nil, nil
	}
	return r.table, &r.table.Indexes[r.pos]
}

// Type finds a user-defined type, nil if there is none.
func (s *Snapshot) Type(id OID) *UserType { return s.types[id] }

// TypeByName finds a user-defined type by name.
func (s *Snapshot) TypeByName(schema OID, name string) *UserType {
	return s.typeNames[qualified{schema, name}]
}

// RoleByID finds a role.
func (s *Snapshot) RoleByID(id OID) *Role { return s.roles[id] }

// Stats returns what ANALYZE knows of a table, nil if nothing.
func (s *Snapshot) Stats(table OID) *TableStats { return s.stats[table] }

// Tables returns all relations in OID order.
func (s *Snapshot) Tables() []*Table {
	out := make([]*Table, 0, len(s.tables))
	for _, t := range s.tables {
		out = append(out, t)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}
