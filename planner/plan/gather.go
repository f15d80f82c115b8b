package plan

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

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

// Leaf is a scan that workers may share.
type Leaf interface {
	Node
	// Reads is how many rows of what table are expected to be read.
	Reads() (rows float64, t *catalog.Table)
	// Share marks it as one that workers share.
	Share()
	// Shared reports whether they do.
	Shared() bool
}

// Reads implements Leaf.
func (n *Scan) Reads() (rows float64, t *catalog.Table) { return n.Read, n.Table }

// Share implements Leaf.
func (n *Scan) Share() { n.Parallel = true }

// Shared implements Leaf.
func (n *Scan) Shared() bool { return n.Parallel }

// Reads implements Leaf.
func (n *SeriesScan) Reads() (rows float64, t *catalog.Table) { return n.Read, n.Table }

// Share implements Leaf.
func (n *SeriesScan) Share() { n.Parallel = true }

// Shared implements Leaf.
func (n *SeriesScan) Shared() bool { return n.Parallel }

// The phases. AggPartial makes states of a part of the rows, AggFinal combines
// them; between both stands a Gather. Nodes of both phases have the same keys
// and aggregates, over the partial one's input; what passes between them is
// the executor's affair, not rows. AggPushed and AggMerge do the same with a
// Pushed between them, and with rows: the keys and the results of aggregates, of
// which AggMerge has others (functions.CountOfParts).
const (
	AggPlain AggPhase = iota
	AggPartial
	AggFinal
	AggPushed
	AggMerge
)

// Inputs implements Node.
func (n *Gather) Inputs() []Node { return []Node{n.Input} }
