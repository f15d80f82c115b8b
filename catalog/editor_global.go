package catalog

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// CreateRole adds a role (42710 if the name is taken).
func (e *Editor) CreateRole(r *Role) error {
	if err := e.checkRoleName(r.Name); err != nil {
		return err
	}
	return e.putRole(r)
}

// UpdateRole replaces a role: r is a changed copy.
func (e *Editor) UpdateRole(r *Role) error {
	old := e.cur.RoleByID(r.ID)
	if old == nil {
		return pgerror.New(pgerror.UndefinedObject, "role with OID %d does not exist", r.ID)
	}
	if old.Name != r.Name {
		if err := e.checkRoleName(r.Name); err != nil {
			return err
		}
	}
	return e.putRole(r)
}

func (e *Editor) checkRoleName(name string) error {
	switch {
	case name == "public" || name == "none":
		return pgerror.New(pgerror.ReservedName, "role name %q is reserved", name)
	case strings.HasPrefix(name, "pg_"):
		return pgerror.New(pgerror.ReservedName, "role name %q is reserved", name).
			WithDetail(`Role names starting with "pg_" are reserved.`)
	case e.cur.Role(name) != nil:
		return pgerror.New(pgerror.DuplicateObject, "role %q already exists", name)
	}
	return nil
}

func (e *Editor) putRole(r *Role) error {
	s, g, err := e.changeGlobals()
	if err != nil {
		return err
	}
	if r.ID == 0 {
		if r.ID, err = e.NewOID(); err != nil {
			return err
		}
	}
	g.roles[r.ID] = r
	if err := e.put(kindRole, r.ID, r); err != nil {
		return err
	}
	return e.done(s)
}

// DropRole removes a role and its memberships. It fails with 2BP01 while the
// role owns anything in any database.
func (e *Editor) DropRole(id OID) error {
	r := e.cur.RoleByID(id)
	if r == nil {
		return pgerror.New(pgerror.UndefinedObject, "role with OID %d does not exist", id)
	}
	if id == BootstrapRoleOID || id == PostgresRoleOID {
		return pgerror.New(pgerror.DependentObjectsStillExist, "cannot drop role %s because it is required by the database system", r.Name)
	}
	if detail := e.ownedBy(id); detail != "" {
		return pgerror.New(pgerror.DependentObjectsStillExist, "role %q cannot be dropped because some objects depend on it", r.Name).
			WithDetail("%s", detail)
	}
	s, g, err := e.changeGlobals()
	if err != nil {
		return err
	}
	delete(g.roles, id)
	if err := e.remove(kindRole, id); err != nil {
		return err
	}
	for _, m := range sortedByID(g.roles) {
		if slices.Contains(m.MemberOf, id) {
			c := *m
			c.MemberOf = slices.DeleteFunc(slices.Clone(m.MemberOf), func(x OID) bool { return x == id })
			g.roles[c.ID] = &c
			if err := e.put(kindRole, c.ID, &c); err != nil {
				return err
			}
		}
	}
	return e.done(s)
}

// CreateDatabase adds a database with an empty schema public (42P04 if the name is taken).
func (e *Editor) CreateDatabase(d *Database) error {
	if e.cur.DatabaseByName(d.Name) != nil {
		return pgerror.New(pgerror.DuplicateDatabase, "database %q already exists", d.Name)
	}
	if d.ID == 0 {
		id, err := e.NewOID()
		if err != nil {
			return err
		}
		d.ID = id
	}
	pub, err := encodeRecord(publicSchema())
	if err != nil {
		return err
	}
	if err := e.txn.Put(objectKey(kindSchema, d.ID, PublicOID), pub); err != nil {
		return err
	}
	return e.putDatabase(d)
}

// UpdateDatabase replaces a database: d is a changed copy.
func (e *Editor) UpdateDatabase(d *Database) error {
	old := e.cur.globals.databases[d.ID]
	if old == nil {
		return pgerror.New(pgerror.UndefinedDatabase, "database with OID %d does not exist", d.ID)
	}
	if old.Name != d.Name && e.cur.DatabaseByName(d.Name) != nil {
		return pgerror.New(pgerror.DuplicateDatabase, "database %q already exists", d.Name)
	}
	return e.putDatabase(d)
}

