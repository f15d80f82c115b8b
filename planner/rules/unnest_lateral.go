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
// where the conditions then decide the pairs. A select list over columns of a
// and LIMIT keep it lateral; so does a volatile subquery, which is run for each
// row. Aggregates without GROUP BY are lateralAggregate's.
func (r *Rewriter) unnestLateral(j *logical.Join) logical.Node {
	if j.Type != plan.InnerJoin && j.Type != plan.LeftJoin {
		return j
	}
	if n := r.lateralAggregate(j); n != nil {
		return n
	}
	left := logical.OutputSet(j.Left)
	p := &puller{r: r, outer: &left}
	if !p.refers(j.Right) || treeVolatile(j.Right) || !p.can(j.Right, false) {
		return j
	}
	j.Right = p.pull(j.Right)
	j.On = append(j.On[:len(j.On):len(j.On)], p.on...)
	r.fire("UnnestLateral")
	return j
}
