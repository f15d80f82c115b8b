package catalog

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

const firstUserOID = types.FirstUserOID

// newSnapshot returns an empty snapshot of a database.
func newSnapshot(db *Database, g *globals, version uint64) *Snapshot {
	return &Snapshot{version: version, schema: version, database: db, globals: g}
}

// clone returns a snapshot that may be changed until it is handed out.
func (s *Snapshot) clone(version uint64) *Snapshot {
	return &Snapshot{
		version: version, schema: version, database: s.database, globals: s.globals,
		schemas: s.schemas.clone(), tables: s.tables.clone(), types: s.types.clone(), stats: s.stats.clone(),
		schemaNames: s.schemaNames.clone(), relations: s.relations.clone(), typeNames: s.typeNames.clone(),
		functions: s.functions.clone(), functionNames: s.functionNames.clone(),
		byID: s.byID.clone(), typeIDs: s.typeIDs.clone(), dependents: s.dependents.clone(),
	}
}

// putSchema adds or replaces a schema.
func (s *Snapshot) putSchema(sch *Schema) {
	if old := s.schemas.get(sch.ID); old != nil {
		s.schemaNames.set(old.Name, nil)
	}
	s.schemas.set(sch.ID, sch)
	s.schemaNames.set(sch.Name, sch)
}

func (s *Snapshot) removeSchema(id OID) {
	if old := s.schemas.get(id); old != nil {
		s.schemaNames.set(old.Name, nil)
		s.schemas.set(id, nil)
	}
}

// putTable adds or replaces a relation and everything derived from it.
func (s *Snapshot) putTable(t *Table) {
	s.removeTable(t.ID)
	s.tables.set(t.ID, t)
	s.relations.set(qualified{t.Schema, t.Name}, &relationRef{table: t})
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		r := &relationRef{table: t, part: partIndex, pos: i}
		s.relations.set(qualified{t.Schema, ix.Name}, r)
		s.byID.set(ix.ID, r)
		if ix.Constraint != 0 {
			s.byID.set(ix.Constraint, &relationRef{table: t, part: partIndexConstraint, pos: i})
		}
	}
	for i := range t.Checks {
		s.byID.set(t.Checks[i].ID, &relationRef{table: t, part: partCheck, pos: i})
	}
	for i := range t.ForeignKeys {
		s.byID.set(t.ForeignKeys[i].ID, &relationRef{table: t, part: partForeignKey, pos: i})
	}
	for i := range t.Columns {
		if id := t.Columns[i].DefaultID; id != 0 {
			s.byID.set(id, &relationRef{table: t, part: partDefault, pos: i})
		}
	}
	if t.RowType != 0 {
		s.indexType(&UserType{
			ID: t.RowType, ArrayID: t.RowArray, Name: t.Name, Schema: t.Schema, Owner: t.Owner,
			Kind: 'c', Relation: t.ID, Fields: t.Columns,
		})
	}
	for _, id := range tableReferences(t) {
		s.addDependent(id, t.ID)
	}
}

// removeTable takes a relation and everything derived from it out.
func (s *Snapshot) removeTable(id OID) {
	t := s.tables.get(id)
	if t == nil {
		return
	}
	s.tables.set(id, nil)
	s.relations.set(qualified{t.Schema, t.Name}, nil)
	for i := range t.Indexes {
		s.relations.set(qualified{t.Schema, t.Indexes[i].Name}, nil)
		s.byID.set(t.Indexes[i].ID, nil)
		s.byID.set(t.Indexes[i].Constraint, nil)
	}
	for i := range t.Checks {
		s.byID.set(t.Checks[i].ID, nil)
	}
	for i := range t.ForeignKeys {
		s.byID.set(t.ForeignKeys[i].ID, nil)
	}
	for i := range t.Columns {
		s.byID.set(t.Columns[i].DefaultID, nil)
	}
	if row := s.typeIDs.get(t.RowType); row != nil {
		s.unindexType(row)
	}
	for _, ref := range tableReferences(t) {
		s.removeDependent(ref, t.ID)
	}
}

// putType adds or replaces a user type.
func (s *Snapshot) putType(t *UserType) {
	s.removeType(t.ID)
	s.types.set(t.ID, t)
	s.indexType(t)
	for _, id := range typeReferences(t) {
		s.addDependent(id, t.ID)
	}
}

func (s *Snapshot) removeType(id OID) {
	t := s.types.get(id)
	if t == nil {
		return
	}
	s.types.set(id, nil)
	s.unindexType(t)
	for _, ref := range typeReferences(t) {
		s.removeDependent(ref, id)
	}
}

