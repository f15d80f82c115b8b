package executor_test

import (
	"slices"
	"testing"

	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// Workers that probe one table give the rows that a single join gives, for all
// forms of keys, two joins above each other, and a group by above them.
func TestSharedJoins(t *testing.T) {
	n := newNumbered(t)
	join := func(typ plan.JoinType, buildLeft bool, keys []int, probe, build plan.Node) *plan.HashJoin {
		left, right := probe, build
		if buildLeft {
			left, right = build, probe
		}
		j := &plan.HashJoin{Base: joinCols(typ, []plan.Node{left, right}), Left: left, Right: right, Type: typ, BuildLeft: buildLeft}
		for _, k := range keys {
			j.LeftKeys = append(j.LeftKeys, Col(left, k))
			j.RightKeys = append(j.RightKeys, Col(right, k))
		}
		return j
	}
	below := func(limit int64) plan.Node {
		s := n.scan()
		s.Filter = Op(Col(s, 0), "<", int8Const(limit))
		return s
	}
	plans := map[string]func() plan.Node{}
	for name, keys := range map[string][]int{"int": {0}, "text": {2}, "packed": {0, 1}, "encoded": {1, 2}} {
		for _, typ := range []plan.JoinType{plan.InnerJoin, plan.LeftJoin, plan.SemiJoin, plan.AntiJoin, plan.FullJoin} {
			plans[name+string('0'+rune(typ))] = func() plan.Node { return join(typ, false, keys, n.scan(), below(700)) }
		}
		plans[name+" build left"] = func() plan.Node { return join(plan.InnerJoin, true, keys, n.scan(), below(700)) }
		plans[name+" nothing built"] = func() plan.Node { return join(plan.InnerJoin, false, keys, n.scan(), below(-1)) }
		plans[name+" nothing built, left"] = func() plan.Node { return join(plan.LeftJoin, false, keys, n.scan(), below(-1)) }
	}
	plans["residual"] = func() plan.Node {
		j := join(plan.InnerJoin, false, []int{1}, n.scan(), below(300))
		j.Residual = Op(Col(j, 0), "<", Col(j, 3))
		return j
	}
	plans["two joins"] = func() plan.Node {
		return join(plan.SemiJoin, false, []int{1}, join(plan.InnerJoin, false, []int{0}, n.scan(), below(900)), below(20))
	}
	plans["aggregate"] = func() plan.Node {
		j := join(plan.InnerJoin, false, []int{1}, n.scan(), below(500))
		a := &plan.Aggregate{Base: Cols("a int8, n int8"), Input: j, Keys: []expr.Expr{Col(j, 1)}, Aggs: []plan.AggCall{Agg("count")}}
		a.Cost.Rows, j.Cost.Rows = 50, 3000
		return a
	}
	plans["sort"] = func() plan.Node {
		j := join(plan.InnerJoin, false, []int{0}, n.scan(), below(500))
		return &plan.Sort{Base: Cols("", j), Input: j, Keys: []expr.SortKey{{Expr: Col(j, 2)}, {Expr: Col(j, 0)}}}
	}
	for name, make := range plans {
		want, err := n.collect(make(), options{})
		if err != nil {
			t.Fatal(name, err)
		}
		slices.Sort(want)
		for _, batch := range []int{0, 64} {
			got, err := n.collect(make(), options{workers: 2, batch: batch})
			if err != nil {
				t.Fatal(name, err)
			}
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("%s, batches of %d: %d rows, want %d", name, batch, len(got), len(want))
			}
			if _, err := n.collect(make(), options{workers: 2, batch: batch, stop: 5}); err != nil {
				t.Errorf("%s, ended early: %v", name, err)
			}
		}
	}
}
