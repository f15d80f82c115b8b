package catalog

import (
	"maps"
	"slices"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// CreateTable adds a table, view, materialized view or sequence. OIDs, storage
// ids and row types that are zero are assigned. The name must be free (42P07,
// 42710).
func (e *Editor) CreateTable(t *Table) error {
	if err := e.checkSchema(t.Schema); err != nil {
		return err
	}
	if err := e.checkRelationName(t.Schema, t.Name); err != nil {
		return err
	}
	if t.Kind != KindSequence {
		if err := e.checkTypeName(t.Schema, t.Name); err != nil {
			return err
		}
	}
	s, err := e.change()
	if err != nil {
		return err
	}
	if err := e.assign(t, nil); err != nil {
		return err
	}
	return e.storeTable(s, nil, t)
}

// UpdateTable replaces a relation's descriptor: t is a changed copy of the one
// in the snapshot. What became unreachable (an old storage, dropped indexes) is
// destroyed after the commit.
func (e *Editor) UpdateTable(t *Table) error {
	old := e.cur.TableByID(t.ID)
	if old == nil || old.Kind == KindVirtual {
		return pgerror.New(pgerror.UndefinedTable, "relation with OID %d does not exist", t.ID)
	}
	if old.Name != t.Name || old.Schema != t.Schema {
		if err := e.checkSchema(t.Schema); err != nil {
			return err
		}
		if err := e.checkRelationName(t.Schema, t.Name); err != nil {
			return err
		}
		if t.RowType != 0 {
			if err := e.checkTypeName(t.Schema, t.Name); err != nil {
				return err
			}
		}
	}
	s, err := e.change()
	if err != nil {
		return err
	}
	if err := e.assign(t, old); err != nil {
		return err
	}
	if err := e.destroyReplaced(old, t); err != nil {
		return err
	}
	if err := e.forgetStats(s, old, t); err != nil {
		return err
	}
	return e.storeTable(s, old, t)
}

// DropTable removes a relation with its indexes and constraints. What depends on
// it is the caller's business: see PlanDrop.
func (e *Editor) DropTable(id OID) error {
	old := e.cur.TableByID(id)
	if old == nil || old.Kind == KindVirtual {
		return pgerror.New(pgerror.UndefinedTable, "relation with OID %d does not exist", id)
	}
	s, err := e.change()
	if err != nil {
		return err
	}
	if err := e.destroyReplaced(old, nil); err != nil {
		return err
	}
	if err := e.remove(kindRelation, id); err != nil {
		return err
	}
	if s.stats.get(id) != nil {
		s.stats.set(id, nil)
		if err := e.remove(kindStats, id); err != nil {
			return err
		}
	}
	s.removeTable(id)
	if err := e.fixReferences(s, old, nil); err != nil {
		return err
	}
	return e.done(s)
}

// forgetStats drops the statistics of columns that t has no more or with another
// type: their values would be read as the new type's.
func (e *Editor) forgetStats(s *Snapshot, old, t *Table) error {
	stats := s.stats.get(t.ID)
	if stats == nil {
		return nil
	}
	next := *stats
	next.Columns = maps.Clone(stats.Columns)
	for i := range t.Columns {
		c := &t.Columns[i]
		if i < len(old.Columns) && (c.Dropped || c.Type.OID != old.Columns[i].Type.OID) {
			delete(next.Columns, c.Num)
		}
	}
	if len(next.Columns) == len(stats.Columns) {
		return nil
	}
	s.stats.set(t.ID, &next)
	return e.put(kindStats, t.ID, &next)
}

// SetStats stores what ANALYZE found out about a table.
func (e *Editor) SetStats(table OID, stats *TableStats) error {
	s, err := e.change()
	if err != nil {
		return err
	}
	if err := e.put(kindStats, table, stats); err != nil {
		return err
	}
	s.stats.set(table, stats)
	s.schema = e.cur.schema
	return e.done(s)
}

func (e *Editor) storeTable(s *Snapshot, old, t *Table) error {
	v, err := e.c.ids.version(e.c.background)
	if err != nil {
		return err
	}
	t.Version = v
	if t.Kind != KindView && (old == nil || old.Storage != t.Storage) {
		e.made = append(e.made, t.ID)
	}
	e.c.attach(t)
	s.putTable(t)
	// The table itself may be referenced: by itself, or by others before.
	t.ReferencedBy = s.referencingTables(t.ID)
	if err := e.put(kindRelation, t.ID, t); err != nil {
		return err
	}
	if err := e.fixReferences(s, old, t); err != nil {
		return err
	}
	return e.done(s)
}

// fixReferences brings ReferencedBy of the tables that old or t references up
// to date.
func (e *Editor) fixReferences(s *Snapshot, old, t *Table) error {
	var ids []OID
	for _, x := range []*Table{old, t} {
		if x == nil {
			continue
		}
		for i := range x.ForeignKeys {
			if id := x.ForeignKeys[i].RefTable; id != x.ID && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	for _, id := range ids {
		r := s.TableByID(id)
		if r == nil {
			continue // dropped before, by a cascade
		}
		by := s.referencingTables(id)
		if slices.Equal(by, r.ReferencedBy) && !referenceChanged(old, t, id) {
			continue
		}
		c := *r
		c.ReferencedBy = by
		v, err := e.c.ids.version(e.c.background)
		if err != nil {
			return err
		}
		c.Version = v
		s.putTable(&c)
		if err := e.put(kindRelation, id, &c); err != nil {
			return err
		}
	}
	return nil
}

// referenceChanged says whether plans of DML on the referenced table must be
// made anew although the set of referencing tables is the same.
func referenceChanged(old, t *Table, id OID) bool {
	if old == nil || t == nil {
		return true
	}
	keys := func(x *Table) (out []OID) {
		for i := range x.ForeignKeys {
			if x.ForeignKeys[i].RefTable == id {
				out = append(out, x.ForeignKeys[i].ID)
			}
		}
		return out
	}
	return !slices.Equal(keys(old), keys(t)) || old.Storage != t.Storage
}

// destroyReplaced notes the key spans of old that new (nil: dropped) does not use.
func (e *Editor) destroyReplaced(old, t *Table) error {
	if old.Kind == KindSequence {
		if t != nil && t.Storage == old.Storage {
			return nil
		}
		e.restarts = append(e.restarts, old.Storage)
		return e.txn.DeleteUnchecked(sequenceKey(old.Storage))
	}
	if old.Storage == 0 {
		return nil
	}
	if t == nil || t.Storage != old.Storage {
		if old.TimeSeries != nil {
			if err := e.destroySpan(SeriesSpan(old.Storage)); err != nil {
				return err
			}
		}
		return e.destroySpan(StorageSpan(old.Storage))
	}
	for i := range old.Indexes {
		id := old.Indexes[i].Storage
		if !slices.ContainsFunc(t.Indexes, func(ix Index) bool { return ix.Storage == id }) {
			if err := e.destroySpan(IndexSpan(old.Storage, id)); err != nil {
				return err
			}
		}
	}
	return nil
}

// assign fills in OIDs and storage ids, and checks the names of new indexes
// and constraints.
func (e *Editor) assign(t, old *Table) error {
	a := assigner{e: e}
	a.oid(&t.ID)
	switch t.Kind {
	case KindTable, KindMaterializedView:
		a.storage(&t.Storage)
		a.typeOIDs(&t.RowType, &t.RowArray, 'c')
		if t.Access == "" {
			t.Access = "heap"
		}
	case KindSequence:
		a.sequence(t, old)
	case KindView:
		a.typeOIDs(&t.RowType, &t.RowArray, 'c')
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Default != "" && !c.Dropped {
			a.oid(&c.DefaultID)
		} else {
			c.DefaultID = 0
		}
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		if ix.ID == 0 || old == nil || !hasIndex(old, ix) || old.Schema != t.Schema {
			a.check(e.checkRelationName(t.Schema, ix.Name))
			if ix.Name == t.Name || slices.ContainsFunc(t.Indexes[:i], func(x Index) bool { return x.Name == ix.Name }) {
				a.check(pgerror.New(pgerror.DuplicateTable, "relation %q already exists", ix.Name))
			}
		}
		a.oid(&ix.ID)
		a.storage(&ix.Storage)
		if ix.Primary { // of a UNIQUE constraint the caller sets Constraint
			a.oid(&ix.Constraint)
		}
		if ix.Method == "" {
			ix.Method = "btree"
		}
	}
	for i := range t.Checks {
		a.oid(&t.Checks[i].ID)
	}
	for i := range t.ForeignKeys {
		a.oid(&t.ForeignKeys[i].ID)
		t.referToItself(&t.ForeignKeys[i])
	}
	a.check(checkConstraintNames(t))
	return a.err
}

// referToItself completes a foreign key to its own table, which had no OIDs
// when the key was made.
func (t *Table) referToItself(fk *ForeignKey) {
	if fk.RefTable == 0 {
		fk.RefTable = t.ID
	}
	if fk.RefTable != t.ID || fk.RefIndex != 0 {
		return
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		covers := func(c IndexColumn) bool { return slices.Contains(fk.RefColumns, c.Num) }
		if ix.Unique && ix.Predicate == "" && len(ix.Columns) == len(fk.RefColumns) &&
			!slices.ContainsFunc(ix.Columns, func(c IndexColumn) bool { return !covers(c) }) {
			fk.RefIndex = ix.ID
			return
		}
	}
}

func hasIndex(t *Table, ix *Index) bool {
	return slices.ContainsFunc(t.Indexes, func(x Index) bool { return x.ID == ix.ID && x.Name == ix.Name })
}

// checkConstraintNames refuses two constraints of one name on a table.
func checkConstraintNames(t *Table) error {
	seen := map[string]bool{}
	for _, c := range tableConstraints(t) {
		if seen[c.name] {
			return pgerror.New(pgerror.DuplicateObject, "constraint %q for relation %q already exists", c.name, t.Name)
		}
		seen[c.name] = true
	}
	return nil
}

// assigner gives out numbers until the first error.
type assigner struct {
	e   *Editor
	err error
}

func (a *assigner) oid(id *OID) {
	if *id == 0 && a.err == nil {
		*id, a.err = a.e.NewOID()
	}
}

// typeOIDs numbers a user type and its array type.
func (a *assigner) typeOIDs(id, array *OID, kind byte) {
	if *id == 0 {
		var free OID
		a.oid(&free)
		*id, *array = types.UserTypeOID(free, kind), types.UserArrayOID(types.UserTypeOID(free, kind))
	}
}

func (a *assigner) storage(id *uint64) {
	if *id == 0 && a.err == nil {
		*id, a.err = a.e.NewStorage()
	}
}

func (a *assigner) sequence(t, old *Table) {
	a.storage(&t.Storage)
	if old == nil {
		t.Columns = SequenceColumns()
		t.Sequence.Initial, t.Sequence.InitialCalled = t.Sequence.Start, false
	}
	if old == nil || old.Storage != t.Storage {
		a.e.sequences = append(a.e.sequences, t.Storage)
	}
}

func (a *assigner) check(err error) {
	if a.err == nil {
		a.err = err
	}
}

// constraintRef is a constraint of a table in pg_constraint's terms.
type constraintRef struct {
	id   OID
	name string
	typ  byte // contype: 'p', 'u', 'c', 'f'
	ix   *Index
	chk  *Check
	fk   *ForeignKey
}

// tableConstraints lists a table's constraints.
func tableConstraints(t *Table) []constraintRef {
	var out []constraintRef
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		if ix.Constraint == 0 {
			continue
		}
		typ := byte('u')
		if ix.Primary {
			typ = 'p'
		}
		out = append(out, constraintRef{id: ix.Constraint, name: ix.Name, typ: typ, ix: ix})
	}
	for i := range t.Checks {
		out = append(out, constraintRef{id: t.Checks[i].ID, name: t.Checks[i].Name, typ: 'c', chk: &t.Checks[i]})
	}
	for i := range t.ForeignKeys {
		out = append(out, constraintRef{id: t.ForeignKeys[i].ID, name: t.ForeignKeys[i].Name, typ: 'f', fk: &t.ForeignKeys[i]})
	}
	return out
}
