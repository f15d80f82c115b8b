package plan

import "github.com/tidemarkdb/tidemark/sql/expr"

// Pushed has the stores run its Input where the data is, if they can: a Scan
// without a point get, and on it at most one of a partial aggregation
// (AggPushed), a top-n (Sort) and a Limit. Each store does so with the rows that
// it has, and Pushed passes on what all of them answer, in the order of the scan;
// so what is above aggregates, sorts or limits again. A store that cannot do it,
// in whole or for some of the rows, leaves Input to be run here.
type Pushed struct {
	Base
	Input Node
}

// Inputs implements Node.
func (n *Pushed) Inputs() []Node { return []Node{n.Input} }

// Scan returns the scan below.
func (n *Pushed) Scan() *Scan {
	for in := n.Input; ; in = in.Inputs()[0] {
		if s, ok := in.(*Scan); ok {
			return s
		}
	}
}

// Kept is what is not pushed to the stores, and why.
type Kept struct {
	Expr expr.Expr
	// Name stands for what is no expression.
	Name string
	Why  string
}
