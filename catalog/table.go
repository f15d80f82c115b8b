package catalog

// Column finds a column that is not dropped by name, nil if there is none.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Name == name && !c.Dropped {
			return c
		}
	}
	return nil
}

// PrimaryKey is the index of the primary key, nil if there is none.
func (t *Table) PrimaryKey() *Index {
	for i := range t.Indexes {
		if t.Indexes[i].Primary {
			return &t.Indexes[i]
		}
	}
	return nil
}

// Constraint finds a constraint by name: its object, and pg_constraint.contype
// ('p', 'u', 'c', 'f'; 0 if there is none).
func (t *Table) Constraint(name string) (ref ObjectRef, contype byte) {
	for _, c := range tableConstraints(t) {
		if c.name == name {
			return ObjectRef{Class: ObjectConstraint, ID: c.id}, c.typ
		}
	}
	return ObjectRef{}, 0
}
