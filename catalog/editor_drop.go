package catalog

import (
	"slices"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ExecuteDrop removes everything a PlanDrop found. rewrite is called for a table
// that loses the primary key its rows are stored by: it gets the old and the
// new descriptor (not clustered, Storage 0), moves the rows and may set the
// new Storage; nil refuses such drops.
func (e *Editor) ExecuteDrop(d *Drop, rewrite func(old, t *Table) error) error {
	x := &dropExecution{e: e, changed: map[OID]*Table{}, dropped: map[OID]bool{}, types: map[OID]*UserType{}}
	for _, ref := range d.Objects {
		switch t := e.cur.TableByID(ref.ID); {
		case ref.Class == ObjectType, ref.Class == ObjectFunction:
			x.dropped[ref.ID] = true
		case ref.Class == ObjectRelation && t != nil && (ref.Sub == 0 || t.View != nil): // a view does not lose columns
			x.dropped[ref.ID] = true
		}
	}
	for _, ref := range d.Objects {
		x.part(ref)
	}
	for _, id := range x.order {
		if err := x.update(x.changed[id], rewrite); err != nil {
			return err
		}
	}
	for _, t := range x.types {
		if err := e.UpdateType(t); err != nil {
			return err
		}
	}
	for _, ref := range d.Objects {
		if err := x.whole(ref); err != nil {
			return err
		}
	}
	return nil
}

// dropExecution collects the changes of tables that stay.
type dropExecution struct {
	e       *Editor
	changed map[OID]*Table
	order   []OID
	dropped map[OID]bool
	types   map[OID]*UserType // composite types that lose fields
}

// table returns the copy of a table to change, nil if it is dropped whole.
func (x *dropExecution) table(id OID) *Table {
	if x.dropped[id] {
		return nil
	}
	if t := x.changed[id]; t != nil {
		return t
	}
	t := x.e.cur.TableByID(id)
	if t == nil {
		return nil
	}
	c := t.Clone()
	x.changed[id] = c
	x.order = append(x.order, id)
	return c
}

// part removes an object that is inside of a table.
func (x *dropExecution) part(ref ObjectRef) {
	s := x.e.cur
	switch ref.Class {
	case ObjectConstraint:
		if r := s.byID.get(ref.ID); r != nil {
			if t := x.table(r.table.ID); t != nil {
				t.dropConstraint(ref.ID)
			}
		}
	case ObjectDefault:
		if t := x.table(ref.ID); t != nil {
			t.Columns[ref.Sub-1].dropDefault()
		}
	case ObjectRelation:
		if ref.Sub != 0 {
			if t := x.table(ref.ID); t != nil {
				t.Columns[ref.Sub-1].drop()
			} else if u := s.compositeByRelation(ref.ID); u != nil && !x.dropped[u.ID] {
				x.field(u, ref.Sub)
			}
		} else if q := s.TableByID(ref.ID); q != nil && q.Sequence != nil {
			if t := x.table(q.Sequence.OwnerTable); t != nil {
				if c := &t.Columns[q.Sequence.OwnerColumn-1]; c.Sequence == ref.ID {
					c.Sequence = 0
				}
			}
		} else if owner, ix := s.IndexByID(ref.ID); ix != nil {
			if t := x.table(owner.ID); t != nil {
				t.Indexes = slices.DeleteFunc(t.Indexes, func(i Index) bool { return i.ID == ref.ID })
			}
		}
	}
}

// field drops a field of a composite type.
func (x *dropExecution) field(u *UserType, num int16) {
	c := x.types[u.ID]
	if c == nil {
		copied := *u
		copied.Fields = slices.Clone(u.Fields)
		c = &copied
		x.types[u.ID] = c
	}
	c.Fields[num-1].drop()
}

func (x *dropExecution) update(t *Table, rewrite func(old, t *Table) error) error {
	old := x.e.cur.TableByID(t.ID)
	if t.Clustered && (len(t.Indexes) == 0 || !t.Indexes[0].Primary) {
		if rewrite == nil {
			return pgerror.Unsupported("dropping the primary key of table %q", t.Name)
		}
		t.Clustered, t.Storage = false, 0
		if err := rewrite(old, t); err != nil {
			return err
		}
	}
	return x.e.UpdateTable(t)
}

// whole removes an object that has a descriptor of its own.
func (x *dropExecution) whole(ref ObjectRef) error {
	switch {
	case ref.Class == ObjectRelation && x.dropped[ref.ID] && x.e.cur.TableByID(ref.ID) != nil:
		return x.e.DropTable(ref.ID)
	case ref.Class == ObjectType && x.e.cur.Type(ref.ID) != nil:
		return x.e.DropType(ref.ID)
	case ref.Class == ObjectFunction && x.e.cur.Function(ref.ID) != nil:
		return x.e.DropFunction(ref.ID)
	case ref.Class == ObjectSchema:
		return x.e.DropSchema(ref.ID)
	}
	return nil
}

// Clone returns a copy of the descriptor that may be changed: its slices and
// what they point at are its own.
func (t *Table) Clone() *Table {
	c := *t
	c.Columns = slices.Clone(t.Columns)
	c.Indexes = slices.Clone(t.Indexes)
	for i := range c.Indexes {
		c.Indexes[i].Columns = slices.Clone(c.Indexes[i].Columns)
		c.Indexes[i].Include = slices.Clone(c.Indexes[i].Include)
	}
	c.Checks = slices.Clone(t.Checks)
	c.ForeignKeys = slices.Clone(t.ForeignKeys)
	c.ReferencedBy = slices.Clone(t.ReferencedBy)
	if t.View != nil {
		v := *t.View
		c.View = &v
	}
	if t.Sequence != nil {
		q := *t.Sequence
		c.Sequence = &q
	}
	c.TimeSeries = t.TimeSeries.clone()
	return &c
}

func (t *Table) dropConstraint(id OID) {
	t.Indexes = slices.DeleteFunc(t.Indexes, func(ix Index) bool { return ix.Constraint == id })
	t.Checks = slices.DeleteFunc(t.Checks, func(c Check) bool { return c.ID == id })
	t.ForeignKeys = slices.DeleteFunc(t.ForeignKeys, func(fk ForeignKey) bool { return fk.ID == id })
}

func (c *Column) dropDefault() {
	c.Default, c.DefaultID, c.Generated, c.DependsOn = "", 0, false, nil
}

// drop turns the column into the remains of a dropped one. The type stays: rows
// are still decoded by it.
func (c *Column) drop() {
	c.dropDefault()
	c.Dropped, c.NotNull, c.Identity, c.Sequence, c.Comment, c.Collation = true, false, 0, 0, "", ""
	c.Missing = types.Null
}
