package catalog

import (
	"slices"
	"strings"
)

// Dependents lists the objects that depend directly on ref and would keep it
// from being dropped, or go with it.
func (s *Snapshot) Dependents(ref ObjectRef) []Dependent {
	d := &dependentFinder{s: s, of: ref}
	switch ref.Class {
	case ObjectSchema:
		d.ofSchema()
	case ObjectType:
		d.ofType(ref.ID)
	case ObjectConstraint:
		d.ofConstraint()
	case ObjectFunction:
		d.ofFunction(ref.ID)
	case ObjectRelation:
		if t, ix := s.IndexByID(ref.ID); ix != nil {
			d.ofIndex(t, ix)
		} else if t := s.TableByID(ref.ID); t != nil && ref.Sub != 0 {
			d.ofColumn(t, ref.Sub)
		} else if t != nil {
			d.ofTable(t)
		}
	}
	return d.out
}

// Dependent is an object that depends on another one.
type Dependent struct {
	ObjectRef
	// Kind is pg_depend.deptype: 'n' needs CASCADE; 'a' (automatic) and 'i'
	// (internal) go silently.
	Kind byte
}

// dependentFinder collects an object's direct dependents.
type dependentFinder struct {
	s   *Snapshot
	of  ObjectRef
	out []Dependent
}

func (d *dependentFinder) add(kind byte, class ObjectClass, id OID, sub int16) {
	ref := ObjectRef{class, id, sub}
	if ref != d.of && !slices.ContainsFunc(d.out, func(x Dependent) bool { return x.ObjectRef == ref }) {
		d.out = append(d.out, Dependent{ref, kind})
	}
}

func (d *dependentFinder) ofSchema() {
	for _, t := range d.s.Tables() {
		if t.Schema == d.of.ID {
			d.add('n', ObjectRelation, t.ID, 0)
		}
	}
	for _, t := range d.s.Types() {
		if t.Schema == d.of.ID {
			d.add('n', ObjectType, t.ID, 0)
		}
	}
	for _, f := range d.s.Functions() {
		if f.Schema == d.of.ID {
			d.add('n', ObjectFunction, f.ID, 0)
		}
	}
}

// users returns the relations whose descriptors mention id.
func (d *dependentFinder) users(id OID) []*Table {
	var out []*Table
	if ids := d.s.dependents.get(id); ids != nil {
		for _, u := range *ids {
			if t := d.s.TableByID(u); t != nil {
				out = append(out, t)
			}
		}
	}
	return out
}

// functionUsers adds the functions that refer to id.
func (d *dependentFinder) functionUsers(id OID) {
	if ids := d.s.dependents.get(id); ids != nil {
		for _, u := range *ids {
			if d.s.Function(u) != nil {
				d.add('n', ObjectFunction, u, 0)
			}
		}
	}
}

// ofFunction adds what calls a function by itself: bodies that are text know
// what they call only when they run.
func (d *dependentFinder) ofFunction(id OID) {
	for _, u := range d.users(id) {
		d.expressionUsers(u, id)
	}
	if ids := d.s.dependents.get(id); ids != nil {
		for _, u := range *ids {
			if d.s.types.get(u) != nil {
				d.add('n', ObjectType, u, 0)
			}
		}
	}
	d.functionUsers(id)
}

// expressionUsers adds what of the relation u has an expression that names id.
func (d *dependentFinder) expressionUsers(u *Table, id OID) {
	if u.View != nil && slices.Contains(u.View.DependsOn, id) {
		d.add('n', ObjectRelation, u.ID, 0)
	}
	for i := range u.Columns {
		if c := &u.Columns[i]; !c.Dropped && slices.Contains(c.DependsOn, id) {
			if c.Generated {
				d.add('n', ObjectRelation, u.ID, c.Num)
			} else {
				d.add('n', ObjectDefault, u.ID, c.Num)
			}
		}
	}
	for i := range u.Checks {
		if slices.Contains(u.Checks[i].DependsOn, id) {
			d.add('n', ObjectConstraint, u.Checks[i].ID, 0)
		}
	}
	for i := range u.Indexes {
		if slices.Contains(u.Indexes[i].DependsOn, id) {
			d.add('n', ObjectRelation, u.Indexes[i].ID, 0)
		}
	}
}

