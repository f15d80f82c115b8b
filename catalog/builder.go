package catalog

import (
	"maps"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Builder makes a Snapshot from descriptors alone, without a store: for tests
// of the layers above (cattest) and for tools. It is not safe for concurrent use.
type Builder struct {
	s       *Snapshot
	next    OID
	version uint64
}

// NewBuilder starts with what an empty store starts with: the database
// tidemark, its roles and the schema public.
func NewBuilder() *Builder {
	db := &Database{ID: TidemarkDatabaseOID, Name: "tidemark", Owner: BootstrapRoleOID, AllowConnections: true}
	g := &globals{
		databases: map[OID]*Database{db.ID: db},
		roles: map[OID]*Role{
			BootstrapRoleOID: superuser(BootstrapRoleOID, "tidemark"),
			PostgresRoleOID:  superuser(PostgresRoleOID, "postgres"),
		},
	}
	b := &Builder{s: newSnapshot(db, g, 1), next: firstUserOID, version: 1}
	b.s.putSchema(publicSchema())
	return b
}

// Snapshot returns the descriptors added so far; the builder can go on.
func (b *Builder) Snapshot() *Snapshot {
	out := b.s
	b.version++
	b.s = b.s.clone(b.version)
	return out
}

// NewOID returns the next free object identifier.
func (b *Builder) NewOID() OID {
	b.next++
	return b.next - 1
}

func (b *Builder) oid(id *OID) {
	if *id == 0 {
		*id = b.NewOID()
	}
	b.next = max(b.next, types.CounterOID(*id)+1)
}

// typeOIDs numbers a user type and its array type.
func (b *Builder) typeOIDs(id, array *OID, kind byte) {
	if *id == 0 {
		*id = types.UserTypeOID(b.NewOID(), kind)
	}
	b.next = max(b.next, types.CounterOID(*id)+1)
	if *array == 0 {
		*array = types.UserArrayOID(*id)
	}
	b.next = max(b.next, types.CounterOID(*array)+1)
}

// AddSchema adds a schema owned by the superuser.
func (b *Builder) AddSchema(name string) *Schema {
	sch := &Schema{ID: b.NewOID(), Name: name, Owner: BootstrapRoleOID}
	b.s.putSchema(sch)
	return sch
}

// AddSchemaID is AddSchema with a given OID.
func (b *Builder) AddSchemaID(id OID, name string) *Schema {
	b.oid(&id)
	sch := &Schema{ID: id, Name: name, Owner: BootstrapRoleOID}
	b.s.putSchema(sch)
	return sch
}

// AddTable adds or replaces a relation. What is zero is filled in: OIDs,
// attnums, storage, the schema (public), the kind (table), the owner.
func (b *Builder) AddTable(t *Table) *Table {
	b.oid(&t.ID)
	if t.Schema == 0 {
		t.Schema = PublicOID
	}
	if t.Kind == 0 {
		t.Kind = KindTable
	}
	if t.Owner == 0 {
		t.Owner = BootstrapRoleOID
	}
	if t.Storage == 0 && (t.Kind == KindTable || t.Kind == KindMaterializedView || t.Kind == KindSequence) {
		t.Storage = uint64(t.ID)
	}
	if t.Kind == KindTable && t.Access == "" {
		t.Access = "heap"
	}
	if t.Kind == KindSequence {
		t.Columns = SequenceColumns()
		t.Sequence.Initial = t.Sequence.Start
		t.Virtual = initialSequence(t)
	} else {
		b.typeOIDs(&t.RowType, &t.RowArray, 'c')
	}
	b.number(t)
	b.version++
	t.Version = b.version
	b.s.putTable(t)
	t.ReferencedBy = b.s.referencingTables(t.ID)
	for i := range t.ForeignKeys {
		if r := b.s.tables.get(t.ForeignKeys[i].RefTable); r != nil && r != t {
			c := *r
			c.ReferencedBy = b.s.referencingTables(r.ID)
			b.s.putTable(&c)
		}
	}
	return t
}

func (b *Builder) number(t *Table) {
	for i := range t.Columns {
		c := &t.Columns[i]
		c.Num = int16(i + 1)
		if c.Type.Mod == 0 {
			c.Type.Mod = -1
		}
		if c.Default != "" {
			b.oid(&c.DefaultID)
		}
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		b.oid(&ix.ID)
		if ix.Storage == 0 {
			ix.Storage = uint64(ix.ID)
		}
		if ix.Method == "" {
			ix.Method = "btree"
		}
		if ix.Primary {
			ix.Unique = true
			b.oid(&ix.Constraint)
		}
	}
	for i := range t.Checks {
		b.oid(&t.Checks[i].ID)
	}
	for i := range t.ForeignKeys {
		b.oid(&t.ForeignKeys[i].ID)
	}
}

// AddType adds or replaces a user type.
func (b *Builder) AddType(t *UserType) *UserType {
	b.typeOIDs(&t.ID, &t.ArrayID, t.Kind)
	if t.Kind == 'c' {
		b.oid(&t.Relation)
	}
	if t.Schema == 0 {
		t.Schema = PublicOID
	}
	if t.Owner == 0 {
		t.Owner = BootstrapRoleOID
	}
	for i := range t.Labels {
		b.oid(&t.Labels[i].ID)
	}
	for i := range t.Checks {
		b.oid(&t.Checks[i].ID)
	}
	b.s.putType(t)
	return t
}

// AddRole adds or replaces a role.
func (b *Builder) AddRole(r *Role) *Role {
	b.oid(&r.ID)
	b.s.globals = &globals{databases: b.s.globals.databases, roles: maps.Clone(b.s.globals.roles)}
	b.s.globals.roles[r.ID] = r
	return r
}

// SetStats gives a table statistics.
func (b *Builder) SetStats(table OID, stats *TableStats) { b.s.stats.set(table, stats) }
