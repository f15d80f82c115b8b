package plan

import "github.com/tidemarkdb/tidemark/catalog"

// IndexUnion reads the rows that one of its Parts finds at least, each once and
// in the order of the table's key, and checks all conditions on them.
type IndexUnion struct {
	Base
	Table *catalog.Table
	Alias string
	// Parts read ranges of indexes; their one column is the handle.
	Parts []*Scan
	// Scan is the same by reading the whole table, for when the handles do not
	// fit into memory; its Output, WithHandle and Filter are the node's too.
	Scan *Scan
}

// Inputs implements Node.
func (n *IndexUnion) Inputs() []Node {
	out := make([]Node, len(n.Parts))
	for i, p := range n.Parts {
		out[i] = p
	}
	return out
}
