package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// removeDistinct drops a DISTINCT whose input has no equal rows:
//
//	DISTINCT (a)            =  a    if some of a's columns are a key of it
//	DISTINCT ON (k) (a)     =  a    if k has a key of a
//
// A key is what uniqueBy finds (a unique index within the columns and those that
// conditions fix, the columns of a GROUP BY or of a DISTINCT below), all of it
// NOT NULL: a unique index takes any number of NULLs, which DISTINCT counts as
// equal. Joins have no key here, but semi and anti joins have that of their left side.
func (r *Rewriter) removeDistinct(d *logical.Distinct) logical.Node {
	var cols logical.ColSet
	if d.On == nil {
		for _, id := range logical.Output(d.Input) {
			if r.notNull(d.Input, id) {
				cols.Add(id)
			}
		}
	}
	for _, e := range d.On {
		if c, ok := e.(*expr.Column); ok && r.notNull(d.Input, c.ID) {
			cols.Add(c.ID)
		}
	}
	if !uniqueBy(d.Input, &cols) {
		return d
	}
	r.fire("RemoveDistinct")
	return d.Input
}
