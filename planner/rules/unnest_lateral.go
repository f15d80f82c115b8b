package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
)

// unnestLateral makes an ordinary join of a lateral one:
//
//	a, LATERAL (SELECT ... FROM b WHERE b.k = a.k)  =  a JOIN (SELECT ..., k FROM b) ON b.k = a.k
//
// if the references to a can be taken out (puller), for inner and left joins,
// where the conditions then decide the pairs. A select list over columns of a,
// LIMIT, and aggregates without GROUP BY keep it lateral; so does a volatile
// subquery, which is run for each row.
func (r *Rewriter) unnestLateral(j *logical.Join) {
	if j.Type != plan.InnerJoin && j.Type != plan.LeftJoin {
		return
	}
	left := logical.OutputSet(j.Left)
	p := &puller{r: r, outer: &left}
	if !p.refers(j.Right) || treeVolatile(j.Right) || !p.can(j.Right, false) {
		return
	}
	j.Right = p.pull(j.Right)
	j.On = append(j.On[:len(j.On):len(j.On)], p.on...)
	r.fire("UnnestLateral")
}
