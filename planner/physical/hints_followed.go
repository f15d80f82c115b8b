package physical

import (
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/hints"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// NoteFollowed looks at a finished plan for what hints asked for: indexes, the
// algorithm of aggregates, sides of hash joins. What is not found cannot be
// followed, and its notice says so.
func NoteFollowed(root plan.Node, set *hints.Set) {
	if set == nil || root == nil {
		return
	}
	switch n := root.(type) {
	case *plan.Scan:
		noteScan(n, len(n.Ranges) > 0, set)
	case *plan.LookupJoin:
		noteScan(n.Right, true, set)
	case *plan.HashJoin:
		build, probe := n.Right, n.Left
		if n.BuildLeft {
			build, probe = probe, build
		}
		follow(set, aliasOfPlan(build), "HASH_JOIN_BUILD")
		follow(set, aliasOfPlan(probe), "HASH_JOIN_PROBE")
	case *plan.Aggregate:
		noteAggregation(n.Ordered && len(n.Keys) > 0, len(n.Keys) > 0, set)
	case *plan.Distinct:
		noteAggregation(n.On != nil, n.On == nil, set)
	}
	es, _ := plan.Exprs(root)
	for _, e := range es {
		expr.Walk(e, func(x expr.Expr) bool {
			if s, ok := x.(*expr.Subplan); ok {
				if sub, ok := s.Plan.(plan.Node); ok {
					NoteFollowed(sub, set)
				}
			}
			return true
		})
	}
	for _, in := range root.Inputs() {
		if join, ok := root.(*plan.LookupJoin); !ok || in != join.Right {
			NoteFollowed(in, set)
		}
	}
}

func noteAggregation(ordered, hashed bool, set *hints.Set) {
	switch {
	case ordered:
		set.Follow("STREAM_AGG")
	case hashed:
		set.Follow("HASH_AGG")
	}
}

func follow(set *hints.Set, alias, hint string) {
	if t := set.Table(alias); alias != "" && t != nil {
		t.Follow(hint)
	}
}

// noteScan notes by what index a table is read; keyed says that a key restricts
// what is read.
func noteScan(s *plan.Scan, keyed bool, set *hints.Set) {
	t := set.Table(s.Alias)
	if t == nil {
		return
	}
	if s.Index == nil && !keyed && len(t.Use) == 0 {
		t.Follow("USE_INDEX")
	}
	for _, name := range t.Use {
		if readsBy(s.Table, s.Index, name) {
			t.Follow("USE_INDEX")
		}
	}
}

// readsBy reports whether a hint's name is that of the index; nil is the table's
// own order.
func readsBy(t *catalog.Table, index *catalog.Index, name string) bool {
	if index == nil && t.Clustered && len(t.Indexes) > 0 {
		index = &t.Indexes[0]
	}
	return index != nil && (strings.EqualFold(index.Name, name) || index.Primary && name == "primary")
}
