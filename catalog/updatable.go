package catalog

import "slices"

// The bits of UpdatableEvents, PostgreSQL's numbers of commands.
const (
	EventUpdate = 1 << 2
	EventInsert = 1 << 3
	EventDelete = 1 << 4
)

// UpdatableEvents says what a relation's rows may be written by
// (pg_relation_is_updatable).
func (t *Table) UpdatableEvents() int32 {
	switch {
	case t.Kind == KindTable:
		return EventUpdate | EventInsert | EventDelete
	case t.Kind != KindView || t.View == nil:
		return 0
	}
	events := int32(0)
	if t.View.Deletable {
		events = EventDelete
	}
	if len(t.View.Updatable) > 0 {
		events |= EventUpdate | EventInsert
	}
	return events
}

// ColumnUpdatable says whether the column of a number may be written, and rows of the
// relation updated and deleted (pg_column_is_updatable).
func (t *Table) ColumnUpdatable(num int16) bool {
	const need = EventUpdate | EventDelete
	if num <= 0 || t.UpdatableEvents()&need != need {
		return false
	}
	return t.Kind == KindTable || slices.Contains(t.View.Updatable, num)
}