func (d *dependentFinder) ofType(id OID) {
	t, _ := d.s.TypeOrRow(id)
	if t == nil {
		return
	}
	if t.Kind == 'c' && t.ID == id && d.s.types.get(id) != nil {
		d.add('i', ObjectRelation, t.Relation, 0)
	}
	if t.ArrayID != 0 && id == t.ID {
		d.add('i', ObjectType, t.ArrayID, 0)
	}
	for _, u := range d.users(id) {
		d.typeUsers(u, id)
	}
	if ids := d.s.dependents.get(id); ids != nil {
		for _, u := range *ids {
			if ut := d.s.types.get(u); ut != nil {
				d.typeUsersType(ut, id)
			}
		}
	}
	d.functionUsers(id)
}

func (d *dependentFinder) typeUsers(u *Table, typ OID) {
	if u.View != nil && slices.Contains(u.View.DependsOn, typ) {
		d.add('n', ObjectRelation, u.ID, 0)
	}
	for i := range u.Columns {
		c := &u.Columns[i]
		switch {
		case c.Dropped:
		case c.Declared().OID == typ:
			d.add('n', ObjectRelation, u.ID, c.Num)
		case slices.Contains(c.DependsOn, typ):
			d.add('n', ObjectDefault, u.ID, c.Num)
		}
	}
}

// typeUsersType adds what of the type u is made of typ: a domain as a whole, a
// composite type's fields.
func (d *dependentFinder) typeUsersType(u *UserType, typ OID) {
	if u.Kind == 'd' {
		d.add('n', ObjectType, u.ID, 0)
	}
	for i := range u.Fields {
		if f := &u.Fields[i]; f.Type.OID == typ && !f.Dropped {
			d.add('n', ObjectRelation, u.Relation, int16(i+1))
		}
	}
}

func (d *dependentFinder) ofTable(t *Table) {
	for _, c := range tableConstraints(t) {
		d.add('a', ObjectConstraint, c.id, 0)
	}
	for i := range t.Indexes {
		if t.Indexes[i].Constraint == 0 {
			d.add('a', ObjectRelation, t.Indexes[i].ID, 0)
		}
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped && c.Default != "" {
			d.add('a', ObjectDefault, t.ID, c.Num)
		}
	}
	for _, u := range d.users(t.ID) {
		switch {
		case u.Sequence != nil && u.Sequence.OwnerTable == t.ID:
			d.add('a', ObjectRelation, u.ID, 0)
		case u.View != nil && slices.Contains(u.View.DependsOn, t.ID):
			d.add('n', ObjectRelation, u.ID, 0)
		}
		for i := range u.ForeignKeys {
			if u.ForeignKeys[i].RefTable == t.ID {
				d.add('n', ObjectConstraint, u.ForeignKeys[i].ID, 0)
			}
		}
		for i := range u.Columns {
			if c := &u.Columns[i]; !c.Dropped && slices.Contains(d.s.defaultDependencies(c), t.ID) {
				d.add('n', ObjectDefault, u.ID, c.Num)
			}
		}
	}
	if t.RowType != 0 {
		d.add('i', ObjectType, t.RowType, 0)
	}
	d.functionUsers(t.ID)
}