func (e *Editor) putDatabase(d *Database) error {
	s, g, err := e.changeGlobals()
	if err != nil {
		return err
	}
	g.databases[d.ID] = d
	if d.ID == s.database.ID {
		s.database = d
	}
	if err := e.put(kindDatabase, d.ID, d); err != nil {
		return err
	}
	return e.done(s)
}

// DropDatabase removes a database with everything in it. That no session is
// connected to it is the session's business.
func (e *Editor) DropDatabase(id OID) error {
	d := e.cur.globals.databases[id]
	switch {
	case d == nil:
		return pgerror.New(pgerror.UndefinedDatabase, "database with OID %d does not exist", id)
	case id == e.cur.database.ID:
		return pgerror.New(pgerror.ObjectInUse, "cannot drop the currently open database")
	case d.Template:
		return pgerror.New(pgerror.WrongObjectType, "cannot drop a template database")
	}
	s, g, err := e.changeGlobals()
	if err != nil {
		return err
	}
	delete(g.databases, id)
	if err := e.remove(kindDatabase, id); err != nil {
		return err
	}
	if dropped := e.c.state.Load().databases[id]; dropped != nil {
		for _, key := range dropped.keys() {
			if err := e.txn.Delete(key); err != nil {
				return err
			}
		}
		for _, t := range dropped.Tables() {
			if err := e.destroyReplaced(t, nil); err != nil {
				return err
			}
		}
	} else if err := e.txn.Delete(objectKey(kindSchema, id, PublicOID)); err != nil { // made by this transaction
		return err
	}
	return e.done(s)
}

// keys lists the keys of all descriptors of a database's snapshot.
func (s *Snapshot) keys() []kv.Key {
	var out []kv.Key
	db := s.database.ID
	s.schemas.all(func(id OID, _ *Schema) { out = append(out, objectKey(kindSchema, db, id)) })
	s.tables.all(func(id OID, _ *Table) { out = append(out, objectKey(kindRelation, db, id)) })
	s.types.all(func(id OID, _ *UserType) { out = append(out, objectKey(kindType, db, id)) })
	s.functions.all(func(id OID, _ *Function) { out = append(out, objectKey(kindFunction, db, id)) })
	s.stats.all(func(id OID, _ *TableStats) { out = append(out, objectKey(kindStats, db, id)) })
	slices.SortFunc(out, slices.Compare)
	return out
}

// ownedBy lists what a role owns, as DROP ROLE's DETAIL has it: objects of the
// current database by name, others by count.
func (e *Editor) ownedBy(role OID) string {
	var lines []string
	s := e.cur
	for _, d := range s.Databases() {
		if d.Owner == role {
			lines = append(lines, "owner of database "+d.Name)
		}
	}
	s.schemas.all(func(_ OID, sch *Schema) {
		if sch.Owner == role {
			lines = append(lines, "owner of schema "+sch.Name)
		}
	})
	for _, t := range s.Tables() {
		if t.Owner == role {
			lines = append(lines, "owner of "+describeRelation(s, nil, t))
		}
	}
	for _, t := range s.Types() {
		if t.Owner == role {
			lines = append(lines, "owner of type "+typeRefName(s, nil, t))
		}
	}
	for _, f := range s.Functions() {
		if f.Owner == role {
			lines = append(lines, "owner of "+f.Word()+" "+FunctionSignature(s, nil, f))
		}
	}
	for id, other := range e.c.state.Load().databases {
		if id == s.database.ID {
			continue
		}
		if n := other.countOwned(role); n == 1 {
			lines = append(lines, "1 object in database "+other.database.Name)
		} else if n > 1 {
			lines = append(lines, itoa(n)+" objects in database "+other.database.Name)
		}
	}
	return strings.Join(lines, "\n")
}

func (s *Snapshot) countOwned(role OID) int {
	n := 0
	s.schemas.all(func(_ OID, sch *Schema) { n += btoi(sch.Owner == role) })
	s.tables.all(func(_ OID, t *Table) { n += btoi(t.Owner == role) })
	s.types.all(func(_ OID, t *UserType) { n += btoi(t.Owner == role) })
	s.functions.all(func(_ OID, f *Function) { n += btoi(f.Owner == role) })
	return n
}