func (s *Snapshot) indexType(t *UserType) {
	s.typeIDs.set(t.ID, t)
	s.typeNames.set(qualified{t.Schema, t.Name}, t)
	if t.ArrayID != 0 {
		s.typeIDs.set(t.ArrayID, t)
		s.typeNames.set(qualified{t.Schema, ArrayTypeName(t.Name)}, t)
	}
}

func (s *Snapshot) unindexType(t *UserType) {
	s.typeIDs.set(t.ID, nil)
	s.typeNames.set(qualified{t.Schema, t.Name}, nil)
	if t.ArrayID != 0 {
		s.typeIDs.set(t.ArrayID, nil)
		s.typeNames.set(qualified{t.Schema, ArrayTypeName(t.Name)}, nil)
	}
}

// ArrayTypeName is the name of the array type of a type, clipped as
// PostgreSQL's makeArrayTypeName clips it.
func ArrayTypeName(name string) string {
	const maxName = 63
	out := "_" + name
	if len(out) > maxName {
		n := maxName
		for n > 0 && out[n]&0xC0 == 0x80 {
			n--
		}
		out = out[:n]
	}
	return out
}

func (s *Snapshot) addDependent(referenced, by OID) {
	old := s.dependents.get(referenced)
	if old == nil {
		s.dependents.set(referenced, &[]OID{by})
		return
	}
	if !slices.Contains(*old, by) {
		list := append(slices.Clone(*old), by)
		slices.Sort(list)
		s.dependents.set(referenced, &list)
	}
}

func (s *Snapshot) removeDependent(referenced, by OID) {
	old := s.dependents.get(referenced)
	if old == nil {
		return
	}
	list := slices.DeleteFunc(slices.Clone(*old), func(id OID) bool { return id == by })
	if len(list) == 0 {
		s.dependents.set(referenced, nil)
		return
	}
	s.dependents.set(referenced, &list)
}

// tableReferences lists the user objects that a relation's descriptor points
// at: referenced tables, types of columns, sequences of defaults, what a view
// reads, the owner table of a sequence.
func tableReferences(t *Table) []OID {
	var out []OID
	add := func(id OID) {
		if id >= firstUserOID && id != t.ID && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for i := range t.ForeignKeys {
		add(t.ForeignKeys[i].RefTable)
	}
	for i := range t.Checks {
		for _, id := range t.Checks[i].DependsOn {
			add(id)
		}
	}
	for i := range t.Indexes {
		for _, id := range t.Indexes[i].DependsOn {
			add(id)
		}
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped {
			continue
		}
		add(c.Declared().OID)
		add(c.Sequence)
		for _, id := range c.DependsOn {
			add(id)
		}
	}
	if t.View != nil {
		for _, id := range t.View.DependsOn {
			add(id)
		}
	}
	if t.Sequence != nil {
		add(t.Sequence.OwnerTable)
	}
	return out
}

func typeReferences(t *UserType) []OID {
	var out []OID
	if t.Kind == 'd' && t.Base.OID >= firstUserOID {
		out = append(out, t.Base.OID)
	}
	for i := range t.Checks {
		for _, id := range t.Checks[i].DependsOn {
			if id != t.ID && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	for i := range t.Fields {
		if id := t.Fields[i].Type.OID; id >= firstUserOID && !t.Fields[i].Dropped && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// referencingTables returns the tables whose foreign keys point at id.
func (s *Snapshot) referencingTables(id OID) []OID {
	var out []OID
	if deps := s.dependents.get(id); deps != nil {
		for _, d := range *deps {
			if t := s.tables.get(d); t != nil && references(t, id) {
				out = append(out, d)
			}
		}
	}
	if t := s.tables.get(id); t != nil && references(t, id) {
		out = append(out, id)
		slices.Sort(out)
	}
	return out
}

func references(t *Table, id OID) bool {
	return slices.ContainsFunc(t.ForeignKeys, func(fk ForeignKey) bool { return fk.RefTable == id })
}

func sortedByID[V any](m map[OID]*V) []*V {
	ids := make([]OID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	out := make([]*V, len(ids))
	for i, id := range ids {
		out[i] = m[id]
	}
	return out
}

// tempSchema says whether a schema's name is that of a session's temporary schema.
func tempSchema(name string) bool {
	return strings.HasPrefix(name, "pg_temp_") || strings.HasPrefix(name, "pg_toast_temp_")
}
