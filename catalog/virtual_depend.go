package catalog

import (
	"slices"

	"github.com/tidemarkdb/tidemark/sql/types"
)

func init() {
	virtual("pg_depend", func(v VirtualEnv, emit emitFunc) error {
		d := &depends{s: v.Snapshot, emit: emit}
		for _, t := range v.Snapshot.Tables() {
			d.table(t)
		}
		for _, t := range v.Snapshot.Types() {
			d.userType(t)
		}
		for _, f := range v.Snapshot.Functions() {
			d.function(f)
		}
		d.extensionMembers()
		return d.err
	}).byOID(1, func(v VirtualEnv, id OID, emit emitFunc) error {
		if id == 0 {
			return nil
		}
		d := &depends{s: v.Snapshot, emit: emit, only: id}
		switch t := d.owner(id); {
		case t != nil:
			d.table(t)
		case v.Snapshot.Function(id) != nil:
			d.function(v.Snapshot.Function(id))
		default:
			d.typeOf(id)
		}
		if id < firstUserOID {
			d.extensionMembers()
		}
		return d.err
	})
}

// depends yields pg_depend's rows.
type depends struct {
	s    *Snapshot
	emit emitFunc
	only OID // of this dependent object, if not 0
	err  error
}

// owner finds the table whose descriptor tells what an object depends on.
func (d *depends) owner(id OID) *Table {
	if t := d.s.TableByID(id); t != nil {
		return t
	}
	if r := d.s.byID.get(id); r != nil {
		return r.table
	}
	return nil
}

func (d *depends) add(class, id OID, sub int, refClass, refID OID, refSub int, typ byte) {
	if d.err != nil || d.only != 0 && id != d.only {
		return
	}
	d.err = d.emit([]types.Datum{dOid(class), dOid(id), dInt4(sub), dOid(refClass), dOid(refID), dInt4(refSub), dChar(typ)})
}

// function yields what a user's function depends on.
func (d *depends) function(f *Function) {
	d.add(classProc, f.ID, 0, classNamespace, f.Schema, 0, 'n')
	columns := map[OID]bool{}
	for _, c := range f.DependsOnColumns {
		columns[c.Relation] = true
		d.add(classProc, f.ID, 0, classClass, c.Relation, int(c.Column), 'n')
	}
	for _, id := range functionReferences(f) {
		switch {
		case columns[id]:
		case d.s.TableByID(id) != nil:
			d.add(classProc, f.ID, 0, classClass, id, 0, 'n')
		default:
			d.typeUse(classProc, f.ID, 0, id)
		}
	}
}

// typeUse yields a use of a user's type or function.
func (d *depends) typeUse(class, id OID, sub int, typ OID) {
	if d.s.Function(typ) != nil {
		d.add(class, id, sub, classProc, typ, 0, 'n')
		return
	}
	if typ >= firstUserOID {
		d.add(class, id, sub, classType, typ, 0, 'n')
	}
}

// typeOf yields what a type, its array, its relation or its constraint depends on.
func (d *depends) typeOf(id OID) {
	for _, t := range d.s.Types() {
		if t.ID == id || t.ArrayID == id || t.Relation == id || slices.ContainsFunc(t.Checks, func(c Check) bool { return c.ID == id }) {
			d.userType(t)
			return
		}
	}
	if t, _ := d.s.TypeOrRow(id); t != nil {
		d.rowType(d.s.TableByID(t.Relation))
	}
}

func (d *depends) userType(t *UserType) {
	d.add(classType, t.ArrayID, 0, classType, t.ID, 0, 'i')
	d.add(classType, t.ID, 0, classNamespace, t.Schema, 0, 'n')
	if t.Kind == 'd' {
		d.typeUse(classType, t.ID, 0, t.Base.OID)
	}
	if t.Kind == 'c' {
		d.add(classClass, t.Relation, 0, classType, t.ID, 0, 'i')
	}
	for i := range t.Fields {
		d.typeUse(classClass, t.Relation, i+1, t.Fields[i].Type.OID)
	}
	for i := range t.Checks {
		d.add(classConstraint, t.Checks[i].ID, 0, classType, t.ID, 0, 'a')
	}
}

func (d *depends) rowType(t *Table) {
	if t == nil || t.RowType == 0 {
		return
	}
	d.add(classType, t.RowArray, 0, classType, t.RowType, 0, 'i')
	d.add(classType, t.RowType, 0, classClass, t.ID, 0, 'i')
}

