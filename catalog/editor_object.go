package catalog

import (
	"fmt"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

func (e *Editor) checkSchema(id OID) error {
	switch sch := e.cur.SchemaByID(id); {
	case sch == nil:
		return pgerror.New(pgerror.UndefinedSchema, "schema with OID %d does not exist", id)
	case id < firstUserOID && id != PublicOID:
		return pgerror.New(pgerror.InsufficientPrivilege, "permission denied to create in schema %q", sch.Name).
			WithDetail("System catalog modifications are currently disallowed.")
	}
	return nil
}

// checkRelationName fails with 42P07 if the name is taken.
func (e *Editor) checkRelationName(schema OID, name string) error {
	if id, _ := e.cur.RelationByName(schema, name); id != 0 {
		return pgerror.New(pgerror.DuplicateTable, "relation %q already exists", name)
	}
	return nil
}

// checkTypeName fails with 42710 if a type of the name exists, which is also
// what a relation's row type needs.
func (e *Editor) checkTypeName(schema OID, name string) error {
	t := e.cur.typeNames.get(qualified{schema, name})
	if t == nil || t.Name != name {
		return nil
	}
	return pgerror.New(pgerror.DuplicateObject, "type %q already exists", name).
		WithHint("A relation has an associated type of the same name, so you must use a name that doesn't conflict with any existing type.")
}

// CreateSchema adds a schema (42P06 if the name is taken).
func (e *Editor) CreateSchema(sch *Schema) error {
	if err := e.checkSchemaName(sch.Name); err != nil {
		return err
	}
	return e.putSchema(sch)
}

// TempSchema returns the schema pg_temp_{n}, made if it does not exist. What is
// in it when the store is opened is dropped.
func (e *Editor) TempSchema(n int, owner OID) (*Schema, error) {
	name := fmt.Sprintf("pg_temp_%d", n)
	if sch := e.cur.Schema(name); sch != nil {
		return sch, nil
	}
	sch := &Schema{Name: name, Owner: owner}
	return sch, e.putSchema(sch)
}

// UpdateSchema replaces a schema: sch is a changed copy.
func (e *Editor) UpdateSchema(sch *Schema) error {
	old := e.cur.schemas.get(sch.ID)
	if old == nil {
		return pgerror.New(pgerror.UndefinedSchema, "schema with OID %d does not exist", sch.ID)
	}
	if old.Name != sch.Name {
		if err := e.checkSchemaName(sch.Name); err != nil {
			return err
		}
	}
	return e.putSchema(sch)
}

func (e *Editor) checkSchemaName(name string) error {
	if strings.HasPrefix(name, "pg_") {
		return pgerror.New(pgerror.ReservedName, "unacceptable schema name %q", name).
			WithDetail(`The prefix "pg_" is reserved for system schemas.`)
	}
	if e.cur.Schema(name) != nil {
		return pgerror.New(pgerror.DuplicateSchema, "schema %q already exists", name)
	}
	return nil
}

func (e *Editor) putSchema(sch *Schema) error {
	s, err := e.change()
	if err != nil {
		return err
	}
	if sch.ID == 0 {
		if sch.ID, err = e.NewOID(); err != nil {
			return err
		}
	}
	s.putSchema(sch)
	if err := e.put(kindSchema, sch.ID, sch); err != nil {
		return err
	}
	return e.done(s)
}

// DropSchema removes an empty schema; PlanDrop finds what is in it.
func (e *Editor) DropSchema(id OID) error {
	s, err := e.change()
	if err != nil {
		return err
	}
	if s.schemas.get(id) == nil {
		return pgerror.New(pgerror.UndefinedSchema, "schema with OID %d does not exist", id)
	}
	s.removeSchema(id)
	if err := e.remove(kindSchema, id); err != nil {
		return err
	}
	return e.done(s)
}

// CreateType adds an enum, domain or composite type (42710 if the name is taken).
func (e *Editor) CreateType(t *UserType) error {
	if err := e.checkSchema(t.Schema); err != nil {
		return err
	}
	if err := e.checkNewTypeName(t); err != nil {
		return err
	}
	return e.putType(t)
}

// UpdateType replaces a type: t is a changed copy.
func (e *Editor) UpdateType(t *UserType) error {
	old := e.cur.types.get(t.ID)
	if old == nil {
		return pgerror.New(pgerror.UndefinedObject, "type with OID %d does not exist", t.ID)
	}
	if old.Name != t.Name || old.Schema != t.Schema {
		if err := e.checkSchema(t.Schema); err != nil {
			return err
		}
		if err := e.checkNewTypeName(t); err != nil {
			return err
		}
	}
	return e.putType(t)
}

func (e *Editor) checkNewTypeName(t *UserType) error {
	if old := e.cur.typeNames.get(qualified{t.Schema, t.Name}); old != nil && old.Name == t.Name {
		return pgerror.New(pgerror.DuplicateObject, "type %q already exists", t.Name)
	}
	if t.Kind == 'c' {
		return e.checkRelationName(t.Schema, t.Name)
	}
	return nil
}

func (e *Editor) putType(t *UserType) error {
	s, err := e.change()
	if err != nil {
		return err
	}
	a := assigner{e: e}
	a.typeOIDs(&t.ID, &t.ArrayID, t.Kind)
	if t.Kind == 'c' {
		a.oid(&t.Relation)
	}
	for i := range t.Labels {
		a.oid(&t.Labels[i].ID)
	}
	for i := range t.Checks {
		a.oid(&t.Checks[i].ID)
	}
	if a.err != nil {
		return a.err
	}
	s.putType(t)
	if err := e.put(kindType, t.ID, t); err != nil {
		return err
	}
	// Plans and descriptors that use the type must be seen as changed.
	return e.touchUsers(s, t.ID)
}

// touchTable gives a table a new version without changing it.
func (e *Editor) touchTable(s *Snapshot, id OID) error {
	t := s.tables.get(id)
	if t == nil {
		return nil
	}
	v, err := e.c.ids.version(e.c.background)
	if err != nil {
		return err
	}
	c := *t
	c.Version = v
	s.putTable(&c)
	return e.put(kindRelation, id, &c)
}

// DropType removes a type; PlanDrop finds what uses it.
func (e *Editor) DropType(id OID) error {
	s, err := e.change()
	if err != nil {
		return err
	}
	if s.types.get(id) == nil {
		return pgerror.New(pgerror.UndefinedObject, "type with OID %d does not exist", id)
	}
	s.removeType(id)
	if err := e.remove(kindType, id); err != nil {
		return err
	}
	return e.done(s)
}
