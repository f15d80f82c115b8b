package plan

import "github.com/tidemarkdb/tidemark/sql/expr"

// Gather runs copies of Input in several workers, which share the pieces of
// the table that its parallel scan reads, and passes on their rows: in the
// order of one scan, or merged by Keys (Gather Merge) if Input sorts.
type Gather struct {
	Base
	Input   Node
	Workers int            // at most; fewer run when the process is busy or the table small
	Keys    []expr.SortKey // over Input's columns, as its Sort has them
}

// AggPhase says which part of an aggregation a node does.
type AggPhase uint8

// The phases. AggPartial makes states of a part of the rows, AggFinal combines
// them; between both stands a Gather. Nodes of both phases have the same keys
// and aggregates, over the partial one's input; what passes between them is
// the executor's affair, not rows.
const (
	AggPlain AggPhase = iota
	AggPartial
	AggFinal
)

// Inputs implements Node.
func (n *Gather) Inputs() []Node { return []Node{n.Input} }