func (d *depends) table(t *Table) {
	if t.Kind == KindVirtual {
		return
	}
	d.add(classClass, t.ID, 0, classNamespace, t.Schema, 0, 'n')
	d.rowType(t)
	if t.Sequence != nil && t.Sequence.OwnerTable != 0 {
		d.add(classClass, t.ID, 0, classClass, t.Sequence.OwnerTable, int(t.Sequence.OwnerColumn), d.s.ownershipType(t))
	}
	for i := range t.Columns {
		d.column(t, &t.Columns[i])
	}
	if t.View != nil {
		d.view(t)
	}
	d.indexes(t)
	for i := range t.Checks {
		for _, n := range t.Checks[i].Columns {
			d.add(classConstraint, t.Checks[i].ID, 0, classClass, t.ID, int(n), 'a')
			d.add(classConstraint, t.Checks[i].ID, 0, classClass, t.ID, int(n), 'n')
		}
		for _, id := range t.Checks[i].DependsOn {
			d.typeUse(classConstraint, t.Checks[i].ID, 0, id)
		}
	}
	for i := range t.ForeignKeys {
		fk := &t.ForeignKeys[i]
		for _, n := range fk.Columns {
			d.add(classConstraint, fk.ID, 0, classClass, t.ID, int(n), 'a')
		}
		for _, n := range fk.RefColumns {
			d.add(classConstraint, fk.ID, 0, classClass, fk.RefTable, int(n), 'n')
		}
		d.add(classConstraint, fk.ID, 0, classClass, fk.RefIndex, 0, 'n')
	}
}

// ownershipType is 'i' for the sequence of an identity column, 'a' for a serial's.
func (s *Snapshot) ownershipType(seq *Table) byte {
	if c := s.ownerColumn(seq); c != nil && c.Identity != 0 && c.Sequence == seq.ID {
		return 'i'
	}
	return 'a'
}

// ownerColumn is the column a sequence belongs to, nil if none.
func (s *Snapshot) ownerColumn(seq *Table) *Column {
	t := s.TableByID(seq.Sequence.OwnerTable)
	if n := int(seq.Sequence.OwnerColumn); t != nil && n > 0 && n <= len(t.Columns) {
		return &t.Columns[n-1]
	}
	return nil
}

func (d *depends) column(t *Table, c *Column) {
	if c.Dropped {
		return
	}
	d.typeUse(classClass, t.ID, int(c.Num), c.Declared().OID)
	if c.Default == "" {
		return
	}
	kind := byte('a')
	if c.Generated {
		kind = 'i'
	}
	d.add(classAttrDef, c.DefaultID, 0, classClass, t.ID, int(c.Num), kind)
	for _, id := range d.s.defaultDependencies(c) {
		if d.s.TableByID(id) != nil {
			d.add(classAttrDef, c.DefaultID, 0, classClass, id, 0, 'n')
		} else {
			d.typeUse(classAttrDef, c.DefaultID, 0, id)
		}
	}
}

// defaultDependencies lists the user objects a column's default refers to.
func (s *Snapshot) defaultDependencies(c *Column) []OID {
	out := c.DependsOn
	if c.Sequence != 0 && c.Identity == 0 && c.Default != "" && len(out) == 0 {
		out = []OID{c.Sequence} // a serial's nextval
	}
	return out
}

func (d *depends) view(t *Table) {
	d.add(classRewrite, t.ID, 0, classClass, t.ID, 0, 'i')
	columns := map[OID]bool{}
	for _, c := range t.View.DependsOnColumns {
		columns[c.Relation] = true
		d.add(classRewrite, t.ID, 0, classClass, c.Relation, int(c.Column), 'n')
	}
	for _, id := range t.View.DependsOn {
		switch {
		case columns[id]:
		case d.s.TableByID(id) != nil:
			d.add(classRewrite, t.ID, 0, classClass, id, 0, 'n')
		default:
			d.typeUse(classRewrite, t.ID, 0, id)
		}
	}
}

func (d *depends) indexes(t *Table) {
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		class, id := classClass, ix.ID
		if ix.Constraint != 0 {
			d.add(classClass, ix.ID, 0, classConstraint, ix.Constraint, 0, 'i')
			class, id = classConstraint, ix.Constraint
		}
		plain := slices.Clone(ix.Include)
		for j := range ix.Columns {
			if n := ix.Columns[j].Num; n != 0 {
				plain = append(plain, n)
			}
		}
		for _, n := range plain {
			d.add(class, id, 0, classClass, t.ID, int(n), 'a')
		}
		if len(plain) == 0 { // nothing else would drop it with the table
			d.add(class, id, 0, classClass, t.ID, 0, 'a')
		}
		for _, used := range ix.DependsOn {
			d.typeUse(class, id, 0, used)
		}
		for _, text := range []string{ix.expressions(), ix.Predicate} {
			for _, n := range mentionedColumns(t, text) {
				d.add(class, id, 0, classClass, t.ID, int(n), 'a')
			}
		}
	}
}
