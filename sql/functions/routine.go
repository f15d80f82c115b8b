package functions

import (
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Routine is a call of a function that a user made.
type Routine struct {
	ID types.OID
	Signature
	// Columns are those of the result in FROM; nil asks for one value.
	Columns []Column
	// Records asks for each row as one value of type record.
	Records bool
}

// RoutineSession runs functions that users made.
type RoutineSession interface {
	// CallRoutine runs a function for its value: that of the first row, NULL without one.
	CallRoutine(c *Context, r *Routine, args []types.Datum) (types.Datum, error)
	// OpenRoutine runs a function for its rows.
	OpenRoutine(c *Context, r *Routine, args []types.Datum) (RowSource, error)
	// RoutineText prints a function or a part of it: 'a' is its arguments, 'i' those that
	// identify it, 'r' its result, 'd' its definition, 'b' a SQL-standard body. known is
	// false if there is no such function, ok when it has no such part.
	RoutineText(id types.OID, part byte) (text string, ok, known bool)
}