func (d *dependentFinder) ofColumn(t *Table, num int16) {
	if t.Columns[num-1].Default != "" {
		d.add('a', ObjectDefault, t.ID, num)
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		uses := containsNum(ix.Include, num) || slices.ContainsFunc(ix.Columns, func(c IndexColumn) bool { return c.Num == num }) ||
			mentions(ix.expressions(), t.Columns[num-1].Name) || mentions(ix.Predicate, t.Columns[num-1].Name)
		if uses && ix.Constraint != 0 {
			d.add('a', ObjectConstraint, ix.Constraint, 0)
		} else if uses {
			d.add('a', ObjectRelation, ix.ID, 0)
		}
	}
	for i := range t.Checks {
		if containsNum(t.Checks[i].Columns, num) {
			d.add('a', ObjectConstraint, t.Checks[i].ID, 0)
		}
	}
	for i := range t.ForeignKeys {
		fk := &t.ForeignKeys[i]
		if containsNum(fk.Columns, num) {
			d.add('a', ObjectConstraint, fk.ID, 0)
		}
	}
	for _, f := range d.s.Functions() {
		if slices.Contains(f.DependsOnColumns, ColumnRef{t.ID, num}) {
			d.add('n', ObjectFunction, f.ID, 0)
		}
	}
	if seq := t.Columns[num-1].Sequence; seq != 0 && d.s.TableByID(seq) != nil {
		d.add('a', ObjectRelation, seq, 0)
	}
	for _, u := range append(d.users(t.ID), t) {
		if u.Sequence != nil && u.Sequence.OwnerTable == t.ID && u.Sequence.OwnerColumn == num {
			d.add('a', ObjectRelation, u.ID, 0)
		}
		if u.View != nil && slices.Contains(u.View.DependsOnColumns, ColumnRef{t.ID, num}) {
			d.add('n', ObjectRelation, u.ID, 0)
		}
		for i := range u.ForeignKeys {
			if fk := &u.ForeignKeys[i]; fk.RefTable == t.ID && containsNum(fk.RefColumns, num) {
				d.add('n', ObjectConstraint, fk.ID, 0)
			}
		}
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Generated && !c.Dropped && c.Num != num && mentions(c.Default, t.Columns[num-1].Name) {
			d.add('n', ObjectRelation, t.ID, c.Num)
		}
	}
}

// expressions joins the texts of an index's expression columns.
func (ix *Index) expressions() string {
	var text []string
	for i := range ix.Columns {
		if ix.Columns[i].Num == 0 {
			text = append(text, ix.Columns[i].Expr)
		}
	}
	return strings.Join(text, ", ")
}

// mentionedColumns lists the columns that an expression's text mentions.
func mentionedColumns(t *Table, text string) []int16 {
	if text == "" {
		return nil
	}
	var out []int16
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped && mentions(text, c.Name) {
			out = append(out, c.Num)
		}
	}
	return out
}

// mentions reports whether an expression's text has the identifier outside of
// string literals.
func mentions(expr, name string) bool {
	quoted := QuoteIdent(name)
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; {
		case c == '\'':
			end := quoteEnd(expr, i)
			if end < 0 {
				return false
			}
			i = end
		case c == '"' || identByte(c):
			j := i + 1
			if c == '"' {
				if j = quoteEnd(expr, i); j < 0 {
					return false
				}
				j++
			} else {
				for j < len(expr) && identByte(expr[j]) {
					j++
				}
			}
			if word := expr[i:j]; word == quoted || word == name && c != '"' {
				return true
			}
			i = j - 1
		}
	}
	return false
}

func identByte(c byte) bool {
	return c == '_' || c == '$' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

func (d *dependentFinder) ofIndex(t *Table, ix *Index) {
	for _, id := range t.ReferencedBy {
		u := d.s.TableByID(id)
		if u == nil {
			continue
		}
		for i := range u.ForeignKeys {
			if u.ForeignKeys[i].RefIndex == ix.ID {
				d.add('n', ObjectConstraint, u.ForeignKeys[i].ID, 0)
			}
		}
	}
}

func (d *dependentFinder) ofConstraint() {
	r := d.s.byID.get(d.of.ID)
	if r != nil && r.part == partIndexConstraint {
		d.add('i', ObjectRelation, r.table.Indexes[r.pos].ID, 0)
	}
}
